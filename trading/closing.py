"""Closing a position: a journalled order of its own, reduce-only, sent once (EXECUTION 2.2, 3)."""

import logging
from decimal import Decimal

from trading.context import Context
from trading.errors import ExchangeBusy, ExchangeRejected, OutcomeUnknown, TicketError
from trading.model import OrderRequest, Ticket, order_link_id
from trading.ports import Facts
from trading.reasons import Reason
from trading.states import Event, IllegalTransition, State

log = logging.getLogger(__name__)


def close_id(ticket: Ticket) -> str:
    """The id of the close order that was committed last."""
    return order_link_id(ticket.id, ticket.revision.number, "close", ticket.revision.closes)


def close_request(ticket: Ticket) -> OrderRequest:
    """Size 0 with reduceOnly and closeOnTrigger: Bybit closes the whole position, whatever it is by then."""
    return OrderRequest(
        symbol=ticket.symbol,
        side=ticket.direction.closing_side,
        size=Decimal(0),
        order_link_id=close_id(ticket),
        reduce_only=True,
        close_on_trigger=True,
    )


class Closer:
    """Commits a close, then sends it; what became of it is the watch's to find out."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._began_at = context.exchange.bybit_time()
        self._signed: dict[str, int] = {}

    def signed_at(self, closing: Ticket) -> int:
        """When its close was signed at the latest (ms, Bybit's time): later than its commit, where that took long.
        One of an earlier run of the program was signed before this run began."""
        return max(closing.revision.changed_at, self._signed.get(close_id(closing), self._began_at))

    async def begin(self, held: Ticket) -> Ticket:
        """Commits CLOSING with the next close order's id. Raises TicketError where nothing is open."""
        try:
            closing = await self._context.journal.advance(
                *held.key, Event.CLOSE_SENT, self._context.clock.now(), Facts(closes=held.revision.closes + 1)
            )
        except IllegalTransition as quicker:
            taken = quicker.state is State.CLOSING
            raise TicketError(Reason.ALREADY_TAKEN if taken else Reason.NOT_OPEN) from None
        await self._context.notifier.ticket(closing)
        return closing

    async def send(self, closing: Ticket, *, ring: bool = True) -> None:
        """Sends the committed close once. A refusal is told; an unknown outcome stays CLOSING until Bybit shows it."""
        context = self._context
        try:
            signed_at = self._signed[close_id(closing)] = context.exchange.bybit_time()
            await context.exchange.place(closing.account, close_request(closing), signed_at)
        except (ExchangeRejected, ExchangeBusy) as refused:
            log.warning("close of %s was not done: %s", closing.id, refused.text)
            await self._told(closing, f"{refused.code or ''} {refused.text}".strip()[:200], ring)
        except OutcomeUnknown as unknown:
            log.warning("close of %s is unknown: %s", closing.id, unknown.text)
        context.caches.forget_account(closing.account)

    async def _told(self, closing: Ticket, why: str, ring: bool) -> None:
        try:
            await self.failed(closing, why, ring=ring)
        except IllegalTransition as quicker:
            # Refused because nothing was left to close, and the watch has seen that already.
            log.info("ticket %s: %s", closing.id, quicker)

    async def failed(self, closing: Ticket, why: str, *, ring: bool = True) -> Ticket:
        """CLOSING back to what the position is: open, or unprotected where our entry never had its stop."""
        event, reason = Event.CLOSE_FAILED, Reason.CLOSE_REFUSED
        if closing.revision.reason is Reason.STOP_NEVER_SET:
            event, reason = Event.STOP_MISSING, Reason.STOP_NEVER_SET
        facts = Facts(reason=reason, detail=why)
        back = await self._context.journal.advance(*closing.key, event, self._context.clock.now(), facts)
        await self._context.notifier.ticket(back, ring=ring)
        return back
