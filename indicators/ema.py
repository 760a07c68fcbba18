"""Exponential moving average."""

from indicators.candles import FloatArray
from indicators.column import Column
from indicators.live import LiveOf, closes
from indicators.running import Mean
from indicators.smoothing import smooth


def ema(values: FloatArray, period: int) -> FloatArray:
    """Exponential mean with alpha 2 / (period + 1), in the values' unit, shape (symbols, candles).

    Seeded with the mean of a row's first `period` values, so NaN for the first `period - 1`. As TA-Lib's EMA.
    """
    return smooth(values, period, 2.0 / (period + 1))


COLUMN = Column(
    "ema",
    (12, 26),
    lambda candles, period: ema(candles.close, period),
    cache="sma",
    live=lambda rows, period: LiveOf(Mean(rows, period, 2.0 / (period + 1)), closes),
)
