"""The last swing high: where sellers turned the price last, a resistance."""

import numpy as np

from indicators.candles import FloatArray
from indicators.column import Column
from indicators.live import LiveOf, highs
from indicators.swings import last_swing, live_last_swing


def swing_high(high: FloatArray, width: int = 5) -> FloatArray:
    """The last swing high that is known, in quote currency, shape (symbols, candles).

    Its definition stands in `indicators.swings`. It is known `width` candles after it stood, so a row is NaN for its
    first `2 * width` at least, and until its first swing high.
    """
    return last_swing(high, width, np.maximum)


COLUMN = Column(
    "swing_high",
    (5,),
    lambda candles, width: swing_high(candles.high, width),
    cache="atr",
    live=lambda rows, width: LiveOf(live_last_swing(rows, width, np.maximum), highs),
)
