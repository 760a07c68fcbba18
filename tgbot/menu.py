"""The command menu, from what the handler files declare: each command with its place."""

from collections.abc import Mapping

from aiogram import Bot
from aiogram.types import BotCommand

from tgbot.words import FALLBACK, Languages, Words


def menu(places: Mapping[str, int], words: Words) -> dict[str, str]:
    """Commands and what they do, in one language, in the order of their places."""
    return {name: words(f"menu.{name}") for name in sorted(places, key=places.__getitem__)}


async def set_menus(bot: Bot, places: Mapping[str, int], languages: Languages) -> None:
    """Tells Telegram the menu in every language, English for all others. Raises TelegramAPIError."""
    await bot.set_my_commands(_commands(places, languages[FALLBACK]))
    for language, words in languages.words.items():
        await bot.set_my_commands(_commands(places, words), language_code=language)


def _commands(places: Mapping[str, int], words: Words) -> list[BotCommand]:
    return [BotCommand(command=name, description=does) for name, does in menu(places, words).items()]
