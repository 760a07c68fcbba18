"""A practice Bybit served from a thread, with a clock that tests turn forward, and pybit's own client on it."""

import asyncio
import pathlib
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import requests
from aiohttp import web
from pybit.unified_trading import HTTP

from sandbox.bybit.practice import PracticeBybit
from sandbox.bybit.synthetic import Character

NOON_MS = 1_782_907_230_000
"""2026-07-01 12:00:30 UTC."""
SHORT = Character(minute_days=3, hour_days=4)
"""A market with a short past, which is quicker to make."""
STILL: dict[str, Any] = {"bursts": False, "latency_ms": (0, 0), "limits": False}
"""A world in which an order is taken up before the next question, though the clock stands still."""
SHARED = pathlib.Path(__file__).resolve().parents[4] / "shared"


class Clock:
    """A clock that stands still until a test turns it: prices stand still with it."""

    def __init__(self) -> None:
        self.now_ms = NOON_MS

    def __call__(self) -> int:
        return self.now_ms

    def forward(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0) -> None:
        self.now_ms += round(seconds * 1000 + minutes * 60_000 + hours * 3_600_000)


class Served:
    """One practice Bybit, answering at `url` from a loop of its own thread."""

    def __init__(self, practice: PracticeBybit) -> None:
        self.practice = practice
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._ready, self._ended = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._thread.start()
        assert self._ready.wait(10)

    async def _serve(self) -> None:
        runner = web.AppRunner(self.practice.app(), access_log=None, shutdown_timeout=0.05)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._ready.set()
        await self._ended.wait()
        await runner.cleanup()

    def stop(self) -> None:
        """Ends the server; the second time it does nothing."""
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)
        self._loop.close()
        self.practice.close()

    def inside(self, what: Callable[[], Any]) -> Any:
        """Runs something in the server's own thread, between its requests."""

        async def run() -> Any:
            return what()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(30)

    def post(self, path: str, body: Any) -> requests.Response:
        return requests.post(self.url + path, json=body, timeout=20)

    def lever(self, path: str, **body: Any) -> Any:
        answer = self.post(path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def client(self, name: str = "ann", equity: str = "10000") -> HTTP:
        account = self.lever("/sandbox/accounts", name=name, equity=equity)
        session = HTTP(api_key=account["apiKey"], api_secret=account["secret"], retry_codes={-1}, max_retries=1)
        session.endpoint = self.url
        return session

    def ledger(self, name: str = "ann") -> list[dict[str, Any]]:
        orders: list[dict[str, Any]] = requests.get(self.url + "/sandbox/ledger", timeout=20).json()[name]
        return orders

    def set_price(self, symbol: str, price: str) -> None:
        """Moves the market."""
        self.lever("/sandbox/price", symbol=symbol, price=price)

    def last(self, symbol: str) -> Decimal:
        """The last price."""
        rows = requests.get(self.url + "/v5/market/tickers?category=linear&symbol=" + symbol, timeout=20).json()
        return Decimal(rows["result"]["list"][0]["lastPrice"])


Open = Callable[..., Served]
