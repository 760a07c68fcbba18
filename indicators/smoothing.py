"""The one recursion behind EMA and Wilder's averages: mean += share * (value - mean), seeded with a plain mean."""

from itertools import accumulate

import numpy as np

from indicators.candles import FloatArray, IntArray, first_candles

# Measured: up to here plain floats, row by row, beat one array operation a candle.
_FEW_ROWS = 32
# Measured: from here pandas' compiled loop repays its own overhead; shorter input never imports pandas.
_LONG_ROW = 20_000


def smooth(values: FloatArray, length: int, share: float) -> FloatArray:
    """Exponential mean of each row, shape (symbols, candles).

    The first mean of a row is the plain mean of its first `length` values that are not NaN, standing at the last of
    them; before it NaN. From there each new value moves the mean by `share` of the difference. NaN may stand on the
    left of a row only.
    """
    rows, candles = values.shape
    seeded_at = first_candles(values) + length - 1
    live = np.flatnonzero(seeded_at < candles)
    if not len(live):
        return np.full(values.shape, np.nan)
    seeds = np.full(rows, np.nan)
    first = seeded_at[live][:, None] + np.arange(1 - length, 1)
    seeds[live] = values[live[:, None], first].mean(axis=1)
    if rows > _FEW_ROWS:
        return _over_symbols(values, seeds, seeded_at, share)
    if candles >= _LONG_ROW:
        return _over_time(values, seeds, seeded_at, share)
    return _row_by_row(values, seeds, seeded_at, share)


def _row_by_row(values: FloatArray, seeds: FloatArray, seeded_at: IntArray, share: float) -> FloatArray:
    """Few and short rows, in plain floats."""
    means = np.full(values.shape, np.nan)
    for row, at in enumerate(seeded_at.tolist()):
        after = values[row, at + 1 :].tolist()
        if at < values.shape[1]:
            means[row, at:] = list(
                accumulate(after, lambda mean, value: mean + share * (value - mean), initial=float(seeds[row]))
            )
    return means


def _over_symbols(values: FloatArray, seeds: FloatArray, seeded_at: IntArray, share: float) -> FloatArray:
    """Many rows: one step a candle for all of them; those not seeded yet stay NaN by themselves."""
    by_time = np.array(values.T, order="C")
    begins = {int(at): np.flatnonzero(seeded_at == at) for at in np.unique(seeded_at)}
    first = min(begins)
    by_time[:first] = np.nan
    mean = np.full(len(seeds), np.nan)
    for candle in range(first, len(by_time)):
        # The mean takes the value's place: memory that is touched for the first time costs more than the sum.
        moved = by_time[candle]
        np.subtract(moved, mean, out=moved)
        np.multiply(moved, share, out=moved)
        np.add(moved, mean, out=moved)
        if candle in begins:
            moved[begins[candle]] = seeds[begins[candle]]
        mean = moved
    return np.ascontiguousarray(by_time.T)


def _over_time(values: FloatArray, seeds: FloatArray, seeded_at: IntArray, share: float) -> FloatArray:
    """Long rows: pandas' compiled exponential mean, which begins at a row's first value that is not NaN."""
    import pandas as pd  # a second and 120 MB: only those who read long files pay it

    times = np.arange(values.shape[1])
    seeded = np.where(times < seeded_at[:, None], np.nan, values)
    seeded = np.where(times == seeded_at[:, None], seeds[:, None], seeded)
    return np.ascontiguousarray(pd.DataFrame(seeded.T).ewm(alpha=share, adjust=False).mean().to_numpy().T)
