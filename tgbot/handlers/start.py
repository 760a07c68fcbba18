"""/start, and the sample ticket."""

from aiogram import F, Router
from aiogram.filters import CommandStart
from aiogram.types import CallbackQuery, Message

from storage.outbox import OutboxStore
from tgbot.notify import OutboxNotifier, card_subject
from tgbot.screens.start import sample_screen, start_screen
from tgbot.show import answer, settle, turn_page
from tgbot.taps import Page, PageTap
from tgbot.words import Words
from trading.people import Person
from trading.ports import Clock, Journal, People
from trading.states import State

COMMANDS = {"start": 90}


def build() -> Router:
    router = Router(name="start")
    router.message.register(start, CommandStart(ignore_case=True))
    router.callback_query.register(sample, PageTap.filter(F.page == Page.SAMPLE))
    return router


async def start(
    message: Message,
    person: Person,
    words: Words,
    people: People,
    journal: Journal,
    notifier: OutboxNotifier,
    outbox_store: OutboxStore,
    clock: Clock,
    environment: str,
) -> None:
    account = await people.account_of(person.id)
    offered = await journal.in_states(frozenset({State.PROPOSED}), account.id) if account else ()
    above = [ticket for ticket in offered if await outbox_store.message_of(person.id, card_subject(ticket.id))]
    has_account = account is not None
    await answer(message, start_screen(person, len(offered), above, has_account, environment, words, clock.now()))
    # Cards that could not be delivered before the person began the chat come now, below this answer.
    await notifier.redraw(person)


async def sample(query: CallbackQuery, callback_data: PageTap, words: Words, clock: Clock, environment: str) -> None:
    await settle(query)
    await turn_page(query, callback_data, sample_screen(environment, words, clock.now()))
