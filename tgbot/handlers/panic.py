"""/panic."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from tgbot.access import traders_only
from tgbot.show import settle
from tgbot.taps import PanicAction, PanicTap
from tgbot.words import Words
from trading.emergency import Scope
from trading.people import Person
from trading.safety import Safety

COMMANDS = {"panic": 65}
_SCOPES = {PanicAction.OURS: Scope.OURS, PanicAction.ALL: Scope.ALL}


def build() -> Router:
    router = Router(name="panic")
    router.message.register(panic, Command("panic", ignore_case=True))
    router.callback_query.register(begin, PanicTap.filter(F.action.in_(_SCOPES)))
    router.callback_query.register(cancel, PanicTap.filter(F.action == PanicAction.CANCEL))
    return router


async def panic(message: Message, person: Person, safety: Safety) -> None:
    traders_only(person)
    await safety.panic.ask(person.id)


async def begin(query: CallbackQuery, callback_data: PanicTap, person: Person, words: Words, safety: Safety) -> None:
    traders_only(person)
    await safety.panic.begin(person.id, callback_data.panic, _SCOPES[callback_data.action])
    await settle(query, words("panic.toast.begun"))


async def cancel(query: CallbackQuery, callback_data: PanicTap, person: Person, words: Words, safety: Safety) -> None:
    traders_only(person)
    await safety.panic.cancel(person.id, callback_data.panic)
    await settle(query, words("panic.toast.cancelled"))
