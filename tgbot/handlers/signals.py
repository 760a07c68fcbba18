"""/signals."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from tgbot.screens.signals import SHOWN, signals_screen
from tgbot.show import answer, settle, turn_page
from tgbot.taps import Page, PageTap
from tgbot.words import Words
from trading.people import Person
from trading.ports import Clock, Journal

COMMANDS = {"signals": 20}


def build() -> Router:
    router = Router(name="signals")
    router.message.register(signals, Command("signals", ignore_case=True))
    router.callback_query.register(signals_page, PageTap.filter(F.page == Page.SIGNALS))
    return router


async def signals(
    message: Message, person: Person, words: Words, journal: Journal, clock: Clock, environment: str
) -> None:
    heard = await journal.heard(person.id, SHOWN)
    await answer(message, signals_screen(heard, environment, words, clock.now()))


async def signals_page(
    query: CallbackQuery,
    callback_data: PageTap,
    person: Person,
    words: Words,
    journal: Journal,
    clock: Clock,
    environment: str,
) -> None:
    await settle(query)
    heard = await journal.heard(person.id, SHOWN)
    await turn_page(query, callback_data, signals_screen(heard, environment, words, clock.now()))
