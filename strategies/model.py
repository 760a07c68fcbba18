"""What a strategy is, and what it says of the market: scores (SPEC 1, 3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from indicators.batch import Columns
from indicators.candles import Candles, FloatArray, IntArray
from strategies.signal import Direction

DIRECTIONS: tuple[Direction, Direction] = (Direction.LONG, Direction.SHORT)
WEIGHTS: tuple[float, float, float] = (0.40, 0.35, 0.25)


@dataclass(frozen=True, slots=True)
class Settings:
    """Periods in candles. They belong to the owner and stay as they are while the program runs."""

    fast_ema: int = 12
    slow_ema: int = 26
    atr: int = 14
    rsi: int = 14
    sma: int = 20
    vwap: int = 96
    volume: int = 20
    slow_range: int = 20
    delta: int = 10
    swing: int = 5  # candles on either side that a swing point stands out over
    channel: int = 48
    efficiency: int = 20

    @property
    def periods(self) -> Mapping[str, tuple[int, ...]]:
        """The columns that all strategies read, as `BatchIndicatorProcessor` takes them."""
        return {
            **self.main_periods,
            "cum_delta": (self.delta,),
            "swing_high": (self.swing,),
            "swing_low": (self.swing,),
            "swing_side": (self.swing,),
            "channel_high": (self.channel,),
            "channel_low": (self.channel,),
            "efficiency": (self.efficiency,),
        }

    @property
    def main_periods(self) -> Mapping[str, tuple[int, ...]]:
        """The columns of SPEC 2: those that VolumeVWAP and MultiTF read, and the plain mean."""
        return {
            "ema": (self.fast_ema, self.slow_ema),
            "atr": (self.atr,),
            "rsi": (self.rsi,),
            "sma": (self.sma,),
            "vwap": (self.vwap,),
            "volume_ratio": (self.volume,),
            "lowest": (self.slow_range,),
            "highest": (self.slow_range,),
        }


@runtime_checkable
class Strategy(Protocol):
    """Judges every symbol and candle in both directions by three factors.

    A strategy is a class in a module of this package, made with `Settings`. `factor_names` stand in the order of
    `weights`. `uses_slow` says whether it needs the slow frame's candles and columns; the others ignore them.
    """

    id: str
    factor_names: tuple[str, str, str]
    weights: tuple[float, float, float]
    uses_slow: bool

    def raw(
        self, fast: Candles, columns: Columns, slow: Candles | None = None, slow_columns: Columns | None = None
    ) -> FloatArray:
        """The three measures behind the factors, in the unit that a card tells, shape (3, symbols, candles).

        Not clipped, positive for long where they have a side, NaN where an input is unknown.
        """
        ...

    def factors(
        self, fast: Candles, columns: Columns, slow: Candles | None = None, slow_columns: Columns | None = None
    ) -> FloatArray:
        """Scores 0..1, shape (2 directions, 3, symbols, candles); 0 where an input is unknown."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What one strategy says of every symbol and candle, for `DIRECTIONS` in that order.

    `factors` (2, 3, symbols, candles) and `strength` (2, symbols, candles) are 0..1; strength is rounded to nine
    decimals, so that sums like 0.40 + 0.35 stand exactly on the thresholds' grid. `confluence` (2, symbols, candles)
    counts the factors that are present. `open_times` are ms UTC.
    """

    strategy: str
    minutes: int
    symbols: tuple[str, ...]
    open_times: IntArray
    factor_names: tuple[str, str, str]
    factors: FloatArray
    strength: FloatArray
    confluence: npt.NDArray[np.int8]
