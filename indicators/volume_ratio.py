"""How much was traded, compared with the candles before."""

import numpy as np

from indicators.candles import FloatArray
from indicators.column import Column
from indicators.windows import slide


def volume_ratio(volume: FloatArray, period: int = 20) -> FloatArray:
    """Volume divided by the mean volume of the `period` candles before it, shape (symbols, candles).

    2.0 = twice the usual. NaN for a row's first `period`, and where nothing was traded in all those before.
    """
    ratio = np.full_like(volume, np.nan)
    usual = slide(np.add, volume, period)[:, :-1] / period
    np.divide(volume[:, 1:], usual, out=ratio[:, 1:], where=usual > 0)
    return ratio


COLUMN = Column("volume_ratio", (20,), lambda candles, period: volume_ratio(candles.volume, period), cache="sma")
