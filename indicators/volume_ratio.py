"""How much was traded, compared with the candles before."""

import numpy as np

from indicators.candles import Candles, FloatArray
from indicators.column import Column
from indicators.live import Bars, LiveParts, Rows, candle_number
from indicators.running import Last, Window
from indicators.windows import slide


def volume_ratio(volume: FloatArray, period: int = 20) -> FloatArray:
    """Volume divided by the mean volume of the `period` candles before it, shape (symbols, candles).

    2.0 = twice the usual. NaN for a row's first `period`, and where nothing was traded in all those before.
    """
    ratio = np.full_like(volume, np.nan)
    _divide(volume[:, 1:], slide(np.add, volume, period)[:, :-1], period, out=ratio[:, 1:])
    return ratio


def _divide(volume: FloatArray, traded: FloatArray, period: int, out: FloatArray) -> FloatArray:
    """The ratio, where there is one; `traded` is the sum of the `period` candles before."""
    usual = traded / period
    return np.divide(volume, usual, out=out, where=usual > 0)


class LiveVolumeRatio(LiveParts):
    """`volume_ratio`, a candle at a time."""

    def __init__(self, rows: int, period: int) -> None:
        self._period = period
        self._window = Window(np.add, rows, period)
        self._traded = Last(rows)  # the window as it was before the newest candle
        super().__init__(self._window, self._traded)

    def peek(self, rows: Rows, bars: Bars) -> FloatArray:
        """The values if these candles closed as they stand now; nothing is kept."""
        return self._ratio(bars, self._traded.peek(rows, bars.volume))

    def push(self, rows: Rows, bars: Bars) -> FloatArray:
        """The values after these closed candles."""
        traded = self._traded.push(rows, self._window.push(rows, bars.volume))
        return self._ratio(bars, traded)

    def _ratio(self, bars: Bars, traded: FloatArray) -> FloatArray:
        return _divide(bars.volume, traded, self._period, out=np.full_like(traded, np.nan))

    def fill(self, rows: Rows, candles: Candles) -> None:
        """These rows as if every one of these candles had been pushed."""
        number = candle_number(candles)
        self._window.fill(rows, candles.volume, number)
        self._traded.fill(rows, slide(np.add, candles.volume[:, -self._period :], self._period), number)


COLUMN = Column(
    "volume_ratio",
    (20,),
    lambda candles, period: volume_ratio(candles.volume, period),
    cache="sma",
    live=LiveVolumeRatio,
)
