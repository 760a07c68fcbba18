"""A small practice Bybit: two symbols, twelve days of candles, made once and copied for every run."""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from unittest import mock

import numpy as np

from sandbox.bybit.instruments import Instrument
from sandbox.bybit.practice import PracticeBybit
from sandbox.bybit.source import DAY_MS, MINUTES_A_DAY, Block
from tests.proof.loop import run
from tests.proof.wire import Server
from trading.secret import Credentials, Secret

D = Decimal
BORN = 1_767_225_600_000 + 4 * 3_600_000 + 5_000
"""2026-01-01 04:00:05 UTC (ms): a 4h candle has just closed. Here every run begins."""
DAYS = 12
BTC, ETH = "BTCUSDT", "ETHUSDT"
PRICES = {BTC: 50_000.0, ETH: 2_500.0}
ATR = {BTC: 400.0, ETH: 20.0}
EQUITY = 10_000
MAIN, OTHER = "main", "other"
"""The accounts: the person's whose taps are watched, and somebody else's."""
IN_MEMORY = Path("/dev/shm")


class Quiet:
    """A `Source` of prices that only breathe. ETH has few ticks and a thin book, so that orders fill in part."""

    first_day = BORN // DAY_MS - DAYS
    first_coarse_day = first_day

    def __init__(self) -> None:
        launched = self.first_day * DAY_MS
        self.instruments = (
            Instrument(BTC, 1, D("0.1"), D("0.001"), D(150), D(100), launched, 1),
            Instrument(ETH, 2, D("0.5"), D("0.01"), D(20), D(100), launched, 1),
        )
        price = np.array([[PRICES[BTC]], [PRICES[ETH]]])
        breath = 1 + 0.0002 * np.sin(np.arange(MINUTES_A_DAY + 1) * 2 * np.pi / 240)
        ends = price * breath
        opens, closes = ends[:, :-1], ends[:, 1:]
        highs, lows = np.maximum(opens, closes), np.minimum(opens, closes)
        self._day = Block(opens, highs, lows, closes, np.full_like(opens, 50.0))

    def day(self, day: int) -> Block:
        """Every day is the same."""
        return self._day

    def hours(self, day: int) -> Block:
        """Never asked for."""
        raise LookupError(f"day {day} lies before the beginning")


@dataclass(frozen=True)
class Template:
    """A world's file as it is at the beginning, and its accounts' keys."""

    file: bytes
    keys: dict[str, Credentials]


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """For database files: in memory where the system has such a place."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as made:
        yield Path(made)


@cache
def _source() -> Quiet:
    return Quiet()


def opened(file: Path, time_ms: Callable[[], int]) -> PracticeBybit:
    """The practice Bybit on a world's file."""
    with mock.patch("sandbox.bybit.practice.Replay", return_value=_source()):
        return PracticeBybit(file, market="quiet", time_ms=time_ms)


@cache
def template() -> Template:
    """The world that every run begins with."""

    async def accounts(practice: PracticeBybit) -> dict[str, Credentials]:
        server = Server(practice.app())
        found = {}
        for name in (MAIN, OTHER):
            told = await server.lever("POST", "/sandbox/accounts", name=name, equity=str(EQUITY))
            found[name] = Credentials(Secret(told["apiKey"]), secret=Secret(told["secret"]))
        return found

    with folder() as here:
        file = here / "world.db"
        practice = opened(file, lambda: BORN)
        keys = run(accounts(practice))
        practice.close()
        return Template(file.read_bytes(), keys)


def make_world(file: Path, time_ms: Callable[[], int]) -> PracticeBybit:
    """A fresh world in `file`."""
    file.touch(0o600)
    file.write_bytes(template().file)
    return opened(file, time_ms)


def wall_ms() -> int:
    """What the practice Bybit's clock says on the running loop (ms UTC)."""
    return BORN + int(asyncio.get_running_loop().time() * 1000)
