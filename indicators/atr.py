"""Average true range."""

import numpy as np

from indicators.candles import Candles, FloatArray
from indicators.column import Column
from indicators.live import Bars, LiveParts, Rows, candle_number
from indicators.running import Last, Mean
from indicators.smoothing import smooth


def atr(high: FloatArray, low: FloatArray, close: FloatArray, period: int = 14) -> FloatArray:
    """Average true range in quote currency, shape (symbols, candles); NaN for the first `period`.

    Wilder (1978), seeded with the mean of the first `period` true ranges, as TA-Lib's ATR: a row's first candle has
    no true range, because there is no close before it.
    """
    return smooth(_true_ranges(high, low, close), period, 1.0 / period)


def _true_ranges(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    ranges = np.full_like(close, np.nan)
    ranges[:, 1:] = _true_range(high[:, 1:], low[:, 1:], close[:, :-1])
    return ranges


def _true_range(high: FloatArray, low: FloatArray, before: FloatArray) -> FloatArray:
    """`before` is the close of the candle before."""
    result: FloatArray = np.maximum(high, before) - np.minimum(low, before)
    return result


class LiveAtr(LiveParts):
    """`atr`, a candle at a time."""

    def __init__(self, rows: int, period: int) -> None:
        self._close = Last(rows)
        self._mean = Mean(rows, period, 1.0 / period)
        super().__init__(self._close, self._mean)

    def peek(self, rows: Rows, bars: Bars) -> FloatArray:
        """The values if these candles closed as they stand now; nothing is kept."""
        before = self._close.peek(rows, bars.close)
        return self._mean.peek(rows, _true_range(bars.high, bars.low, before))

    def push(self, rows: Rows, bars: Bars) -> FloatArray:
        """The values after these closed candles."""
        before = self._close.push(rows, bars.close)
        return self._mean.push(rows, _true_range(bars.high, bars.low, before))

    def fill(self, rows: Rows, candles: Candles) -> None:
        """These rows as if every one of these candles had been pushed."""
        number = candle_number(candles)
        self._close.fill(rows, candles.close, number)
        self._mean.fill(rows, _true_ranges(candles.high, candles.low, candles.close), number)


COLUMN = Column(
    "atr",
    (14,),
    lambda candles, period: atr(candles.high, candles.low, candles.close, period),
    cache="atr",
    live=LiveAtr,
)
