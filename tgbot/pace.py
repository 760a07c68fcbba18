"""Telegram's pace: every message the bot sends or edits goes through here, whoever sends it."""

import asyncio
from typing import Any

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramRetryAfter
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiolimiter import AsyncLimiter
from cachetools import LRUCache

# Telegram's FAQ: about 30 messages a second for a bot, one a second in a chat; a short burst is let through.
BOT_SECONDS = 1 / 28
CHAT_BURST = 15
_CHATS = 10_000
# A longer pause is not waited out here: the outbox keeps the letter for later.
LONGEST_PAUSE = 5


class Paced(BaseRequestMiddleware):
    """Holds back what would be too much; waits out a short 429 once."""

    def __init__(self) -> None:
        self._bot = AsyncLimiter(1, BOT_SECONDS)
        self._chats: LRUCache[int, AsyncLimiter] = LRUCache(_CHATS)

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        chat: Any = getattr(method, "chat_id", None)
        if chat is None:
            return await make_request(bot, method)
        await self._turn(int(chat))
        try:
            return await make_request(bot, method)
        except TelegramRetryAfter as busy:
            if busy.retry_after > LONGEST_PAUSE:
                raise
            await asyncio.sleep(busy.retry_after)
            return await make_request(bot, method)

    async def _turn(self, chat: int) -> None:
        if chat not in self._chats:
            self._chats[chat] = AsyncLimiter(CHAT_BURST, CHAT_BURST)
        await self._chats[chat].acquire()
        await self._bot.acquire()
