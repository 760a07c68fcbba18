"""What a person changes of what they wrote, what they answer, and what the bot hears from elsewhere."""

from typing import Any

import pytest
from aiogram import Bot

from tests.sandbox.telegram.practice_chat import HandClock, Practice


async def change(practice: Practice, number: int, text: str) -> tuple[int, Any]:
    return await practice.person("PUT", "1001/messages", {"message_id": number, "text": text})


async def test_a_bot_hears_that_a_message_was_changed(practice: Practice, bot: Bot, clock: HandClock) -> None:
    written = await practice.say(1001, "148.3")
    (first,) = await bot.get_updates()
    clock.now += 60_000
    status, shown = await change(practice, written["message_id"], "/stop 148.32")
    assert (status, shown["text"], shown["edited"]) == (200, "/stop 148.32", True)
    (update,) = await bot.get_updates(offset=first.update_id + 1)
    edited = update.edited_message
    assert edited is not None
    assert (edited.message_id, edited.text) == (written["message_id"], "/stop 148.32")
    assert edited.entities is not None
    assert (edited.entities[0].type, edited.date.timestamp() + 60) == ("bot_command", edited.edit_date)


async def test_a_change_that_changes_nothing_is_no_update(practice: Practice) -> None:
    written = await practice.say(1001, "same")
    status, shown = await change(practice, written["message_id"], " same ")
    assert (status, shown["edited"]) == (200, False)
    assert len(await practice.ok("getUpdates")) == 1


async def test_only_ones_own_messages_can_be_changed_and_for_48_hours(practice: Practice, clock: HandClock) -> None:
    written = await practice.say(1001, "mine")
    sent = await practice.ok("sendMessage", chat_id=1001, text="the bot's")
    assert (await change(practice, sent["message_id"], "x"))[0] == 404
    assert (await change(practice, 99, "x"))[0] == 404
    assert (await change(practice, written["message_id"], " "))[0] == 400
    clock.now += 48 * 3600 * 1000 + 1000
    status, told = await change(practice, written["message_id"], "late")
    assert (status, told["error"]) == (400, "After 48 hours a message stays as it is.")


async def test_an_answer_carries_the_message_it_answers(practice: Practice, bot: Bot) -> None:
    sent = await bot.send_message(1001, "Which stop?")
    body = {"text": "143.10", "reply_to": sent.message_id}
    status, shown = await practice.person("POST", "1001/messages", body)
    assert (status, shown["reply_to"]) == (200, sent.message_id)
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.reply_to_message is not None
    assert update.message.reply_to_message.text == "Which stop?"
    assert (await practice.person("POST", "1001/messages", {"text": "x", "reply_to": 99}))[0] == 404


GROUP = {"id": -100123, "type": "supergroup", "title": "Traders"}
ANN = {"id": 1001, "is_bot": False, "first_name": "Ann"}
MEMBER = {
    "chat": GROUP,
    "from": ANN,
    "date": 1_800_000_000,
    "old_chat_member": {"status": "left", "user": ANN},
    "new_chat_member": {"status": "member", "user": ANN},
}


async def lever(practice: Practice, body: Any) -> tuple[int, Any]:
    async with practice.session.post(f"{practice.base}/sandbox/telegram/updates", json=body) as answer:
        return answer.status, await answer.json()


async def test_a_member_of_a_group_is_heard_of_by_a_bot_that_asked_for_it(practice: Practice, bot: Bot) -> None:
    await bot.get_updates()
    assert await lever(practice, {"kind": "chat_member", "body": MEMBER}) == (200, {"queued": False})
    assert await bot.get_updates(allowed_updates=["chat_member"]) == []
    assert await lever(practice, {"kind": "chat_member", "body": MEMBER}) == (200, {"queued": True})
    (update,) = await bot.get_updates()
    assert update.chat_member is not None
    assert (update.chat_member.chat.id, update.chat_member.new_chat_member.status) == (-100123, "member")


@pytest.mark.parametrize(
    "body", [{}, {"kind": "message"}, {"kind": "gossip", "body": {}}, {"kind": "message", "body": 1}]
)
async def test_an_update_of_no_kind_is_refused_in_words(practice: Practice, body: Any) -> None:
    status, told = await lever(practice, body)
    assert (status, told["error"].endswith(".")) == (400, True)
    assert await practice.ok("getUpdates") == []
