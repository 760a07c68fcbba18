"""The two exchanges that one suite runs on: the double in memory, and our client at the practice Bybit over HTTP."""

import asyncio
import itertools
import pathlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import numpy as np
import requests
from aiohttp import web

from exchange.bybit import Bybit
from sandbox.bybit.practice import PracticeBybit
from tests.doubles_clock import VirtualClock
from tests.doubles_exchange import ExchangeDouble
from trading.model import AccountId
from trading.ports import CandleRows, Exchange
from trading.secret import Credentials, Secret

SYMBOL = "BTCUSDT"
EQUITY = Decimal(10_000)


class DoubleWorld:
    """The double, with a hundred candles laid."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.double = ExchangeDouble(self.clock)
        self.exchange: Exchange = self.double
        self.account = AccountId("sandbox", "1001")
        opened = self.clock.now() - np.arange(99, -1, -1, dtype=np.int64) * 60_000
        self.double.rows[SYMBOL, 1] = CandleRows(SYMBOL, 1, opened, np.full((5, 100), 50_000.0))

    def move(self, symbol: str, price: Decimal) -> None:
        self.double.move(symbol, price, spread=Decimal(2))

    def hand(self, symbol: str, side: str, size: Decimal) -> None:
        self.double.hand(self.account, symbol, side, size)


class PracticeWorld:
    """A new account at the practice Bybit; its market stands still but for our own moves."""

    _names = itertools.count(1)

    def __init__(self, url: str, clock: VirtualClock) -> None:
        self.clock = clock
        self._url = url
        self._name = f"suite-{next(self._names)}"
        told = self._post("accounts", name=self._name, equity=str(EQUITY))
        self.bybit = Bybit("sandbox", clock, base_url=url)
        self.exchange: Exchange = self.bybit
        self.account = AccountId("sandbox", self._name)
        self.bybit.connect(self.account, Credentials(Secret(told["apiKey"]), secret=Secret(told["secret"])))

    def move(self, symbol: str, price: Decimal) -> None:
        self._post("price", symbol=symbol, price=str(price))

    def hand(self, symbol: str, side: str, size: Decimal) -> None:
        self._post("hand", account=self._name, symbol=symbol, side=side, qty=str(size), reduceOnly=side == "Sell")

    def _post(self, lever: str, **asked: Any) -> dict[str, Any]:
        answered = requests.post(f"{self._url}/sandbox/{lever}", json=asked, timeout=10)
        answered.raise_for_status()
        found: dict[str, Any] = answered.json()
        return found


World = DoubleWorld | PracticeWorld


@contextmanager
def practice_bybit(database: pathlib.Path, time_ms: Callable[[], int]) -> Iterator[str]:
    """Serves the practice Bybit on a free port in a thread of its own; gives its address."""
    address: Future[str] = Future()
    ended = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(database, time_ms, address, ended)), daemon=True)
    thread.start()
    try:
        yield address.result(timeout=60)
    finally:
        ended.set()
        thread.join(timeout=10)


async def _serve(
    database: pathlib.Path, time_ms: Callable[[], int], address: Future[str], ended: threading.Event
) -> None:
    practice = PracticeBybit(database, bursts=False, time_ms=time_ms, latency_ms=(0, 0), limits=False)
    runner = web.AppRunner(practice.app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address.set_result(f"http://127.0.0.1:{runner.addresses[0][1]}")
    await asyncio.to_thread(ended.wait)
    await runner.cleanup()
    practice.close()
