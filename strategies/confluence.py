"""From factors to scores: what all strategies share, on whole arrays."""

import numpy as np
import numpy.typing as npt

from indicators.batch import Columns
from indicators.candles import Candles, FloatArray
from strategies.model import WEIGHTS, Scores, Strategy

PRESENT_AT = 0.5
# Half of the ninth decimal: a factor that is 0.5 but for its last bits is present.
_ROUNDING = 5e-10


def calculate_batch_confluence_factors(factors: FloatArray) -> npt.NDArray[np.int8]:
    """How many factors are present (0.5 or more): (..., 3, symbols, candles) -> (..., symbols, candles)."""
    present = factors >= PRESENT_AT - _ROUNDING
    return np.asarray(present.sum(axis=-3, dtype=np.int8))


def calculate_batch_signal_strength(factors: FloatArray, weights: tuple[float, float, float] = WEIGHTS) -> FloatArray:
    """Weighted sum of three factors, 0..1, to nine decimals: (..., 3, symbols, candles) -> (..., symbols, candles)."""
    strength: FloatArray = factors[..., 0, :, :] * weights[0]
    strength += factors[..., 1, :, :] * weights[1]
    strength += factors[..., 2, :, :] * weights[2]
    return strength.round(9, out=strength)


def score(
    strategy: Strategy,
    fast: Candles,
    columns: Columns,
    slow: Candles | None = None,
    slow_columns: Columns | None = None,
) -> Scores:
    """What the strategy says of every symbol and candle of `fast`; `slow` is read only if `strategy.uses_slow`."""
    factors = strategy.factors(fast, columns, slow, slow_columns)
    return Scores(
        strategy.id,
        fast.minutes,
        fast.symbols,
        fast.open_times,
        strategy.factor_names,
        factors,
        calculate_batch_signal_strength(factors, strategy.weights),
        calculate_batch_confluence_factors(factors),
    )
