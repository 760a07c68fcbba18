"""Efficiency ratio: how straight the price has gone."""

import numpy as np

from indicators.candles import Candles, FloatArray
from indicators.column import Column
from indicators.delay import Delay, delayed
from indicators.live import Bars, LiveParts, Rows, candle_number
from indicators.running import Last, Window
from indicators.windows import slide


def efficiency(close: FloatArray, period: int = 20) -> FloatArray:
    """Way made good divided by way gone over the last `period` moves, 0..1, shape (symbols, candles).

    1 = straight, near 0 = to and fro. Kaufman (1995). NaN for a row's first `period`, and while the price has not
    moved at all in the window.
    """
    moves = np.abs(close - delayed(close, 1))
    return _ratio(np.abs(close - delayed(close, period)), slide(np.add, moves, period))


def _ratio(made_good: FloatArray, gone: FloatArray) -> FloatArray:
    ratio = np.divide(made_good, gone, out=np.full_like(gone, np.nan), where=gone > 0)
    return np.minimum(ratio, 1.0, out=ratio)  # of a straight way, rounding may leave a last bit more


class LiveEfficiency(LiveParts):
    """`efficiency`, a candle at a time."""

    def __init__(self, rows: int, period: int) -> None:
        self._before = Last(rows)
        self._began = Delay(rows, period)
        self._gone = Window(np.add, rows, period)
        super().__init__(self._before, self._began, self._gone)

    def peek(self, rows: Rows, bars: Bars) -> FloatArray:
        """The values if these candles closed as they stand now; nothing is kept."""
        close = bars.close
        gone = self._gone.peek(rows, np.abs(close - self._before.peek(rows, close)))
        return _ratio(np.abs(close - self._began.peek(rows, close)), gone)

    def push(self, rows: Rows, bars: Bars) -> FloatArray:
        """The values after these closed candles."""
        close = bars.close
        gone = self._gone.push(rows, np.abs(close - self._before.push(rows, close)))
        return _ratio(np.abs(close - self._began.push(rows, close)), gone)

    def fill(self, rows: Rows, candles: Candles) -> None:
        """These rows as if every one of these candles had been pushed."""
        close, number = candles.close, candle_number(candles)
        self._before.fill(rows, close, number)
        self._began.fill(rows, close, number)
        self._gone.fill(rows, np.abs(close - delayed(close, 1)), number)


COLUMN = Column(
    "efficiency",
    (20,),
    lambda candles, period: efficiency(candles.close, period),
    cache="rsi",
    live=LiveEfficiency,
)
