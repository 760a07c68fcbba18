"""What a panic saw and did, as JSON text and back."""

import json
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from strategies.signal import Direction
from trading.emergency import Fate, Line, Progress, Seen


def seen_text(seen: Seen) -> str:
    return json.dumps(asdict(seen), default=_plain, sort_keys=True)


def seen_from(text: str) -> Seen:
    told = json.loads(text)
    return Seen(**told | {name: Decimal(told[name]) for name in ("ours_result", "all_result")})


def progress_text(progress: Progress) -> str:
    return json.dumps(asdict(progress), default=_plain, sort_keys=True, ensure_ascii=False)


def progress_from(text: str) -> Progress:
    told = json.loads(text)
    return Progress(**told | {"lines": tuple(map(_line_from, told["lines"]))})


def _line_from(told: dict[str, Any]) -> Line:
    net = None if told["net"] is None else Decimal(told["net"])
    return Line(**told | {"direction": Direction(told["direction"]), "fate": Fate(told["fate"]), "net": net})


def _plain(value: object) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    raise TypeError(f"{value!r} is not stored as text")
