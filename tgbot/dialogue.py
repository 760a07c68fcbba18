"""A dialogue half way never holds a person: any command leaves it."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.fsm.context import FSMContext
from aiogram.types import Message, TelegramObject


class CommandsLeave(BaseMiddleware):
    """Outer middleware on messages."""

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        state: FSMContext = data["state"]
        if isinstance(event, Message) and (event.text or "").startswith("/"):
            await state.clear()
        return await handler(event, data)
