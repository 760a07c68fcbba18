"""Range: in a market that goes sideways, trade back from the edge of its range."""

import numpy as np

from indicators.batch import Columns
from indicators.candles import Candles, FloatArray
from strategies.measures import clipped
from strategies.model import WEIGHTS, Settings

# The efficiency ratio from which on a market is not sideways at all.
_TRENDING = 0.4
# So many points of RSI off its middle are a full score.
_RSI_SPAN = 20.0


class Range:
    """Three factors of one frame. Long at the lower edge of a sideways range, short at its upper edge: the price is
    expected to go back into the range.

    1. `sideways`: clip(1 - efficiency / 0.4), the efficiency ratio being the way made good in 20 candles divided by
       the way gone (1 = straight); the same for both directions.
    2. `range_edge`: where the close lies in the range of the 48 candles before: for a long 1 at its low and 0 from the
       middle up, for a short 1 at its high; 0 outside it, since a range that is broken is none.
    3. `rsi_extreme`: clip((50 - RSI) / 20) for a long, clip((RSI - 50) / 20) for a short.
    """

    id = "range"
    factor_names = ("sideways", "range_edge", "rsi_extreme")
    weights = WEIGHTS
    uses_slow = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def raw(
        self, fast: Candles, columns: Columns, slow: Candles | None = None, slow_columns: Columns | None = None
    ) -> FloatArray:
        """Efficiency ratio (0 to and fro, 1 straight), position in the range (0 low, 1 high), RSI.

        Shape (3, symbols, candles).
        """
        settings = self._settings
        low, high = columns[f"channel_low_{settings.channel}"], columns[f"channel_high_{settings.channel}"]
        width = high - low
        position = np.divide(fast.close - low, width, out=np.full_like(width, np.nan), where=width > 0)
        return np.stack((columns[f"efficiency_{settings.efficiency}"], position, columns[f"rsi_{settings.rsi}"]))

    def factors(
        self, fast: Candles, columns: Columns, slow: Candles | None = None, slow_columns: Columns | None = None
    ) -> FloatArray:
        """Scores 0..1, shape (2 directions, 3, symbols, candles); 0 where an input is unknown."""
        efficiency, position, rsi = self.raw(fast, columns)
        sideways = 1.0 - efficiency / _TRENDING
        inside = (position >= 0) & (position <= 1)
        towards_low = np.where(inside, 1.0 - 2.0 * position, 0.0)
        low = (50.0 - rsi) / _RSI_SPAN
        return clipped((sideways, towards_low, low), (sideways, -towards_low, -low))
