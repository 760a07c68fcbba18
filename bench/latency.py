"""From the frame that closes a candle to the card handed to Telegram, over loopback: p50 and p99.

A server in a process of its own plays both ends: a WebSocket that sends the closing 1m candle of every symbol (and the
5m one where it ends too) as fast as it can, and a Bot API that notes when the card arrives. One clock measures both.
In between is the program's own path: pybit's connections, the feed, running columns, firing, sizing, the journal and
the outbox in SQLite, aiogram. One symbol bursts at each close; its card is what is waited for. The exchange's REST
answers come from memory, since they belong to no part of this way but the account's figures, which are cached.

    python bench/latency.py [--symbols 500] [--closes 100]
"""

import argparse
import asyncio
import json
import multiprocessing
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiohttp import WSMsgType, web

from exchange.market import INTERVALS
from exchange.market_stream import PublicStreams, wired
from exchange.wire import Address
from indicators.candles import MINUTE_MS, Candles, aggregate, candles_from
from storage.database import open_database
from storage.journal import JournalStore
from storage.outbox import OutboxStore
from storage.people import PeopleStore
from tgbot.letters import Letters
from tgbot.notify import OutboxNotifier
from tgbot.outbox import Outbox
from tgbot.words import load_languages
from trading.assistant import build_assistant
from trading.model import Account, AccountId, Balance, Instrument, Position, RiskTier, Ticker
from trading.people import Role
from trading.ports import CandleRows
from trading.preferences import PRESETS

OWNER = 1001
BEGIN = 1_767_225_600_000
WARM = 420
TOKEN = "1000000001:practice-practice-practice-practice"
FRAMES = (1, 5)
BOUND_MS = 250.0
SPACING = 1.1  # Telegram's own pace is one message a second in a chat


# --- the server process


class Ends:
    """The two ends of the way: what closes, and what arrives."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._sockets: dict[web.WebSocketResponse, set[str]] = {}
        self._sent: dict[str, float] = {}
        self._messages = 0

    async def stream(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets[socket] = set()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                asked = json.loads(message.data)
                if asked["op"] == "subscribe":
                    self._sockets[socket].update(asked["args"])
                    await socket.send_json({"success": True, "op": "subscribe", "req_id": asked["req_id"]})
        return socket

    async def telegram(self, request: web.Request) -> web.Response:
        arrived = time.monotonic()
        form = await request.post()
        text = str(form.get("text") or form.get("caption") or "")
        for symbol in re.findall(r"[A-Z0-9]+USDT", text)[:1]:
            if symbol in self._sent:
                self._pipe.send((symbol, (arrived - self._sent.pop(symbol)) * 1000))
        self._messages += 1
        chat = {"id": OWNER, "type": "private"}
        told = {"message_id": self._messages, "date": int(time.time()), "chat": chat, "text": text}
        return web.json_response({"ok": True, "result": told})

    async def play(self) -> None:
        """Sends what the pipe says: (the symbol that is waited for, topic and text of each frame)."""
        while True:
            told = await asyncio.to_thread(self._pipe.recv)
            if told is None:
                return
            symbol, frames = told
            by_topic = {topic: socket for socket, topics in self._sockets.items() for topic in topics}
            for topic, text in frames:
                if topic in by_topic:
                    if topic == f"kline.1.{symbol}":
                        self._sent[symbol] = time.monotonic()
                    await by_topic[topic].send_str(text)


def serve(pipe: Connection) -> None:
    async def run() -> None:
        ends = Ends(pipe)
        app = web.Application()
        app.router.add_get("/v5/public/linear", ends.stream)
        app.router.add_post("/bot{token}/{method}", ends.telegram)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        pipe.send(runner.addresses[0][1])
        await ends.play()
        await runner.cleanup()

    asyncio.run(run())


# --- the market


class Market:
    """Quiet random walks; at each close one symbol after the other bursts upward with five times its volume."""

    def __init__(self, symbols: int, closes: int) -> None:
        rng = np.random.default_rng(11)
        count = WARM + closes
        self.symbols = tuple(f"S{number}USDT" for number in range(symbols))
        steps = rng.normal(0.0, 0.0004, (symbols, count))
        volume = 100.0 * rng.lognormal(0.0, 0.05, (symbols, count))
        self.bursting = tuple(self.symbols[at % symbols] for at in range(closes))
        for at in range(closes):
            steps[at % symbols, WARM + at - 40 : WARM + at] += 0.0003
            steps[at % symbols, WARM + at] += 0.006
            volume[at % symbols, WARM + at] *= 5.0
        close = 100.0 * np.exp(np.cumsum(steps, axis=1))
        opened = np.concatenate((close[:, :1], close[:, :-1]), axis=1)
        fast = candles_from(
            self.symbols,
            1,
            BEGIN + np.arange(count) * MINUTE_MS,
            open=opened,
            high=np.maximum(opened, close) * 1.0001,
            low=np.minimum(opened, close) * 0.9999,
            close=close,
            volume=volume,
        )
        self.candles: Mapping[int, Candles] = {minutes: aggregate(fast, minutes) for minutes in FRAMES}

    def closed_at(self, close: int) -> int:
        """When the candle of a close ends (ms)."""
        return BEGIN + (WARM + close + 1) * MINUTE_MS

    def frames(self, close: int) -> list[tuple[str, str]]:
        """Topic and text of everything that closes then, the order shuffled as on a real stream."""
        found = []
        for minutes, candles in self.candles.items():
            at = np.flatnonzero(candles.close_times == self.closed_at(close))
            for row, symbol in enumerate(self.symbols if len(at) else ()):
                topic = f"kline.{INTERVALS[minutes]}.{symbol}"
                found.append((topic, _kline(topic, candles, row, int(at[0]))))
        np.random.default_rng(close).shuffle(found)  # type: ignore[arg-type]
        return found


def _kline(topic: str, candles: Candles, row: int, at: int) -> str:
    names = ("open", "high", "low", "close", "volume")
    fields = (candles.open, candles.high, candles.low, candles.close, candles.volume)
    start = int(candles.open_times[at])
    data: dict[str, object] = {name: repr(float(field[row, at])) for name, field in zip(names, fields, strict=True)}
    data |= {"start": start, "end": start + candles.minutes * MINUTE_MS - 1, "interval": topic.split(".")[1]}
    data |= {"turnover": "1000.5", "confirm": True, "timestamp": start}
    return json.dumps({"topic": topic, "data": [data], "ts": start, "type": "snapshot"})


class BenchClock:
    """The machine's clock, moved to where the market is."""

    def __init__(self) -> None:
        self.offset = 0

    def now(self) -> int:
        return time.time_ns() // 1_000_000 + self.offset

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def leap_to(self, at: int) -> None:
        self.offset += at - self.now()


class RestOfBybit:
    """What is asked for on the way, answered from memory: the part of the Exchange port that offers need."""

    def __init__(self, market: Market, clock: BenchClock) -> None:
        self._market = market
        self._clock = clock

    def bybit_time(self) -> int:
        return self._clock.now()

    async def measure_clock(self) -> int:
        return 0

    async def instruments(self) -> tuple[Instrument, ...]:
        some, many = Decimal("0.001"), Decimal(1_000_000)
        return tuple(
            Instrument(
                symbol, symbol[:-4], some, some, some, many, many, Decimal(5), Decimal(50),
                "Trading", "", False, 0, 0, 480,
            )
            for symbol in self._market.symbols
        )  # fmt: skip

    async def tickers(self) -> Mapping[str, Ticker]:
        fast, now = self._market.candles[1], self._clock.now()
        at = int(np.searchsorted(fast.close_times, now))
        prices = [Decimal(f"{price:.3f}") for price in fast.close[:, min(at, len(fast) - 1)]]
        return {
            symbol: Ticker(symbol, price, price, price, price, Decimal(1_000 - place), now)
            for place, (symbol, price) in enumerate(zip(self._market.symbols, prices, strict=True))
        }

    async def candles(self, symbol: str, minutes: int, *, start: int, end: int, limit: int) -> CandleRows:
        candles, row = self._market.candles[minutes], self._market.symbols.index(symbol)
        told = (candles.open_times >= start) & (candles.open_times <= end)
        fields = (candles.open, candles.high, candles.low, candles.close, candles.volume)
        values = np.stack([field[row, told] for field in fields])
        return CandleRows(symbol, minutes, candles.open_times[told][-limit:], values[:, -limit:])

    async def risk_tiers(self, symbol: str) -> tuple[RiskTier, ...]:
        return (RiskTier(Decimal(10_000_000), Decimal(50)),)

    async def taker_fee(self, account: AccountId, symbol: str) -> Decimal:
        return Decimal("0.00055")

    async def balance(self, account: AccountId) -> Balance:
        return Balance(Decimal(10_000), Decimal(10_000))

    async def positions(self, account: AccountId, symbol: str | None = None) -> tuple[Position, ...]:
        return ()


# --- the program


async def run(symbols: int, closes: int, folder: Path, port: int, pipe: Connection) -> list[float | None]:
    clock, market = BenchClock(), Market(symbols, closes)
    clock.leap_to(market.closed_at(0) - 30_000)
    database = await open_database(f"sqlite+aiosqlite:///{folder}/bench.db")
    journal, people = JournalStore(database, "sandbox"), PeopleStore(database, "sandbox")
    letters = OutboxStore(database, "sandbox")
    wishes = replace(PRESETS["practice"], per_day=None, threshold=Decimal("0.75"), watch_top=symbols)
    await people.welcome(OWNER, Role.OWNER, "en", "Ann", wishes, clock.now())
    await people.add_account(Account(AccountId("sandbox", "1"), OWNER, "bench"))
    api = TelegramAPIServer.from_base(f"http://127.0.0.1:{port}")
    bot = Bot(TOKEN, session=AiohttpSession(api=api))
    outbox = Outbox(bot, letters, people, Letters(journal, load_languages(), "sandbox", clock), clock)
    streams = PublicStreams(wired(Address("linear", url=f"ws://127.0.0.1:{port}/v5/public/linear")))
    tasks: set[asyncio.Task[Any]] = set()

    def own(work: Coroutine[Any, Any, None], name: str) -> object:
        task = asyncio.create_task(work, name=name)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return task

    names = iter(range(1_000_000))
    assistant = build_assistant(
        exchange=RestOfBybit(market, clock),  # type: ignore[arg-type]
        journal=journal,
        people=people,
        notifier=OutboxNotifier(letters, journal, clock, outbox.wake),
        clock=clock,
        environment="sandbox",
        watchlist=(),
        own=own,
        new_id=lambda: f"{next(names):016x}",
        tell=lambda what, text: print(f"{what}: {text}", file=sys.stderr),
        stream=streams,
    )
    delivering = asyncio.create_task(outbox.run())
    await assistant.context.universe.refresh()
    while assistant.context.feed.progress[0] < len(FRAMES) * symbols or not streams.state.is_whole:
        await assistant.tick()
        await asyncio.sleep(0.1)
    taken = []
    for close in range(closes):
        clock.leap_to(market.closed_at(close) - 400)
        await assistant.tick()
        await asyncio.sleep(max(0.0, (market.closed_at(close) - clock.now()) / 1000 + 0.02))
        pipe.send((market.bursting[close], market.frames(close)))
        taken.append(await asyncio.to_thread(_latency, pipe, market.bursting[close]))
        await asyncio.sleep(SPACING)
    outbox.stop()
    await delivering
    await streams.close()
    await asyncio.gather(*tasks)
    await bot.session.close()
    await database.close()
    return taken


def _latency(pipe: Connection, symbol: str) -> float | None:
    """Ms until the card of this symbol arrived, None if it did not within three seconds."""
    until = time.monotonic() + 3.0
    while pipe.poll(max(0.0, until - time.monotonic())):
        told, taken = pipe.recv()
        if told == symbol:
            return float(taken)
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description="From a closing candle's frame to the card at Telegram.")
    parser.add_argument("--symbols", type=int, default=500)
    parser.add_argument("--closes", type=int, default=100)
    asked = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    port = ours.recv()
    with tempfile.TemporaryDirectory() as folder:
        taken = asyncio.run(run(asked.symbols, asked.closes, Path(folder), port, ours))
    ours.send(None)
    server.join(5)
    arrived = sorted(one for one in taken if one is not None)
    if len(arrived) < len(taken):
        print(f"{len(taken) - len(arrived)} of {len(taken)} cards did not arrive", file=sys.stderr)
        return 1
    p99 = arrived[min(len(arrived) - 1, round(0.99 * len(arrived)))]
    print(f"{asked.symbols} symbols, {asked.closes} closes, loopback")
    print(f"{'p50':<24}{statistics.median(arrived):10.1f} ms")
    print(f"{'p99':<24}{p99:10.1f} ms")
    print(f"{'most':<24}{arrived[-1]:10.1f} ms")
    return 0 if p99 < BOUND_MS else 1


if __name__ == "__main__":
    sys.exit(main())
