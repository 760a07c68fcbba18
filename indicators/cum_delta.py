"""Cumulated volume delta: who pressed, buyers or sellers, as candles alone can tell."""

import numpy as np

from indicators.candles import Candles, FloatArray
from indicators.column import Column
from indicators.live import Bars, LiveParts, Rows, candle_number
from indicators.running import Window
from indicators.windows import slide


def volume_delta(high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray) -> FloatArray:
    """Buying minus selling of each candle in the volume's unit, approximated by where it closed, any shape.

    volume x (2 close - high - low) / (high - low): all of it bought on a close at the high, all sold at the low, none
    on balance in the middle; 0 for a candle without a range. (The multiplier of Chaikin's accumulation line.)
    """
    tilt = np.zeros_like(close)
    np.divide((close - low) - (high - close), high - low, out=tilt, where=high > low)
    return tilt * volume


def cum_delta(high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray, period: int = 10) -> FloatArray:
    """Volume delta of the last `period` candles as a share of their volume, -1..1, shape (symbols, candles).

    0.2 = of 100 traded, 60 were bought and 40 sold. As Chaikin's money flow. NaN for a row's first `period - 1`, and
    while nothing at all was traded in the window.
    """
    traded = slide(np.add, volume, period)
    pressed = slide(np.add, volume_delta(high, low, close, volume), period)
    return _share(pressed, traded)


def _share(pressed: FloatArray, traded: FloatArray) -> FloatArray:
    return np.divide(pressed, traded, out=np.full_like(pressed, np.nan), where=traded > 0)


def _delta_of(candle: Bars | Candles) -> FloatArray:
    return volume_delta(candle.high, candle.low, candle.close, candle.volume)


class LiveCumDelta(LiveParts):
    """`cum_delta`, a candle at a time."""

    def __init__(self, rows: int, period: int) -> None:
        self._pressed = Window(np.add, rows, period)
        self._traded = Window(np.add, rows, period)
        super().__init__(self._pressed, self._traded)

    def peek(self, rows: Rows, bars: Bars) -> FloatArray:
        """The values if these candles closed as they stand now; nothing is kept."""
        return _share(self._pressed.peek(rows, _delta_of(bars)), self._traded.peek(rows, bars.volume))

    def push(self, rows: Rows, bars: Bars) -> FloatArray:
        """The values after these closed candles."""
        return _share(self._pressed.push(rows, _delta_of(bars)), self._traded.push(rows, bars.volume))

    def fill(self, rows: Rows, candles: Candles) -> None:
        """These rows as if every one of these candles had been pushed."""
        number = candle_number(candles)
        self._pressed.fill(rows, _delta_of(candles), number)
        self._traded.fill(rows, candles.volume, number)


COLUMN = Column(
    "cum_delta",
    (10,),
    lambda candles, period: cum_delta(candles.high, candles.low, candles.close, candles.volume, period),
    cache="vwap",
    live=LiveCumDelta,
)
