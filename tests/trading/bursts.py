"""Candles that make both strategies fire: a quiet stretch, a drift, a burst with much volume."""

import numpy as np

from tests.trading.world import MINUTE
from trading.ports import CandleRows


def burst(
    symbol: str,
    minutes: int,
    newest: int,
    *,
    up: bool = True,
    ahead: int = 0,
    candles: int = 200,
    price: float = 50_000.0,
    jump: float = 0.01,
    volume: float = 400.0,
) -> CandleRows:
    """Quiet candles, then a burst in the one that opens at `newest` (ms), then `ahead` quiet ones at the new price.

    `jump` is the move of the burst as a share of the price; of equal symbols the larger volume is the stronger.
    """
    length = minutes * MINUTE
    count = candles + ahead
    times = np.arange(newest - (candles - 1) * length, newest + ahead * length + 1, length, dtype=np.int64)
    way = 1.0 if up else -1.0
    place = np.arange(count)
    drift = np.clip((place - (candles - 31)) / 30, 0.0, 1.0)  # leads up to it, so that the averages agree
    level = price * (1 + way * jump * (drift + (place >= candles - 1)))
    wobble = np.where(place % 2, 1.0, -1.0) * price * 0.0005
    close = level + wobble
    opened = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(opened, close) * 1.0002
    low = np.minimum(opened, close) * 0.9998
    volumes = np.full(count, 100.0)
    volumes[candles - 1] = volume
    return CandleRows(symbol, minutes, times, np.stack((opened, high, low, close, volumes)))
