"""Our field table against Telegram's own schema."""

import json
import pathlib
from typing import Any

import pytest

from sandbox.telegram.catalog import FIELDS
from sandbox.telegram.checks import KINDS
from sandbox.telegram.methods import METHODS

SCHEMA = pathlib.Path(__file__).parents[4] / "shared" / "telegram" / "botapi-10.3.json"
TYPES = {
    "text": {"String"},
    "number": {"Integer"},
    "flag": {"Boolean"},
    "chat": {"Integer or String", "Integer"},
    "texts": {"Array of String"},
    "numbers": {"Array of Integer"},
    "file": {"InputFile or String"},
    "entities": {"Array of MessageEntity"},
    "reply": {"ReplyParameters"},
    "preview": {"LinkPreviewOptions"},
    "commands": {"Array of BotCommand"},
    "scope": {"BotCommandScope"},
    "menu": {"MenuButton"},
    "media": {"InputMedia"},
    "album": {"Array of InputMediaAudio, InputMediaDocument, InputMediaLivePhoto, InputMediaPhoto and InputMediaVideo"},
    "rich": {"InputRichMessage"},
    "reactions": {"Array of ReactionType"},
    "inline": {"InlineKeyboardMarkup"},
    "markup": {"InlineKeyboardMarkup or ReplyKeyboardMarkup or ReplyKeyboardRemove or ForceReply"},
}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    if not SCHEMA.exists():
        pytest.skip("the Bot API schema is not beside this repository")
    sections = json.loads(SCHEMA.read_text())["items"]
    return {child["name"]: child["annotations"] for section in sections for child in section["children"]}


def test_every_method_has_a_row_and_a_function() -> None:
    assert set(FIELDS) == set(METHODS)


def test_every_kind_of_field_has_a_check() -> None:
    assert {field.kind for fields in FIELDS.values() for field in fields} <= set(KINDS)


@pytest.mark.parametrize("method", sorted(FIELDS))
def test_fields_are_those_of_the_bot_api(method: str, schema: dict[str, Any]) -> None:
    theirs = {field["name"]: field for field in schema[method]}
    ours = {field.name: field for field in FIELDS[method]}
    assert set(ours) == set(theirs)
    assert {n for n, f in ours.items() if f.required} == {n for n, f in theirs.items() if f["required"]}
    for name, field in ours.items():
        if field.kind != "later":
            assert theirs[name]["type"] in TYPES[field.kind], name
