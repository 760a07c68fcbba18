"""Bybit's documents as a measure: each field of an endpoint or stream, and whether what came is as they say."""

import json
import pathlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.sandbox.conformance.bybit_words import WORDS

BYBIT = pathlib.Path(__file__).parents[4] / "shared" / "bybit"
CONTRACT = BYBIT / "contract.json"
MISSING = "Bybit's contract.json is not beside this repository"

TYPES: dict[str, type] = {
    "string": str,
    "integer": int,
    "int": int,
    "long": int,
    "number": int,
    "boolean": bool,
    "array": list,
    "list": list,
    "array&lt;object>": list,
    "object": dict,
    "json": dict,
    "map": dict,
    "datetime": str,
}
UNLIKE_THE_DOCUMENTS: dict[tuple[str, str], type] = {
    ("market/risk-limit", "maintenanceMargin"): str,  # documented as a number, comes as a text
    ("market/risk-limit", "initialMargin"): str,
    ("websocket/public/ticker", "data"): dict,  # documented as an array
}
NOT_PRE_MARKET = "null outside the pre-market"
PRE_MARKET = ("curAuctionPhase", "phases", "phase", "startTime", "endTime", "auctionFeeInfo", "auctionFeeRate")
ABSENT: dict[tuple[str, str], str] = {
    **{
        ("market/instrument", name): NOT_PRE_MARKET
        for name in (*PRE_MARKET, "takerFeeRate", "makerFeeRate", "skipCallAuction")
    },
    ("account/fee-rate", "category"): "derivatives do not have it",
    ("account/fee-rate", "baseCoin"): "derivatives do not have it",
    ("websocket/public/trade", "id"): "options only",
    ("websocket/public/trade", "mP"): "options only",
    ("websocket/public/trade", "iP"): "options only",
    ("websocket/public/trade", "mIv"): "options only",
    ("websocket/public/trade", "iv"): "options only",
}
"""Documented fields that a linear perpetual of a unified account does not have, and why."""
TOLD_ELSEWHERE = {
    "order/open-order": "order/order-list",
    "websocket/private/order": "order/order-list",
    "websocket/private/execution": "order/execution",
    "websocket/private/position": "position/position",
}
"""Rows of one kind whose fields a neighbouring page documents more fully."""
COLUMN = re.compile(r"\w+\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Field:
    """One documented field: `path` from the result (a stream: the message) down to it, its type and its comment."""

    path: tuple[str, ...]
    kind: str
    comment: str

    @property
    def name(self) -> str:
        """Its own name."""
        return self.path[-1]


@cache
def _pages() -> dict[str, Any]:
    pages: dict[str, Any] = json.loads(CONTRACT.read_text())
    return pages


def subjects() -> list[str]:
    """Every endpoint and stream of the contract by the name of its page."""
    return list(_pages())


def address(subject: str) -> str:
    """Method and path of an endpoint, the topic of a stream."""
    return str(_pages()[subject]["endpoint"])


@cache
def documented(subject: str) -> tuple[Field, ...]:
    """The response fields that a linear account gets; a column of a row is named by its number."""
    found: list[Field] = []
    path: tuple[str, ...] = ()
    for row in _pages()[subject]["response"]:
        if row["variant"] not in ("", "linear"):
            continue
        depth = len(row["field"]) - len(row["field"].lstrip(">"))
        name = row["field"].lstrip("> ")
        column = COLUMN.match(name)
        path = (*path[:depth], column[1] if column else name)
        found.append(Field(path, row["type"].lower(), row["comment"]))
    return tuple(found)


def absent(subject: str) -> dict[str, str]:
    """Documented fields that are not there, and why."""
    return {field.name: ABSENT[subject, field.name] for field in documented(subject) if (subject, field.name) in ABSENT}


def due(subject: str) -> frozenset[tuple[str, ...]]:
    """The documented fields that must be there."""
    return frozenset(field.path for field in documented(subject) if (subject, field.name) not in ABSENT)


def check(subject: str, told: Any) -> frozenset[tuple[str, ...]]:
    """The documented fields that were found in what was told, every value of theirs being as documented.

    Raises AssertionError where a field has another type, a text that should be a time or a documented word is not, a
    row has other columns than documented, or there is a field that no document knows.
    """
    checked = set()
    for field in documented(subject):
        for value in _values(told, field.path):
            _check_value(subject, field, value)
            checked.add(field.path)
    _check_nothing_else(subject, told)
    return frozenset(checked)


def _check_value(subject: str, field: Field, value: Any) -> None:
    if value is None and field.name == "preListingInfo":
        return
    wanted = UNLIKE_THE_DOCUMENTS.get((subject, field.name)) or TYPES[field.kind]
    where = f"{subject} {'.'.join(field.path)}: {value!r}"
    assert type(value) is wanted, f"{where} is no {field.kind}"
    if "(ms)" in field.comment and value != "":
        assert str(value).isdigit(), f"{where} is no time in ms"
    words = WORDS.get((subject, field.name), WORDS.get(("", field.name)))
    if words is not None:
        assert value in words, f"{where} is none of {sorted(map(str, words))}"


def _values(told: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """All values at a path, through every list on the way; nothing below what is not there."""
    if not path:
        yield told
    elif isinstance(told, list) and path[0].isdigit():
        rows = told if told and isinstance(told[0], list) else []
        for row in rows:
            yield row[int(path[0])]
    elif isinstance(told, list):
        for item in told:
            yield from _values(item, path)
    elif isinstance(told, dict) and path[0] in told:
        yield from _values(told[path[0]], path[1:])


def _check_nothing_else(subject: str, told: Any) -> None:
    known = _known(subject)
    for path in _paths(told, ()):
        free = path[-1] in known.names and path[:-1] not in known.rows
        open_above = any(path[:length] in known.open for length in range(1, len(path)))
        assert path in known.paths or free or open_above, f"{subject}: {path} is not documented"


@dataclass(frozen=True, slots=True)
class _Known:
    """What may be told of a page: `paths` are documented, `names` are shown by an example or a neighbouring page.

    `rows` are lists whose entries have numbered columns, `open` are fields whose own fields the documents leave open,
    as the fees by coin are.
    """

    paths: frozenset[tuple[str, ...]]
    names: frozenset[str]
    rows: frozenset[tuple[str, ...]]
    open: frozenset[tuple[str, ...]]


@cache
def _known(subject: str) -> _Known:
    fields = documented(subject)
    elsewhere = documented(TOLD_ELSEWHERE[subject]) if subject in TOLD_ELSEWHERE else ()
    names = frozenset(field.name for field in elsewhere) | _names_in_examples(subject)
    above = {field.path[:length] for field in fields for length in range(1, len(field.path))}
    return _Known(
        paths=frozenset(field.path for field in fields),
        names=names,
        rows=frozenset(field.path[:-1] for field in fields if field.name.isdigit()),
        open=frozenset(f.path for f in fields if f.kind in ("json", "list", "array") and f.path not in above),
    )


def _paths(told: Any, above: tuple[str, ...]) -> set[tuple[str, ...]]:
    """The path of every field, a column of a row by its number."""
    found: set[tuple[str, ...]] = set()
    if isinstance(told, dict):
        for name, value in told.items():
            found |= {(*above, name)} | _paths(value, (*above, name))
    elif isinstance(told, list):
        for item in told:
            if isinstance(item, list):
                found |= {(*above, str(column)) for column in range(len(item))}
            else:
                found |= _paths(item, above)
    return found


@cache
def _names_in_examples(subject: str) -> frozenset[str]:
    """Names of fields that the page's own examples show, documented or not."""
    files = (BYBIT / "examples").glob(f"{subject.replace('/', '__')}__*.json")
    return frozenset(name for file in files for path in _paths(json.loads(file.read_text()), ()) for name in path)
