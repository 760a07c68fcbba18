"""The one recursion behind EMA and Wilder's averages: y += share * (x - y), seeded with a mean."""

from itertools import accumulate

import numpy as np

from indicators.candles import FloatArray, IntArray, first_candles

# Measured: up to here plain floats, row by row, beat one array operation a candle.
_FEW_ROWS = 32
# Measured: from here pandas' compiled loop repays its own overhead; shorter input never imports pandas.
_LONG_ROW = 20_000


def smooth(values: FloatArray, length: int, share: float) -> FloatArray:
    """Exponential mean of each row, shape (symbols, candles).

    The first value of a row is the plain mean of its first `length` values that are not NaN, standing at the last of
    them; before it NaN. From there each new value moves the mean by `share` of the difference. NaN may stand on the
    left of a row only.
    """
    rows, candles = values.shape
    result = np.full((rows, candles), np.nan)
    seeded_at = first_candles(values) + length - 1
    live = np.flatnonzero(seeded_at < candles)
    if not len(live):
        return result
    seeded_at = seeded_at[live]
    first = values[live[:, None], seeded_at[:, None] - np.arange(length - 1, -1, -1)]
    seeds = first.mean(axis=1)
    if len(live) > _FEW_ROWS:
        result[live] = _over_symbols(values[live], seeds, seeded_at, share)
    elif candles >= _LONG_ROW:
        result[live] = _over_time(values[live], seeds, seeded_at, share)
    else:
        for row, seed, at in zip(live, seeds, seeded_at, strict=True):
            result[row, at:] = _one_row(values[row, at + 1 :], float(seed), share)
    return result


def _one_row(values: FloatArray, seed: float, share: float) -> list[float]:
    return list(accumulate(values.tolist(), lambda mean, value: mean + share * (value - mean), initial=seed))


def _over_symbols(values: FloatArray, seeds: FloatArray, seeded_at: IntArray, share: float) -> FloatArray:
    """One step a candle for all rows at once; rows that are not seeded yet stay NaN by themselves."""
    by_time = np.ascontiguousarray(values.T)
    means = np.full_like(by_time, np.nan)
    begins = {int(at): np.flatnonzero(seeded_at == at) for at in np.unique(seeded_at)}
    mean = np.full(len(seeds), np.nan)
    for candle in range(int(seeded_at.min()), len(by_time)):
        step = by_time[candle] - mean
        step *= share
        mean = np.add(mean, step, out=means[candle])
        if candle in begins:
            mean[begins[candle]] = seeds[begins[candle]]
    return means.T


def _over_time(values: FloatArray, seeds: FloatArray, seeded_at: IntArray, share: float) -> FloatArray:
    """Long rows through pandas' compiled exponential mean, which begins at the first value that is not NaN."""
    import pandas as pd  # a second and 120 MB: only those who read long files pay it

    seeded = values.copy()
    seeded[np.arange(values.shape[1]) < seeded_at[:, None]] = np.nan
    seeded[np.arange(len(seeds)), seeded_at] = seeds
    return np.asarray(pd.DataFrame(seeded.T).ewm(alpha=share, adjust=False).mean().to_numpy().T)
