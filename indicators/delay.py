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
    """`delayed`, a value at a time: `push` and `peek` both give what was pushed `length` pushes before this one."""

    def __init__(self, rows: int, length: int) -> None:
        self._length = length
        self._values = np.full((length, rows), np.nan)
        self._oldest = np.zeros(rows, dtype=np.int64)  # the place of each row's oldest value, which goes next

    def peek(self, rows: Rows, values: FloatArray) -> FloatArray:
        found: FloatArray = self._values[self._oldest[rows], self._numbers(rows)]
        return found

    def push(self, rows: Rows, values: FloatArray) -> FloatArray:
        places, numbers = self._oldest[rows], self._numbers(rows)
        found: FloatArray = self._values[places, numbers]
        self._values[places, numbers] = values
        self._oldest[rows] = (places + 1) % self._length
        return found

    def _numbers(self, rows: Rows) -> IntArray:
        return np.arange(len(self._oldest))[rows]

    def forget(self, rows: Rows) -> None:
        self._values[:, rows] = np.nan

    def fill(self, rows: Rows, values: FloatArray, number: int) -> None:
        late = values[:, -self._length :].T
        self.forget(rows)
        self._oldest[rows] = 0
        self._values[self._length - len(late) :, rows] = late

    def arrange(self, order: IntArray) -> None:
        self._values = arranged(self._values, order, np.nan)
        self._oldest = arranged(self._oldest, order, 0)
