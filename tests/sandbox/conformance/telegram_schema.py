"""The Bot API's own schema: the parameters of a method, and whether what came back is of the documented type."""

import json
import pathlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

SCHEMA = pathlib.Path(__file__).parents[4] / "shared" / "telegram" / "botapi-10.3.json"
ABSENT = "the Bot API schema is not beside this repository"

PLAIN: Mapping[str, tuple[type, ...]] = {
    "Integer": (int,),
    "String": (str,),
    "Boolean": (bool,),
    "True": (bool,),
    "Float": (int, float),
}
RETURNS: Mapping[str, str] = {
    "getMe": "User",
    "getUpdates": "Array of Update",
    "getWebhookInfo": "WebhookInfo",
    "sendMessage": "Message",
    "sendPhoto": "Message",
    "sendRichMessage": "Message",
    "sendDocument": "Message",
    "sendMediaGroup": "Array of Message",
    "editMessageText": "Message",
    "editMessageCaption": "Message",
    "editMessageMedia": "Message",
    "editMessageReplyMarkup": "Message",
    "getChat": "ChatFullInfo",
    "getFile": "File",
    "getMyCommands": "Array of BotCommand",
    "getChatMenuButton": "MenuButton",
}
"""What each method's description says it returns; the others return True."""


@dataclass(frozen=True, slots=True)
class Documented:
    """One parameter or field."""

    name: str
    type: str
    required: bool


@cache
def _sections() -> dict[str, Any]:
    return {
        child["name"]: child for section in json.loads(SCHEMA.read_text())["items"] for child in section["children"]
    }


@cache
def documented(name: str) -> tuple[Documented, ...]:
    """The parameters of a method or the fields of a type; none for a type that is one of several others."""
    given = _sections()[name].get("annotations", [])
    return tuple(Documented(one["name"], one["type"], one["required"]) for one in given)


def description(name: str) -> str:
    """What the documents say of a method."""
    return str(_sections()[name]["description"])


@cache
def kinds(name: str) -> tuple[str, ...]:
    """The types that a type can be, as its description lists them."""
    return tuple(re.findall(r"^ - (\w+)$", description(name), re.MULTILINE))


def returned(method: str) -> str:
    """The type that the method's result has."""
    return RETURNS.get(method, "True")


@dataclass(slots=True)
class Walk:
    """What a walk through a result met: every documented field once, as Type.field, and what was wrong."""

    fields: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def value(self, value: Any, type_: str, where: str) -> None:
        """Holds one value against a documented type."""
        if type_.startswith("Array of "):
            if not isinstance(value, list):
                self.wrong.append(f"{where} is no array")
                return
            inside = re.sub("^Array of ", "", type_)
            for number, one in enumerate(value):
                self.value(one, inside, f"{where}[{number}]")
        elif " or " in type_:
            self._any(value, tuple(type_.split(" or ")), where)
        elif type_ == "RichText":
            self._any(value, ("String", "Array of RichText", *kinds(type_)), where)
        elif type_ in PLAIN:
            self._plain(value, type_, where)
        elif kinds(type_) and not documented(type_):
            self._any(value, kinds(type_), where)
        else:
            self._object(value, type_, where)

    def _plain(self, value: Any, type_: str, where: str) -> None:
        right = isinstance(value, PLAIN[type_]) and (type_ in ("Boolean", "True") or not isinstance(value, bool))
        if not right or (type_ == "True" and value is not True):
            self.wrong.append(f"{where} is {value!r:.60}, not {type_}")

    def _any(self, value: Any, types: tuple[str, ...], where: str) -> None:
        """One of several types: the one that fits best speaks for them."""
        tries = []
        for type_ in types:
            tries.append(Walk())
            tries[-1].value(value, type_, where)
        best = min(tries, key=lambda walk: len(walk.wrong))
        self.fields |= best.fields
        self.wrong += best.wrong

    def _object(self, value: Any, type_: str, where: str) -> None:
        if not isinstance(value, dict):
            self.wrong.append(f"{where} is no {type_}")
            return
        known = {one.name: one for one in documented(type_)}
        self.wrong += [f"{where}.{name} is in no {type_}" for name in value.keys() - known.keys()]
        self.wrong += [f"{where} lacks {name}" for name, one in known.items() if one.required and name not in value]
        for name in value.keys() & known.keys():
            self.fields.add(f"{type_}.{name}")
            self.value(value[name], known[name].type, f"{where}.{name}")
        for name, word in _fixed(type_).items():
            if name in value and value[name] != word:
                self.wrong.append(f'{where}.{name} is not "{word}"')


@cache
def _fixed(type_: str) -> dict[str, str]:
    """The words by which types of one family are told apart, such as the status of a ChatMember."""
    found = {}
    for one in _sections()[type_].get("annotations", []):
        word = re.search(r"(?:always|must be) '?(\w+)'?\.?$", one["description"])
        if one["name"] in ("type", "status", "source") and one["type"] == "String" and word:
            found[one["name"]] = word[1]
    return found


def sample(type_: str) -> Any:
    """A value of the type with nothing but what must be there."""
    if type_.startswith("Array of "):
        return [sample(type_.removeprefix("Array of "))]
    if " or " in type_:
        return sample(type_.split(" or ")[0])
    if type_ in PLAIN:
        return {"String": "x", "Boolean": True, "True": True}.get(type_, 1)
    if type_ == "RichText":
        return "x"
    if kinds(type_) and not documented(type_):
        return sample(kinds(type_)[0])
    needed = {one.name: sample(one.type) for one in documented(type_) if one.required}
    return needed | _fixed(type_)
