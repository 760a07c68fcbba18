"""Sums and extremes over a sliding window."""

import numpy as np

from indicators.candles import FloatArray


def slide(reduction: np.ufunc, values: FloatArray, length: int) -> FloatArray:
    """`reduction` (np.add, np.maximum, np.minimum) over each last `length` values, shape (symbols, candles).

    NaN for the first `length - 1`, and wherever the window holds a NaN. Windows grow by doubling (two neighbours of
    four make one of eight), so it takes log2(length) passes over whole arrays. Nothing is ever subtracted: a huge value
    leaves no rounding behind once it has left the window, as it does with differences of cumulative sums, and a window
    of zeros sums to exactly zero. A result depends on its own window alone, to the last bit.
    """
    result = np.full(values.shape, np.nan)
    if values.shape[1] < length:
        return result
    doubled, size = values, 1  # doubled[:, i] reduces the `size` values from i on
    covered, reach = values[:, :0], 0  # covered[:, i] reduces the `reach` values from i on
    while size <= length:
        if length & size:
            covered = reduction(covered[:, : -size or None], doubled[:, reach:]) if reach else doubled
            reach += size
        if 2 * size <= length:
            doubled = reduction(doubled[:, :-size], doubled[:, size:])
        size *= 2
    result[:, length - 1 :] = covered
    return result
