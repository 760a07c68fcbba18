"""VolumeVWAP: trade with unusual volume, away from the average price paid, along the trend."""

import numpy as np

from indicators.batch import Columns
from indicators.candles import Candles, FloatArray
from strategies.measures import clipped, in_atr, trend_in_atr
from strategies.model import WEIGHTS, Settings


class VolumeVwap:
    """Three factors of one frame (SPEC 3).

    1. `volume_confirmation`: clip((volume ratio - 1) / 2), the same for both directions.
    2. `vwap_position`: clip((close - VWAP) / ATR / 4).
    3. `trend_alignment`: clip((fast EMA - slow EMA) / ATR).
    """

    id = "volume_vwap"
    factor_names = ("volume_confirmation", "vwap_position", "trend_alignment")
    weights = WEIGHTS
    uses_slow = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def raw(
        self, fast: Candles, columns: Columns, slow: Candles | None = None, slow_columns: Columns | None = None
    ) -> FloatArray:
        """Volume ratio (2.9 = 2.9 x usual), ATRs above VWAP, trend in ATR; shape (3, symbols, candles)."""
        settings = self._settings
        above = in_atr(fast.close - columns[f"vwap_{settings.vwap}"], fast, columns, settings)
        return np.stack((columns[f"volume_ratio_{settings.volume}"], above, trend_in_atr(fast, columns, settings)))

    def factors(
        self, fast: Candles, columns: Columns, slow: Candles | None = None, slow_columns: Columns | None = None
    ) -> FloatArray:
        """Scores 0..1, shape (2 directions, 3, symbols, candles); 0 where an input is unknown."""
        ratio, above, trend = self.raw(fast, columns)
        volume = (ratio - 1.0) / 2.0
        away = above / 4.0
        return clipped((volume, away, trend), (volume, -away, -trend))
