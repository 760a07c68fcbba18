"""The practice Bybit as a whole: one world in one file, with its market, its accounts and its protocol."""

import asyncio
import contextlib
import pathlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from decimal import Decimal

from aiohttp import web

from sandbox.bybit.admission import Admission
from sandbox.bybit.bursts import planned_bursts
from sandbox.bybit.engine import Engine
from sandbox.bybit.faults import Faults
from sandbox.bybit.fills import Fills
from sandbox.bybit.history import History
from sandbox.bybit.instructions import Instructions
from sandbox.bybit.ledger import Change, Ledger
from sandbox.bybit.market import Market
from sandbox.bybit.matching import Matching
from sandbox.bybit.model import Order
from sandbox.bybit.modes import Modes
from sandbox.bybit.passing import Passing
from sandbox.bybit.prices import Prices
from sandbox.bybit.real import REAL_URL, REFRESH_SECONDS, RealMarket
from sandbox.bybit.replay import Replay
from sandbox.bybit.rest.levers import Levers, loopback_only
from sandbox.bybit.rest.router import Router
from sandbox.bybit.settlement import Settlement
from sandbox.bybit.source import DAY_MS, MarketRefused, Source
from sandbox.bybit.stops import Stops
from sandbox.bybit.store import Store
from sandbox.bybit.stream.door import Streams
from sandbox.bybit.synthetic import Character, MadeUpMarket
from sandbox.bybit.walk import Walk

DEFAULT_SEED = 21
CATCH_UP_SECONDS = 0.2
SHORTEST_PAUSE_SECONDS = 0.005
LATENCY_MS = (5, 50)
"""How long after its acceptance the engine takes an order up."""
ANEW = "begin anew with --fresh or name another SANDBOX_DATABASE"


def wall_clock_ms() -> int:
    """The real time, ms UTC."""
    return time.time_ns() // 1_000_000


class PracticeBybit:
    """`market` is `synthetic`, `bybit` (the real one's public data), a candle file or a folder of them.

    `seed` None means the world's own, or the default for a new one. `time_ms` is the only clock: tests turn it forward
    and call `catch_up`. `latency_ms` is the least and most time between an order's acceptance and its effects; (0, 0)
    is for clocks that stand still. `character` is how a made-up market behaves, `real_url` where the real Bybit's
    candles are. Without `limits` nobody is refused for asking too often. Raises MarketRefused.
    """

    def __init__(
        self,
        database: pathlib.Path,
        *,
        market: str = "synthetic",
        seed: int | None = None,
        time_ms: Callable[[], int] = wall_clock_ms,
        bursts: bool = True,
        character: Character | None = None,
        real_url: str = REAL_URL,
        latency_ms: tuple[int, int] = LATENCY_MS,
        limits: bool = True,
    ) -> None:
        self.limits = limits
        self._time_ms = time_ms
        self._stirred: asyncio.Event | None = None
        now_ms = time_ms()
        store = Store(database)
        world = _World(store, market, seed, now_ms)
        self.market = Market(world.source(character, real_url), world.seed, store.moves())
        self.history = History(self.market)
        self.ledger = Ledger(store, now_ms)
        self.prices = Prices(self.market, self.ledger)
        self.faults = Faults()
        self.stops = Stops(self.ledger, self.prices, self.faults)
        fills = Fills(self.ledger, self.prices, self.stops)
        self.settlement = Settlement(self.ledger, self.prices, fills)
        self.modes = Modes(self.ledger, self.prices, self.settlement)
        admission = Admission(self.ledger, self.prices, self.settlement)
        self.matching = Matching(self.ledger, self.prices, fills, admission, latency_ms)
        self.instructions = Instructions(self.ledger, self.prices, admission, self.matching)
        self._passing = Passing(self.ledger, self.prices, fills, self.matching)
        engine = Engine(self.ledger, self.matching, self._passing, self.instructions)
        self._walk = Walk(self.market, self.ledger, self.prices, engine, self.settlement)
        self.streams = Streams(self)
        self.ledger.on_change(self._stir)
        if bursts and isinstance(self.market.source, MadeUpMarket):
            self._plan_bursts(now_ms)

    def _plan_bursts(self, now_ms: int) -> None:
        store = self.ledger.store
        moves = planned_bursts(self.market, self.history, store.moves(), now_ms)
        with store.transaction():
            for move in moves:
                store.keep_move(move)

    def now_ms(self) -> int:
        """What time it is in this world; everything up to it has happened only after a `catch_up`."""
        return max(self._time_ms(), self.ledger.time_ms)

    def catch_up(self) -> int:
        """Lets all that time has brought happen, up to now, which is returned."""
        now_ms = self._time_ms()
        while not self._walk.step(now_ms):
            pass
        return max(now_ms, self.ledger.time_ms)

    async def caught_up(self) -> int:
        """As `catch_up`, giving way to others between the steps of a long absence."""
        now_ms = self._time_ms()
        while True:
            if self._walk.step(now_ms):
                return max(now_ms, self.ledger.time_ms)
            await asyncio.sleep(0)

    def move_price(self, symbol: str, price: Decimal) -> Decimal:
        """Brings a symbol to a price at once; all that waited on the way is executed. Returns the price."""
        now_ms = self.catch_up()
        before = self.market.last(symbol, now_ms)
        move = self.market.shift_to(symbol, price, now_ms)
        with self.ledger.change():
            self.ledger.store.keep_move(move)
            self.market.add(move)
            after = self.market.last(symbol, now_ms)
            self._passing.sweep(symbol, before, after)
            self.settlement.liquidate_the_ruined()
            self.prices.forget()
        return after

    def app(self) -> web.Application:
        """The protocol and the levers. While it serves, time is caught up with five times a second."""
        app = web.Application(middlewares=[loopback_only])
        Router(self).add_to(app)
        Levers(self).add_to(app)
        self.streams.add_to(app)
        app.cleanup_ctx.append(self._living)
        return app

    def close(self) -> None:
        """Lets go of the file; the next world on it goes on from here."""
        self.ledger.store.close()

    async def _living(self, app: web.Application) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._live())]
        if isinstance(self.market.source, RealMarket):
            tasks.append(asyncio.create_task(self._follow(self.market.source)))
        yield
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _live(self) -> None:
        stirred = self._stirred = asyncio.Event()  # of the loop that serves now; another may serve later
        while True:
            now_ms = await self.caught_up()
            self.streams.publish(now_ms)
            due_ms = self.ledger.next_due_ms()
            left = CATCH_UP_SECONDS if due_ms is None else (due_ms - now_ms) / 1000
            stirred.clear()
            with contextlib.suppress(TimeoutError):
                pause = min(CATCH_UP_SECONDS, max(SHORTEST_PAUSE_SECONDS, left))
                await asyncio.wait_for(stirred.wait(), pause)

    def _stir(self, changes: Sequence[Change]) -> None:
        """An order that was accepted is due sooner than the next look at the clock."""
        accepted = any(isinstance(change, Order) and not change.is_visible for change in changes)
        if accepted and self._stirred is not None:
            self._stirred.set()

    async def _follow(self, source: RealMarket) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            newest = await asyncio.to_thread(source.fetch_newest)
            now_ms = await self.caught_up()
            source.take(newest, now_ms)
            self.market.make_anew(now_ms // DAY_MS)


class _World:
    """What a world's file says of its market; a new file is told first."""

    def __init__(self, store: Store, market: str, seed: int | None, now_ms: int) -> None:
        told = market if market in ("synthetic", "bybit") else str(pathlib.Path(market).resolve())
        with store.transaction():
            if store.fact("market") is None:
                store.keep_fact("market", told)
                store.keep_fact("seed", str(DEFAULT_SEED if seed is None else seed))
                store.keep_fact("born_ms", str(now_ms))
        self.market = str(store.fact("market"))
        self.seed = int(store.fact("seed") or 0)
        self.born_ms = int(store.fact("born_ms") or 0)
        self._now_ms = now_ms
        self._reached_ms = int(store.fact("engine_time") or now_ms)
        if self.market != told:
            raise MarketRefused(f"the database holds a world of another market than SANDBOX_MARKET; {ANEW}")
        if seed is not None and seed != self.seed:
            raise MarketRefused(f"the database holds a world of another seed than SANDBOX_SEED; {ANEW}")

    def source(self, character: Character | None, real_url: str) -> Source:
        """The candles of this world."""
        if self.market == "synthetic":
            return MadeUpMarket(self.seed, self.born_ms // DAY_MS, character)
        if self.market == "bybit":
            return RealMarket(self._now_ms, self._reached_ms, real_url)
        return Replay(pathlib.Path(self.market), self.born_ms)
