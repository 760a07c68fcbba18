"""Candles of many symbols over one timeframe, checked once on entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

MINUTE_MS = 60_000

# The timeframes people may choose, each with the slow frame it is judged against (minutes).
SLOW_FRAMES: Mapping[int, int] = {1: 5, 5: 30, 15: 60, 60: 240, 240: 1440}


class CandleError(ValueError):
    """Candles that cannot be true. `symbol` is None where the fault is in the times; `row` counts candles from 0."""

    def __init__(self, reason: str, symbol: str | None = None, row: int | None = None) -> None:
        self.reason, self.symbol, self.row = reason, symbol, row
        where = [symbol] if symbol is not None else []
        where += [f"row {row}"] if row is not None else []
        super().__init__(f"{' '.join(where)}: {reason}" if where else reason)


@dataclass(frozen=True, slots=True, eq=False)
class Candles:
    """Closed candles, oldest first; every price array is float64 of shape (symbols, candles).

    `minutes` is the timeframe's length; `open_times` (candles,) are ms UTC, shared by all symbols and without a gap.
    A symbol that was not listed yet has NaN on the left in all five arrays. Build them with `candles_from`, which
    checks and copies; the arrays are read-only.
    """

    symbols: tuple[str, ...]
    minutes: int
    open_times: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def __len__(self) -> int:
        return len(self.open_times)

    @property
    def close_times(self) -> IntArray:
        """When each candle closed, ms UTC: the open time of the next one."""
        return self.open_times + self.minutes * MINUTE_MS

    @property
    def starts(self) -> IntArray:
        """The first candle of each symbol, shape (symbols,); `len(candles)` where a symbol has none."""
        return first_candles(self.close)

    def latest(self, count: int) -> "Candles":
        """The newest `count` candles (all of them if there are fewer)."""
        return self._cut(slice(max(len(self) - count, 0), None))

    def until(self, count: int) -> "Candles":
        """The oldest `count` candles (all of them if there are fewer)."""
        return self._cut(slice(0, max(count, 0)))

    def only(self, symbols: Sequence[str]) -> "Candles":
        """The named symbols in the order asked for. Raises KeyError for a symbol that is not here."""
        places = {symbol: place for place, symbol in enumerate(self.symbols)}
        rows = [places[symbol] for symbol in symbols]
        return unchecked(tuple(symbols), self.minutes, self.open_times, [field[rows] for field in self._fields()])

    def _cut(self, span: slice) -> "Candles":
        # Copied, because columns over rows that lie far apart in memory take half as long again (measured).
        fields = [field[:, span].copy() for field in self._fields()]
        return unchecked(self.symbols, self.minutes, self.open_times[span].copy(), fields)

    def _fields(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        return self.open, self.high, self.low, self.close, self.volume


def first_candles(values: FloatArray) -> IntArray:
    """How many values on the left of each row are NaN, shape (symbols,); NaN stands only on the left."""
    return np.asarray(np.isnan(values).sum(axis=1), dtype=np.int64)


def candles_from(
    symbols: Sequence[str],
    minutes: int,
    open_times: Any,
    *,
    open: Any,
    high: Any,
    low: Any,
    close: Any,
    volume: Any,
) -> Candles:
    """Candles out of anything array-like of shape (symbols, candles), checked and copied.

    Raises CandleError, naming symbol and row, unless times are `minutes` apart, prices are finite and above zero,
    high and low enclose open and close, volume is not negative, and NaN stands only on the left and in all five
    arrays at once. A candle without trades (flat, volume 0) is fine.
    """
    times = np.array(open_times, dtype=np.int64)
    fields = [np.array(field, dtype=np.float64, order="C") for field in (open, high, low, close, volume)]
    _check_shapes(symbols, minutes, times, fields)
    _check_times(minutes, times)
    _check_values(symbols, *fields)
    return unchecked(tuple(symbols), minutes, times, fields)


def unchecked(symbols: tuple[str, ...], minutes: int, times: IntArray, fields: Sequence[FloatArray]) -> Candles:
    """Candles of arrays (open, high, low, close, volume) that were checked before; they become read-only."""
    for array in (times, *fields):
        array.flags.writeable = False
    return Candles(symbols, minutes, times, *fields)


def _check_shapes(symbols: Sequence[str], minutes: int, times: IntArray, fields: list[FloatArray]) -> None:
    if minutes < 1:
        raise CandleError(f"a timeframe of {minutes} minutes")
    if len(set(symbols)) != len(symbols):
        raise CandleError("a symbol is named twice")
    shape = (len(symbols), len(times)) if times.ndim == 1 else None
    for name, field in zip(("open", "high", "low", "close", "volume"), fields, strict=True):
        if field.shape != shape:
            raise CandleError(f"{name} has shape {field.shape}, not (symbols, candles) = {shape}")


def _check_times(minutes: int, times: IntArray) -> None:
    wrong = np.flatnonzero(np.diff(times) != minutes * MINUTE_MS)
    if len(wrong):
        row = int(wrong[0]) + 1
        raise CandleError(f"opens at {times[row]}, not {minutes} min after {times[row - 1]}", row=row)


def first_fault(
    open_: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray
) -> tuple[int, str] | None:
    """Which of some candles, arrays of shape (n,), is the first to break a rule of `candles_from`, and which rule.

    None where all are sound; a NaN is not.
    """
    plausible = _plausible(open_, high, low, close, volume)
    if plausible.all():
        return None
    first = int(np.flatnonzero(~plausible)[0])
    return first, _fault(*(float(field[first]) for field in (open_, high, low, close, volume)))


def _check_values(
    symbols: Sequence[str], open_: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray
) -> None:
    fields = (open_, high, low, close, volume)
    plausible = _plausible(*fields)
    if plausible.all():
        return
    # Blank in all five, and so is everything before it.
    unlisted = np.logical_and.accumulate(np.logical_and.reduce([np.isnan(field) for field in fields]), axis=1)
    broken = np.argwhere(~plausible & ~unlisted)
    if len(broken):
        symbol, row = (int(place) for place in broken[0])
        raise CandleError(_fault(*(float(field[symbol, row]) for field in fields)), symbols[symbol], row)


def _plausible(
    open_: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray
) -> BoolArray:
    """Where all rules hold; no comparison with NaN does."""
    good: BoolArray = low > 0.0
    good &= low <= np.minimum(open_, close)
    good &= high >= np.maximum(open_, close)
    good &= high < np.inf
    good &= volume >= 0.0
    good &= volume < np.inf
    return good


def _fault(open_: float, high: float, low: float, close: float, volume: float) -> str:
    """Which rule a candle breaks; it does break one."""
    if not all(map(isfinite, (open_, high, low, close, volume))):
        return "a value is missing or not finite"
    if high < low:
        return "high is below low"
    if low <= 0:
        return "a price is not above zero"
    if not low <= open_ <= high:
        return "open lies outside high and low"
    if not low <= close <= high:
        return "close lies outside high and low"
    return "volume is negative"


def aggregate(candles: Candles, minutes: int) -> Candles:
    """The same candles in a coarser timeframe, its candles starting at whole multiples of it in UTC (4h at 00, 04 ..).

    Only complete candles are made: a bucket that misses its beginning or its end is left out, and a symbol listed
    within one begins with the next. Raises CandleError if `minutes` is not a multiple of the candles' own.
    """
    if minutes % candles.minutes:
        raise CandleError(f"{minutes} min cannot be made of {candles.minutes} min")
    size = minutes // candles.minutes
    step = candles.minutes * MINUTE_MS
    head = int(-(candles.open_times[0] // step) % size) if len(candles) else 0
    count = max(len(candles) - head, 0) // size
    span = slice(head, head + count * size)

    def buckets(field: FloatArray) -> FloatArray:
        return field[:, span].reshape(len(candles.symbols), count, size)

    opened = buckets(candles.open)[:, :, 0].copy()
    partly = np.isnan(opened)
    fields = [
        opened,
        buckets(candles.high).max(axis=2, initial=-np.inf),
        buckets(candles.low).min(axis=2, initial=np.inf),
        buckets(candles.close)[:, :, -1].copy(),
        buckets(candles.volume).sum(axis=2),
    ]
    times = candles.open_times[span][::size].copy()
    for field in fields:
        field[partly] = np.nan
    return unchecked(candles.symbols, minutes, times, fields)
