"""Both practice servers and the whole bot in one process, spoken to as a person would: over HTTP alone."""

import asyncio
import contextlib
import html
import re
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from aiohttp import web

from sandbox.bybit.practice import PracticeBybit
from sandbox.telegram.server import build_telegram
from tgbot.app import App, open_app
from tgbot.logs import Redaction
from tgbot.settings import Settings

Found = TypeVar("Found")
MINUTE_MS = 60_000
CONFIRM = re.compile("Confirm|Подтвердить")


class Vain(AssertionError):
    """What was waited for did not come."""


class LeapingClock:
    """The machine's clock with an offset that a test may enlarge, so that nobody waits for a minute to end."""

    def __init__(self) -> None:
        self.offset_ms = 0

    def now(self) -> int:
        return time.time_ns() // 1_000_000 + self.offset_ms

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def leap_to_close(self, seconds_before: float = 1.0) -> None:
        """To shortly before the end of the running minute."""
        left = MINUTE_MS - self.now() % MINUTE_MS
        self.offset_ms += max(0, left - round(seconds_before * 1000))


@dataclass
class Practice:
    """The servers' addresses and the person's side of them; `start_bot` and `stop_bot` may alternate."""

    folder: Path
    clock: LeapingClock
    telegram: str
    bybit: str
    session: aiohttp.ClientSession
    settings: dict[str, Any] = field(default_factory=dict)
    app: App | None = None
    _stop: asyncio.Event | None = None
    _serving: asyncio.Task[None] | None = None

    async def start_bot(self) -> None:
        """Returns when the bot watches the market."""
        settings = Settings(
            _env_file=None,  # type: ignore[call-arg]
            telegram_api_url=self.telegram,
            bybit_url=self.bybit,
            database_url=f"sqlite+aiosqlite:///{self.folder}/bybot.db",
            owner_ids="1001,1002",
            tick_seconds=0.5,
            **self.settings,
        )
        self._stop = asyncio.Event()
        up = asyncio.Event()
        self._serving = asyncio.create_task(self._serve(settings, up, self._stop))
        await asyncio.wait({self._serving, asyncio.create_task(up.wait())}, return_when=asyncio.FIRST_COMPLETED)
        if self._serving.done():
            self._serving.result()
        await self.until(lambda: _answer(self.app is not None and self.app.assistant.scanner.report), 30)

    async def _serve(self, settings: Settings, up: asyncio.Event, stop: asyncio.Event) -> None:
        async with open_app(settings, Redaction(settings.secrets()), self.clock) as app:
            self.app = app
            up.set()
            await app.serve(stop)

    async def stop_bot(self) -> None:
        if self._stop is not None and self._serving is not None:
            self._stop.set()
            await self._serving
            self._stop = self._serving = self.app = None

    async def until(self, what: Callable[[], Awaitable[Found]], seconds: float = 60.0) -> Found:
        """The first true answer of `what`."""
        deadline = time.monotonic() + seconds
        while True:
            found = await what()
            if found:
                return found
            if time.monotonic() >= deadline:
                raise Vain(f"waited {seconds} s in vain: {await self.words(1001)}")
            if self._serving is not None and self._serving.done():
                self._serving.result()
            await asyncio.sleep(0.1)

    # --- a person

    async def messages(self, user: int) -> list[dict[str, Any]]:
        async with self.session.get(f"{self.telegram}/chat/{user}/messages") as answer:
            found: list[dict[str, Any]] = await answer.json()
            return found

    async def introduce(self, user: int, first_name: str, language: str) -> None:
        told = {"first_name": first_name, "language_code": language}
        async with self.session.put(f"{self.telegram}/chat/{user}", json=told) as answer:
            assert answer.status == 200

    async def say(self, user: int, text: str, seconds: float = 60.0) -> str:
        """What the bot wrote next."""
        before = await self.messages(user)
        async with self.session.post(f"{self.telegram}/chat/{user}/messages", json={"text": text}) as answer:
            assert answer.status == 200

        async def newer() -> str:
            known = {message["message_id"] for message in before}
            fresh = [one for one in await self.messages(user) if one["message_id"] not in known]
            return " ".join(plain(one) for one in fresh if one["from"] == "bot")

        return await self.until(newer, seconds)

    async def tap(self, user: int, message_id: int, data: str) -> dict[str, Any] | None:
        """The toast, None without one."""
        tapped = {"message_id": message_id, "data": data}
        async with self.session.post(f"{self.telegram}/chat/{user}/taps", json=tapped) as answer:
            toast: dict[str, Any] | None = await answer.json() if answer.status == 200 else None
            return toast

    async def card(self, user: int, message_id: int) -> str:
        return next((plain(one) for one in await self.messages(user) if one["message_id"] == message_id), "")

    async def words(self, user: int) -> str:
        return " | ".join(plain(one) for one in await self.messages(user))

    async def waiting(self, user: int) -> list[tuple[int, str]]:
        """(message_id, data of its Confirm button) of every card that waits for an answer, oldest first."""
        return [(m["message_id"], data) for m in await self.messages(user) for data in confirm_buttons(m)]

    # --- Bybit

    async def entries(self) -> list[dict[str, Any]]:
        """Every entry order that the practice Bybit accepted, oldest first, with its `account`."""
        async with self.session.get(f"{self.bybit}/sandbox/ledger") as answer:
            ledger = await answer.json()
        orders = [order | {"account": account} for account, kept in ledger.items() for order in kept]
        return [o for o in orders if not o["reduceOnly"] and o.get("stopOrderType") in (None, "", "UNKNOWN")]

    async def move_price(self, symbol: str, price: str) -> None:
        told = {"symbol": symbol, "price": price}
        async with self.session.post(f"{self.bybit}/sandbox/price", json=told) as answer:
            assert answer.status == 200


def plain(message: dict[str, Any]) -> str:
    """What a person reads."""
    return html.unescape(re.sub(r"</?[a-zA-Z][^<>]*>", "", message.get("text") or message.get("caption") or ""))


def confirm_buttons(message: dict[str, Any]) -> list[str]:
    buttons = [button for row in message["buttons"] for button in row]
    return [b["data"] for b in buttons if CONFIRM.search(b["text"]) and b.get("data") and not b["disabled"]]


async def _answer(value: Found) -> Found:
    return value


@contextlib.asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    """The application on a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def practice_world(
    folder: Path, market: Path | None = None, lay: Callable[[Path, int], None] | None = None
) -> AsyncIterator[Practice]:
    """Servers of their own, without a bot yet. `lay` writes candle files into the folder `market`, told the time."""
    clock = LeapingClock()
    async with contextlib.AsyncExitStack() as open_:
        database = folder / "world.db"
        if market is not None and lay is not None:
            lay(market, clock.now())
        bybit = PracticeBybit(database, market=str(market or "synthetic"), time_ms=clock.now)
        open_.callback(bybit.close)
        telegram_url = await open_.enter_async_context(serving(build_telegram(database, time_ms=clock.now)))
        bybit_url = await open_.enter_async_context(serving(bybit.app()))
        session = await open_.enter_async_context(aiohttp.ClientSession())
        practice = Practice(folder, clock, telegram_url, bybit_url, session)
        open_.push_async_callback(practice.stop_bot)
        yield practice
