"""/halt and /halt off: the owner's word for everybody."""

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from tgbot.access import owners_only
from tgbot.screens.halt import halt_screen
from tgbot.screens.screen import Screen
from tgbot.show import answer, settle, turn
from tgbot.taps import HaltTap
from tgbot.words import Words
from trading.people import Person
from trading.safety import Safety

COMMANDS = {"halt": 67}
_OFF = frozenset({"off", "выкл", "end"})


def build() -> Router:
    router = Router(name="halt")
    router.message.register(halt, Command("halt", ignore_case=True))
    router.callback_query.register(tapped, HaltTap.filter())
    return router


async def halt(message: Message, command: CommandObject, person: Person, words: Words, safety: Safety) -> None:
    owners_only(person)
    on = (command.args or "").strip().lower() not in _OFF
    await answer(message, await _changed(on, person, words, safety))


async def tapped(query: CallbackQuery, callback_data: HaltTap, person: Person, words: Words, safety: Safety) -> None:
    owners_only(person)
    screen = await _changed(callback_data.on, person, words, safety)
    await settle(query, words("halt.toast.on" if callback_data.on else "halt.toast.off"))
    await turn(query, screen)


async def _changed(on: bool, person: Person, words: Words, safety: Safety) -> Screen:
    if on:
        _, fresh = await safety.halt.begin(person.id)
        return halt_screen(True, fresh, words)
    return halt_screen(False, await safety.halt.end(person.id) is not None, words)
