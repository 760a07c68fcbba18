"""Simple moving average."""

import numpy as np

from indicators.candles import FloatArray
from indicators.column import Column
from indicators.live import LiveOf, Rows, closes
from indicators.running import Window
from indicators.windows import slide


def sma(values: FloatArray, period: int) -> FloatArray:
    """Mean of the last `period` values in their own unit, shape (symbols, candles); NaN for the first `period - 1`.

    As TA-Lib's SMA. Warm-up counts from a row's first value.
    """
    return slide(np.add, values, period) / period


class PlainMean(Window):
    """`sma`, a value at a time."""

    def __init__(self, rows: int, length: int) -> None:
        super().__init__(np.add, rows, length)

    def peek(self, rows: Rows, values: FloatArray) -> FloatArray:
        return super().peek(rows, values) / self._length

    def push(self, rows: Rows, values: FloatArray) -> FloatArray:
        return super().push(rows, values) / self._length


COLUMN = Column(
    "sma",
    (20,),
    lambda candles, period: sma(candles.close, period),
    cache="sma",
    live=lambda rows, period: LiveOf(PlainMean(rows, period), closes),
)
