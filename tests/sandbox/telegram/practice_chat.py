"""A practice Telegram on a free port, and short words for what a bot and a person say to it."""

import asyncio
import contextlib
import pathlib
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiohttp import web

from sandbox.telegram.pace import UNLIMITED, Limits
from sandbox.telegram.server import build_telegram

TOKEN = "7000000001:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
NOON = 1_800_000_000_000  # Unix ms


class HandClock:
    """Time that only a test moves."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        return self.now


class Practice:
    """One running server: `bot(...)` calls the Bot API, `person(...)` the person's side."""

    def __init__(self, base: str, session: aiohttp.ClientSession) -> None:
        self.base = base
        self.session = session

    async def bot(self, method: str, token: str = TOKEN, **params: Any) -> Any:
        """The whole answer of a method called with a JSON body."""
        async with self.session.post(f"{self.base}/bot{token}/{method}", json=params) as answer:
            told = await answer.json()
            assert answer.status == (200 if told["ok"] else told["error_code"])
            return told

    async def ok(self, method: str, token: str = TOKEN, **params: Any) -> Any:
        """The result of a method that must succeed."""
        told = await self.bot(method, token, **params)
        assert told["ok"], told
        return told["result"]

    async def refused(self, method: str, **params: Any) -> str:
        """The description of a refusal with code 400."""
        told = await self.bot(method, **params)
        assert not told["ok"]
        assert told["error_code"] == 400, told
        return str(told["description"])

    async def person(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """(status, JSON) of a call to /chat/..."""
        async with self.session.request(method, f"{self.base}/chat/{path}", json=body) as answer:
            return answer.status, await answer.json()

    async def say(self, user: int, text: str) -> Any:
        """The person writes."""
        status, told = await self.person("POST", f"{user}/messages", {"text": text})
        assert status == 200, told
        return told

    async def messages(self, user: int) -> Any:
        """The chat as the person sees it."""
        status, told = await self.person("GET", f"{user}/messages")
        assert status == 200
        return told

    def tap(self, user: int, message_id: int, data: str) -> "asyncio.Task[tuple[int, Any]]":
        """A tap under way: its task ends when the bot has answered."""
        return asyncio.create_task(
            self.person("POST", f"{user}/taps", {"message_id": message_id, "data": data}),
        )

    async def met(self, *users: int) -> "Practice":
        """Makes the chats of these people exist, with nothing left for the bot to hear."""
        for user in users:
            status, _ = await self.person("PUT", str(user), {"first_name": f"P{user}"})
            assert status == 200
        return self


@contextlib.asynccontextmanager
async def practising(
    database: pathlib.Path, time_ms: Callable[[], int], limits: Limits = UNLIMITED, bybit: str | None = None
) -> AsyncIterator[Practice]:
    """Serves the practice Telegram until the block ends."""
    runner = web.AppRunner(build_telegram(database, time_ms=time_ms, limits=limits, webhook_pause=0.02, bybit=bybit))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(20)) as session:
            yield Practice(f"http://127.0.0.1:{runner.addresses[0][1]}", session)
    finally:
        await runner.cleanup()


def bot_at(practice: Practice, token: str = TOKEN) -> Bot:
    """aiogram's own bot, speaking to the practice Telegram."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(practice.base))
    default = DefaultBotProperties(parse_mode="HTML", link_preview_is_disabled=True)
    return Bot(token, session=session, default=default)


def png(width: int = 90, height: int = 60) -> bytes:
    """A grey picture of this size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + b"\x80" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    packed = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + packed
