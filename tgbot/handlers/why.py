"""/why SYMBOL."""

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from tgbot.screens.why import ask_screen, why_screen
from tgbot.services import WhyDesk
from tgbot.show import answer, settle, turn
from tgbot.taps import WhyTap
from tgbot.words import Words
from trading.people import Person
from trading.ports import Clock

COMMANDS = {"why": 25}


def build() -> Router:
    router = Router(name="why")
    router.message.register(why, Command("why", ignore_case=True))
    router.callback_query.register(why_again, WhyTap.filter())
    return router


async def why(
    message: Message, command: CommandObject, person: Person, words: Words, why_desk: WhyDesk, clock: Clock
) -> None:
    asked = (command.args or "").strip()
    if not asked:
        await answer(message, ask_screen(why_desk.nearest(person), words))
        return
    await answer(message, why_screen(await why_desk.why(person, asked), words, clock.now()))


async def why_again(
    query: CallbackQuery, callback_data: WhyTap, person: Person, words: Words, why_desk: WhyDesk, clock: Clock
) -> None:
    await settle(query)
    await turn(query, why_screen(await why_desk.why(person, callback_data.symbol), words, clock.now()))
