"""Values of some candles ago: on whole arrays, and as a running measure."""

import numpy as np

from indicators.candles import FloatArray, IntArray
from indicators.live import Rows
from indicators.running import arranged


def delayed(values: FloatArray, length: int) -> FloatArray:
    """The value of `length` candles before, shape (symbols, candles); NaN where there was no candle yet."""
    result = np.full_like(values, np.nan)
    result[:, length:] = values[:, :-length]
    return result


class Delay:
    """`delayed`, a value at a time: `push` and `peek` both give what was pushed `length` pushes before this one.

    A ring for each row. While all rows stand at the same place of theirs (`_shared`), none is looked up by itself.
    """

    def __init__(self, rows: int, length: int) -> None:
        self._length = length
        self._values = np.full((length, rows), np.nan)
        self._shared: int | None = 0  # the place of the oldest value, which goes next, or None where rows differ
        self._oldest = np.zeros(rows, dtype=np.int64)  # the same for each row; in use where they differ

    def peek(self, rows: Rows, values: FloatArray) -> FloatArray:
        found: FloatArray
        if self._shared is None:
            found = self._values[self._oldest[rows], self._numbers(rows)]
        else:
            found = self._values[self._shared][rows].copy()
        return found

    def push(self, rows: Rows, values: FloatArray) -> FloatArray:
        found = self.peek(rows, values)
        if self._shared is not None and isinstance(rows, slice):
            self._values[self._shared] = values
            self._shared = (self._shared + 1) % self._length
            return found
        self._part_ways()
        places = self._oldest[rows]
        self._values[places, self._numbers(rows)] = values
        self._oldest[rows] = (places + 1) % self._length
        self._come_together()
        return found

    def _numbers(self, rows: Rows) -> IntArray:
        return np.arange(len(self._oldest))[rows]

    def _part_ways(self) -> None:
        if self._shared is not None:
            self._oldest[:] = self._shared
            self._shared = None

    def _come_together(self) -> None:
        if self._shared is None and len(self._oldest) and (self._oldest == self._oldest[0]).all():
            self._shared = int(self._oldest[0])

    def forget(self, rows: Rows) -> None:
        self._values[:, rows] = np.nan

    def fill(self, rows: Rows, values: FloatArray, number: int) -> None:
        """The newest value stands where `number` says, so that rows filled to the same candle stand together."""
        seen = (number + 1) % self._length
        late = values[:, -self._length :].T
        ring = np.full((self._length, late.shape[1]), np.nan)
        ring[self._length - len(late) :] = late
        self._part_ways()
        self._values[:, rows] = np.roll(ring, seen, axis=0)
        self._oldest[rows] = seen
        self._come_together()

    def arrange(self, order: IntArray) -> None:
        blank = self._shared if self._shared is not None else 0
        self._values = arranged(self._values, order, np.nan)
        self._oldest = arranged(self._oldest, order, blank)
        self._come_together()
