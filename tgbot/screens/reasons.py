"""Reasons as sentences. Pure."""

from collections.abc import Mapping
from decimal import Decimal

from tgbot.words import Words
from trading.reasons import Reason

# Figures that are USDT; other Decimals (sizes, distances) keep the digits they have.
_MONEY = frozenset({"risk", "limit", "risk_needed", "available", "equity"})
_LONGEST_DETAIL = 80


def reason_sentence(reason: Reason, words: Words, figures: Mapping[str, object] | None = None, detail: str = "") -> str:
    """The reason in words, with its figures or Bybit's own text where they are known."""
    key = f"reason.{reason}"
    if figures and f"{key}.figures" in words.keys:
        try:
            return words(f"{key}.figures", **{name: _figure(name, value, words) for name, value in figures.items()})
        except KeyError:  # a figure that the sentence needs was not told: the plain one stays true
            return words(key)
    told = detail or str((figures or {}).get("text", ""))
    if told and f"{key}.detail" in words.keys:
        return words(f"{key}.detail", detail=told[:_LONGEST_DETAIL].strip())
    return words(key)


def _figure(name: str, value: object, words: Words) -> str:
    match value:
        case bool() | str():
            return str(value)[:_LONGEST_DETAIL]
        case int():
            return words.whole(value)
        case Decimal():
            return words.money(value) if name in _MONEY else words.exact(value)
        case float():
            return words.number(value)
        case _:
            return str(value)[:_LONGEST_DETAIL]
