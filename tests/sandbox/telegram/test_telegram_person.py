"""The person's side: writing, tapping, being told, and what a hostile client gets."""

import asyncio
import json
from typing import Any

import pytest

from tests.sandbox.telegram.practice_chat import HandClock, Practice

KEYS = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}, {"text": "Wait", "disabled": {}}]]}


async def query(practice: Practice, offset: int | None = None) -> Any:
    """The newest callback query of the bot's next poll."""
    params = {} if offset is None else {"offset": offset}
    updates = await practice.ok("getUpdates", timeout=5, **params)
    return updates[-1]["callback_query"]


async def test_an_unknown_person_has_an_empty_chat_and_speaks_english(practice: Practice) -> None:
    assert await practice.messages(5005) == []
    facts = (await practice.person("GET", "5005"))[1]
    assert (facts["met"], facts["language_code"], facts["blocked"]) == (False, "en", False)
    assert (await practice.person("GET", "5005/commands"))[1] == []


async def test_what_a_person_writes_reaches_the_bot_and_is_shown_escaped(practice: Practice) -> None:
    await practice.person("PUT", "1001", {"first_name": "Анна", "language_code": "ru"})
    told = await practice.say(1001, " /start <b>&x ")
    assert (told["message_id"], told["from"], told["text"]) == (1, "user", "/start &lt;b&gt;&amp;x")
    (update,) = await practice.ok("getUpdates")
    message = update["message"]
    assert message["text"] == "/start <b>&x"
    assert message["from"] == {"id": 1001, "is_bot": False, "first_name": "Анна", "language_code": "ru"}
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]


async def test_message_numbers_count_for_each_chat(practice: Practice) -> None:
    await practice.met(1002)
    assert (await practice.say(1001, "a"))["message_id"] == 1
    assert (await practice.say(1002, "a"))["message_id"] == 1
    assert (await practice.ok("sendMessage", chat_id=1002, text="b"))["message_id"] == 2


async def test_a_tap_shows_what_the_bot_answers(practice: Practice) -> None:
    sent = await practice.ok("sendMessage", chat_id=1001, text="card", reply_markup=KEYS)
    tap = practice.tap(1001, sent["message_id"], "go")
    asked = await query(practice)
    assert (asked["data"], asked["from"]["id"], asked["message"]["message_id"]) == ("go", 1001, sent["message_id"])
    assert asked["message"]["reply_markup"] == KEYS
    await practice.ok("answerCallbackQuery", callback_query_id=asked["id"], text="Working", show_alert=True)
    assert await tap == (200, {"text": "Working", "show_alert": True})


async def test_a_query_is_answered_once_and_in_time(practice: Practice, clock: HandClock) -> None:
    sent = await practice.ok("sendMessage", chat_id=1001, text="card", reply_markup=KEYS)
    tap = practice.tap(1001, sent["message_id"], "go")
    asked = await query(practice)
    await practice.ok("answerCallbackQuery", callback_query_id=asked["id"])
    assert await tap == (200, {"text": "", "show_alert": False})
    old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    assert await practice.refused("answerCallbackQuery", callback_query_id=asked["id"]) == old
    assert await practice.refused("answerCallbackQuery", callback_query_id="12345") == old
    late = practice.tap(1001, sent["message_id"], "go")
    asked = await query(practice, offset=-1)
    clock.now += 15_001
    assert await practice.refused("answerCallbackQuery", callback_query_id=asked["id"]) == old
    late.cancel()


async def test_a_tap_that_nobody_answers_ends_with_null(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.telegram.person_side.ANSWER_SECONDS", 0.05)
    sent = await practice.ok("sendMessage", chat_id=1001, text="card", reply_markup=KEYS)
    assert await practice.tap(1001, sent["message_id"], "go") == (200, None)


async def test_data_of_an_earlier_keyboard_is_passed_on(practice: Practice) -> None:
    sent = await practice.ok("sendMessage", chat_id=1001, text="card", reply_markup=KEYS)
    await practice.ok("editMessageText", chat_id=1001, message_id=sent["message_id"], text="over")
    tap = practice.tap(1001, sent["message_id"], "go")
    asked = await query(practice)
    assert (asked["data"], "reply_markup" in asked["message"]) == ("go", False)
    await practice.ok("answerCallbackQuery", callback_query_id=asked["id"])
    await tap


async def test_a_tap_on_a_message_of_another_chat_is_404_and_reaches_nobody(practice: Practice) -> None:
    await practice.met(1002)
    sent = await practice.ok("sendMessage", chat_id=1001, text="card", reply_markup=KEYS)
    mine = await practice.say(1002, "mine")
    for message_id in (sent["message_id"] + 5, 2**60, mine["message_id"]):
        status, told = await practice.tap(1002, message_id, "go")
        assert status == 404
        assert told["error"] == "This chat holds no such message with buttons."
    assert [update for update in await practice.ok("getUpdates") if "callback_query" in update] == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "1001/messages", {"text": ""}),
        ("POST", "1001/messages", {"text": 5}),
        ("POST", "1001/messages", {}),
        ("POST", "1001/messages", {"text": "x", "txt": "y"}),
        ("POST", "1001/messages", {"text": "x" * 4097}),
        ("POST", "1001/messages", {"text": "\ud83d"}),
        ("POST", "1001/messages", ["x"]),
        ("POST", "1001/taps", {"message_id": 1}),
        ("POST", "1001/taps", {"message_id": True, "data": "x"}),
        ("POST", "1001/taps", {"message_id": "1", "data": "x"}),
        ("POST", "1001/taps", {"message_id": 1, "data": "x" * 65}),
        ("POST", "1001/taps", {"message_id": 1, "data": ""}),
        ("PUT", "1001", {"first_name": " "}),
        ("PUT", "1001", {"first_name": "x" * 65}),
        ("PUT", "1001", {"language_code": "russian language"}),
        ("PUT", "1001", {"blocked": "yes"}),
        ("PUT", "1001", {"id": 5}),
        ("GET", "1001/messages?last=-1", None),
    ],
)
async def test_a_bad_request_gets_a_sentence(practice: Practice, method: str, path: str, body: Any) -> None:
    await practice.ok("sendMessage", chat_id=1001, text="card", reply_markup=KEYS)
    status, told = await practice.person(method, path, body)
    assert status == 400
    assert told["error"].endswith(".")


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[" * 100_000, b"\xff"])
async def test_a_body_that_is_no_json_object_gets_a_sentence(practice: Practice, body: bytes) -> None:
    async with practice.session.post(f"{practice.base}/chat/1001/messages", data=body) as answer:
        assert (answer.status, await answer.json()) == (400, {"error": "The body must be a JSON object."})


async def test_numbers_that_are_no_persons_are_404(practice: Practice) -> None:
    for path in ("0/messages", "99999999999999999/messages", "-5/messages", "x/messages", "1001/nothing"):
        status, told = await practice.person("GET", path)
        assert status == 404
        assert told["error"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:80"}, 403),
        ({"Host": "[::1"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "localhost:8081"}, 200),
        ({"Host": "[::1]:8081"}, 200),
        ({"Origin": "http://127.0.0.1:8081"}, 200),
    ],
)
async def test_only_this_machine_may_speak(practice: Practice, headers: dict[str, str], status: int) -> None:
    for path in ("/", "/chat/1001/messages"):
        async with practice.session.get(practice.base + path, headers=headers) as answer:
            assert answer.status == status


async def test_commands_come_in_the_persons_language_and_from_the_narrowest_scope(practice: Practice) -> None:
    await practice.ok("getUpdates")

    async def menu(user: int) -> list[str]:
        return [command["description"] for command in (await practice.person("GET", f"{user}/commands"))[1]]

    def named(words: str) -> list[dict[str, str]]:
        return [{"command": "start", "description": words}]

    await practice.ok("setMyCommands", commands=named("begin"))
    await practice.ok("setMyCommands", commands=named("начать"), language_code="ru")
    await practice.ok("setMyCommands", commands=named("owner"), scope={"type": "chat", "chat_id": 1002})
    assert await menu(1001) == ["begin"]
    await practice.person("PUT", "1001", {"language_code": "ru-RU"})
    assert await menu(1001) == ["начать"]
    assert await menu(1002) == ["owner"]
    assert await practice.ok("getMyCommands", language_code="ru") == named("начать")
    await practice.ok("deleteMyCommands", language_code="ru")
    assert await menu(1001) == ["begin"]


async def test_a_bot_that_was_blocked_is_told_and_refused(practice: Practice) -> None:
    sent = await practice.ok("sendMessage", chat_id=1001, text="x", reply_markup=KEYS)
    await practice.ok("getUpdates")
    await practice.person("PUT", "1001", {"blocked": True})
    for method, params in (
        ("sendMessage", {"text": "y"}),
        ("editMessageText", {"text": "y", "message_id": sent["message_id"]}),
        ("sendChatAction", {"action": "typing"}),
    ):
        told = await practice.bot(method, chat_id=1001, **params)
        assert (told["error_code"], told["description"]) == (403, "Forbidden: bot was blocked by the user")
    (update,) = await practice.ok("getUpdates")
    assert update["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    assert (await practice.person("POST", "1001/messages", {"text": "hi"}))[0] == 400
    assert (await practice.tap(1001, sent["message_id"], "go"))[0] == 400
    await practice.person("PUT", "1001", {"blocked": False})
    await practice.ok("sendMessage", chat_id=1001, text="y")
    assert (await practice.ok("getUpdates"))[-1]["my_chat_member"]["new_chat_member"]["status"] == "member"


async def test_the_newest_part_of_a_long_chat_can_be_asked_for(practice: Practice) -> None:
    for text in "abcdef":
        await practice.ok("sendMessage", chat_id=1001, text=text)

    async def part(ask: str) -> str:
        return "".join(m["text"] for m in (await practice.person("GET", f"1001/messages?{ask}"))[1])

    assert await part("last=2") == "ef"
    assert await part("last=2&before=5") == "cd"
    assert await part("") == "abcdef"


async def test_every_change_is_told_to_the_open_page(practice: Practice) -> None:
    heard: list[tuple[str, Any]] = []
    async with practice.session.get(f"{practice.base}/chat/1001/events") as stream:
        assert stream.content_type == "text/event-stream"

        async def hear() -> tuple[str, Any]:
            name, body = "", None
            while line := (await asyncio.wait_for(stream.content.readline(), 5)).decode().strip():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    body = json.loads(line.removeprefix("data: "))
            return name, body

        assert (await hear())[0] == "hello"
        sent = await practice.ok("sendMessage", chat_id=1001, text="a", reply_markup=KEYS)
        where = {"chat_id": 1001, "message_id": sent["message_id"]}
        await practice.ok("editMessageText", text="b", **where)
        await practice.ok("sendChatAction", chat_id=1001, action="typing")
        await practice.ok("pinChatMessage", **where)
        await practice.ok("deleteMessage", **where)
        await practice.person("PUT", "1001", {"first_name": "Bo"})
        await practice.say(1001, "c")
        await practice.met(1002)
        await practice.say(1002, "not for this page")
        await practice.ok("setMyCommands", commands=[])
        heard += [await hear() for _ in range(8)]
    names = ["message", "message", "action", "pins", "gone", "person", "message", "commands"]
    assert [name for name, _ in heard] == names
    assert [body["text"] for name, body in heard if name == "message"] == ["a", "b", "c"]
    assert heard[4][1] == {"message_id": sent["message_id"]}
