"""Fibonacci RSI: join a swing where it has been given back by about half and the rush is over."""

import numpy as np

from indicators.batch import Columns
from indicators.candles import Candles, FloatArray
from strategies.measures import clipped, in_atr
from strategies.model import WEIGHTS, Settings

# Where the retracement zone begins, is at its best, and ends (shares of the swing, Fibonacci's ratios).
_FIRST, _GOLDEN_FROM, _GOLDEN_TO, _LAST = 0.236, 0.5, 0.618, 0.786
# A swing of fewer ATRs than this is noise, and its ratios stand closer together than one candle is long.
_LEAST_SWING_ATR = 3.0
# The RSI at which a pull-back within a rise begins to count, and over how many points it grows to a full score.
_RSI_BEGINS, _RSI_SPAN = 60.0, 20.0


class FibonacciRsi:
    """Three factors of one frame. Long in the pull-back after a swing up, short in the bounce after a swing down: the
    swing is expected to go on from the zone where most of them are joined again.

    1. `retracement_zone`: how much of the last swing (from the last swing low to the swing high after it, or down) has
       been given back at the close, as a share: 0 up to 0.236, rising to 1 at 0.5, 1 through the golden zone to 0.618,
       falling to 0 at 0.786. So it is present from 0.37 to 0.70. Swing points stand out over 5 candles on either side
       and are known 5 candles later; a swing of less than 3 ATR does not count.
    2. `rsi_reset`: clip((60 - RSI) / 20) for a long, clip((RSI - 40) / 20) for a short: the rush is over.
    3. `volume_confirmation`: clip((volume ratio - 1) / 2), the same for both directions.
    """

    id = "fibonacci_rsi"
    factor_names = ("retracement_zone", "rsi_reset", "volume_confirmation")
    weights = WEIGHTS
    uses_slow = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def raw(
        self, fast: Candles, columns: Columns, slow: Candles | None = None, slow_columns: Columns | None = None
    ) -> FloatArray:
        """Share of the last swing given back (positive: of a swing up), RSI, volume ratio; shape (3, symbols, candles).

        The share is NaN where there is no swing that counts, and where the price has gone beyond its end.
        """
        given_back, side = self._retracement(fast, columns)
        share = np.where(given_back > 0, given_back * side, np.nan)
        return np.stack((share, *self._rsi_and_ratio(columns)))

    def factors(
        self, fast: Candles, columns: Columns, slow: Candles | None = None, slow_columns: Columns | None = None
    ) -> FloatArray:
        """Scores 0..1, shape (2 directions, 3, symbols, candles); 0 where an input is unknown."""
        given_back, side = self._retracement(fast, columns)
        rsi, ratio = self._rsi_and_ratio(columns)
        zone = zone_score(given_back)
        volume = (ratio - 1.0) / 2.0
        cooled, recovered = (_RSI_BEGINS - rsi) / _RSI_SPAN, (rsi - (100.0 - _RSI_BEGINS)) / _RSI_SPAN
        return clipped((zone * (side > 0), cooled, volume), (zone * (side < 0), recovered, volume))

    def _rsi_and_ratio(self, columns: Columns) -> tuple[FloatArray, FloatArray]:
        return columns[f"rsi_{self._settings.rsi}"], columns[f"volume_ratio_{self._settings.volume}"]

    def _retracement(self, fast: Candles, columns: Columns) -> tuple[FloatArray, FloatArray]:
        """How much of the last swing is given back (NaN if it is too small), and which way it went (1, -1, 0)."""
        width = self._settings.swing
        top, bottom = columns[f"swing_high_{width}"], columns[f"swing_low_{width}"]
        side = columns[f"swing_side_{width}"]
        length = top - bottom
        back = np.where(side > 0, top - fast.close, fast.close - bottom)
        counts = in_atr(length, fast, columns, self._settings) >= _LEAST_SWING_ATR
        return np.divide(back, length, out=np.full_like(length, np.nan), where=counts & (side != 0)), side


def zone_score(given_back: FloatArray) -> FloatArray:
    """1 in the golden zone, falling to 0 at the zone's ends (below 0 outside it)."""
    rising = (given_back - _FIRST) / (_GOLDEN_FROM - _FIRST)
    falling = (_LAST - given_back) / (_LAST - _GOLDEN_TO)
    return np.minimum(rising, falling)
