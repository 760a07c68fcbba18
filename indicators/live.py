"""Columns that move on candle by candle: what is kept for each symbol, and how one candle changes it.

A column's live form holds the state of many symbols side by side, one *row* each. A closed candle is pushed, one that
is still forming is peeked at; either costs the same however long the history is. A new indicator is put together from
`indicators.running`; most need one line:

    COLUMN = Column("ema", (12,), of, "sma", lambda rows, period: LiveOf(Mean(rows, period, 2 / (period + 1)), closes))
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from indicators.candles import MINUTE_MS, Candles, FloatArray, IntArray

# Which rows: their numbers, each at most once and in any order, or `slice(None)` for all, which is quicker.
Rows = IntArray | slice


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """One candle each for some symbols: float64 arrays of shape (rows,), NaN in all five where there is none yet."""

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray


class LiveColumn(Protocol):
    """State of one column for many symbols; each call costs O(1) a row, whatever the history.

    `rows` and the arrays in `bars` stand in the same order; values have shape (rows,), NaN during warm-up. Values
    equal those of `Column.of` over the same candles to 1e-9. A candle of NaN (not listed yet) gives NaN and leaves a
    row that has seen no candle as it was.
    """

    def peek(self, rows: Rows, bars: Bars) -> FloatArray:
        """The values if these candles closed as they stand now; nothing is kept."""
        ...

    def push(self, rows: Rows, bars: Bars) -> FloatArray:
        """The values after these closed candles, each the one that follows its row's last."""
        ...

    def forget(self, rows: Rows) -> None:
        """These rows warm up anew."""
        ...

    def fill(self, rows: Rows, candles: Candles) -> None:
        """These rows as if they had been forgotten and every candle pushed; `candles` hold them in the same order."""
        ...

    def arrange(self, order: IntArray) -> None:
        """From now on row i is what row `order[i]` was; -1 makes a row that has seen nothing."""
        ...


class Part(Protocol):
    """A running measure of one series for many rows, of which columns are made; see `LiveColumn` for the calls."""

    def peek(self, rows: Rows, values: FloatArray) -> FloatArray: ...

    def push(self, rows: Rows, values: FloatArray) -> FloatArray: ...

    def forget(self, rows: Rows) -> None: ...

    def fill(self, rows: Rows, values: FloatArray, number: int) -> None:
        """`values` (rows, candles), NaN on the left; `number` of the newest candle, see `candle_number`."""
        ...

    def arrange(self, order: IntArray) -> None: ...


class LiveOf:
    """A column that is one running measure of one series that `pick` takes from a candle, element by element.

    `pick` is given Bars or Candles and uses their arrays alike.
    """

    def __init__(self, part: Part, pick: Callable[[Bars | Candles], FloatArray]) -> None:
        self._part = part
        self._pick = pick

    def peek(self, rows: Rows, bars: Bars) -> FloatArray:
        return self._part.peek(rows, self._pick(bars))

    def push(self, rows: Rows, bars: Bars) -> FloatArray:
        return self._part.push(rows, self._pick(bars))

    def forget(self, rows: Rows) -> None:
        self._part.forget(rows)

    def fill(self, rows: Rows, candles: Candles) -> None:
        self._part.fill(rows, self._pick(candles), candle_number(candles))

    def arrange(self, order: IntArray) -> None:
        self._part.arrange(order)


class LiveParts:
    """What columns of several running measures share: forgetting and arranging all of them."""

    def __init__(self, *parts: Part) -> None:
        self._parts = parts

    def forget(self, rows: Rows) -> None:
        """These rows warm up anew."""
        for part in self._parts:
            part.forget(rows)

    def arrange(self, order: IntArray) -> None:
        """From now on row i is what row `order[i]` was; -1 makes a row that has seen nothing."""
        for part in self._parts:
            part.arrange(order)


def candle_number(candles: Candles) -> int:
    """How many candles of this timeframe fit between 1970 and the newest one's opening; -1 without candles."""
    return int(candles.open_times[-1]) // (candles.minutes * MINUTE_MS) if len(candles) else -1


def bars_of(candles: Candles, at: int = -1) -> Bars:
    """One candle of every symbol (the newest unless told), copied: columns read it often, so it should lie together."""
    fields = (candles.open, candles.high, candles.low, candles.close, candles.volume)
    return Bars(*(field[:, at].copy() for field in fields))


def replay(column: LiveColumn, rows: Rows, candles: Candles) -> None:
    """`LiveColumn.fill` by pushing each candle: for columns that know no quicker way."""
    column.forget(rows)
    for at in range(len(candles)):
        column.push(rows, bars_of(candles, at))


def closes(candle: Bars | Candles) -> FloatArray:
    return candle.close


def highs(candle: Bars | Candles) -> FloatArray:
    return candle.high


def lows(candle: Bars | Candles) -> FloatArray:
    return candle.low


def volumes(candle: Bars | Candles) -> FloatArray:
    return candle.volume
