"""/status."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from tgbot.screens.status import status_screen
from tgbot.services import StatusDesk
from tgbot.show import answer, settle, turn_page
from tgbot.taps import Page, PageTap
from tgbot.words import Words
from trading.people import Person

COMMANDS = {"status": 10}


def build() -> Router:
    router = Router(name="status")
    router.message.register(status, Command("status", ignore_case=True))
    router.callback_query.register(status_page, PageTap.filter(F.page == Page.STATUS))
    return router


async def status(message: Message, person: Person, words: Words, status_desk: StatusDesk) -> None:
    await answer(message, status_screen(await status_desk.status(person), words))


async def status_page(
    query: CallbackQuery, callback_data: PageTap, person: Person, words: Words, status_desk: StatusDesk
) -> None:
    await settle(query)
    await turn_page(query, callback_data, status_screen(await status_desk.status(person), words))
