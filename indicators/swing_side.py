"""Which way the last swing went: up to a swing high, or down to a swing low."""

import numpy as np

from indicators.candles import Candles, FloatArray
from indicators.column import Column
from indicators.live import Bars, LiveParts, Rows, candle_number
from indicators.swings import Held, Turns, held, turns


def swing_side(high: FloatArray, low: FloatArray, width: int = 5) -> FloatArray:
    """1 if the last swing point that is known is a high, -1 if it is a low, shape (symbols, candles).

    0 if one candle was both, because nobody can tell which came last. Swing points are those of `indicators.swings`; a
    row is NaN for its first `2 * width` at least, and until its first one.
    """
    return held(_marks(turns(high, width, np.maximum), turns(low, width, np.minimum)))


def _marks(tops: FloatArray, bottoms: FloatArray) -> FloatArray:
    top, bottom = ~np.isnan(tops), ~np.isnan(bottoms)
    return np.where(top | bottom, top * 1.0 - bottom, np.nan)


class LiveSwingSide(LiveParts):
    """`swing_side`, a candle at a time."""

    def __init__(self, rows: int, width: int) -> None:
        self._width = width
        self._tops = Turns(rows, width, np.maximum)
        self._bottoms = Turns(rows, width, np.minimum)
        self._side = Held(rows)
        super().__init__(self._tops, self._bottoms, self._side)

    def peek(self, rows: Rows, bars: Bars) -> FloatArray:
        """The values if these candles closed as they stand now; nothing is kept."""
        marks = _marks(self._tops.peek(rows, bars.high), self._bottoms.peek(rows, bars.low))
        return self._side.peek(rows, marks)

    def push(self, rows: Rows, bars: Bars) -> FloatArray:
        """The values after these closed candles."""
        marks = _marks(self._tops.push(rows, bars.high), self._bottoms.push(rows, bars.low))
        return self._side.push(rows, marks)

    def fill(self, rows: Rows, candles: Candles) -> None:
        """These rows as if every one of these candles had been pushed."""
        number = candle_number(candles)
        self._tops.fill(rows, candles.high, number)
        self._bottoms.fill(rows, candles.low, number)
        self._side.fill(rows, swing_side(candles.high, candles.low, self._width), number)


COLUMN = Column(
    "swing_side",
    (5,),
    lambda candles, width: swing_side(candles.high, candles.low, width),
    cache="atr",
    live=LiveSwingSide,
)
