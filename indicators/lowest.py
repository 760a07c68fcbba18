"""The lowest low of a sliding window: one edge of the range that prices moved in."""

import numpy as np

from indicators.candles import FloatArray
from indicators.column import Column
from indicators.live import LiveOf, lows
from indicators.running import Window
from indicators.windows import slide


def lowest(low: FloatArray, period: int = 20) -> FloatArray:
    """The lowest of the last `period` lows in quote currency, shape (symbols, candles).

    NaN for a row's first `period - 1`. As TA-Lib's MIN.
    """
    return slide(np.minimum, low, period)


COLUMN = Column(
    "lowest",
    (20,),
    lambda candles, period: lowest(candles.low, period),
    cache="sma",
    live=lambda rows, period: LiveOf(Window(np.minimum, rows, period), lows),
)
