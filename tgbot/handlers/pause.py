"""/pause and /resume."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from tgbot.access import traders_only
from tgbot.screens.pause import pause_screen
from tgbot.screens.status import status_screen
from tgbot.services import StatusDesk
from tgbot.show import answer, settle, turn_page
from tgbot.taps import Page, PageTap
from tgbot.words import Words
from trading.people import Person
from trading.ports import People

COMMANDS = {"pause": 50, "resume": 60}
_WISHES = {Page.PAUSE: True, Page.RESUME: False}


def build() -> Router:
    router = Router(name="pause")
    router.message.register(pause, Command("pause", ignore_case=True))
    router.message.register(resume, Command("resume", ignore_case=True))
    router.callback_query.register(tapped, PageTap.filter(F.page.in_(_WISHES)))
    return router


async def pause(message: Message, person: Person, words: Words, people: People) -> None:
    traders_only(person)
    await answer(message, pause_screen(await people.set_paused(person.id, True), person.paused, words))


async def resume(message: Message, person: Person, words: Words, people: People) -> None:
    traders_only(person)
    await answer(message, pause_screen(await people.set_paused(person.id, False), person.paused, words))


async def tapped(
    query: CallbackQuery,
    callback_data: PageTap,
    person: Person,
    words: Words,
    people: People,
    status_desk: StatusDesk,
) -> None:
    traders_only(person)
    changed = await people.set_paused(person.id, _WISHES[callback_data.page])
    await settle(query, words("pause.toast.on" if changed.paused else "pause.toast.off"))
    await turn_page(query, callback_data, status_screen(await status_desk.status(changed), words))
