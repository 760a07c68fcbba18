"""Sums and extremes over a sliding window, at a cost that does not depend on the window's length."""

import numpy as np

from indicators.candles import FloatArray


def slide(reduction: np.ufunc, values: FloatArray, length: int) -> FloatArray:
    """`reduction` (np.add, np.maximum, np.minimum) over each last `length` values, shape (symbols, candles).

    NaN for the first `length - 1`, and wherever the window holds a NaN. Nothing is ever subtracted, so a huge value
    leaves no rounding behind once it has left the window, as it does with differences of cumulative sums, and a
    window of zeros sums to exactly zero. Blocks of van Herk (1992): a window is the tail of one block and the head
    of the next. Blocks count from the left, so a value added on the right changes none before it.
    """
    rows, candles = values.shape
    result = np.full((rows, candles), np.nan)
    if candles < length:
        return result
    blocks = -(-candles // length)
    padded = np.full((rows, blocks * length), np.nan)
    padded[:, :candles] = values
    padded = padded.reshape(rows, blocks, length)
    heads = reduction.accumulate(padded, axis=2).reshape(rows, -1)
    tails = reduction.accumulate(padded[:, :, ::-1], axis=2)[:, :, ::-1].reshape(rows, -1)
    inner = result[:, length - 1 :]
    reduction(heads[:, length - 1 : candles], tails[:, : candles - length + 1], out=inner)
    # A window that is a whole block has its head and its tail in the same block: count it once.
    inner[:, ::length] = heads[:, length - 1 : candles : length]
    return result
