"""Volume-weighted average price over a sliding window."""

import numpy as np

from indicators.candles import Candles, FloatArray
from indicators.column import Column
from indicators.live import Bars, LiveParts, Rows, candle_number
from indicators.running import Window
from indicators.windows import slide


def vwap(high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray, period: int = 96) -> FloatArray:
    """Typical price (high + low + close) / 3 weighted by volume over the last `period` candles, in quote currency.

    Shape (symbols, candles); NaN for a row's first `period - 1`, and while nothing at all was traded in the window.
    """
    paid = slide(np.add, _typical(high, low, close) * volume, period)
    return _price(paid, slide(np.add, volume, period))


def _typical(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    return (high + low + close) / 3.0


def _price(paid: FloatArray, traded: FloatArray) -> FloatArray:
    return np.divide(paid, traded, out=np.full_like(paid, np.nan), where=traded > 0)


class LiveVwap(LiveParts):
    """`vwap`, a candle at a time."""

    def __init__(self, rows: int, period: int) -> None:
        self._paid = Window(np.add, rows, period)
        self._traded = Window(np.add, rows, period)
        super().__init__(self._paid, self._traded)

    def peek(self, rows: Rows, bars: Bars) -> FloatArray:
        """The values if these candles closed as they stand now; nothing is kept."""
        paid = _typical(bars.high, bars.low, bars.close) * bars.volume
        return _price(self._paid.peek(rows, paid), self._traded.peek(rows, bars.volume))

    def push(self, rows: Rows, bars: Bars) -> FloatArray:
        """The values after these closed candles."""
        paid = _typical(bars.high, bars.low, bars.close) * bars.volume
        return _price(self._paid.push(rows, paid), self._traded.push(rows, bars.volume))

    def fill(self, rows: Rows, candles: Candles) -> None:
        """These rows as if every one of these candles had been pushed."""
        number = candle_number(candles)
        paid = _typical(candles.high, candles.low, candles.close) * candles.volume
        self._paid.fill(rows, paid, number)
        self._traded.fill(rows, candles.volume, number)


COLUMN = Column(
    "vwap",
    (96,),
    lambda candles, period: vwap(candles.high, candles.low, candles.close, candles.volume, period),
    cache="vwap",
    live=LiveVwap,
)
