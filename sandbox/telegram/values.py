"""Plain values of parameters: from what came over the wire to a typed value, or Telegram's refusal."""

import json
import re
from collections.abc import Mapping
from typing import Any

from sandbox.telegram.refusals import Refused, bad_request

Params = dict[str, Any]


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
        raise bad_request(f"can't parse {what}") from None
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
