"""Seeded schedules of faults, taps, restarts and trades by hand on the real code; the seed is in the test's name."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from random import Random

import pytest

from storage.database import Database
from strategies.signal import Direction
from tests.doubles_exchange import instrument
from tests.trading.judge import case_of
from tests.trading.mortal import Fuse, Killed, Mortal
from tests.trading.world import ACCOUNT, BTC, OWNER, World
from trading.errors import ExchangeBusy, ExchangeError, ExchangeRejected, OutcomeUnknown, RiskRefused, TicketError
from trading.model import Ticket
from trading.states import ENDED, State

D = Decimal
BLOCKS, SEEDS_IN_A_BLOCK = 20, 10
RESTING = ENDED | {State.PROPOSED, State.OPEN}
READS = ("recent_order", "past_order", "executions", "positions", "balance", "mode", "ticker", "tickers")
ACTS = ("place", "set_stop", "set_leverage")


def an_error(random: Random) -> ExchangeError:
    return random.choice(
        (
            OutcomeUnknown("timed out"),
            OutcomeUnknown("timed out"),
            ExchangeBusy("too many visits", 10006),
        )
    )


class Run:
    """One ticket's life under one seed."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = Random(seed)
        self.offer: Ticket
        self.fuse = Fuse(None)
        self.log: list[str] = []

    async def live(self) -> None:
        world, random = self.world, self.random
        world.next_close()
        world.at(BTC, "50000")
        world.assistant = world.build()
        await world.assistant.start()
        await world.round()
        self.offer = await world.offer(BTC, random.choice(list(Direction)))
        await self._rise()
        for _ in range(random.randrange(5, 12)):
            self._disturb()
            offered = (await world.now(self.offer)).state is State.PROPOSED
            acts = (self._tap, self._tap, self._tap, self._tick) if offered else self._later
            await self._survive(random.choice(acts))
            world.clock.pass_by(random.choice((0.05, 0.5, 2, 2, 5, 8)))
        await self._bury()
        self._calm()
        self.fuse.disarm()
        if self.fuse.burnt or random.random() < 0.5:
            await world.restart()
        await self._recover()

    # --- what may happen

    @property
    def _later(self) -> tuple[Callable[[], Awaitable[object]], ...]:
        return self._tap, self._tick, self._tick, self._tick, self._close, self._rest

    def _disturb(self) -> None:
        world, random = self.world, self.random
        exchange = world.exchange
        exchange.fill_share = random.choice((D(1), D(1), D("0.4"), D(0)))
        exchange.drop_stops = random.random() < 0.15
        exchange.hidden = {self.offer.revision.order_link_id} if random.random() < 0.15 else set()
        for method in READS:
            if random.random() < 0.04:
                exchange.trouble[method] = [an_error(random)]
        for method in ACTS:
            if random.random() < 0.12:
                exchange.trouble[method] = [random.choice((an_error(random), ExchangeRejected("no", 110007)))]
            if random.random() < 0.15:
                exchange.after[method] = [OutcomeUnknown("lost on the way back")]
        held = world.books.held.get(BTC)
        if random.random() < 0.3:
            near = ("50000", "49950", "50050", "50100", "49900")
            world.at(BTC, random.choice(near if held is None else (*near, "47900", "52100", "56100", "43900")))
        elif random.random() < 0.05:
            world.at(BTC, random.choice(("50140", "49860")))  # beyond the band of one direction
        if held is not None and random.random() < 0.1:
            part = random.choice((abs(held.size), D("0.005")))
            exchange.hand(ACCOUNT, BTC, "Sell" if held.size > 0 else "Buy", min(part, abs(held.size)))

    def _calm(self) -> None:
        exchange = self.world.exchange
        exchange.trouble.clear()
        exchange.after.clear()
        exchange.hidden.clear()
        exchange.drop_stops = False
        exchange.fill_share = D(1)

    async def _rise(self) -> None:
        """A new process, which may have a short life of its own."""
        world, random = self.world, self.random
        self.fuse = fuse = Fuse(random.randrange(1, 80) if random.random() < 0.5 else None, after=random.random() < 0.5)
        world.assistant = world.build(
            exchange=Mortal(world.exchange, fuse),
            journal=Mortal(world.journal, fuse),
            people=Mortal(world.people, fuse),
            notifier=Mortal(world.notifier, fuse),
        )
        await self._survive(world.assistant.start)

    async def _survive(self, act: Callable[[], Awaitable[object]]) -> None:
        self.log.append(act.__name__)
        try:
            await act()
        except (TicketError, RiskRefused, ExchangeError) as refused:
            self.log.append(f"  {refused!r}")
        except Killed as killed:
            self.log.append(f"  killed {killed}")
            await self._bury()
            await self._rise()

    async def _bury(self) -> None:
        tasks, self.world.tasks = self.world.tasks, set()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, BaseException) and not isinstance(ended, Killed):
                raise ended

    async def _tap(self) -> None:
        """Of whatever revision stands now, or of the first one again."""
        present = await self.world.now(self.offer)
        number = self.random.choice((present.revision.number, present.revision.number, 1))
        await self.world.assistant.desk.confirm(OWNER, self.offer.id, number)
        if self.random.random() < 0.5:
            await self.world.settle()

    async def _tick(self) -> None:
        await self.world.round()

    async def _close(self) -> None:
        if self.random.random() < 0.6:
            await self.world.assistant.desk.close(OWNER, self.offer.id)

    async def _rest(self) -> None:
        await self.world.settle()

    # --- how it must end

    async def _recover(self) -> None:
        world = self.world
        calm_at, rested = world.clock.now(), 0
        await world.round()
        for _ in range(60):
            await world.beat()
            await world.settle()
            waited = world.clock.now() - calm_at
            held = world.books.held.get(BTC)
            assert held is None or held.stop is not None or waited <= 15_000, f"no stop after {waited} ms"
            # Two rounds more than it takes to rest, for what was changed by hand.
            rested = rested + 1 if (await world.now(self.offer)).state in RESTING else 0
            if rested == 3:
                break
            assert waited < 120_000, f"{(await world.now(self.offer)).state} after {waited} ms"
            world.clock.pass_by(2)
        faults = (await case_of(world.database, world.exchange, ACCOUNT)).faults()
        assert not faults, faults

    async def tidy(self) -> None:
        world = self.world
        present = await world.now(self.offer)
        if present.state is State.PROPOSED:
            await world.assistant.desk.skip(OWNER, present.id, present.revision.number)
        held = world.books.held.get(BTC)
        if held is not None:
            world.exchange.hand(ACCOUNT, BTC, "Sell" if held.size > 0 else "Buy", abs(held.size))
            await world.assistant.watch.tick()
        assert not await world.live()


@pytest.mark.parametrize("block", range(BLOCKS))
async def test_whatever_fails_there_is_one_protected_order_for_a_tap_and_an_end_for_each(
    database: Database, block: int
) -> None:
    world = World(database, instrument(BTC))
    await world.welcome(OWNER, ACCOUNT.uid)
    # A far stop leaves room for re-quotes, of which every restart makes one.
    await world.prefer(stop_atr=D(5), target_r=D(3))
    await world.start(days_ahead=30)
    for seed in range(block * SEEDS_IN_A_BLOCK, (block + 1) * SEEDS_IN_A_BLOCK):
        run = Run(world, seed)
        try:
            await run.live()
            await run.tidy()
        except (AssertionError, Exception) as failure:
            raise AssertionError(f"seed {seed} of block {block}: {failure!r}\n" + "\n".join(run.log)) from failure
