"""The lowest price of the candles before: the lower edge of a range."""

from functools import partial

import numpy as np

from indicators.candles import FloatArray
from indicators.chain import Chain
from indicators.column import Column
from indicators.delay import Delay, delayed
from indicators.live import LiveOf, lows
from indicators.running import Window
from indicators.windows import slide


def channel_low(low: FloatArray, period: int = 48) -> FloatArray:
    """Lowest low of the `period` candles before each one, in quote currency, shape (symbols, candles).

    The lower line of Donchian's channel. The candle itself is left out, so that it can be seen to break the edge. NaN
    for a row's first `period`.
    """
    return delayed(slide(np.minimum, low, period), 1)


def _live(rows: int, period: int) -> LiveOf:
    whole = partial(slide, np.minimum, length=period)
    return LiveOf(Chain(Window(np.minimum, rows, period), Delay(rows, 1), whole), lows)


COLUMN = Column(
    "channel_low",
    (48,),
    lambda candles, period: channel_low(candles.low, period),
    cache="atr",
    live=_live,
)
