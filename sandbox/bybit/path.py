"""How the price walks through one candle: open, the nearer extreme, the other extreme, close, one step a second."""

import numpy as np

from sandbox.bybit.source import Floats

SECONDS = 60
PATH_STREAM = 4


def minute_path(opens: Floats, highs: Floats, lows: Floats, closes: Floats, *, seed: int, minute: int) -> Floats:
    """Prices of all symbols at the seconds 0 to 60 of a minute, shape (symbols, 61); high and low are touched."""
    random = np.random.Generator(np.random.PCG64([seed, PATH_STREAM, minute]))
    names = len(opens)
    high_first = highs - opens <= opens - lows
    nearer, other = np.where(high_first, highs, lows), np.where(high_first, lows, highs)
    first = random.integers(4, 24, names)[:, None]
    second = random.integers(30, 57, names)[:, None]
    at = np.arange(SECONDS + 1)[None, :]
    ends = [part[:, None] for part in (opens, nearer, other, closes)]
    path = np.where(
        at <= first,
        ends[0] + (ends[1] - ends[0]) * at / first,
        np.where(
            at <= second,
            ends[1] + (ends[2] - ends[1]) * (at - first) / (second - first),
            ends[2] + (ends[3] - ends[2]) * (at - second) / (SECONDS - second),
        ),
    )
    held = (at == 0) | (at == first) | (at == second) | (at == SECONDS)
    path += np.where(held, 0.0, 0.07 * (highs - lows)[:, None] * random.standard_normal(path.shape))
    walked: Floats = np.clip(path, lows[:, None], highs[:, None])
    return walked
