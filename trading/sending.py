"""From a claimed ticket to an order on Bybit: guards, commit, exactly one send, one table of what came back."""

import logging

from trading.context import Context
from trading.errors import ExchangeBusy, ExchangeError, ExchangeRejected, OutcomeUnknown, RiskRefused
from trading.look import Look, check_account, look
from trading.model import Ticket
from trading.offers import check_now
from trading.ports import Facts
from trading.quotes import is_beyond_band, passed
from trading.reasons import Reason
from trading.states import Event

log = logging.getLogger(__name__)


# Bybit documents it as not done, but it is an answer to an order that arrived. Asking by its id costs seconds; an order
# that is there and that nobody knows of would cost more.
TOO_MANY_VISITS = 10006


class Sender:
    """Sends what is CONFIRMED. Nothing else in the program places an entry."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def send(self, ticket: Ticket, seen: Look | None = None) -> Ticket:
        """Guards, commits SUBMITTING, sends once; returns the ticket as ACKED, REFUSED, NOT_PLACED or UNKNOWN.

        `seen` is what Bybit just showed the claim; without it (a retry, a restart) Bybit is asked again.
        """
        try:
            await self._guard(ticket, seen)
        except RiskRefused as refused:
            return await self._moved(ticket, Event.GUARD_FAILED, Facts(reason=refused.reason))
        except ExchangeRejected as refused:
            return await self._moved(ticket, Event.GUARD_FAILED, _refusal(refused))
        except ExchangeError as error:
            return await self._moved(
                ticket, Event.GUARD_FAILED, Facts(reason=Reason.EXCHANGE_SILENT, detail=error.text)
            )
        signed_at = self._context.exchange.bybit_time()
        ticket = await self._moved(ticket, Event.SENDING, Facts(signed_at=signed_at))
        event, facts = await self._place(ticket, signed_at)
        self._context.caches.forget_account(ticket.account)
        return await self._moved(ticket, event, facts)

    async def _place(self, ticket: Ticket, signed_at: int) -> tuple[Event, Facts]:
        try:
            order_id = await self._context.exchange.place(ticket.account, ticket.revision.request, signed_at)
        except ExchangeRejected as refused:
            return Event.REFUSED, _refusal(refused)
        except ExchangeBusy as busy:
            if busy.code == TOO_MANY_VISITS:
                log.warning("order %s met the limit: %s", ticket.revision.order_link_id, busy.text)
                return Event.UNCERTAIN, Facts(detail=busy.text)
            return Event.NOT_SENT, Facts(reason=Reason.NOT_SENT, detail=busy.text)
        except OutcomeUnknown as unknown:
            log.warning("order %s is unknown: %s", ticket.revision.order_link_id, unknown.text)
            return Event.UNCERTAIN, Facts(detail=unknown.text)
        return Event.ACCEPTED, Facts(order_id=order_id)

    async def _guard(self, ticket: Ticket, seen: Look | None) -> None:
        """Everything that must still hold right before the send. Raises RiskRefused or ExchangeError."""
        context = self._context
        person = await context.people.person(ticket.owner)
        if person is None:
            raise RiskRefused(Reason.NO_SUCH_TICKET)
        if context.clock.now() >= ticket.revision.expires_at:
            raise RiskRefused(Reason.EXPIRED)
        check_now(context, person, ticket.signal)
        if seen is None:
            seen = await look(context.exchange, ticket.account, ticket.symbol)
            check_account(seen, ticket.symbol)
        plan = ticket.revision.plan
        gone = passed(seen.ticker, plan, ticket.direction)
        if gone is not None:
            raise RiskRefused(gone)
        if is_beyond_band(seen.ticker, plan, ticket.direction):
            raise RiskRefused(Reason.PRICE_MOVED)
        if seen.leverage != plan.leverage:
            await context.exchange.set_leverage(ticket.account, ticket.symbol, plan.leverage)

    async def _moved(self, ticket: Ticket, event: Event, facts: Facts) -> Ticket:
        moved = await self._context.journal.advance(*ticket.key, event, self._context.clock.now(), facts)
        await self._context.notifier.ticket(moved)
        return moved


def _refusal(refused: ExchangeRejected) -> Facts:
    return Facts(reason=Reason.REFUSED_BY_BYBIT, detail=f"{refused.code}: {refused.text}"[:200])
