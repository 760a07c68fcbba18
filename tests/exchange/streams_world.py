"""A practice Bybit that can be cut off and come back at the same address, and our streams to it."""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from exchange.market_stream import PublicStreams, wired
from exchange.streams import Timing
from exchange.wire import Address
from sandbox.bybit.practice import PracticeBybit
from tests.sandbox.bybit.practice_world import SHORT, STILL, Clock
from trading.feed_news import CandleNews, Listening
from trading.model import Ticker

QUICK = Timing(first=0.05, longest=0.2, steady=60.0, silence=30.0, answer=5.0, goodbye=0.2, look=0.05)
PATIENCE = 10.0


class Cable:
    """The practice Bybit behind a plug: `pull` ends its server, `plug` brings it back at the same port."""

    def __init__(self, database: Path, clock: Clock) -> None:
        self.clock = clock
        self.practice = PracticeBybit(database, time_ms=clock, character=SHORT, **STILL)
        self.port = 0
        self._served: threading.Thread | None = None
        self._ended = threading.Event()
        self._loop = asyncio.new_event_loop()
        self.plug()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v5/public/linear"

    def plug(self) -> None:
        ready = threading.Event()
        self._ended.clear()
        self._loop = asyncio.new_event_loop()
        self._served = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(ready),))
        self._served.start()
        assert ready.wait(10)

    def pull(self) -> None:
        self._ended.set()
        if self._served is not None:
            self._served.join(10)
            self._loop.close()
            self._served = None

    def close(self) -> None:
        if self._served is not None:
            self.pull()
        self.practice.close()

    def inside(self, what: Callable[[], Any]) -> Any:
        """Runs something in the server's own thread."""

        async def run() -> Any:
            return what()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    async def _serve(self, ready: threading.Event) -> None:
        runner = web.AppRunner(self.practice.app(), access_log=None, shutdown_timeout=0.05)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = runner.addresses[0][1]
        ready.set()
        await asyncio.to_thread(self._ended.wait)
        await runner.cleanup()


@dataclass
class Ears:
    """What was heard, in order."""

    candles: list[CandleNews] = field(default_factory=list)
    tickers: list[Ticker] = field(default_factory=list)

    def listening(self) -> Listening:
        return Listening(self.candles.append, self.tickers.append)

    def closed(self, symbol: str, minutes: int = 1) -> list[CandleNews]:
        return [one for one in self.candles if one.closed and (one.symbol, one.minutes) == (symbol, minutes)]


def streams_to(url: str, ears: Ears, timing: Timing = QUICK, room: int = 18_000) -> PublicStreams:
    streams = PublicStreams(wired(Address("linear", url=url)), timing=timing, room=room, seed=7)
    streams.listen(ears.listening())
    return streams


async def until(what: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The first true answer."""
    ends = time.monotonic() + seconds
    while not (got := what()):
        assert time.monotonic() < ends, "it never came"
        await asyncio.sleep(0.01)
    return got
