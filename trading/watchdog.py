"""Every position on an account, whoever opened it: one without a stop raises an alarm, once, and once when it is over.

What a live ticket looks after is told on its own card (EXECUTION 2.7); all else is told here, with a button that sets
a stop. Nothing is ever set or closed here without a tap.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal
from weakref import WeakValueDictionary

from trading.context import Context
from trading.emergency import Alarm, Alarms, AlarmState, Crier
from trading.errors import ExchangeError, OutcomeUnknown, TicketError
from trading.limits import DEFAULT_TAKER_FEE
from trading.model import Account, AccountId, Position
from trading.reasons import Reason
from trading.sizing import to_step
from trading.standing import DEAD_KEY
from trading.states import LIVE, State

log = logging.getLogger(__name__)

# A stop for a position whose reasons we do not know: this share of its present price away.
STOP_SHARE = Decimal("0.03")
READ_BACK_PAUSES = (0.0, 0.3, 0.5, 1.0)
TOLD_AGAIN_MS = 86_400_000
Key = tuple[str, int]


def proposed_stop(position: Position, tick: Decimal | None) -> Decimal:
    """3 % from the present price; half the way to the liquidation where that is nearer. Pure."""
    assert position.direction is not None, "a flat position has no stop"
    sign = position.direction.sign
    stop = position.mark * (1 - sign * STOP_SHARE)
    liquidation = position.liquidation
    if liquidation is not None and sign * (liquidation - stop) >= 0 and sign * (position.mark - liquidation) > 0:
        stop = (position.mark + liquidation) / 2
    # As Bybit writes prices where the instrument is not known: with the digits of the mark.
    return to_step(stop, tick or Decimal(1).scaleb(int(position.mark.as_tuple().exponent)), ROUND_HALF_EVEN)


def result_at(position: Position, stop: Decimal) -> Decimal:
    """What the position would have brought at `stop`, in USDT, the closing fee taken off. Pure."""
    assert position.direction is not None, "a flat position has no result"
    return position.direction.sign * (stop - position.average) * position.size - (
        DEFAULT_TAKER_FEE * stop * position.size
    )


class Watchdog:
    """Raises alarms and ends them; sets a stop when a person taps its button."""

    def __init__(self, context: Context, book: Alarms, crier: Crier, new_id: Callable[[], str]) -> None:
        self._context = context
        self._book = book
        self._crier = crier
        self._new_id = new_id
        self._standing: dict[AccountId, dict[Key, Alarm]] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def load(self) -> None:
        """What stood before the start stands; what may not have been told is told."""
        for alarm in await self._book.ended_since(self._context.clock.now() - TOLD_AGAIN_MS):
            await self._crier.alarm(alarm, ring=True)
        for alarm in await self._book.standing():
            self._of(alarm.account)[alarm.key] = alarm
            await self._crier.alarm(alarm, ring=True)

    def standing(self, account: AccountId) -> tuple[Alarm, ...]:
        return tuple(self._of(account).values())

    async def look(self, account: Account, positions: Sequence[Position]) -> None:
        """One tick's look at all open positions of an account. Raises ExchangeError."""
        standing = self._of(account.id)
        held = {(one.symbol, one.index): one for one in positions if one.size > 0}
        for key, alarm in list(standing.items()):
            if key not in held:
                await self._end(alarm, AlarmState.CLOSED)
            elif await self._is_stopped(account.id, held[key]):
                await self._end(alarm, AlarmState.SET)
        bare = [one for key, one in held.items() if one.stop is None and key not in standing]
        if bare:
            await self._raise(account, bare)

    async def set_stop(self, owner: int, alarm: str, number: int) -> Alarm:
        """One tap sets the stop that the alarm shows, and reads it back; gives the alarm as SET or CLOSED.

        Raises TicketError (OVER, SUPERSEDED, or STOP_MOVED_ON with a new proposal on the message) or ExchangeError.
        """
        async with self._locks.setdefault(alarm, asyncio.Lock()):
            standing = await self._book.own(alarm, owner)
            if standing.state is not AlarmState.STANDING:
                raise TicketError(Reason.OVER)
            if number != standing.number:
                raise TicketError(Reason.SUPERSEDED)
            position = await self._here(standing)
            if position is None or position.stop is not None:
                return await self._over(standing, position)
            if _is_another(standing, position):
                await self._propose_again(standing, position)
                raise TicketError(Reason.STOP_MOVED_ON)
            return await self._set(standing)

    async def _set(self, alarm: Alarm) -> Alarm:
        failed: ExchangeError = OutcomeUnknown("the stop could not be read back")
        try:
            await self._context.exchange.set_stop(alarm.account, alarm.symbol, alarm.stop, index=alarm.index)
        except ExchangeError as refused:
            if refused.code in DEAD_KEY:
                raise
            # Whatever the answer says, or if none came: only the read-back counts.
            failed = refused
        for pause in READ_BACK_PAUSES:
            await self._context.clock.sleep(pause)
            position = await self._here(alarm)
            if position is None or position.stop is not None:
                return await self._over(alarm, position)
        raise failed

    async def alarm(self, owner: int, alarm: str) -> Alarm:
        """Raises TicketError for anybody but its owner."""
        return await self._book.own(alarm, owner)

    async def show(self, owner: int, symbol: str, index: int) -> Alarm:
        """Brings the alarm of a position down to the end of the chat. Raises TicketError where none stands."""
        account = await self._context.people.account_of(owner)
        alarm = self._of(account.id).get((symbol, index)) if account is not None else None
        if alarm is None:
            raise TicketError(Reason.OVER)
        await self._crier.alarm(alarm, anew=True)
        return alarm

    async def _raise(self, account: Account, bare: Sequence[Position]) -> None:
        live = await self._context.journal.in_states(LIVE, account.id)
        # A ticket in drift asks about the change and says nothing of the stop.
        told = {ticket.symbol for ticket in live if ticket.state is not State.DRIFT}
        for seen in bare:
            if seen.symbol in told:
                continue
            # Asked once more: a button may have set it since, or the entry by hand was not finished.
            found = await self._context.exchange.positions(account.id, seen.symbol)
            now = next((one for one in found if one.index == seen.index and one.size > 0), None)
            if now is not None and not await self._is_stopped(account.id, now):
                await self._begin(account, now)

    async def _is_stopped(self, account: AccountId, position: Position) -> bool:
        """Whether a stop of the whole, or stops of its parts together, would close all of it (SPEC 4)."""
        if position.stop is not None:
            return True
        return await self._context.exchange.stop_cover(account, position.symbol, position.index) >= position.size

    async def _begin(self, account: Account, position: Position) -> None:
        assert position.direction is not None, "it has a size"
        stop = self._proposal(position)
        alarm = Alarm(
            id=self._new_id(),
            owner=account.owner,
            account=account.id,
            symbol=position.symbol,
            index=position.index,
            direction=position.direction,
            size=position.size,
            average=position.average,
            mark=position.mark,
            stop=stop,
            at_stop=result_at(position, stop),
            number=1,
            state=AlarmState.STANDING,
            begun_at=self._context.clock.now(),
        )
        if await self._book.begin(alarm):
            self._of(account.id)[alarm.key] = alarm
            await self._crier.alarm(alarm, ring=True)

    def _proposal(self, position: Position) -> Decimal:
        instrument = self._context.universe.instrument(position.symbol)
        return proposed_stop(position, instrument.tick if instrument else None)

    async def _propose_again(self, alarm: Alarm, position: Position) -> None:
        assert position.direction is not None, "it has a size"
        stop = self._proposal(position)
        again = replace(
            alarm,
            direction=position.direction,
            size=position.size,
            average=position.average,
            mark=position.mark,
            stop=stop,
            at_stop=result_at(position, stop),
            number=alarm.number + 1,
        )
        await self._book.propose(again)
        self._of(alarm.account)[alarm.key] = again
        await self._crier.alarm(again)

    async def _here(self, alarm: Alarm) -> Position | None:
        found = await self._context.exchange.positions(alarm.account, alarm.symbol)
        return next((one for one in found if one.index == alarm.index and one.size > 0), None)

    async def _over(self, alarm: Alarm, position: Position | None) -> Alarm:
        return await self._end(alarm, AlarmState.CLOSED if position is None else AlarmState.SET)

    async def _end(self, alarm: Alarm, state: AlarmState) -> Alarm:
        over = await self._book.end(alarm.id, state, self._context.clock.now())
        self._of(alarm.account).pop(alarm.key, None)
        if over is None:
            return await self._book.own(alarm.id, alarm.owner)
        await self._crier.alarm(over, ring=True)
        return over

    def _of(self, account: AccountId) -> dict[Key, Alarm]:
        return self._standing.setdefault(account, {})


def _is_another(alarm: Alarm, position: Position) -> bool:
    """Whether the stop on the button would do something else than it says: on the wrong side, or on another size."""
    assert position.direction is not None, "it has a size"
    behind = position.direction.sign * (position.mark - alarm.stop) <= 0
    changed = (position.direction, position.size, position.average) != (alarm.direction, alarm.size, alarm.average)
    return behind or changed
