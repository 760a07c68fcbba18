"""Average true range."""

import numpy as np

from indicators.candles import FloatArray
from indicators.column import Column
from indicators.smoothing import smooth


def atr(high: FloatArray, low: FloatArray, close: FloatArray, period: int = 14) -> FloatArray:
    """Average true range in quote currency, shape (symbols, candles); NaN for the first `period`.

    Wilder (1978), seeded with the mean of the first `period` true ranges, as TA-Lib's ATR: a row's first candle has
    no true range, because there is no close before it.
    """
    ranges = np.full_like(close, np.nan)
    before = close[:, :-1]
    ranges[:, 1:] = np.maximum(high[:, 1:], before) - np.minimum(low[:, 1:], before)
    return smooth(ranges, period, 1.0 / period)


COLUMN = Column(
    "atr", (14,), lambda candles, period: atr(candles.high, candles.low, candles.close, period), cache="atr"
)
