"""The highest high of a sliding window: one edge of the range that prices moved in."""

import numpy as np

from indicators.candles import FloatArray
from indicators.column import Column
from indicators.live import LiveOf, highs
from indicators.running import Window
from indicators.windows import slide


def highest(high: FloatArray, period: int = 20) -> FloatArray:
    """The highest of the last `period` highs in quote currency, shape (symbols, candles).

    NaN for a row's first `period - 1`. As TA-Lib's MAX.
    """
    return slide(np.maximum, high, period)


COLUMN = Column(
    "highest",
    (20,),
    lambda candles, period: highest(candles.high, period),
    cache="sma",
    live=lambda rows, period: LiveOf(Window(np.maximum, rows, period), highs),
)
