"""*Set stop again*: the stop that somebody took away from our position by hand goes back where it was."""

from dataclasses import replace

from trading.context import Context
from trading.errors import ExchangeError, OutcomeUnknown, TicketError
from trading.model import Position, Ticket
from trading.protect import stop_as_it_is
from trading.reasons import Reason
from trading.standing import DEAD_KEY
from trading.states import Event, IllegalTransition, State

READ_BACK_PAUSES = (0.0, 0.3, 0.5, 1.0)


class StopSetter:
    """Acts on a tap alone: a stop that was removed by hand is never restored by itself."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def again(self, owner: int, ticket: str) -> Ticket:
        """Sets it once, reads it back, and gives the ticket as it is then.

        Raises TicketError (NOT_OPEN; PRICE_PASSED_STOP where it would trigger at once) or ExchangeError.
        """
        bare = await self._context.journal.own(ticket, owner)
        if bare.state is State.OPEN:
            return bare  # a second tap, or a hand that was quicker
        if bare.state is not State.UNPROTECTED:
            raise TicketError(Reason.NOT_OPEN)
        position = await self._here(bare)
        if position.stop is None:
            if bare.direction.sign * (position.mark - bare.revision.stop_now) <= 0:
                raise TicketError(Reason.PRICE_PASSED_STOP)
            position = await self._set(bare)
        return await self._protected(bare, position)

    async def _set(self, bare: Ticket) -> Position:
        failed: ExchangeError = OutcomeUnknown("the stop could not be read back")
        try:
            await self._context.exchange.set_stop(bare.account, bare.symbol, bare.revision.stop_now)
        except ExchangeError as refused:
            if refused.code in DEAD_KEY:
                raise
            # Whatever the answer says, or if none came: only the read-back counts.
            failed = refused
        for pause in READ_BACK_PAUSES:
            await self._context.clock.sleep(pause)
            position = await self._here(bare)
            if position.stop is not None:
                return position
        raise failed

    async def _protected(self, bare: Ticket, position: Position) -> Ticket:
        facts = replace(stop_as_it_is(bare, position), reason=Reason.STOP_AGAIN)
        try:
            ticket = await self._context.journal.advance(*bare.key, Event.PROTECTED, self._context.clock.now(), facts)
        except IllegalTransition:
            return await self._context.journal.own(bare.id, bare.owner)  # the watch saw it first
        await self._context.notifier.ticket(ticket, ring=True)
        return ticket

    async def _here(self, bare: Ticket) -> Position:
        found = await self._context.exchange.positions(bare.account, bare.symbol)
        position = next((one for one in found if one.size > 0 and one.direction is bare.direction), None)
        if position is None:
            raise TicketError(Reason.NOT_OPEN)
        return position
