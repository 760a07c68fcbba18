"""One run's world: the practice Bybit, the journal's file, the clocks, and the process that lives on it now."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from contextvars import copy_context
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import stamina

from sandbox.bybit.practice import PracticeBybit
from storage.people import PeopleStore
from strategies.signal import Direction, Factor, Signal
from tests.proof import practice as small
from tests.proof.at_once import sqlite_at_once
from tests.proof.loop import run
from tests.proof.program import ENVIRONMENT, Program
from tests.proof.wire import Server, Wire
from tests.storage.samples import migrated, opened
from trading.model import Account, AccountId
from trading.people import Role
from trading.preferences import PRESETS

D = Decimal
OWNER, STRANGER = 1001, 1002
TRAVEL_MS = (1, 25)
FOUR_HOURS = 4 * 3_600_000


class SkewedClock:
    """The program's clock: the loop's time, and as far from Bybit's as `skew_ms` says."""

    def __init__(self, skew_ms: int) -> None:
        self._skew_ms = skew_ms

    def now(self) -> int:
        return small.wall_ms() + self._skew_ms

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@cache
def people() -> bytes:
    """A journal's file with two persons and an account for each."""

    async def make(folder: Path) -> bytes:
        async with opened(folder) as database:
            store = PeopleStore(database, ENVIRONMENT)
            # A far stop leaves room for re-quotes, of which every restart makes one.
            settings = replace(PRESETS["balanced"], per_day=None, stop_atr=D(5), target_r=D(3))
            for user, name in ((OWNER, small.MAIN), (STRANGER, small.OTHER)):
                await store.welcome(user, Role.OWNER, "en", "Ann", settings, small.BORN)
                await store.add_account(Account(AccountId(ENVIRONMENT, name), user, name))
        return (folder / "bybot-sandbox.db").read_bytes()

    migrated()  # outside the virtual loop: it has threads of its own
    with small.folder() as folder, sqlite_at_once():
        return run(make(folder))


class Stage:
    """Everything of one run. `log` is its trace: whoever plays the same seed again gets the same lines."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = Random(f"schedule {seed}")
        self.journal_file = folder / "journal.db"
        self.journal_file.touch(0o600)
        self.journal_file.write_bytes(people())
        self.bybit: PracticeBybit = small.make_world(folder / "world.db", small.wall_ms)
        self.server = Server(self.bybit.app())
        self.wire = Wire(self.server, Random(f"wire {seed}"), copy_context(), TRAVEL_MS)
        self.log = self.wire.log
        self.program: Program
        self._clock = SkewedClock(self.random.randint(-300, 300))
        self._ids = count(1)

    @property
    def seconds(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def note(self, text: str) -> None:
        self.log.append(f"{self.seconds:.3f} {text}")

    async def rise(self, at: int | None = None) -> None:
        """A new process, to be killed at its `at`-th step."""
        self.program = Program(
            self.journal_file, self.wire, self._clock, small.template().keys.items(), lambda: f"t{next(self._ids)}"
        )
        self.program.life.at = at
        self.program.begin()

    async def fall(self) -> None:
        await self.program.end()

    async def lever(self, path: str, **asked: Any) -> Any:
        """One of the practice Bybit's levers. Raises ValueError where it refuses."""
        return await self.server.lever("POST", f"/sandbox/{path}", **asked)

    async def ledger(self) -> dict[str, list[dict[str, Any]]]:
        """Every order that Bybit ever accepted, by account."""
        found: dict[str, list[dict[str, Any]]] = await self.server.lever("GET", "/sandbox/ledger")
        return found

    def rows(self, query: str, *given: object) -> list[tuple[Any, ...]]:
        """What stands in the journal's file."""
        with contextlib.closing(sqlite3.connect(f"file:{self.journal_file}?mode=ro", uri=True)) as reader:
            return reader.execute(query, given).fetchall()

    def price(self, symbol: str) -> Decimal:
        return self.bybit.market.last(symbol, small.wall_ms())

    def signal(self, symbol: str, direction: Direction, strategy: str) -> Signal:
        """A strong signal of the candle that has just closed."""
        return Signal(
            symbol=symbol,
            strategy=strategy,
            minutes=240,
            direction=direction,
            open_time=small.BORN // FOUR_HOURS * FOUR_HOURS - FOUR_HOURS,
            factors=(
                Factor("volume_confirmation", 0.9, 2.8),
                Factor("vwap_position", 0.8, 3.2 * direction.sign),
                Factor("trend_alignment", 1.0, 1.1 * direction.sign),
            ),
            strength=0.89,
            confluence=3,
            close=float(self.price(symbol)),
            atr=small.ATR[symbol],
        )


def prepared() -> None:
    """Makes, once for all runs, what each of them begins with."""
    stamina.instrumentation.set_on_retry_hooks([])  # as the program does: they would log every repeated question
    people()
    small.template()


@contextlib.asynccontextmanager
async def staged(seed: int) -> AsyncIterator[Stage]:
    """A run's world in memory, gone afterwards. The templates must have been made outside the loop (`prepared`)."""
    with small.folder() as folder, sqlite_at_once():
        stage = Stage(folder, seed)
        try:
            yield stage
        finally:
            if hasattr(stage, "program"):
                await stage.fall()
            await stage.wire.come_to_rest()
            stage.bybit.close()
