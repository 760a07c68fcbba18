"""Simple moving average."""

import numpy as np

from indicators.candles import FloatArray
from indicators.column import Column
from indicators.windows import slide


def sma(values: FloatArray, period: int) -> FloatArray:
    """Mean of the last `period` values in their own unit, shape (symbols, candles); NaN for the first `period - 1`.

    As TA-Lib's SMA. Warm-up counts from a row's first value.
    """
    return slide(np.add, values, period) / period


COLUMN = Column("sma", (20,), lambda candles, period: sma(candles.close, period), cache="sma")
