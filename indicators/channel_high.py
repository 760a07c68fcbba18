"""The highest price of the candles before: the upper edge of a range."""

from functools import partial

import numpy as np

from indicators.candles import FloatArray
from indicators.chain import Chain
from indicators.column import Column
from indicators.delay import Delay, delayed
from indicators.live import LiveOf, highs
from indicators.running import Window
from indicators.windows import slide


def channel_high(high: FloatArray, period: int = 48) -> FloatArray:
    """Highest high of the `period` candles before each one, in quote currency, shape (symbols, candles).

    The upper line of Donchian's channel. The candle itself is left out, so that it can be seen to break the edge. NaN
    for a row's first `period`.
    """
    return delayed(slide(np.maximum, high, period), 1)


def _live(rows: int, period: int) -> LiveOf:
    whole = partial(slide, np.maximum, length=period)
    return LiveOf(Chain(Window(np.maximum, rows, period), Delay(rows, 1), whole), highs)


COLUMN = Column(
    "channel_high",
    (48,),
    lambda candles, period: channel_high(candles.high, period),
    cache="atr",
    live=_live,
)
