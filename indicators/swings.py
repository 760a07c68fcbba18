"""Swing points: where the price turned, known only when enough candles have followed.

A candle is a *swing high of width k* when its high stands above the k highs before it and no high of the k candles
after it stands above its own. (Of equal highs in a row the first one counts; where nothing moves, nothing turns.) So it
is known k candles later and not before: everything here stands at the candle by whose close it is known. Swing lows
are the same upside down; `extreme` is np.maximum for highs and np.minimum for lows.
"""

from functools import partial

import numpy as np

from indicators.candles import FloatArray, IntArray
from indicators.chain import Chain
from indicators.delay import Delay, delayed
from indicators.live import LiveParts, Rows
from indicators.running import Window, arranged
from indicators.windows import slide


def turns(values: FloatArray, width: int, extreme: np.ufunc) -> FloatArray:
    """The price of each swing point, at the candle by which it is known, shape (symbols, candles); elsewhere NaN."""
    reached = slide(extreme, values, width)
    return _turned(extreme, delayed(values, width), delayed(reached, width + 1), reached)


def held(marks: FloatArray) -> FloatArray:
    """Each row's newest value that is not NaN, shape (symbols, candles); NaN before the first."""
    newest = np.maximum.accumulate(np.where(np.isnan(marks), 0, np.arange(marks.shape[1])), axis=1)
    return np.take_along_axis(marks, newest, axis=1)


def last_swing(values: FloatArray, width: int, extreme: np.ufunc) -> FloatArray:
    """The price of the last swing point that is known, shape (symbols, candles); NaN before the first."""
    return held(turns(values, width, extreme))


def _turned(extreme: np.ufunc, middle: FloatArray, before: FloatArray, after: FloatArray) -> FloatArray:
    """`middle` where it goes beyond what was before and what came after does not go beyond it; elsewhere NaN."""
    stands_out = (extreme(middle, before) == middle) & (middle != before) & (extreme(middle, after) == middle)
    return np.where(stands_out, middle, np.nan)


class Turns(LiveParts):
    """`turns`, a value at a time."""

    def __init__(self, rows: int, width: int, extreme: np.ufunc) -> None:
        self._extreme = extreme
        self._width = width
        self._reached = Window(extreme, rows, width)
        self._middle = Delay(rows, width)
        self._before = Delay(rows, width + 1)
        super().__init__(self._reached, self._middle, self._before)

    def peek(self, rows: Rows, values: FloatArray) -> FloatArray:
        after = self._reached.peek(rows, values)
        return _turned(self._extreme, self._middle.peek(rows, values), self._before.peek(rows, after), after)

    def push(self, rows: Rows, values: FloatArray) -> FloatArray:
        after = self._reached.push(rows, values)
        return _turned(self._extreme, self._middle.push(rows, values), self._before.push(rows, after), after)

    def fill(self, rows: Rows, values: FloatArray, number: int) -> None:
        self._reached.fill(rows, values, number)
        self._middle.fill(rows, values, number)
        self._before.fill(rows, slide(self._extreme, values, self._width), number)


class Held:
    """`held`, a mark at a time."""

    def __init__(self, rows: int) -> None:
        self._newest = np.full(rows, np.nan)

    def peek(self, rows: Rows, values: FloatArray) -> FloatArray:
        return np.where(np.isnan(values), self._newest[rows], values)

    def push(self, rows: Rows, values: FloatArray) -> FloatArray:
        newest = self.peek(rows, values)
        self._newest[rows] = newest
        return newest

    def forget(self, rows: Rows) -> None:
        self._newest[rows] = np.nan

    def fill(self, rows: Rows, values: FloatArray, number: int) -> None:
        self._newest[rows] = held(values)[:, -1] if values.shape[1] else np.nan

    def arrange(self, order: IntArray) -> None:
        self._newest = arranged(self._newest, order, np.nan)


def live_last_swing(rows: int, width: int, extreme: np.ufunc) -> Chain:
    """`last_swing`, a value at a time."""
    return Chain(Turns(rows, width, extreme), Held(rows), partial(turns, width=width, extreme=extreme))
