"""The last swing low: where buyers turned the price last, a support."""

import numpy as np

from indicators.candles import FloatArray
from indicators.column import Column
from indicators.live import LiveOf, lows
from indicators.swings import last_swing, live_last_swing


def swing_low(low: FloatArray, width: int = 5) -> FloatArray:
    """The last swing low that is known, in quote currency, shape (symbols, candles).

    Its definition stands in `indicators.swings`. It is known `width` candles after it stood, so a row is NaN for its
    first `2 * width` at least, and until its first swing low.
    """
    return last_swing(low, width, np.minimum)


COLUMN = Column(
    "swing_low",
    (5,),
    lambda candles, width: swing_low(candles.low, width),
    cache="atr",
    live=lambda rows, width: LiveOf(live_last_swing(rows, width, np.minimum), lows),
)
