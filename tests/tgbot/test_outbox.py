"""Delivery under faults: never lost, drawn as it stands when it goes out, and silent where nothing changed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware
from aiogram.exceptions import TelegramForbiddenError, TelegramNetworkError, TelegramRetryAfter
from aiogram.methods import DeleteMessage, EditMessageText, SendMessage, TelegramMethod
from sqlalchemy.exc import OperationalError

from tests.sandbox.telegram.practice_chat import NOON
from tests.storage.samples import NOW, OWNER
from tests.storage.ways import step
from tests.tgbot.cards import D
from tests.tgbot.phone import OTHER_OWNER, Phone
from trading.model import Outcome, Ticket
from trading.ports import Facts
from trading.reasons import Ending, Reason
from trading.states import Event, State

Fault = Callable[[TelegramMethod[Any], Callable[[], Awaitable[Any]]], Awaitable[Any]]


class Faulty(BaseRequestMiddleware):
    """Calls `fault` for the next messages and edits, `times` of them; notes all that were made."""

    def __init__(self) -> None:
        self.fault: Fault | None = None
        self.times = 0
        self.made: list[TelegramMethod[Any]] = []

    async def __call__(self, make_request: Any, bot: Bot, method: TelegramMethod[Any]) -> Any:
        if not isinstance(method, SendMessage | EditMessageText | DeleteMessage):
            return await make_request(bot, method)
        self.made.append(method)
        if self.fault is None or self.times == 0:
            return await make_request(bot, method)
        self.times -= 1
        return await self.fault(method, lambda: make_request(bot, method))


@pytest.fixture
def faults(line: Phone) -> Faulty:
    faulty = Faulty()
    line.bot.session.middleware(faulty)
    return faulty


async def closed(line: Phone, ticket: Ticket) -> Ticket:
    """The ticket at its end, as the watch would bring it there."""
    journal = line.services.journal
    for event in (Event.CLAIMED, Event.SENDING, Event.ACCEPTED, Event.FILLED):
        ticket = await step(journal, ticket, event)
    outcome = Outcome(Ending.TARGET, D("60.25"), D("1.45"), D("156.15"), NOW + 60_000)
    return await journal.advance(*ticket.key, Event.GONE, NOW, Facts(outcome=outcome))


async def test_a_card_is_one_message_through_its_whole_life_and_its_end_rings_once(line: Phone) -> None:
    ticket = await line.offer()
    card = await line.card(OWNER, ticket)
    ended = await closed(line, ticket)
    await line.services.notifier.ticket(ended, ring=True)
    await line.until_text(OWNER, "⚪ SOLUSDT Long")

    async def rung() -> list[str]:
        return [text for text in await line.texts(OWNER) if text.startswith("SOLUSDT Long · target")]

    (reply,) = await line.until(rung)
    assert "+1.45 R (+60.25 USDT) net" in reply.replace("\u00a0", " ")
    messages = [one for one in await line.practice.messages(OWNER) if one["from"] == "bot"]
    assert [one["message_id"] for one in messages] == [card, card + 1]
    assert messages[0]["edited"]


async def test_an_edit_shows_the_newest_state_however_often_it_changed(line: Phone, faults: Faulty) -> None:
    ticket = await line.offer()
    await line.card(OWNER, ticket)
    faults.made.clear()
    journal, notifier = line.services.journal, line.services.notifier
    for event in (Event.CLAIMED, Event.SENDING, Event.ACCEPTED):
        ticket = await step(journal, ticket, event)
        await line.services.outbox_store.want(
            OWNER, f"t:{ticket.id}", NOW, payload={"ticket": ticket.id, "asking": False, "anew": False}, priority=1
        )
    await notifier.ticket(ticket)
    await line.until_text(OWNER, "Bybit has the order")
    assert len(faults.made) == 1


async def test_what_looks_the_same_is_not_sent_again(line: Phone, faults: Faulty) -> None:
    ticket = await line.offer()
    await line.card(OWNER, ticket)
    faults.made.clear()
    for _ in range(3):
        await line.services.notifier.draw(ticket)
    await _settled(line)
    assert faults.made == []


async def test_a_message_that_is_not_modified_is_fine(line: Phone, faults: Faulty) -> None:
    ticket = await line.offer()
    card = await line.card(OWNER, ticket)
    (letter,) = await _letters(line, ticket)
    await line.services.outbox_store.delivered(letter, card, "another digest", NOW)
    await line.services.notifier.draw(ticket)
    await _settled(line)
    assert list(await line.seen(OWNER)) == [card]


async def test_a_card_that_was_deleted_by_the_person_is_sent_anew(line: Phone) -> None:
    ticket = await line.offer()
    card = await line.card(OWNER, ticket)
    await line.bot.delete_message(OWNER, card)
    moved = await step(line.services.journal, ticket, Event.CLAIMED)
    await line.services.notifier.ticket(moved)
    await line.until_text(OWNER, "⏳")
    await _settled(line)
    assert await line.card(OWNER, ticket) > card


async def test_a_flood_limit_puts_the_letter_off_for_as_long_as_telegram_asks(line: Phone, faults: Faulty) -> None:
    async def busy(method: TelegramMethod[Any], _: Callable[[], Awaitable[Any]]) -> Any:
        raise TelegramRetryAfter(method, "Too Many Requests", 30)

    faults.fault, faults.times = busy, 1
    await line.offer()
    await line.until(_made(faults))
    await _settled(line, waiting=True)
    assert await line.texts(OWNER) == []
    line.clock.pass_by(29)
    line.outbox.wake()
    await asyncio.sleep(0.05)
    assert await line.texts(OWNER) == []
    line.clock.pass_by(1)
    line.outbox.wake()
    await line.until_text(OWNER, "🟡")


async def test_a_short_flood_limit_is_waited_out_at_once(line: Phone, faults: Faulty) -> None:
    async def busy(method: TelegramMethod[Any], _: Callable[[], Awaitable[Any]]) -> Any:
        raise TelegramRetryAfter(method, "Too Many Requests", 0)

    faults.fault, faults.times = busy, 1
    await line.offer()
    await line.until_text(OWNER, "🟡")
    assert len(faults.made) == 2


async def test_a_letter_that_the_database_does_not_take_back_is_not_sent_twice(
    line: Phone, faults: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, tries = line.services.outbox_store, []
    delivered, postpone = store.delivered, store.postpone

    async def read_only(*_: Any, **__: Any) -> Any:
        tries.append("refused")
        raise OperationalError("UPDATE outbox", {}, Exception("attempt to write a readonly database"))

    monkeypatch.setattr(store, "delivered", read_only)
    monkeypatch.setattr(store, "postpone", read_only)
    ticket = await line.offer()

    async def tried_often() -> bool:
        return len(tries) >= 6

    await line.until(tried_often)
    monkeypatch.setattr(store, "delivered", delivered)
    monkeypatch.setattr(store, "postpone", postpone)
    assert await line.card(OWNER, ticket)
    assert len(faults.made) == 1


async def test_an_unreachable_telegram_is_tried_again_with_growing_pauses(line: Phone, faults: Faulty) -> None:
    async def down(method: TelegramMethod[Any], _: Callable[[], Awaitable[Any]]) -> Any:
        raise TelegramNetworkError(method, "no route")

    faults.fault, faults.times = down, 3
    await line.offer()
    pauses = []
    for tried in range(1, 4):
        await line.until(_made(faults, tried))
        await _settled(line, waiting=True)
        due = await line.services.outbox_store.next_due()
        assert due is not None
        pauses.append(due - line.clock.now())
        line.clock.at = due
        line.outbox.wake()
    await line.until_text(OWNER, "🟡")
    assert pauses == [1000, 2000, 4000]


async def test_a_lost_answer_may_send_twice_and_then_the_newest_copy_is_the_card(line: Phone, faults: Faulty) -> None:
    async def lost(method: TelegramMethod[Any], send: Callable[[], Awaitable[Any]]) -> Any:
        await send()
        raise TelegramNetworkError(method, "the answer was lost")

    faults.fault, faults.times = lost, 1
    ticket = await line.offer()
    await line.until(_made(faults))
    await _settled(line, waiting=True)
    line.clock.pass_by(1)
    line.outbox.wake()
    card = await line.card(OWNER, ticket)
    older, newer = await line.seen(OWNER)
    assert card == newer
    _, shown = await line.tap(OWNER, older, f"t:{ticket.id}:1:confirm")
    assert shown["text"].startswith("This is an older copy")
    assert line.desk.asked == []


async def test_someone_who_blocked_the_bot_gets_nothing_more(line: Phone, faults: Faulty) -> None:
    async def blocked(method: TelegramMethod[Any], _: Callable[[], Awaitable[Any]]) -> Any:
        raise TelegramForbiddenError(method, "Forbidden: bot was blocked by the user")

    faults.fault, faults.times = blocked, 1
    await line.offer()

    async def noted() -> bool:
        person = await line.services.people.person(OWNER)
        return person is not None and person.blocked

    await line.until(noted)
    await _settled(line)
    faults.made.clear()
    await line.offer("c" * 16, "ETHUSDT")
    await _settled(line)
    assert faults.made == []


async def test_a_chat_that_was_never_begun_waits_for_start(line: Phone, faults: Faulty) -> None:
    async def no_chat(method: TelegramMethod[Any], _: Callable[[], Awaitable[Any]]) -> Any:
        raise TelegramForbiddenError(method, "Forbidden: bot can't initiate conversation with a user")

    faults.fault, faults.times = no_chat, 1
    await line.offer()
    await line.until(_made(faults))
    await _settled(line)
    person = await line.services.people.person(OWNER)
    assert person is not None
    assert not person.blocked
    await line.practice.say(OWNER, "/start")
    await line.until_text(OWNER, "🟡")


async def test_one_chat_that_hangs_holds_up_no_other(line: Phone, faults: Faulty) -> None:
    release = asyncio.Event()

    async def hang(method: TelegramMethod[Any], send: Callable[[], Awaitable[Any]]) -> Any:
        await release.wait()
        return await send()

    faults.fault, faults.times = hang, 1
    await line.offer()
    await line.until(_made(faults))
    other = await line.offer("b" * 16, owner=OTHER_OWNER)
    assert await line.card(OTHER_OWNER, other)
    assert await line.texts(OWNER) == []
    release.set()
    await line.until_text(OWNER, "🟡")


async def test_a_limit_is_told_once_until_it_is_over(line: Phone) -> None:
    notifier = line.services.notifier
    for _ in range(3):
        await notifier.limit_reached(OWNER, Reason.OPEN_POSITIONS, {"open": 10, "limit": 10})
    await line.until_text(OWNER, "10 of 10 positions are open. New signals are only listed")
    line.clock.pass_by(1)
    await notifier.limit_over(OWNER, Reason.OPEN_POSITIONS)
    await notifier.limit_over(OWNER, Reason.OPEN_POSITIONS)
    await line.until_text(OWNER, "There is room for new tickets again.")
    line.clock.pass_by(1)
    await notifier.limit_reached(OWNER, Reason.RISK_ON_TABLE, {"risk": D("502.4"), "limit": D("500")})
    await line.until_text(OWNER, "502.40 of 500.00 USDT is at risk already.")
    await _settled(line)
    assert len(await line.texts(OWNER)) == 3


async def test_a_ring_for_a_state_that_has_passed_is_not_sent(line: Phone, faults: Faulty) -> None:
    ticket = await line.offer()
    await line.card(OWNER, ticket)
    journal = line.services.journal
    for event in (Event.CLAIMED, Event.SENDING, Event.UNCERTAIN):
        ticket = await step(journal, ticket, event)
    await step(journal, ticket, Event.FOUND)
    await line.services.notifier.ticket(ticket, ring=True)
    await _settled(line)
    assert len(await line.seen(OWNER)) == 1


async def test_new_cards_ring_and_later_cards_of_the_same_ticket_do_not(line: Phone, faults: Faulty) -> None:
    ticket = await line.offer()
    card = await line.card(OWNER, ticket)
    await line.bot.delete_message(OWNER, card)
    await line.services.notifier.ticket(await step(line.services.journal, ticket, Event.CLAIMED))
    await line.until_text(OWNER, "⏳")
    sent = [one for one in faults.made if isinstance(one, SendMessage)]
    assert [one.disable_notification for one in sent] == [False, True]


async def test_letters_survive_an_outbox_that_was_stopped(line: Phone) -> None:
    line.outbox.stop()
    await asyncio.sleep(0.05)
    ticket = await line.offer()
    await asyncio.sleep(0.05)
    assert await line.texts(OWNER) == []
    assert ticket.state is State.PROPOSED
    again = type(line.outbox)(
        line.bot, line.services.outbox_store, line.services.people, line.outbox._letters, line.clock
    )
    running = asyncio.create_task(again.run())
    await line.until_text(OWNER, "🟡")
    again.stop()
    await running


def _made(faults: Faulty, times: int = 1) -> Callable[[], Awaitable[bool]]:
    async def made() -> bool:
        return len(faults.made) >= times

    return made


async def _letters(line: Phone, ticket: Ticket) -> tuple[Any, ...]:
    await line.services.outbox_store.want(
        ticket.owner, f"t:{ticket.id}", NOW, payload={"ticket": ticket.id, "asking": False, "anew": False}, priority=3
    )
    return await line.services.outbox_store.due(NOON, 10)


async def _settled(line: Phone, *, waiting: bool = False) -> None:
    """Until nothing is due any more; with `waiting`, until what is left was put off."""

    async def quiet() -> bool:
        due = await line.services.outbox_store.next_due()
        return (due is not None and due > line.clock.now()) if waiting else due is None

    await line.until(quiet)


async def test_the_card_shows_its_end_before_the_reply_rings(line: Phone, faults: Faulty) -> None:
    ticket = await line.offer()
    await line.card(OWNER, ticket)
    over = await closed(line, ticket)
    faults.made.clear()
    await line.services.notifier.ticket(over, ring=True)
    await line.until_text(OWNER, "SOLUSDT Long · target")
    await _settled(line)
    assert [type(one) for one in faults.made] == [EditMessageText, SendMessage]


async def test_an_end_of_a_contract_is_told_once_with_the_moment(line: Phone) -> None:
    for _ in range(3):
        await line.services.notifier.delisting(OWNER, "SOLUSDT", NOW + 3_600_000)
    await line.until_text(OWNER, "SOLUSDT: Bybit delists the contract")
    assert len(await line.texts(OWNER)) == 1
