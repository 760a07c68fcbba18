"""Records as they are stored: JSON texts of their fields, decimals as plain digits."""

import dataclasses
import json
from decimal import Decimal
from typing import Any, TypeVar, get_args

from sandbox.bybit.model import Account, Amendment, Execution, Order, Position

Record = TypeVar("Record", bound=Account | Amendment | Execution | Order | Position)


def to_json(record: Account | Amendment | Execution | Order | Position) -> str:
    """A record as it is stored."""
    return json.dumps({f.name: getattr(record, f.name) for f in dataclasses.fields(record)}, default=_plain)


def from_json(kind: type[Record], text: str) -> Record:
    """A record as it was stored; fields that are newer than the text have their defaults."""
    stored: dict[str, Any] = json.loads(text)
    stored = {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
    decimals = [part.name for part in dataclasses.fields(kind) if Decimal in (part.type, *get_args(part.type))]
    return kind(**{**stored, **{name: Decimal(stored[name]) for name in decimals if stored.get(name) is not None}})


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"{type(value).__name__} cannot be stored")
