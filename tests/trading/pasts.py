"""Pasts to scan: random walks with bursts of volume, in which every threshold fires now and then."""

import numpy as np

from indicators.candles import Candles, candles_from
from tests.trading.world import DAY, MIDNIGHT, MINUTE

FIRST_DAY = MIDNIGHT // DAY


def past(symbol: str, minutes: int, days: float, *, seed: int, begins: int = MIDNIGHT, price: float = 100.0) -> Candles:
    """One symbol's candles from `begins` (ms) on."""
    random = np.random.default_rng(seed)
    count = round(days * 1440 / minutes)
    steps = random.standard_t(4, count) * 0.002
    close = price * np.exp(np.cumsum(steps))
    opened = np.concatenate((close[:1], close[:-1]))
    return candles_from(
        (symbol,),
        minutes,
        begins + np.arange(count, dtype=np.int64) * minutes * MINUTE,
        open=opened[None],
        high=(np.maximum(opened, close) * 1.0005)[None],
        low=(np.minimum(opened, close) * 0.9995)[None],
        close=close[None],
        volume=(100 * np.exp(random.normal(0, 0.5, count)) * (1 + 300 * np.abs(steps)))[None],
    )
