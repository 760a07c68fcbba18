"""/positions."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from tgbot.screens.positions import positions_screen, silent_screen
from tgbot.screens.screen import Screen
from tgbot.show import answer, settle, turn_page
from tgbot.taps import Page, PageTap
from tgbot.words import Words
from trading.errors import ExchangeError
from trading.people import Person
from trading.portfolio import held_by
from trading.ports import Clock, Exchange, Journal, People

COMMANDS = {"positions": 30}


def build() -> Router:
    router = Router(name="positions")
    router.message.register(positions, Command("positions", ignore_case=True))
    router.callback_query.register(positions_page, PageTap.filter(F.page == Page.POSITIONS))
    return router


async def positions(
    message: Message,
    person: Person,
    words: Words,
    people: People,
    exchange: Exchange,
    journal: Journal,
    clock: Clock,
    environment: str,
) -> None:
    await answer(message, await _as_held(person, words, people, exchange, journal, clock, environment))


async def positions_page(
    query: CallbackQuery,
    callback_data: PageTap,
    person: Person,
    words: Words,
    people: People,
    exchange: Exchange,
    journal: Journal,
    clock: Clock,
    environment: str,
) -> None:
    await settle(query)
    screen = await _as_held(person, words, people, exchange, journal, clock, environment)
    await turn_page(query, callback_data, screen)


async def _as_held(
    person: Person,
    words: Words,
    people: People,
    exchange: Exchange,
    journal: Journal,
    clock: Clock,
    environment: str,
) -> Screen:
    try:
        held = await held_by(person, people, exchange, journal)
    except ExchangeError:
        return silent_screen(words)
    has_account = await people.account_of(person.id) is not None
    return positions_screen(held, has_account, environment, words, clock.now())
