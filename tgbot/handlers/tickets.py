"""Taps on a ticket's card."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from storage.outbox import OutboxStore
from tgbot.access import traders_only
from tgbot.errors import sentence
from tgbot.notify import OutboxNotifier, card_subject
from tgbot.screens.glance import glance_at, live_line
from tgbot.screens.screen import Screen, stacked
from tgbot.show import answer, settle
from tgbot.taps import TicketAction, TicketTap
from tgbot.tasks import Tasks
from tgbot.words import Words
from trading.errors import AssistantError, TicketError
from trading.model import Ticket
from trading.people import Person
from trading.ports import Clock, Exchange, Journal
from trading.states import ENDED, State
from trading.tickets import TicketDesk

COMMANDS: dict[str, int] = {}
# A tap is answered after so many seconds, whether or not it is known yet what becomes of it (SPEC 6).
ANSWER_WITHIN = 0.8


def build() -> Router:
    router = Router(name="tickets")
    handlers: dict[TicketAction, Callable[..., Any]] = {
        TicketAction.CONFIRM: confirm,
        TicketAction.SKIP: skip,
        TicketAction.ASK_CLOSE: ask_close,
        TicketAction.CLOSE: close,
        TicketAction.KEEP: keep,
        TicketAction.REFRESH: refresh,
        TicketAction.ADOPT: adopt,
        TicketAction.MOVE: move,
    }
    for action, handler in handlers.items():
        router.callback_query.register(handler, TicketTap.filter(F.action == action))
    return router


async def confirm(
    query: CallbackQuery,
    callback_data: TicketTap,
    person: Person,
    words: Words,
    desk: TicketDesk,
    tasks: Tasks,
    outbox_store: OutboxStore,
) -> None:
    traders_only(person)
    if await _is_older_copy(query, callback_data, outbox_store):
        await settle(query, words("toast.older"), alert=True)
        return
    work = desk.confirm(person.id, callback_data.ticket, callback_data.revision)
    await _carry_out(query, tasks, work, "confirm", words)


async def skip(
    query: CallbackQuery, callback_data: TicketTap, person: Person, words: Words, desk: TicketDesk, tasks: Tasks
) -> None:
    traders_only(person)
    work = desk.skip(person.id, callback_data.ticket, callback_data.revision)
    await _carry_out(query, tasks, work, "skip", words)


async def close(
    query: CallbackQuery, callback_data: TicketTap, person: Person, words: Words, desk: TicketDesk, tasks: Tasks
) -> None:
    traders_only(person)
    await _carry_out(query, tasks, desk.close(person.id, callback_data.ticket), "close", words)


async def adopt(
    query: CallbackQuery, callback_data: TicketTap, person: Person, words: Words, desk: TicketDesk, tasks: Tasks
) -> None:
    traders_only(person)
    await _carry_out(query, tasks, desk.adopt(person.id, callback_data.ticket), "adopt", words)


async def ask_close(
    query: CallbackQuery,
    callback_data: TicketTap,
    person: Person,
    words: Words,
    journal: Journal,
    notifier: OutboxNotifier,
) -> None:
    traders_only(person)
    ticket = await journal.own(callback_data.ticket, person.id)
    await settle(query, words("toast.ask_close"))
    await notifier.draw(ticket, asking=True)


async def keep(
    query: CallbackQuery,
    callback_data: TicketTap,
    person: Person,
    words: Words,
    journal: Journal,
    notifier: OutboxNotifier,
) -> None:
    ticket = await journal.own(callback_data.ticket, person.id)
    await settle(query, words("toast.kept"))
    await notifier.draw(ticket)


async def refresh(
    query: CallbackQuery,
    callback_data: TicketTap,
    person: Person,
    words: Words,
    journal: Journal,
    exchange: Exchange,
    notifier: OutboxNotifier,
    clock: Clock,
) -> None:
    ticket = await journal.own(callback_data.ticket, person.id)
    positions = await exchange.positions(ticket.account, ticket.symbol)
    seen = glance_at(ticket, positions, clock.now())
    await settle(query, live_line(ticket, seen, words))
    await notifier.draw(ticket, seen=seen)


async def move(
    query: CallbackQuery,
    callback_data: TicketTap,
    person: Person,
    words: Words,
    journal: Journal,
    notifier: OutboxNotifier,
) -> None:
    ticket = await journal.own(callback_data.ticket, person.id)
    await settle(query, words("toast.moved"))
    await notifier.draw(ticket, anew=True)


async def _is_older_copy(query: CallbackQuery, tap: TicketTap, store: OutboxStore) -> bool:
    """Two copies exist only where Telegram's answer to the first was lost; then the newest one counts."""
    newest = await store.message_of(query.from_user.id, card_subject(tap.ticket))
    return newest is not None and query.message is not None and query.message.message_id < newest


async def _carry_out(
    query: CallbackQuery, tasks: Tasks, work: Coroutine[Any, Any, Ticket], name: str, words: Words
) -> None:
    """Runs the tap's work as an owned task, and tells its outcome, or after a moment that it is under way."""
    task = tasks.own(_outcome(work), name)
    await asyncio.wait({task}, timeout=ANSWER_WITHIN)
    if task.done():
        became: Ticket | AssistantError = task.result()
        await settle(query, _said(became, words), alert=_needs_reading(became))
        return
    await settle(query, words("toast.working"))
    became = await asyncio.shield(task)
    # The card shows what was done; a refusal has to be told now that the tap is answered already.
    if isinstance(became, AssistantError) and isinstance(query.message, Message):
        await answer(query.message, Screen(stacked(sentence(became, words))))


def _needs_reading(became: Ticket | AssistantError) -> bool:
    """A refusal stays on the screen until it was read; a second tap that found nothing is no more than a toast."""
    return isinstance(became, AssistantError) and not isinstance(became, TicketError)


async def _outcome(work: Coroutine[Any, Any, Ticket]) -> Ticket | AssistantError:
    """What became of it; what is expected to go wrong is an outcome like any other, not a failed task."""
    try:
        return await work
    except AssistantError as expected:
        return expected


def _said(became: Ticket | AssistantError, words: Words) -> str:
    if isinstance(became, AssistantError):
        return sentence(became, words)
    match became.state:
        case State.PROPOSED:
            return words("toast.requoted")
        case State.SKIPPED:
            return words("toast.skipped")
        case State.CLOSING:
            return words("toast.closing")
        case State.OPEN:
            return words("toast.adopted")
        case state if state in ENDED:
            return words("toast.over")
        case _:
            return words("toast.sending")
