"""MultiTF: trade where two frames agree on the trend, with volume, near the far end of the slow frame's range."""

import numpy as np

from indicators.batch import Columns
from indicators.candles import Candles, FloatArray
from strategies.measures import clipped, closed_slow, seen_from_fast, trend_in_atr
from strategies.model import WEIGHTS, Settings


class MultiTf:
    """Three factors of a fast frame and its slow one (SPEC 3); only slow candles that have closed are seen.

    1. `trend_alignment`: the smaller of both frames' clip((fast EMA - slow EMA) / ATR).
    2. `volume_confirmation`: clip((volume ratio - 1) / 2) of the fast frame.
    3. `price_position`: where the close lies in the range of the last 20 closed slow candles, 1 at the far end.
    """

    id = "multitf"
    factor_names = ("trend_alignment", "volume_confirmation", "price_position")
    weights = WEIGHTS
    uses_slow = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def raw(
        self, fast: Candles, columns: Columns, slow: Candles | None = None, slow_columns: Columns | None = None
    ) -> FloatArray:
        """The weaker trend in ATR (0 where the frames disagree), volume ratio, position in the range (0 low, 1 high).

        Shape (3, symbols, candles). Raises ValueError without the slow frame, or if its symbols differ.
        """
        if slow is None or slow_columns is None:
            raise ValueError("multitf judges two frames: the slow one is missing")
        if slow.symbols != fast.symbols:
            raise ValueError("both frames must hold the same symbols in the same order")
        settings = self._settings
        places = closed_slow(fast, slow)
        trend = weaker(
            trend_in_atr(fast, columns, settings),
            seen_from_fast(trend_in_atr(slow, slow_columns, settings), places),
        )
        lowest = seen_from_fast(slow_columns[f"lowest_{settings.slow_range}"], places)
        width = seen_from_fast(slow_columns[f"highest_{settings.slow_range}"], places) - lowest
        position = np.divide(fast.close - lowest, width, out=np.full_like(width, np.nan), where=width > 0)
        return np.stack((trend, columns[f"volume_ratio_{settings.volume}"], position))

    def factors(
        self, fast: Candles, columns: Columns, slow: Candles | None = None, slow_columns: Columns | None = None
    ) -> FloatArray:
        """Scores 0..1, shape (2 directions, 3, symbols, candles); 0 where an input is unknown."""
        trend, ratio, position = self.raw(fast, columns, slow, slow_columns)
        volume = (ratio - 1.0) / 2.0
        return clipped((trend, volume, position), (-trend, volume, 1.0 - position))


def weaker(one: FloatArray, other: FloatArray) -> FloatArray:
    """Of two signed measures the one nearer to zero, or 0 where their signs differ; NaN where either is."""
    agreed = np.sign(one) * np.minimum(np.abs(one), np.abs(other))
    return np.where(one * other < 0, 0.0, agreed)
