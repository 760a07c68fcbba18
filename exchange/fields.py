"""Reading single values out of Bybit's JSON, where numbers are texts and "none" has three spellings."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import wraps
from typing import ParamSpec, TypeVar

from trading.errors import OutcomeUnknown

Row = Mapping[str, object]

_P = ParamSpec("_P")
_T = TypeVar("_T")

# No price, size or sum of money comes near these powers of ten; a text beyond them would not be a number to trust.
_LARGEST_POWER = 30


def readable(what: str) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """Turns whatever an unexpected structure does to the reader into OutcomeUnknown, named by `what`."""

    def wrap(read: Callable[_P, _T]) -> Callable[_P, _T]:
        @wraps(read)
        def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            try:
                return read(*args, **kwargs)
            except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as trouble:
                failure = type(trouble).__name__
            raise OutcomeUnknown(f"Bybit's answer about {what} can not be read ({failure})")

        return guarded

    return wrap


def rows(result: Row) -> Sequence[Row]:
    """The answer's list. Raises ValueError where it is not a list of objects."""
    found = result["list"]
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ValueError("no list of objects")
    return found


def part(row: Row, name: str) -> Row:
    found = row[name]
    if not isinstance(found, dict):
        raise TypeError(name)
    return found


def word(row: Row, name: str) -> str:
    found = row[name]
    if not isinstance(found, str):
        raise TypeError(name)
    return found


def word_or_empty(row: Row, name: str) -> str:
    """For fields that the documents have and not every answer does."""
    found = row.get(name)
    return found if isinstance(found, str) else ""


def whole(row: Row, name: str) -> int:
    """A whole number, as a number or as text. Raises ValueError or TypeError for anything else."""
    found = row[name]
    if isinstance(found, bool) or not isinstance(found, int | str):
        raise TypeError(name)
    return int(found)


def number(row: Row, name: str) -> Decimal:
    """A finite number of sane size, as text or as a number. Raises ValueError, TypeError or ArithmeticError."""
    found = row[name]
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        raise TypeError(name)
    value = Decimal(str(found))
    if not value.is_finite() or abs(value.adjusted()) > _LARGEST_POWER:
        raise ValueError(name)
    return value


def number_or_zero(row: Row, name: str) -> Decimal:
    """Zero where it is missing or empty, as on a flat position."""
    return Decimal(0) if row.get(name) in (None, "") else number(row, name)


def price_or_none(row: Row, name: str) -> Decimal | None:
    """None for "", "0" and "0.00", Bybit's ways to say that there is no such price."""
    return number_or_zero(row, name) or None
