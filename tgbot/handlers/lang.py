"""/lang."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from tgbot.notify import OutboxNotifier
from tgbot.screens.lang import language_screen
from tgbot.show import answer, settle, turn
from tgbot.taps import LanguageTap
from tgbot.words import Languages, Words
from trading.people import Person
from trading.ports import People

COMMANDS = {"lang": 70}


def build() -> Router:
    router = Router(name="lang")
    router.message.register(language, Command("lang", ignore_case=True))
    router.callback_query.register(tapped, LanguageTap.filter())
    return router


async def language(message: Message, words: Words, languages: Languages) -> None:
    await answer(message, language_screen(words, languages))


async def tapped(
    query: CallbackQuery,
    callback_data: LanguageTap,
    person: Person,
    words: Words,
    people: People,
    languages: Languages,
    notifier: OutboxNotifier,
) -> None:
    if callback_data.language not in languages.words:
        await settle(query, words("rest.button"), alert=True)
        return
    person = await people.set_language(person.id, callback_data.language)
    spoken = languages[person.language]
    await settle(query, spoken("lang.toast"))
    await turn(query, language_screen(spoken, languages))
    await notifier.redraw(person)
