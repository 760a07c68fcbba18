"""Reactions: one emoji each of the bot and of the person on a message, out of Telegram's own list."""

from dataclasses import replace
from typing import Any

from sandbox.telegram import chats
from sandbox.telegram.bots import Bot
from sandbox.telegram.chats import Message
from sandbox.telegram.people import find_person
from sandbox.telegram.refusals import bad_request
from sandbox.telegram.sending import reachable
from sandbox.telegram.updates import queue_update
from sandbox.telegram.values import Params
from sandbox.telegram.world import World


async def set_reaction(world: World, bot: Bot, params: Params) -> Any:
    """setMessageReaction: in the place of the bot's former one; without any the former goes."""
    user_id = params["chat_id"]
    reachable(world, user_id)
    message = chats.find_message(world.database.reading, user_id, params["message_id"])
    if message is None:
        raise bad_request("message to react not found")
    if message.album:
        message = chats.album_of(world.database.reading, message)[0]
    emoji = next(iter(params.get("reaction", [])), None)
    changed = _with(message, "bot", emoji)
    with world.database.change() as connection:
        chats.keep_message(connection, changed)
    world.tell_message(changed)
    return True


def react(world: World, message: Message, emoji: str | None) -> None:
    """The person sets a reaction or takes it back (None); the bot that wrote the message hears of it if it asked to."""
    before, changed = message.reactions.get("user"), _with(message, "user", emoji)
    if before == emoji:
        return
    bot_id = message.bot_id or 0
    with world.database.change() as connection:
        chats.keep_message(connection, changed)
        person = find_person(connection, message.user_id)
        body = {
            "chat": person.as_chat(),
            "message_id": message.message_id,
            "user": person.as_user(),
            "date": world.seconds(),
            "old_reaction": _types(before),
            "new_reaction": _types(emoji),
        }
        queue_update(connection, bot_id, "message_reaction", body, world.time_ms())
    world.tell_message(changed)
    world.bells.ring(bot_id)


def _with(message: Message, who: str, emoji: str | None) -> Message:
    others = {other: set_by for other, set_by in message.reactions.items() if other != who}
    return replace(message, reactions=others if emoji is None else others | {who: emoji})


def _types(emoji: str | None) -> list[dict[str, str]]:
    return [] if emoji is None else [{"type": "emoji", "emoji": emoji}]
