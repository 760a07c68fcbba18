"""What a panic does to one ticket of ours, whatever state it is in. It may be repeated without end."""

import logging

from trading.closing import Closer
from trading.context import Context
from trading.errors import ExchangeError, TicketError
from trading.model import Ticket
from trading.ports import Facts
from trading.reasons import Reason
from trading.states import Event, IllegalTransition, State
from trading.watch import Watch

log = logging.getLogger(__name__)

_CLOSABLE = frozenset({State.OPEN, State.UNPROTECTED, State.DRIFT})
_AT_BYBIT = frozenset({State.UNKNOWN, State.ACKED, State.PARTIAL})
OVERLAP_MS = 600_000


def is_turned(ticket: Ticket) -> bool:
    """Whether a hand turned it round: its own side is gone, and what stands there is not the bot's."""
    return ticket.state is State.DRIFT and ticket.revision.reason is Reason.TURNED_BY_HAND


class Pusher:
    """Moves one ticket towards its end; stops stay on Bybit until it is flat."""

    def __init__(self, context: Context, watch: Watch, closer: Closer) -> None:
        self._context = context
        self._watch = watch
        self._closer = closer

    async def push(self, ticket: Ticket) -> None:
        """One step. Raises ExchangeError; somebody who was quicker is fine."""
        try:
            await self._push(ticket)
        except (IllegalTransition, TicketError) as quicker:
            log.info("ticket %s: %s", ticket.id, quicker)

    async def _push(self, ticket: Ticket) -> None:
        if ticket.state is State.PROPOSED:
            await self._moved(ticket, Event.VOIDED)
        elif ticket.state is State.CONFIRMED:
            await self._moved(ticket, Event.GUARD_FAILED)
        elif ticket.state in _AT_BYBIT:
            await self._cancel(ticket)
            if not await self._ended_dry(ticket):
                await self._watch.step(ticket)
        elif ticket.state in _CLOSABLE and not is_turned(ticket):
            await self._close(ticket)
        else:
            await self._watch.step(ticket)

    async def _cancel(self, ticket: Ticket) -> None:
        """Takes back what may still rest at Bybit. Only what is read afterwards tells what became of it."""
        try:
            await self._context.exchange.cancel(ticket.account, ticket.symbol, ticket.revision.order_link_id)
        except ExchangeError as refused:
            log.info("cancel of %s: %s", ticket.revision.order_link_id, refused.text)

    async def _ended_dry(self, ticket: Ticket) -> bool:
        """An order that ended without fills is over: no new price is asked for, and nothing offered anew."""
        if ticket.state is not State.ACKED:
            return False
        exchange, revision = self._context.exchange, ticket.revision
        order = await exchange.recent_order(ticket.account, ticket.symbol, revision.order_link_id)
        if order is None:
            since = (revision.signed_at or ticket.created_at) - OVERLAP_MS
            order = await exchange.past_order(ticket.account, ticket.symbol, revision.order_link_id, since)
        if order is None or not order.final or order.filled > 0:
            return False
        await self._moved(ticket, Event.DRY)
        return True

    async def _close(self, ticket: Ticket) -> None:
        """The next close. After one that was refused the position is looked at first, if Bybit lets us."""
        if ticket.revision.reason is Reason.CLOSE_REFUSED:
            try:
                await self._watch.step(ticket)
            except ExchangeError as silent:
                log.info("ticket %s is closed unseen: %s", ticket.id, silent.text)
            ticket = await self._context.journal.own(ticket.id, ticket.owner)
            if ticket.state not in _CLOSABLE or is_turned(ticket):
                return
        await self._closer.send(await self._closer.begin(ticket), ring=False)

    async def _moved(self, ticket: Ticket, event: Event) -> None:
        moved = await self._context.journal.advance(
            *ticket.key, event, self._context.clock.now(), Facts(reason=Reason.PANIC)
        )
        await self._context.notifier.ticket(moved)
