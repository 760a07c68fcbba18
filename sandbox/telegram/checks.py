"""Each kind of parameter: from what came over the wire to a typed value, or Telegram's refusal.

`number` whole numbers, `text` strings, `flag` booleans, `chat` a private chat's number, `texts` and `numbers` lists,
`file` an upload or a known file, the others JSON objects named after what they describe.
"""

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sandbox.telegram.catalog import FIELDS, FORMER, Field
from sandbox.telegram.keyboards import checked_keyboard
from sandbox.telegram.markup import Entity, utf16_length
from sandbox.telegram.refusals import Refused, bad_request

Params = dict[str, Any]

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


def checked(method: str, given: Mapping[str, Any]) -> Params:
    """The parameters of `method`, each with its type; absent ones are absent.

    Raises Refused for an unknown, missing, wrongly typed or not yet spoken parameter.
    """
    fields = {field.name: field for field in (*FIELDS[method], *FORMER.get(method, ()))}
    for name in given:
        if name not in fields and not name.startswith("attach:"):
            # Telegram passes over names it does not know; here a misspelt one is seen at once.
            raise bad_request(f'unknown parameter "{name}" in {method}')
    params: Params = {}
    for name, field in fields.items():
        value = given.get(name)
        if value is None or (value == "" and field.kind != "text"):
            if field.required:
                raise _missing(field)
            continue
        params[name] = KINDS[field.kind](name, value)
    return params


def _missing(field: Field) -> Refused:
    words = {
        "text": "message text is empty",
        "chat_id": "chat_id is empty",
        "message_id": "message identifier is not specified",
        "photo": "there is no photo in the request",
    }
    return bad_request(words.get(field.name, f'parameter "{field.name}" is required'))


def text(name: str, value: Any) -> str:
    """A string; numbers in JSON bodies are not strings."""
    if not isinstance(value, str):
        raise bad_request(f'parameter "{name}" must be a string')
    return value


def number(name: str, value: Any) -> int:
    """A whole number, also as digits in a string."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return value
    raise bad_request(f'parameter "{name}" must be an integer')


def flag(name: str, value: Any) -> bool:
    """A boolean, also as the words a form carries."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false", "1", "0"):
        return value.lower() in ("true", "1")
    raise bad_request(f'parameter "{name}" must be a boolean')


def chat(name: str, value: Any) -> int:
    """A private chat; there are no others here, so a name or a group's number is a chat not found."""
    try:
        found = number(name, value)
    except Refused:
        found = 0
    if not 0 < found < 2**52:
        raise bad_request("chat not found")
    return found


def read_json(raw: str | bytes, what: str) -> Any:
    """A JSON value whose strings are whole characters; Refused when it is none."""
    try:
        found = json.loads(raw)
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise bad_request(f"can't parse {what} as JSON") from None
    return found


def decoded(name: str, value: Any, wanted: type) -> Any:
    """A JSON value of the wanted type, from a string in a form or as it stands in a JSON body."""
    if isinstance(value, str):
        value = read_json(value, f'"{name}"')
    if not isinstance(value, wanted):
        raise bad_request(f'"{name}" must be {"an array" if wanted is list else "an object"}')
    return value


def texts(name: str, value: Any) -> list[str]:
    """An array of strings."""
    return [text(name, item) for item in decoded(name, value, list)]


def numbers(name: str, value: Any) -> list[int]:
    """An array of whole numbers, 1 to 100 of them."""
    found = [number(name, item) for item in decoded(name, value, list)]
    if not 1 <= len(found) <= 100:
        raise bad_request("message identifiers are not specified" if not found else "too many message identifiers")
    return found


def only(what: str, given: Mapping[str, Any], names: set[str]) -> None:
    """Refuses an object that carries a field it cannot have."""
    for name in given:
        if name not in names:
            raise bad_request(f'can\'t parse {what}: unknown field "{name}"')


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
    given = decoded(name, value, dict)
    # aiogram sends its default parse mode for quotes along even when nothing is quoted.
    only("reply parameters", given, {"message_id", "allow_sending_without_reply", "chat_id", "quote_parse_mode"})
    return {
        "message_id": number("message_id", given.get("message_id")),
        "allow_sending_without_reply": flag("allow", given.get("allow_sending_without_reply", False)),
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
    """A photo that replaces what a message shows."""
    given: Params = decoded(name, value, dict)
    if given.get("type") != "photo":
        raise bad_request("can't parse InputMedia: the practice Telegram knows photos only")
    only("InputMedia", given, {"type", "media", "caption", "parse_mode", "caption_entities"})
    checked_media: Params = {"media": text("media", given.get("media"))}
    for part, kind in (("caption", text), ("parse_mode", text), ("caption_entities", entities)):
        if given.get(part) is not None:
            checked_media[part] = kind(part, given[part])
    return checked_media


def inline(name: str, value: Any) -> list[list[dict[str, Any]]]:
    """An inline keyboard's rows."""
    given = decoded(name, value, dict)
    if given and "inline_keyboard" not in given:
        raise bad_request("inline keyboard expected: the practice Telegram knows no other keyboard")
    only("reply keyboard markup JSON object", given, {"inline_keyboard"})
    return checked_keyboard(given.get("inline_keyboard", []))


def later(name: str, value: Any) -> Any:
    """Refuses what Telegram has and the practice Telegram has not."""
    raise bad_request(f'the practice Telegram does not know the parameter "{name}" yet')


KINDS: Mapping[str, Callable[[str, Any], Any]] = MappingProxyType(
    {
        "text": text,
        "number": number,
        "flag": flag,
        "chat": chat,
        "texts": texts,
        "numbers": numbers,
        "file": lambda name, value: value,
        "entities": entities,
        "reply": reply,
        "preview": preview,
        "commands": commands,
        "scope": scope,
        "menu": menu,
        "media": media,
        "inline": inline,
        "markup": inline,
        "later": later,
    }
)
