"""Routes of the person: /chat/<user>/..., what the page and the checks use."""

import asyncio
import contextlib
import json
import re
import secrets
import sqlite3
from dataclasses import replace
from typing import Any

from aiohttp import web

from sandbox.telegram import chats
from sandbox.telegram.asking import body_of, message_of_bot, user_of, whole
from sandbox.telegram.bots import NOBODY, Bot, current_bot
from sandbox.telegram.chats import Message
from sandbox.telegram.drafts import present_draft
from sandbox.telegram.html_reader import utf16_length
from sandbox.telegram.hub import News
from sandbox.telegram.markup import from_plain
from sandbox.telegram.people import Person, find_person, keep_person
from sandbox.telegram.profile import menu_for, pinned, profile_text
from sandbox.telegram.refusals import Unheard
from sandbox.telegram.sending import LONGEST_TEXT
from sandbox.telegram.updates import queue_update
from sandbox.telegram.world import WORLD, World

ANSWER_SECONDS = 15
PULSE_SECONDS = 15
EDITABLE_SECONDS = 48 * 3600
COMMAND = re.compile(r"(?:^|(?<=\s))/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]+)?")


def _bot_id(world: World) -> int:
    bot = current_bot(world.database.reading)
    return NOBODY if bot is None else bot.bot_id


async def messages(request: web.Request) -> web.Response:
    """GET: the chat, oldest first; empty for someone unknown.

    `?last=100&before=7` asks only for the last hundred whose numbers are below 7.
    """
    connection, user_id = request.app[WORLD].database.reading, user_of(request)
    found = chats.messages_before(
        connection, user_id, before=whole(request, "before", 2**52), last=whole(request, "last", -1)
    )
    return web.json_response([chats.told_to_person(connection, message) for message in found])


async def write(request: web.Request) -> web.Response:
    """POST {"text", "reply_to"}: the person writes, perhaps in answer to a message; answers with what was written."""
    world, user_id = request.app[WORLD], user_of(request)
    body = await body_of(request, {"text": str, "reply_to": int})
    text, reply_to = _text_in(body), body.get("reply_to")
    if reply_to is not None and not chats.find_message(world.database.reading, user_id, reply_to):
        raise Unheard("This chat holds no such message to answer.", 404)
    person = _speaker(world, user_id)
    with world.database.change() as connection:
        keep_person(connection, person)
        number = chats.next_message_id(connection, user_id)
        message = Message(user_id, number, None, world.seconds(), from_plain(text), reply_to=reply_to)
        _keep_written(world, connection, message, "message")
    return _written(world, message)


async def rewrite(request: web.Request) -> web.Response:
    """PUT {"message_id", "text"}: the person changes what they wrote, up to 48 hours later; answers with it."""
    world, user_id = request.app[WORLD], user_of(request)
    body = await body_of(request, {"message_id": int, "text": str})
    text = _text_in(body)
    before = chats.find_message(world.database.reading, user_id, body.get("message_id", 0))
    if before is None or before.bot_id is not None:
        raise Unheard("This chat holds no such message of yours.", 404)
    if world.seconds() - before.sent_at > EDITABLE_SECONDS:
        raise Unheard("After 48 hours a message stays as it is.")
    _speaker(world, user_id)
    after = replace(before, content=from_plain(text), edited_at=world.seconds())
    if after.looks_like(before):
        return web.json_response(chats.told_to_person(world.database.reading, before))
    with world.database.change() as connection:
        _keep_written(world, connection, after, "edited_message")
    return _written(world, after)


def _text_in(body: dict[str, Any]) -> str:
    text: str = body.get("text", "").strip()
    if not text:
        raise Unheard("A message needs a text.")
    if utf16_length(text) > LONGEST_TEXT:
        raise Unheard(f"A message holds {LONGEST_TEXT} characters at most; this one has {utf16_length(text)}.")
    return text


def _speaker(world: World, user_id: int) -> Person:
    """The person, unless the bot is blocked."""
    person = find_person(world.database.reading, user_id)
    if person.blocked:
        raise Unheard("You blocked the bot; unblock it first.")
    return person


def _keep_written(world: World, connection: sqlite3.Connection, message: Message, kind: str) -> None:
    """Keeps what the person wrote and queues the update of this kind for the bot."""
    chats.keep_message(connection, message)
    told = chats.told_to_bot(connection, message)
    marks = _command_marks(message.content.plain)
    if marks:
        told["entities"] = marks
    queue_update(connection, _bot_id(world), kind, told, world.time_ms())


def _written(world: World, message: Message) -> web.Response:
    world.tell_message(message)
    world.bells.ring(_bot_id(world))
    return web.json_response(chats.told_to_person(world.database.reading, message))


def _command_marks(text: str) -> list[dict[str, Any]]:
    return [
        {
            "type": "bot_command",
            "offset": utf16_length(text[: found.start()]),
            "length": utf16_length(found.group()),
        }
        for found in COMMAND.finditer(text)
    ]


async def tap(request: web.Request) -> web.Response:
    """POST {"message_id", "data"}: a tap; answers with {"text", "show_alert"}, or null when no answer came."""
    world, user_id = request.app[WORLD], user_of(request)
    body = await body_of(request, {"message_id": int, "data": str})
    if "message_id" not in body or "data" not in body:
        raise Unheard("A tap needs message_id and data.")
    if not 1 <= len(body["data"].encode()) <= 64:
        raise Unheard("The data of a button has 1 to 64 bytes.")
    message = message_of_bot(world, user_id, body["message_id"], "message with buttons")
    person = _speaker(world, user_id)
    query_id = str(secrets.randbits(62) + 2**62)
    with world.taps.expect(query_id) as answer:
        _forward_tap(world, person, message, query_id, body["data"])
        await asyncio.wait({answer}, timeout=ANSWER_SECONDS)
        return web.json_response(answer.result() if answer.done() else None)


def _forward_tap(world: World, person: Person, message: Message, query_id: str, data: str) -> None:
    """Queues the callback query for the bot that wrote the message. Data of an earlier keyboard is passed on too."""
    bot_id = message.bot_id or NOBODY
    with world.database.change() as connection:
        now = world.time_ms()
        connection.execute("DELETE FROM telegram_queries WHERE made_at < ?", (now - 24 * 3600 * 1000,))
        connection.execute(
            "INSERT INTO telegram_queries (query_id, bot_id, user_id, message_id, made_at) VALUES (?, ?, ?, ?, ?)",
            (query_id, bot_id, person.user_id, message.message_id, now),
        )
        query = {
            "id": query_id,
            "from": person.as_user(),
            "message": chats.told_to_bot(connection, message),
            "chat_instance": str(person.user_id * 7919 + bot_id),
            "data": data,
        }
        queue_update(connection, bot_id, "callback_query", query, now)
    world.bells.ring(bot_id)


async def commands(request: web.Request) -> web.Response:
    """GET: the menu in the person's language: [{"command", "description"}]."""
    connection, user_id = request.app[WORLD].database.reading, user_of(request)
    bot_id = _bot_id(request.app[WORLD])
    language = find_person(connection, user_id).language_code
    return web.json_response(menu_for(connection, bot_id, user_id, language))


def _told_person(world: World, person: Person) -> dict[str, Any]:
    connection = world.database.reading
    bot = current_bot(connection)
    bot_id = NOBODY if bot is None else bot.bot_id
    return {
        "user_id": person.user_id,
        "first_name": person.first_name,
        "language_code": person.language_code,
        "blocked": person.blocked,
        "met": person.met,
        "draft": present_draft(world, person.user_id),
        "pinned": pinned(connection, person.user_id),
        "bot": None if bot is None else bot.as_user(),
        "description": profile_text(connection, bot_id, "description", person.language_code),
    }


async def person_facts(request: web.Request) -> web.Response:
    """GET /chat/<user>: who the person is, the pinned messages, and the bot the chat leads to."""
    world = request.app[WORLD]
    return web.json_response(_told_person(world, find_person(world.database.reading, user_of(request))))


async def change_person(request: web.Request) -> web.Response:
    """PUT {"first_name", "language_code", "blocked"}, each optional; the chat exists from then on."""
    world, user_id = request.app[WORLD], user_of(request)
    body = await body_of(request, {"first_name": str, "language_code": str, "blocked": bool})
    if "first_name" in body and not 1 <= len(body["first_name"].strip()) <= 64:
        raise Unheard("A first name has 1 to 64 characters.")
    if "language_code" in body and not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", body["language_code"]):
        raise Unheard('A language code is one like "en", "ru" or "pt-br".')
    before = find_person(world.database.reading, user_id)
    after = replace(
        before,
        first_name=body.get("first_name", before.first_name).strip(),
        language_code=body.get("language_code", before.language_code),
        blocked=body.get("blocked", before.blocked),
        met=True,
    )
    bot = current_bot(world.database.reading)
    with world.database.change() as connection:
        keep_person(connection, after)
        if bot and before.blocked != after.blocked:
            queue_update(connection, bot.bot_id, "my_chat_member", _membership(bot, after, world), world.time_ms())
    if bot:
        world.bells.ring(bot.bot_id)
    told = _told_person(world, after)
    world.hub.tell(user_id, "person", told)
    return web.json_response(told)


def _membership(bot: Bot, person: Person, world: World) -> dict[str, Any]:
    """The Bot API's ChatMemberUpdated for a block or its end."""
    inside = {"status": "member", "user": bot.as_user()}
    outside = {"status": "kicked", "user": bot.as_user(), "until_date": 0}
    return {
        "chat": person.as_chat(),
        "from": person.as_user(),
        "date": world.seconds(),
        "old_chat_member": inside if person.blocked else outside,
        "new_chat_member": outside if person.blocked else inside,
    }


async def events(request: web.Request) -> web.StreamResponse:
    """GET: server-sent events, each with JSON.

    `message`, `gone`, `action`, `person`, `pins`, `draft`, `commands`, `profile`.
    """
    world, user_id = request.app[WORLD], user_of(request)
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    with world.hub.listen(user_id) as queue:
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):  # the page was closed
            await _stream(response, queue)
    return response


async def _stream(response: web.StreamResponse, queue: "asyncio.Queue[News | None]") -> None:
    await response.write(b"retry: 1000\nevent: hello\ndata: null\n\n")
    while True:
        try:
            news = await asyncio.wait_for(queue.get(), PULSE_SECONDS)
        except TimeoutError:
            await response.write(b": pulse\n\n")
            continue
        if news is None:
            return
        await response.write(f"event: {news['event']}\ndata: {json.dumps(news['body'])}\n\n".encode())
