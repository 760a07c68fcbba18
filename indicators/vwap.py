"""Volume-weighted average price over a sliding window."""

import numpy as np

from indicators.candles import FloatArray
from indicators.column import Column
from indicators.windows import slide


def vwap(high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray, period: int = 96) -> FloatArray:
    """Typical price (high + low + close) / 3 weighted by volume over the last `period` candles, in quote currency.

    Shape (symbols, candles); NaN for a row's first `period - 1`, and while nothing at all was traded in the window.
    """
    typical = (high + low + close) / 3.0
    traded = slide(np.add, volume, period)
    paid = slide(np.add, typical * volume, period)
    return np.divide(paid, traded, out=np.full_like(close, np.nan), where=traded > 0)


COLUMN = Column(
    "vwap",
    (96,),
    lambda candles, period: vwap(candles.high, candles.low, candles.close, candles.volume, period),
    cache="vwap",
)
