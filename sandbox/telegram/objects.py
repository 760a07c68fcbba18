"""Parameters that are JSON objects: each field of theirs checked, unknown ones refused."""

import re
from typing import Any

from sandbox.telegram.html_reader import Entity, utf16_length
from sandbox.telegram.keyboards import checked_keyboard
from sandbox.telegram.refusals import bad_request
from sandbox.telegram.values import Params, chat, decoded, flag, number, only, read_json, text

ENTITY_TYPES = frozenset(
    [
        "mention",
        "hashtag",
        "cashtag",
        "bot_command",
        "url",
        "email",
        "phone_number",
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
        "date_time",
    ]
)
ENTITY_EXTRAS = {"url": str, "user": dict, "language": str, "custom_emoji_id": str, "unix_time": int}
ENTITY_NEEDS = {
    "text_link": "url",
    "text_mention": "user",
    "custom_emoji": "custom_emoji_id",
    "date_time": "unix_time",
}
SCOPES = frozenset(
    [
        "default",
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
        "chat",
        "chat_administrators",
        "chat_member",
    ]
)

# Telegram's own reactions, as its documents list them.
_REACTIONS = (
    "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 "
    "💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤\u200d🔥 🌚 🌭 💯 🤣 ⚡ "
    "🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨\u200d💻 "
    "👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 "
    "🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷\u200d♂ 🤷 🤷\u200d♀ 😡"
)
REACTIONS = frozenset(_REACTIONS.split(" "))


def entities(name: str, value: Any) -> list[Entity]:
    """Message entities with their needed fields; whether they lie inside the text is checked with the text."""
    found: list[Entity] = []
    for item in decoded(name, value, list):
        if not isinstance(item, dict):
            raise bad_request("can't parse MessageEntity: object expected")
        only("MessageEntity", item, {"type", "offset", "length", "date_time_format", *ENTITY_EXTRAS})
        if item.get("type") not in ENTITY_TYPES:
            raise bad_request("can't parse MessageEntity: unsupported type specified")
        for part in ("offset", "length"):
            if not isinstance(item.get(part), int) or item[part] < 0:
                raise bad_request(f"can't parse MessageEntity: {part} must be a non-negative integer")
        for extra, wanted in ENTITY_EXTRAS.items():
            if extra in item and not isinstance(item[extra], wanted):
                raise bad_request(f'can\'t parse MessageEntity: field "{extra}" has a wrong type')
        need = ENTITY_NEEDS.get(item["type"])
        if need and not item.get(need):
            raise bad_request(f'can\'t parse MessageEntity: field "{need}" is missing')
        if need == "user" and not isinstance(item["user"].get("id"), int):
            raise bad_request("can't parse MessageEntity: user not found")
        found.append(item)
    return found


def entities_inside(text_sent: str, given: list[Entity]) -> None:
    """Raises Refused when an entity begins or ends outside the text."""
    end = utf16_length(text_sent)
    for entity in given:
        if entity["offset"] + entity["length"] > end:
            raise bad_request("can't parse entities: entity beyond the end of the text")


def reply(name: str, value: Any) -> Params:
    """The message answered to: {"message_id", "allow_sending_without_reply"} and "chat_id" where one was named."""
    given, lenient = decoded(name, value, dict), "allow_sending_without_reply"
    # aiogram sends its default parse mode for quotes along even when nothing is quoted.
    only("reply parameters", given, {"message_id", lenient, "chat_id", "quote_parse_mode"})
    return {
        "message_id": number("message_id", given.get("message_id")),
        lenient: flag(lenient, given.get(lenient, False)),
        "chat_id": None if given.get("chat_id") is None else chat("chat_id", given["chat_id"]),
    }


def preview(name: str, value: Any) -> Params:
    """Link preview options; the practice chat draws no previews."""
    given: Params = decoded(name, value, dict)
    only(
        "link preview options",
        given,
        {"is_disabled", "url", "prefer_small_media", "prefer_large_media", "show_above_text"},
    )
    return given


def commands(name: str, value: Any) -> list[dict[str, str]]:
    """A bot's command list: names of 1-32 lower case letters, digits and underscores, words of 1-256 characters."""
    found = []
    for item in decoded(name, value, list):
        if not isinstance(item, dict):
            raise bad_request("expected an Array of BotCommand")
        only("BotCommand", item, {"command", "description", "is_ephemeral"})
        command, description = item.get("command"), item.get("description")
        if not isinstance(command, str) or not re.fullmatch(r"/?[a-z0-9_]{1,32}", command):
            raise bad_request("BOT_COMMAND_INVALID")
        if not isinstance(description, str) or not 1 <= utf16_length(description.strip()) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        found.append({"command": command.lstrip("/"), "description": description.strip()})
    if len(found) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    return found


def scope(name: str, value: Any) -> str:
    """A command scope as one word: its type, and the chat's number where it has one."""
    given = decoded(name, value, dict)
    only("BotCommandScope", given, {"type", "chat_id", "user_id"})
    kind = given.get("type")
    if kind not in SCOPES:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    if kind == "chat":
        return f"chat:{chat('chat_id', given.get('chat_id'))}"
    if kind in ("chat_administrators", "chat_member"):
        raise bad_request("chat not found")
    return str(kind)


def menu(name: str, value: Any) -> Params:
    """A menu button: the list of commands, or the default, which is the same here."""
    given: Params = decoded(name, value, dict)
    if given.get("type") not in ("commands", "default"):
        raise bad_request("MenuButton has unsupported type")
    only("MenuButton", given, {"type"})
    return given


def media(name: str, value: Any) -> Params:
    """A photo or a document that a message shows."""
    given: Params = decoded(name, value, dict)
    if given.get("type") not in ("photo", "document"):
        raise bad_request("can't parse InputMedia: the practice Telegram knows photos and documents only")
    known = {"type", "media", "caption", "parse_mode", "caption_entities"}
    if given["type"] == "document":
        known.add("disable_content_type_detection")
    only("InputMedia", given, known)
    checked_media: Params = {"type": given["type"], "media": text("media", given.get("media"))}
    for part, kind in (("caption", text), ("parse_mode", text), ("caption_entities", entities)):
        if given.get(part) is not None:
            checked_media[part] = kind(part, given[part])
    return checked_media


def album(name: str, value: Any) -> list[Params]:
    """Two to ten media of one type."""
    given = [media(name, item) for item in decoded(name, value, list)]
    if not 2 <= len(given) <= 10:
        raise bad_request("wrong number of media: an album has 2 to 10 items")
    if len({item["type"] for item in given}) > 1:
        raise bad_request("document can't be mixed with other media types")
    return given


def rich(name: str, value: Any) -> Params:
    """An InputRichMessage without media; its content is read where it is sent."""
    given: Params = decoded(name, value, dict)
    only("InputRichMessage", given, {"blocks", "html", "markdown", "is_rtl", "skip_entity_detection"})
    for part in ("html", "markdown"):
        if given.get(part) is not None:
            text(part, given[part])
    for part in ("is_rtl", "skip_entity_detection"):
        if given.get(part) is not None:
            flag(part, given[part])
    return given


def reactions(name: str, value: Any) -> list[str]:
    """At most one of Telegram's own reactions; a bot may set no others."""
    found = []
    for item in decoded(name, value, list):
        if not isinstance(item, dict):
            raise bad_request("can't parse ReactionType: expected an Object")
        if item.get("type") != "emoji" or item.get("emoji") not in REACTIONS:
            raise bad_request("REACTION_INVALID")
        only("ReactionType", item, {"type", "emoji"})
        found.append(item["emoji"])
    if len(found) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    return found


def inline(name: str, value: Any) -> list[list[dict[str, Any]]]:
    """An inline keyboard's rows."""
    if isinstance(value, str):
        value = read_json(value, "reply keyboard markup JSON object")
    if not isinstance(value, dict):
        raise bad_request("object expected as reply markup")
    given: Params = value
    if given and "inline_keyboard" not in given:
        raise bad_request("inline keyboard expected: the practice Telegram knows no other keyboard")
    only("reply keyboard markup JSON object", given, {"inline_keyboard"})
    return checked_keyboard(given.get("inline_keyboard", []))


def later(name: str, value: Any) -> Any:
    """Refuses what Telegram has and the practice Telegram has not."""
    raise bad_request(f'the practice Telegram does not know the parameter "{name}" yet')
