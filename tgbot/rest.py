"""What no handler answers: unknown commands, plain text, buttons that lead nowhere. Always one clear sentence."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from tgbot.screens.rest import not_understood
from tgbot.show import answer, settle
from tgbot.words import Words


def rest_router() -> Router:
    """Comes last."""
    router = Router(name="rest")
    router.message.register(unknown_message)
    router.callback_query.register(unknown_tap, F.data)
    return router


async def unknown_message(message: Message, words: Words) -> None:
    await answer(message, not_understood(message.text, words))


async def unknown_tap(query: CallbackQuery, words: Words) -> None:
    await settle(query, words("rest.button"), alert=True)
