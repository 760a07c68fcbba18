"""When a score becomes a signal: one pure function of (scores, threshold, confluence) (SPEC 3, "Firing")."""

from collections.abc import Sequence

import numpy as np

from indicators.candles import BoolArray, IntArray
from strategies.model import Scores

DAY_MS = 86_400_000
# A firing silences the same symbol, strategy and direction for this many candles.
SILENT_CANDLES = 4


def fires(scores: Scores, threshold: float, confluence: int) -> BoolArray:
    """Where scores fire, shape (2 directions, symbols, candles).

    A candle fires when at least `confluence` factors are present and strength reaches `threshold`, not so on the
    candle before, and nothing fired on the four candles before. The first candle of the arrays never fires, because
    nothing is known of the one before it.
    """
    return fires_of(_enough(scores, threshold, confluence))


def fires_of(enough: BoolArray) -> BoolArray:
    """`fires` for scores of which is known where they are strong enough, shape (..., candles)."""
    result = np.zeros(enough.size, dtype=np.bool_)
    result[_firings(enough)] = True
    return result.reshape(enough.shape)


def days_in(open_times: IntArray) -> IntArray:
    """The UTC days (days since 1970) in which these candles opened, each once, oldest first."""
    return np.unique(open_times // DAY_MS)


def firings_by_day(scores: Scores, confluence: int, thresholds: Sequence[float]) -> IntArray:
    """How often each symbol fires in either direction under each threshold on each UTC day.

    Shape (thresholds, symbols, days); the days are `days_in(scores.open_times)`, a candle belonging to the day in
    which it opened.
    """
    symbols, candles = len(scores.symbols), len(scores.open_times)
    days, day_of = np.unique(scores.open_times // DAY_MS, return_inverse=True)
    counts = np.zeros((len(thresholds), symbols, len(days)), dtype=np.int64)
    for count, threshold in zip(counts, thresholds, strict=True):
        row, candle = np.divmod(_firings(_enough(scores, threshold, confluence)), candles)
        cells = row % symbols * len(days) + day_of[candle]
        count += np.bincount(cells, minlength=count.size).reshape(count.shape)
    return counts


def _enough(scores: Scores, threshold: float, confluence: int) -> BoolArray:
    result: BoolArray = (scores.strength >= threshold) & (scores.confluence >= confluence)
    return result


def _firings(enough: BoolArray) -> IntArray:
    """Places of the firings in the flattened array, ascending."""
    begins = np.zeros_like(enough)
    np.greater(enough[..., 1:], enough[..., :-1], out=begins[..., 1:])
    return _spaced(np.flatnonzero(begins), enough.shape[-1])


def _spaced(begins: IntArray, candles: int) -> IntArray:
    """Of ascending places in rows of `candles`, those that are not silenced by a firing shortly before.

    Only firings silence, so this is a recursion. It is walked for all rows at once: each stretch of crowded places
    starts anew at its first one, and every step goes from a firing to the next place that is far enough away.
    """
    if not len(begins):
        return begins
    apart = SILENT_CANDLES + 1
    row, candle = np.divmod(begins, candles)
    key = row * (candles + apart) + candle  # rows lie so far apart that they never silence each other
    head = np.ones(len(key), dtype=np.bool_)
    head[1:] = np.diff(key) >= apart
    following = np.searchsorted(key, key + apart)
    stop = np.append(head, True)  # a head begins a stretch of its own; past the end there is nothing
    fired = head.copy()
    reached = following[head]
    while len(reached := reached[~stop[reached]]):
        fired[reached] = True
        reached = following[reached]
    return begins[fired]
