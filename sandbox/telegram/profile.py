"""Methods about the bot itself and its chats: commands, names, menu, pins, files."""

import json
import re
import sqlite3
from typing import Any

from sandbox.telegram import chats
from sandbox.telegram.bots import Bot, named_bot
from sandbox.telegram.files import find_document, find_photo
from sandbox.telegram.people import find_person
from sandbox.telegram.refusals import bad_request
from sandbox.telegram.sending import reachable
from sandbox.telegram.values import Params
from sandbox.telegram.world import World

ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)


def _language(params: Params) -> str:
    language: str = params.get("language_code", "")
    if not re.fullmatch(r"(?:[a-z]{2})?", language):
        raise bad_request("invalid language code specified")
    return language


async def get_me(world: World, bot: Bot, params: Params) -> Any:
    """getMe."""
    return named_bot(world.database.reading, bot.bot_id).as_user() | {
        "can_join_groups": False,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
    }


async def yes(world: World, bot: Bot, params: Params) -> Any:
    """A method with nothing to do here, such as logOut."""
    return True


async def set_commands(world: World, bot: Bot, params: Params) -> Any:
    """setMyCommands for one scope and language."""
    with world.database.change() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO telegram_commands VALUES (?, ?, ?, ?)",
            (bot.bot_id, params.get("scope", "default"), _language(params), json.dumps(params["commands"])),
        )
    world.hub.tell_all("commands", None)
    return True


async def get_commands(world: World, bot: Bot, params: Params) -> Any:
    """getMyCommands of exactly this scope and language."""
    return _commands(world.database.reading, bot.bot_id, params.get("scope", "default"), _language(params)) or []


async def delete_commands(world: World, bot: Bot, params: Params) -> Any:
    """deleteMyCommands of exactly this scope and language."""
    with world.database.change() as connection:
        connection.execute(
            "DELETE FROM telegram_commands WHERE bot_id = ? AND scope = ? AND language = ?",
            (bot.bot_id, params.get("scope", "default"), _language(params)),
        )
    world.hub.tell_all("commands", None)
    return True


def _commands(connection: sqlite3.Connection, bot_id: int, scope: str, language: str) -> list[dict[str, str]] | None:
    row = connection.execute(
        "SELECT commands FROM telegram_commands WHERE bot_id = ? AND scope = ? AND language = ?",
        (bot_id, scope, language),
    ).fetchone()
    return json.loads(row["commands"]) if row else None


def menu_for(connection: sqlite3.Connection, bot_id: int, user_id: int, language: str) -> list[dict[str, str]]:
    """The commands a person sees: the narrowest scope first, in each the person's language before none."""
    for scope in (f"chat:{user_id}", "all_private_chats", "default"):
        for spoken in (language[:2].lower(), ""):
            found = _commands(connection, bot_id, scope, spoken)
            if found:
                return found
    return []


def _setter(parameter: str, name: str, longest: int) -> Any:
    async def keep(world: World, bot: Bot, params: Params) -> Any:
        value = params.get(parameter, "")
        if len(value) > longest:
            raise bad_request(f"{parameter} is too long")
        _keep(world, bot.bot_id, name, _language(params), value)
        return True

    return keep


set_name = _setter("name", "name", 64)
set_description = _setter("description", "description", 512)
set_short_description = _setter("short_description", "short_description", 120)


def _keep(world: World, bot_id: int, name: str, language: str, value: str) -> None:
    with world.database.change() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO telegram_profile VALUES (?, ?, ?, ?)", (bot_id, name, language, value)
        )
    world.hub.tell_all("profile", None)


def profile_text(connection: sqlite3.Connection, bot_id: int, name: str, language: str) -> str:
    """What the bot set under this name, in the language or else for all; empty when it set nothing."""
    rows = connection.execute(
        "SELECT value FROM telegram_profile WHERE bot_id = ? AND name = ? AND language IN (?, '') "
        "ORDER BY LENGTH(language) DESC",
        (bot_id, name, language[:2].lower()),
    )
    return next((str(row["value"]) for row in rows if row["value"]), "")


async def set_menu_button(world: World, bot: Bot, params: Params) -> Any:
    """setChatMenuButton; both kinds look the same here."""
    name = f"menu:{params.get('chat_id', '')}"
    _keep(world, bot.bot_id, name, "", params.get("menu_button", {"type": "default"})["type"])
    return True


async def get_menu_button(world: World, bot: Bot, params: Params) -> Any:
    """getChatMenuButton."""
    own = profile_text(world.database.reading, bot.bot_id, f"menu:{params.get('chat_id', '')}", "")
    return {"type": own or "default"}


async def send_action(world: World, bot: Bot, params: Params) -> Any:
    """sendChatAction: the page shows it for five seconds."""
    reachable(world, params["chat_id"])
    if params["action"] not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    world.hub.tell(params["chat_id"], "action", {"action": params["action"]})
    return True


async def get_chat(world: World, bot: Bot, params: Params) -> Any:
    """getChat of a private chat."""
    person = find_person(world.database.reading, params["chat_id"])
    if not person.met:
        raise bad_request("chat not found")
    gifts = ["unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"]
    told = person.as_chat() | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }
    pins = pinned(world.database.reading, person.user_id)
    message = chats.find_message(world.database.reading, person.user_id, pins[-1]) if pins else None
    if message:
        told["pinned_message"] = chats.told_to_bot(world.database.reading, message)
    return told


async def get_file(world: World, bot: Bot, params: Params) -> Any:
    """getFile: the path below /file/bot<token>/."""
    connection, file_id = world.database.reading, params["file_id"]
    found = find_photo(connection, file_id) or find_document(connection, file_id)
    if found is None:
        raise bad_request("invalid file_id")
    return found.as_file()


def pinned(connection: sqlite3.Connection, user_id: int) -> list[int]:
    """Numbers of the chat's pinned messages, the newest pin last."""
    row = connection.execute("SELECT pinned FROM telegram_people WHERE user_id = ?", (user_id,)).fetchone()
    return json.loads(row["pinned"]) if row else []


def _keep_pins(world: World, user_id: int, pins: list[int]) -> None:
    with world.database.change() as connection:
        connection.execute("UPDATE telegram_people SET pinned = ? WHERE user_id = ?", (json.dumps(pins), user_id))
    world.hub.tell(user_id, "pins", {"pinned": pins})


async def pin(world: World, bot: Bot, params: Params) -> Any:
    """pinChatMessage."""
    user_id, message_id = params["chat_id"], params["message_id"]
    reachable(world, user_id)
    if chats.find_message(world.database.reading, user_id, message_id) is None:
        raise bad_request("message to pin not found")
    others = [other for other in pinned(world.database.reading, user_id) if other != message_id]
    _keep_pins(world, user_id, [*others, message_id])
    return True


async def unpin(world: World, bot: Bot, params: Params) -> Any:
    """unpinChatMessage: the one named, or the newest pin."""
    user_id = params["chat_id"]
    reachable(world, user_id)
    pins = pinned(world.database.reading, user_id)
    going = params.get("message_id", pins[-1] if pins else None)
    if going not in pins:
        raise bad_request("message to unpin not found")
    _keep_pins(world, user_id, [kept for kept in pins if kept != going])
    return True
