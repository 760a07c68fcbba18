"""/help, and /help WORD."""

from collections.abc import Mapping

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from tgbot.menu import menu
from tgbot.screens.help import help_screen, term_screen
from tgbot.show import answer
from tgbot.words import Languages, Words

COMMANDS = {"help": 80}


def build() -> Router:
    router = Router(name="help")
    router.message.register(explain, Command("help", ignore_case=True))
    return router


async def explain(
    message: Message, command: CommandObject, words: Words, languages: Languages, places: Mapping[str, int]
) -> None:
    if command.args:
        await answer(message, term_screen(command.args, words, languages))
    else:
        await answer(message, help_screen(menu(places, words), words))
