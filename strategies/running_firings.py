"""Firing, a candle at a time: what `firing.fires` says of the newest candle, without going through the history."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from indicators.candles import BoolArray, FloatArray, IntArray
from indicators.live import Rows
from indicators.running import arranged
from strategies.firing import SILENT_CANDLES, fires_of

# How many scores of each symbol are kept, so that a threshold that is new can be followed from the past.
KEPT_SCORES = 256
# Candles since a firing that never was: more than any silence lasts, and far from the end of its integers.
_LONG_AGO = 1_000_000
_DIRECTIONS = 2

# A threshold (on the grid of 0.01) and how many factors have to be present.
Pair = tuple[float, int]


class _Followed:
    """One pair over all rows, (directions, rows): enough on the newest candle, candles since the last firing."""

    def __init__(self, rows: int) -> None:
        # Nothing is known of the candle before the first, and an unknown one begins nothing.
        self.enough = np.ones((_DIRECTIONS, rows), dtype=np.bool_)
        self.since = np.full((_DIRECTIONS, rows), _LONG_AGO, dtype=np.int64)

    def push(self, rows: Rows, enough: BoolArray) -> None:
        since = self.since[:, rows] + 1
        fired = enough & ~self.enough[:, rows] & (since > SILENT_CANDLES)
        self.enough[:, rows] = enough
        self.since[:, rows] = np.where(fired, 0, since)

    def begin(self, rows: Rows, enough: BoolArray, fired: BoolArray) -> None:
        """From a history: both arrays (directions, rows, candles)."""
        candles = fired.shape[-1]
        last = candles - 1 - np.argmax(fired[..., ::-1], axis=-1)
        self.enough[:, rows] = enough[..., -1]
        self.since[:, rows] = np.where(fired.any(axis=-1), candles - 1 - last, _LONG_AGO)

    def arrange(self, order: IntArray) -> None:
        self.enough = arranged(self.enough, order, 1)
        self.since = arranged(self.since, order, _LONG_AGO)


class RunningFirings:
    """One strategy's firings for many symbols, one row each, under every pair in use; O(rows) for each candle.

    Strength and confluence come as in `Scores`: shape (2 directions, rows). Equal to `fires` over all that was pushed;
    a pair that is asked for the first time is followed from the newest 256 candles.
    """

    def __init__(self, rows: int) -> None:
        self._strength = np.full((KEPT_SCORES, _DIRECTIONS, rows), np.inf)
        self._confluence = np.full((KEPT_SCORES, _DIRECTIONS, rows), np.iinfo(np.int8).max, dtype=np.int8)
        self._pushed = np.zeros(rows, dtype=np.int64)
        self._followed: dict[Pair, _Followed] = {}

    def push(self, rows: Rows, strength: FloatArray, confluence: npt.NDArray[np.int8]) -> None:
        """The next closed candle of these rows."""
        pushed = self._pushed[rows]
        if len(pushed) and (pushed == pushed[0]).all():  # all in step, as they nearly always are: one place for all
            place = int(pushed[0]) % KEPT_SCORES
            self._strength[place][:, rows] = strength
            self._confluence[place][:, rows] = confluence
        else:
            numbers = np.arange(len(self._pushed))[rows]
            places = pushed % KEPT_SCORES
            self._strength[places, :, numbers] = strength.T
            self._confluence[places, :, numbers] = confluence.T
        self._pushed[rows] += 1
        for pair, followed in self._followed.items():
            followed.push(rows, _enough(pair, strength, confluence))

    def fill(self, rows: Rows, strength: FloatArray, confluence: npt.NDArray[np.int8]) -> None:
        """These rows from the start: arrays of shape (2, rows, candles), oldest first."""
        self.forget(rows)
        numbers = np.arange(len(self._pushed))[rows]
        kept = min(strength.shape[-1], KEPT_SCORES)
        if not kept:
            return
        places = np.arange(kept)[:, None]
        self._strength[places, :, numbers] = strength[..., -kept:].transpose(2, 1, 0)
        self._confluence[places, :, numbers] = confluence[..., -kept:].transpose(2, 1, 0)
        self._pushed[numbers] = kept
        for pair, followed in self._followed.items():
            self._begin(pair, followed, numbers)

    def fired(self, rows: Rows, pair: Pair) -> BoolArray:
        """Whether the newest candle of these rows fired, (2, rows)."""
        if pair not in self._followed:
            self._followed[pair] = _Followed(len(self._pushed))
            self._begin(pair, self._followed[pair], np.arange(len(self._pushed)))
        fired: BoolArray = self._followed[pair].since[:, rows] == 0
        return fired

    def keep(self, pairs: Iterable[Pair]) -> None:
        """Pairs that nobody uses any more are let go."""
        wanted = set(pairs)
        self._followed = {pair: followed for pair, followed in self._followed.items() if pair in wanted}

    def forget(self, rows: Rows) -> None:
        """These rows begin anew."""
        self._strength[:, :, rows] = np.inf
        self._confluence[:, :, rows] = np.iinfo(np.int8).max
        self._pushed[rows] = 0
        for followed in self._followed.values():
            followed.enough[:, rows] = True
            followed.since[:, rows] = _LONG_AGO

    def arrange(self, order: IntArray) -> None:
        """From now on row i is what row `order[i]` was; -1 makes a row that has seen nothing."""
        self._strength = arranged(self._strength, order, np.inf)
        self._confluence = arranged(self._confluence, order, np.iinfo(np.int8).max)
        self._pushed = arranged(self._pushed, order, 0)
        for followed in self._followed.values():
            followed.arrange(order)

    def _begin(self, pair: Pair, followed: _Followed, numbers: IntArray) -> None:
        # Oldest first; what a row has not seen stands on its left as enough, which begins nothing.
        places = (self._pushed[numbers] + np.arange(KEPT_SCORES)[:, None]) % KEPT_SCORES
        strength = self._strength[places, :, numbers].transpose(2, 1, 0)
        confluence = self._confluence[places, :, numbers].transpose(2, 1, 0)
        enough = _enough(pair, strength, confluence)
        followed.begin(numbers, enough, fires_of(enough))


def _enough(pair: Pair, strength: FloatArray, confluence: npt.NDArray[np.int8]) -> BoolArray:
    threshold, present = pair
    result: BoolArray = (strength >= threshold) & (confluence >= present)
    return result
