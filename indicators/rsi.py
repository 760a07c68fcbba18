"""Relative strength index."""

import numpy as np

from indicators.candles import FloatArray
from indicators.column import Column
from indicators.smoothing import smooth


def rsi(close: FloatArray, period: int = 14) -> FloatArray:
    """Share of rises in the smoothed moves, 0..100, shape (symbols, candles); NaN for the first `period`.

    Wilder (1978), seeded with the mean of the first `period` moves, as TA-Lib's RSI; like there it is 0 while the
    price has not moved at all.
    """
    moves = np.full_like(close, np.nan)
    moves[:, 1:] = np.diff(close, axis=1)
    # np.maximum keeps NaN, so a row's warm-up begins with its own first move.
    both = np.concatenate((np.maximum(moves, 0.0), np.maximum(-moves, 0.0)))
    gain, loss = np.split(smooth(both, period, 1.0 / period), 2)
    total = gain + loss
    return np.divide(100.0 * gain, total, out=total.copy(), where=total > 0)


COLUMN = Column("rsi", (14,), lambda candles, period: rsi(candles.close, period), cache="rsi")
