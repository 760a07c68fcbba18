"""What an indicator's file says of itself, and how such files are found."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType

import indicators
from indicators.candles import Candles, FloatArray
from indicators.live import LiveColumn


@dataclass(frozen=True, slots=True)
class Column:
    """One indicator: columns are named `<name>_<period>`.

    `of(candles, period)` gives the values, shape (symbols, candles). `periods` are the ones computed unless the owner's
    settings name others. `cache` is one of `indicators.cache.LIFETIMES`. `live(rows, period)` makes the incremental
    form for so many symbols, which has seen nothing yet; both agree to 1e-9.
    """

    name: str
    periods: tuple[int, ...]
    of: Callable[[Candles, int], FloatArray]
    cache: str
    live: Callable[[int, int], LiveColumn]


# Column name ("ema_12") -> values of shape (symbols, candles).
Columns = Mapping[str, FloatArray]


def all_columns(package: ModuleType = indicators) -> tuple[Column, ...]:
    """The COLUMN of every module in the package that has one, by name: a new indicator is one new file."""
    modules = (
        importlib.import_module(f"{package.__name__}.{found.name}") for found in pkgutil.iter_modules(package.__path__)
    )
    columns = (getattr(module, "COLUMN", None) for module in modules)
    return tuple(sorted((column for column in columns if isinstance(column, Column)), key=lambda column: column.name))


def chosen(
    columns: tuple[Column, ...] | None = None, periods: Mapping[str, tuple[int, ...]] | None = None
) -> tuple[tuple[str, Column, int], ...]:
    """What to compute, as (name such as "ema_12", column, period): all columns unless told.

    `periods` replaces a column's own periods, by its name: `{"ema": (12, 26)}`. Raises ValueError for an unknown name.
    """
    asked = dict(periods or {})
    found = all_columns() if columns is None else columns
    result = tuple(
        (f"{column.name}_{period}", column, period)
        for column in found
        for period in asked.pop(column.name, column.periods)
    )
    if asked:
        raise ValueError(f"no indicator is named {', '.join(sorted(asked))}")
    return result
