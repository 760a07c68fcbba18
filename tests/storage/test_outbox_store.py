"""One row for each (chat, subject): never lost, never two, the most urgent first."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from storage.outbox import Letter, OutboxStore
from tests.storage.samples import NOW, OWNER, opened
from trading.reasons import Reason

CHAT = OWNER


@pytest_asyncio.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[OutboxStore]:
    async with opened(tmp_path) as database:
        yield OutboxStore(database, "sandbox")


async def want(outbox: OutboxStore, subject: str = "t:1", now: int = NOW, **wish: Any) -> None:
    await outbox.want(CHAT, subject, now, **({"payload": {"n": 1}, "priority": 2} | wish))


async def only(outbox: OutboxStore, now: int = NOW) -> Letter:
    (letter,) = await outbox.due(now, 10)
    return letter


async def test_what_is_wanted_is_due_as_it_was_wanted(outbox: OutboxStore) -> None:
    await want(outbox, payload={"ticket": "1", "words": ["да", 1.5, None]}, ring=True, reply_to="t:0")
    letter = await only(outbox)
    assert letter.payload == {"ticket": "1", "words": ["да", 1.5, None]}
    assert (letter.chat, letter.subject, letter.priority, letter.ring) == (CHAT, "t:1", 2, True)
    assert (letter.wanted_at, letter.due_at, letter.attempts, letter.version) == (NOW, NOW, 0, 1)
    assert (letter.message_id, letter.digest, letter.reply_to, letter.is_photo) == (None, None, "t:0", False)


async def test_the_most_urgent_goes_first_then_the_oldest(outbox: OutboxStore) -> None:
    await want(outbox, "price", NOW, priority=3)
    await want(outbox, "ticket", NOW + 2, priority=2)
    await want(outbox, "earlier ticket", NOW + 1, priority=2)
    await want(outbox, "alarm", NOW + 3, priority=0)
    due = await outbox.due(NOW + 9, 10)
    assert [letter.subject for letter in due] == ["alarm", "earlier ticket", "ticket", "price"]
    assert [letter.subject for letter in await outbox.due(NOW + 9, 2)] == ["alarm", "earlier ticket"]


async def test_a_second_wish_for_a_subject_is_the_same_letter_with_the_stronger_of_both(outbox: OutboxStore) -> None:
    await want(outbox, priority=1, ring=True, reply_to="t:0")
    await want(outbox, now=NOW + 5, payload={"n": 2}, priority=3)
    letter = await only(outbox, NOW + 5)
    assert letter.payload == {"n": 2}
    assert (letter.priority, letter.ring, letter.reply_to, letter.wanted_at) == (1, True, "t:0", NOW)


async def test_a_delivered_letter_is_not_due_and_its_message_is_known(outbox: OutboxStore) -> None:
    await want(outbox)
    assert await outbox.delivered(await only(outbox), 77, "abc", NOW, is_photo=True)
    assert await outbox.due(NOW + 9, 10) == ()
    assert await outbox.message_of(CHAT, "t:1") == 77
    assert await outbox.subject_of(CHAT, 77) == "t:1"
    await want(outbox, now=NOW + 9, priority=3)
    again = await only(outbox, NOW + 9)
    assert (again.message_id, again.digest, again.is_photo) == (77, "abc", True)
    assert (again.priority, again.ring, again.wanted_at) == (3, False, NOW + 9)


async def test_what_was_wanted_while_it_was_delivered_stays_wanted(outbox: OutboxStore) -> None:
    await want(outbox, payload={"n": 1})
    reading = await only(outbox)
    await want(outbox, now=NOW + 1, payload={"n": 2})
    assert not await outbox.delivered(reading, 77, "abc", NOW + 2)
    letter = await only(outbox, NOW + 2)
    assert (letter.payload, letter.message_id) == ({"n": 2}, 77)
    assert await outbox.delivered(letter, 77, "def", NOW + 3)
    assert await outbox.next_due() is None


async def test_a_postponed_letter_waits_unless_something_more_urgent_is_wanted(outbox: OutboxStore) -> None:
    await want(outbox)
    await outbox.postpone(await only(outbox), NOW + 1000)
    assert await outbox.due(NOW + 999, 10) == ()
    assert await outbox.next_due() == NOW + 1000
    assert (await only(outbox, NOW + 1000)).attempts == 1
    await want(outbox, now=NOW + 1, payload={"n": 2})
    assert await outbox.due(NOW + 999, 10) == (), "no more urgent than before"
    await want(outbox, now=NOW + 2, priority=0)
    assert (await only(outbox, NOW + 2)).attempts == 0


async def test_postponing_or_dropping_an_old_letter_does_not_touch_a_newer_wish(outbox: OutboxStore) -> None:
    await want(outbox)
    old = await only(outbox)
    await want(outbox, now=NOW + 1)
    await outbox.postpone(old, NOW + 1000)
    await outbox.drop(old)
    assert (await only(outbox, NOW + 1)).version == 2


async def test_a_dropped_letter_is_given_up_and_its_message_stays_known(outbox: OutboxStore) -> None:
    await want(outbox)
    await outbox.delivered(await only(outbox), 77, "abc", NOW)
    await want(outbox)
    await outbox.drop(await only(outbox))
    assert await outbox.due(NOW, 10) == ()
    assert await outbox.message_of(CHAT, "t:1") == 77


async def test_only_the_newest_copy_of_a_message_is_known(outbox: OutboxStore) -> None:
    for message in (77, 78):
        await want(outbox)
        await outbox.delivered(await only(outbox), message, "abc", NOW)
    assert await outbox.subject_of(CHAT, 77) is None
    assert await outbox.subject_of(CHAT, 78) == "t:1"
    assert await outbox.subject_of(CHAT + 1, 78) is None
    assert await outbox.message_of(CHAT + 1, "t:1") is None


async def test_many_wishes_at_once_make_one_letter(outbox: OutboxStore) -> None:
    await asyncio.gather(*(want(outbox, payload={"n": n}) for n in range(30)))
    assert (await only(outbox)).version == 30


async def test_letters_survive_a_restart_and_belong_to_one_environment(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        await want(OutboxStore(database, "sandbox"))
    async with opened(tmp_path) as database:
        assert await OutboxStore(database, "demo").due(NOW, 10) == ()
        assert await OutboxStore(database, "demo").next_due() is None
        assert (await only(OutboxStore(database, "sandbox"))).subject == "t:1"


async def test_a_limit_is_told_once_until_it_is_over(outbox: OutboxStore) -> None:
    assert not await outbox.limit_is_over(OWNER, Reason.OPEN_POSITIONS)
    told = await asyncio.gather(*(outbox.tell_limit_once(OWNER, Reason.OPEN_POSITIONS) for _ in range(5)))
    assert sorted(told) == [False, False, False, False, True]
    assert await outbox.tell_limit_once(OWNER + 1, Reason.OPEN_POSITIONS)
    assert await outbox.tell_limit_once(OWNER, Reason.RISK_ON_TABLE)
    assert await outbox.limits_told(OWNER) == {Reason.OPEN_POSITIONS, Reason.RISK_ON_TABLE}
    assert await outbox.limit_is_over(OWNER, Reason.OPEN_POSITIONS)
    assert not await outbox.limit_is_over(OWNER, Reason.OPEN_POSITIONS)
    assert await outbox.limits_told(OWNER) == {Reason.RISK_ON_TABLE}
    assert await outbox.tell_limit_once(OWNER, Reason.OPEN_POSITIONS)
