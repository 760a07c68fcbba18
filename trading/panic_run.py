"""Carrying a panic out: round after round, until nothing is left or the person cancels it.

A round asks and does what it can; whatever fails in it (Bybit silent, the market's data down, the database slow) is
tried again after a pause that grows to a bound. What is sent was written down before, so a restart goes on.
"""

import asyncio
import logging
from collections.abc import Awaitable, Iterable
from dataclasses import replace
from decimal import Decimal

from trading.closing import Closer
from trading.context import Context
from trading.emergency import Close, CloseState, Crier, Fate, Line, Panic, Panics, PanicState, Progress, Scope
from trading.errors import AssistantError, ExchangeError
from trading.foreign import ForeignCloser, not_ours
from trading.limits import DEFAULT_TAKER_FEE
from trading.model import Position, Ticket
from trading.panic_push import Pusher, is_turned
from trading.states import HOLDING, LIVE, State
from trading.watch import Watch

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.3
LONGEST_PAUSE = 10.0
TOLD_AGAIN_MS = 86_400_000


class PanicRunner:
    """The owner of the tasks that carry panics out, one for each."""

    def __init__(self, context: Context, book: Panics, crier: Crier, watch: Watch, closer: Closer) -> None:
        self._context = context
        self._book = book
        self._crier = crier
        self._pusher = Pusher(context, watch, closer)
        self._foreign = ForeignCloser(context, book)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._promised: dict[str, Panic] = {}

    async def load(self) -> None:
        """Goes on with what was promised before the start; an end that may not have been told is told."""
        for panic in await self._book.ended_since(self._context.clock.now() - TOLD_AGAIN_MS):
            await self._crier.panic(panic, ring=panic.begun_at is not None)
        for panic in await self._book.running():
            await self._crier.panic(panic)
            self.start(panic)

    def start(self, panic: Panic) -> None:
        """Sets out, unless it is under way."""
        self._promised[panic.id] = panic
        task = self._tasks.get(panic.id)
        if task is None or task.done():
            self._tasks[panic.id] = asyncio.get_running_loop().create_task(self._run(panic), name=f"panic {panic.id}")

    async def tend(self) -> None:
        """Begins anew what broke off. Raises what broke it, once it is under way again."""
        broken: BaseException | None = None
        for name, task in list(self._tasks.items()):
            if not task.done():
                continue
            broken = broken or (None if task.cancelled() else task.exception())
            if name in self._promised:
                self.start(self._promised[name])
            else:
                del self._tasks[name]
        if broken is not None:
            raise broken

    async def drained(self) -> None:
        """Returns when no panic runs."""
        await asyncio.gather(*self._tasks.values())

    async def close(self) -> None:
        """Ends the tasks; the next start goes on with what was promised."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _run(self, promised: Panic) -> None:
        pause = FIRST_PAUSE
        while True:
            before = promised.progress
            try:
                promised = await self._book.own(promised.id, promised.owner)
                before = promised.progress
                if promised.state is not PanicState.RUNNING or await self._round(promised):
                    del self._promised[promised.id]
                    return
                promised = await self._book.own(promised.id, promised.owner)
            except AssistantError as error:
                log.warning("panic %s: %s", promised.id, error)
            pause = FIRST_PAUSE if promised.progress != before else min(2 * pause, LONGEST_PAUSE)
            await self._context.clock.sleep(pause)

    async def _round(self, panic: Panic) -> bool:
        """One try at all that is left; True once it is over."""
        tickets = await self._left(panic)
        panic = await self._noted(panic, [_line_of(ticket) for ticket in tickets if ticket.state in HOLDING])
        works: list[Awaitable[bool]] = [self._alone(self._pusher.push(ticket)) for ticket in tickets]
        works.append(self._alone(self._sweep_foreign(panic, tickets)))
        answered = await asyncio.gather(*works)
        left = [ticket for ticket in await self._left(panic) if not is_turned(ticket)]
        panic, flat = await self._reckoned(panic, silent=not all(answered))
        if left or not flat:
            return False
        over = await self._book.finish(panic, self._context.clock.now())
        if over.state is PanicState.DONE:
            await self._crier.panic(over, ring=True)
        return over.state is not PanicState.RUNNING

    async def _left(self, panic: Panic) -> list[Ticket]:
        tickets = await self._context.journal.in_states(LIVE | {State.PROPOSED}, panic.account)
        return [ticket for ticket in tickets if ticket.owner == panic.owner]

    async def _alone(self, work: Awaitable[None]) -> bool:
        """What one position runs into holds up no other; False where Bybit did not answer."""
        try:
            await work
        except ExchangeError as error:
            log.info("panic: %s", error.text)
            return False
        except AssistantError as error:
            log.warning("panic: %s", error)
        return True

    async def _sweep_foreign(self, panic: Panic, tickets: Iterable[Ticket]) -> None:
        """Closes what no ticket of ours answers for, where the person chose so."""
        if panic.scope is not Scope.ALL:
            return
        followed = await self._foreign.follow(panic)
        waits = followed.under_way | followed.just_done
        left = [one for one in await self._not_ours(panic, tickets) if (one.symbol, one.index) not in waits]
        await asyncio.gather(*(self._alone(self._foreign.close(panic, one)) for one in left))

    async def _not_ours(self, panic: Panic, tickets: Iterable[Ticket]) -> tuple[Position, ...]:
        """Open positions to be closed as foreign ones, each with its line before anything is sent."""
        found = not_ours(await self._context.exchange.positions(panic.account), _answered_for(tickets))
        known = await self._book.own(panic.id, panic.owner)
        lines = [Line(p.symbol, p.direction, None, p.index) for p in found if p.direction is not None]
        await self._noted(known, lines)
        return found

    async def _noted(self, panic: Panic, lines: Iterable[Line]) -> Panic:
        """Keeps lines that are new, before anything is sent for them."""
        known = {line.key for line in panic.progress.lines}
        fresh = tuple(line for line in lines if line.key not in known)
        if not fresh:
            return panic
        return await self._saved(panic, replace(panic.progress, lines=panic.progress.lines + fresh))

    async def _saved(self, panic: Panic, progress: Progress) -> Panic:
        if progress == panic.progress:
            return panic
        await self._book.save(panic.id, progress)
        saved = replace(panic, progress=progress)
        await self._crier.panic(saved)
        return saved

    async def _reckoned(self, panic: Panic, *, silent: bool) -> tuple[Panic, bool]:
        """What has become of every line, and whether everything beside our tickets is known to be flat."""
        present = await self._book.own(panic.id, panic.owner)
        standing, flat = await self._standing(present)
        lines = [await self._fate(present, line, standing) for line in present.progress.lines]
        offers, entries = await self._book.swept(present.account, present.begun_at or present.asked_at)
        told = Progress(tuple(lines), offers, entries, silent)
        return await self._saved(present, told), flat

    async def _standing(self, panic: Panic) -> tuple[frozenset[tuple[str, int]] | None, bool]:
        """Foreign positions that still stand, None where Bybit did not tell; and whether none does for certain."""
        if panic.scope is not Scope.ALL:
            return None, True
        ours = _answered_for(await self._left(panic))
        try:
            found = await self._context.exchange.positions(panic.account)
        except ExchangeError:
            return None, False
        standing = frozenset((one.symbol, one.index) for one in not_ours(found, ours))
        return standing, not standing and not await self._book.live_closes(panic.account)

    async def _fate(self, panic: Panic, line: Line, standing: frozenset[tuple[str, int]] | None) -> Line:
        if line.ticket is not None:
            return _told(line, await self._context.journal.own(line.ticket, panic.owner))
        if standing is None:
            return line
        here = (line.symbol, line.index)
        closes = [one for one in await self._book.closes_of(panic.id) if (one.symbol, one.index) == here]
        if here not in standing:
            return replace(line, fate=Fate.CLOSED, net=_net_of(closes), detail="")
        last = closes[-1] if closes else None
        if last is not None and last.state is CloseState.FAILED:
            return replace(line, fate=Fate.REFUSED, detail=last.detail)
        return replace(line, fate=Fate.CLOSING, detail="")


def _answered_for(tickets: Iterable[Ticket]) -> frozenset[str]:
    """Symbols whose positions are ours to close through their tickets."""
    return frozenset(ticket.symbol for ticket in tickets if ticket.state in LIVE and not is_turned(ticket))


def _line_of(ticket: Ticket) -> Line:
    return Line(ticket.symbol, ticket.direction, ticket.id)


def _net_of(closes: Iterable[Close]) -> Decimal | None:
    """What our closes of one position brought, their own fees taken off; None where none of them filled."""
    filled = [(one, one.average) for one in closes if one.average is not None]
    if not filled:
        return None
    return sum(
        (
            one.direction.sign * (average - one.entry) * one.filled - average * one.filled * DEFAULT_TAKER_FEE
            for one, average in filled
        ),
        Decimal(0),
    )


def _told(line: Line, ticket: Ticket) -> Line:
    """What our ticket's line says now."""
    revision = ticket.revision
    if ticket.state is State.CLOSED:
        return replace(line, fate=Fate.CLOSED, net=revision.outcome.net if revision.outcome else None, detail="")
    if is_turned(ticket):
        return replace(line, fate=Fate.TURNED)
    if ticket.state is State.CLOSING:
        return replace(line, fate=Fate.CLOSING, detail="")
    return replace(line, fate=Fate.REFUSED, detail=revision.detail) if revision.closes else line
