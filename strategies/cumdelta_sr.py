"""CumDelta S/R: trade where a level holds while the volume presses away from it."""

import numpy as np

from indicators.batch import Columns
from indicators.candles import Candles, FloatArray
from strategies.measures import clipped, in_atr
from strategies.model import WEIGHTS, Settings

# How much of the traded volume has to press one way for a full score.
_FULL_DELTA = 0.2
# A price so many ATRs off a level is not at the level any more.
_REACH_ATR = 3.0


class CumDeltaSr:
    """Three factors of one frame. Long where buyers press just above a support, short where sellers press just below
    a resistance: a bounce off the level, with the stop close behind it.

    1. `volume_delta`: clip(delta / 0.2), delta being the volume bought minus the volume sold in the last 10 candles as
       a share of all that was traded; a candle counts as bought by volume x (2 close - high - low) / (high - low).
    2. `level_distance`: 1 - distance / 3 ATR to the support (long) or the resistance (short), which are the last swing
       low and high that stood out over 5 candles on either side, known 5 candles later; 0 once the close has broken
       through, since a broken level does not hold.
    3. `volume_confirmation`: clip((volume ratio - 1) / 2), the same for both directions.
    """

    id = "cumdelta_sr"
    factor_names = ("volume_delta", "level_distance", "volume_confirmation")
    weights = WEIGHTS
    uses_slow = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def raw(
        self, fast: Candles, columns: Columns, slow: Candles | None = None, slow_columns: Columns | None = None
    ) -> FloatArray:
        """Delta (0.3 = 30 % of the volume), ATRs to the level, volume ratio; shape (3, symbols, candles).

        The level is the one that the volume presses away from: the support (positive) while more is bought, else the
        resistance (negative). NaN while that level is broken.
        """
        support, resistance = self._distances(fast, columns)
        delta = self._delta(columns)
        return np.stack((delta, np.where(delta < 0, -resistance, support), self._ratio(columns)))

    def factors(
        self, fast: Candles, columns: Columns, slow: Candles | None = None, slow_columns: Columns | None = None
    ) -> FloatArray:
        """Scores 0..1, shape (2 directions, 3, symbols, candles); 0 where an input is unknown."""
        support, resistance = self._distances(fast, columns)
        delta = self._delta(columns) / _FULL_DELTA
        volume = (self._ratio(columns) - 1.0) / 2.0
        return clipped((delta, 1.0 - support / _REACH_ATR, volume), (-delta, 1.0 - resistance / _REACH_ATR, volume))

    def _delta(self, columns: Columns) -> FloatArray:
        return columns[f"cum_delta_{self._settings.delta}"]

    def _ratio(self, columns: Columns) -> FloatArray:
        return columns[f"volume_ratio_{self._settings.volume}"]

    def _distances(self, fast: Candles, columns: Columns) -> tuple[FloatArray, FloatArray]:
        """ATRs down to the support and up to the resistance, NaN where there is none."""
        width = self._settings.swing
        above = in_atr(fast.close - columns[f"swing_low_{width}"], fast, columns, self._settings)
        below = in_atr(columns[f"swing_high_{width}"] - fast.close, fast, columns, self._settings)
        return np.where(above >= 0, above, np.nan), np.where(below >= 0, below, np.nan)
