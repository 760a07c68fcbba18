"""Measures that several strategies share: distances told in ATR, and the slow frame seen from the fast one."""

from collections.abc import Sequence

import numpy as np

from indicators.batch import Columns
from indicators.candles import MINUTE_MS, Candles, FloatArray, IntArray
from strategies.model import Settings

# Under this share of the price an ATR is rounding left over from livelier candles (it decays by 13/14 and never
# reaches zero), and dividing by it would make a factor out of noise: it counts as zero.
_LEAST_ATR = 1e-12


def in_atr(distance: FloatArray, fast: Candles, columns: Columns, settings: Settings) -> FloatArray:
    """A distance in quote currency, told in ATR; NaN where either is unknown or the ATR is zero."""
    atr = columns[f"atr_{settings.atr}"]
    usable = atr > fast.close * _LEAST_ATR
    return np.divide(distance, atr, out=np.full_like(atr, np.nan), where=usable)


def trend_in_atr(candles: Candles, columns: Columns, settings: Settings) -> FloatArray:
    """How far the fast EMA stands above the slow one, in ATR, shape (symbols, candles)."""
    fast, slow = columns[f"ema_{settings.fast_ema}"], columns[f"ema_{settings.slow_ema}"]
    return in_atr(fast - slow, candles, columns, settings)


def clipped(long: Sequence[FloatArray], short: Sequence[FloatArray]) -> FloatArray:
    """Each direction's three measures clipped to 0..1, shape (2, 3, symbols, candles); unknown ones score 0."""
    scores = np.concatenate((*long, *short)).reshape(2, len(long), *long[0].shape)
    np.fmax(scores, 0.0, out=scores)  # of a NaN and 0, fmax takes the 0
    return np.minimum(scores, 1.0, out=scores)


def closed_slow(fast: Candles, slow: Candles) -> IntArray:
    """Which slow candle is the newest closed one as each fast candle ends, shape (fast candles,); -1 = not there.

    A slow candle is closed for a fast one when it ends no later. If the one that should be closed is missing, an
    older one does not stand in for it.
    """
    if slow.minutes % fast.minutes:
        raise ValueError(f"a slow frame of {slow.minutes} min does not fit a fast one of {fast.minutes} min")
    if not len(slow):
        return np.full(len(fast), -1, dtype=np.int64)
    length = slow.minutes * MINUTE_MS
    due = fast.close_times // length * length
    place = (due - (int(slow.open_times[0]) + length)) // length
    return np.where((place >= 0) & (place < len(slow)), place, -1)


def seen_from_fast(values: FloatArray, places: IntArray) -> FloatArray:
    """A slow column (symbols, slow candles) laid over the fast candles by `closed_slow`; NaN where there is none."""
    if len(places) == 1 and places[0] >= 0:  # one candle, as in a live tick: nothing to lay out
        return values[:, places[0] : places[0] + 1]
    padded = np.concatenate((values, np.full((len(values), 1), np.nan)), axis=1)
    return padded.take(places, axis=1)
