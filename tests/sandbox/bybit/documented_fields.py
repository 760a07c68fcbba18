"""The documented response fields of endpoints and streams, and what a real answer is held against."""

import json
from typing import Any

from tests.sandbox.bybit.practice_world import SHARED

CONTRACT = SHARED / "bybit" / "contract.json"
TYPES = {
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "array": list,
    "object": dict,
    "json": dict,
    "datetime": str,
    "array&lt;object>": list,
    "number": int,
    "map": dict,
    "list": list,
}
UNLIKE_THE_DOCUMENTS = {
    ("market/risk-limit", "maintenanceMargin"): str,  # documented as a number, comes as a string
    ("market/risk-limit", "initialMargin"): str,
    ("websocket/public/ticker", "data"): dict,  # documented as an array
}
ABSENT = {
    ("account/fee-rate", "category"),  # "Derivatives does not have this field"
    ("account/fee-rate", "baseCoin"),
    ("order/cancel-all", "success"),
    ("websocket/public/trade", "id"),  # "unique field for option"
    ("websocket/public/trade", "mP"),
    ("websocket/public/trade", "iP"),
    ("websocket/public/trade", "mIv"),
    ("websocket/public/trade", "iv"),
}


def documented(subject: str) -> list[tuple[tuple[str, ...], str]]:
    """(path, type) of each response field that a linear account gets."""
    found, path = [], []
    for row in json.loads(CONTRACT.read_text())[subject]["response"]:
        if row["variant"] not in ("", "linear"):
            continue
        depth = len(row["field"]) - len(row["field"].lstrip(">"))
        name = row["field"].lstrip("> ")
        path = [*path[:depth], name]
        found.append((tuple(path), row["type"].lower()))
    return found


def values_at(result: Any, path: tuple[str, ...]) -> list[Any]:
    """All values at a path, through every list on the way; nothing below null or an empty list."""
    if not path:
        return [result]
    if isinstance(result, list):
        return [value for item in result for value in values_at(item, path)]
    if result is None:
        return []
    assert path[0] in result, f"{path[0]} is missing in {sorted(result)}"
    return values_at(result[path[0]], path[1:])


def check(subject: str, result: Any) -> int:
    """How many values were checked."""
    checked = 0
    for path, kind in documented(subject):
        name = path[-1]
        if "[" in name or (subject, name) in ABSENT:
            continue
        for value in values_at(result, path):
            if value is None and name == "preListingInfo":
                continue
            wanted = UNLIKE_THE_DOCUMENTS.get((subject, name)) or TYPES[kind]
            assert type(value) is wanted, f"{subject} {'.'.join(path)}: {value!r} is no {kind}"
            checked += 1
    assert checked or not documented(subject)
    return checked
