"""Frozen nouns as JSON text and back: exact, with sorted keys, so that the same noun is always the same text."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from decimal import Decimal, InvalidOperation
from typing import Any

from strategies.signal import Direction, Factor, Signal
from trading.model import OrderRequest
from trading.preferences import MAIN_STRATEGIES, PRESETS, Preferences

# Raised when the meaning of a stored setting changes, so that older texts can be told apart.
# 2: strategies are switched on, no more off.
PREFERENCES_VERSION = 2


def signal_text(signal: Signal) -> str:
    return _dumped(asdict(signal))


def signal_from(text: str) -> Signal:
    told = json.loads(text)
    first, second, third = (Factor(**factor) for factor in told.pop("factors"))
    return Signal(
        direction=Direction(told.pop("direction")),
        also=tuple(told.pop("also")),
        factors=(first, second, third),
        **told,
    )


def request_text(request: OrderRequest) -> str:
    """Raises TypeError for money that is not a finite Decimal."""
    return _dumped(_without_floats(asdict(request)))


def request_from(text: str) -> OrderRequest:
    told = json.loads(text)
    for name in ("size", "price", "stop", "target"):
        told[name] = None if told[name] is None else Decimal(told[name])
    return OrderRequest(**told)


def fingerprint(text: str) -> str:
    """BLAKE2s of a text, as hex: shows that a frozen request is still the one that was shown."""
    return hashlib.blake2s(text.encode()).hexdigest()


def preferences_text(preferences: Preferences) -> str:
    """Raises TypeError for a share or a multiple that is not a finite Decimal."""
    return _dumped({"version": PREFERENCES_VERSION} | _without_floats(asdict(preferences)))


def preferences_from(text: str) -> Preferences:
    """What was stored; a setting that is missing or can not be read has its preset's value (balanced where unknown)."""
    told = json.loads(text)
    preset = PRESETS.get(told.get("preset"), PRESETS["balanced"])
    if told.get("version") == 1:
        told = _with_strategies_on(told)
    known: dict[str, Any] = {}
    for field in fields(Preferences):
        standard = getattr(preset, field.name)
        known[field.name] = _setting(told, field.name, standard)
    return Preferences(**known)


def _with_strategies_on(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Settings of version 1 named what was off of the two strategies there were."""
    off = told.get("strategies_off")
    if not isinstance(off, list):
        return told
    return {**told, "strategies_on": [strategy for strategy in MAIN_STRATEGIES if strategy not in off]}


def _setting(told: Mapping[str, Any], name: str, standard: Any) -> Any:
    if name == "per_day" and told.get(name, standard) is None:
        return None  # a fixed threshold was chosen
    try:
        return _read_like(standard, told[name])
    except (KeyError, TypeError, ValueError, InvalidOperation):
        return standard


def _read_like(standard: Any, value: Any) -> Any:
    """`value` as what `standard` is: a Decimal, a tuple of words, a word or a whole number."""
    if isinstance(standard, Decimal):
        return _finite(Decimal(_word(value)))
    if isinstance(standard, tuple):
        return tuple(_word(each) for each in value)
    if isinstance(standard, str):
        return _word(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError
    return value


def _dumped(told: Mapping[str, Any]) -> str:
    return json.dumps(told, default=_plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _without_floats(told: dict[str, Any]) -> dict[str, Any]:
    for name, value in told.items():
        if isinstance(value, float):
            raise TypeError(f"{name} is a float, and money is Decimal")
    return told


def _plain(value: object) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    raise TypeError(f"{value!r} is not stored as text")
