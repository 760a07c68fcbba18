"""Running measures that live columns are made of: the last value, a recursion, a sliding window.

Each holds the state of many rows as arrays whose last axis is the row, and obeys `indicators.live.Part`.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from indicators.candles import BoolArray, FloatArray, IntArray, first_candles
from indicators.live import Rows
from indicators.smoothing import smooth

# Measured: from here one call for each value in the block beats NumPy's accumulate, 25 times at 5,000 rows.
_FEW_ROWS = 100
# What a reduction of nothing is: reducing it with a value gives exactly that value.
_IDENTITY: dict[np.ufunc, float] = {np.add: 0.0, np.maximum: -np.inf, np.minimum: np.inf}


def arranged(state: npt.NDArray[Any], order: IntArray, blank: float) -> npt.NDArray[Any]:
    """State whose last axis is the row, with row i taken from `order[i]`, or `blank` where that is -1."""
    result = np.full((*state.shape[:-1], len(order)), blank, dtype=state.dtype)
    known = order >= 0
    result[..., known] = state[..., order[known]]
    return result


class Last:
    """The value before: `push` and `peek` both give what was pushed last, NaN if nothing was."""

    def __init__(self, rows: int) -> None:
        self._value = np.full(rows, np.nan)

    def peek(self, rows: Rows, values: FloatArray) -> FloatArray:
        return self._value[rows]

    def push(self, rows: Rows, values: FloatArray) -> FloatArray:
        before = self._value[rows].copy()
        self._value[rows] = values
        return before

    def forget(self, rows: Rows) -> None:
        self._value[rows] = np.nan

    def fill(self, rows: Rows, values: FloatArray, number: int) -> None:
        self._value[rows] = values[:, -1] if values.shape[1] else np.nan

    def arrange(self, order: IntArray) -> None:
        self._value = arranged(self._value, order, np.nan)


class Mean:
    """The recursion of `indicators.smoothing.smooth`, a value at a time.

    NaN for the first `length - 1` values, their plain mean with the next one, and from there each value moves the
    mean by `share` of the difference.
    """

    def __init__(self, rows: int, length: int, share: float) -> None:
        self._length = length
        self._share = share
        self._mean = np.full(rows, np.nan)
        self._count = np.zeros(rows, dtype=np.int64)  # values seen, up to `length`
        self._total = np.zeros(rows)  # their sum
        self._warming = rows > 0  # whether any row is not seeded yet

    def peek(self, rows: Rows, values: FloatArray) -> FloatArray:
        mean = self._mean[rows]
        moved: FloatArray = values - mean
        moved *= self._share
        moved += mean
        if self._warming:
            seeded = self._count[rows] == self._length - 1
            np.divide(self._total[rows] + values, self._length, out=moved, where=seeded)
        return moved

    def push(self, rows: Rows, values: FloatArray) -> FloatArray:
        moved = self.peek(rows, values)
        self._mean[rows] = moved
        if self._warming:
            self._warm(rows, values)
        return moved

    def _warm(self, rows: Rows, values: FloatArray) -> None:
        seen: BoolArray = ~np.isnan(values) & (self._count[rows] < self._length)
        self._count[rows] += seen
        self._total[rows] += np.where(seen, values, 0.0)
        self._warming = bool((self._count < self._length).any())

    def forget(self, rows: Rows) -> None:
        self._mean[rows] = np.nan
        self._count[rows] = 0
        self._total[rows] = 0.0
        self._warming = bool((self._count < self._length).any())

    def fill(self, rows: Rows, values: FloatArray, number: int) -> None:
        seen = values.shape[1] - first_candles(values)
        self._count[rows] = np.minimum(seen, self._length)
        # Only rows that are not seeded need their sum, and those have few values, all of them at the end.
        self._total[rows] = np.nansum(values[:, -self._length :], axis=1)
        self._mean[rows] = smooth(values, self._length, self._share)[:, -1] if values.shape[1] else np.nan
        self._warming = bool((self._count < self._length).any())

    def arrange(self, order: IntArray) -> None:
        self._mean = arranged(self._mean, order, np.nan)
        self._count = arranged(self._count, order, 0)
        self._total = arranged(self._total, order, 0.0)
        self._warming = bool((self._count < self._length).any())


class Window:
    """`reduction` (np.add, np.maximum, np.minimum) over each row's last `length` values, as `indicators.windows.slide`.

    Nothing is ever subtracted, so nothing is left of a value that has gone. The values of a row are cut into blocks of
    `length`; a window is the end of the block before together with the beginning of the present one. Of the block
    before, the reductions of all its ends are kept (`_ends[j]` reduces its values from the j-th on), worked out once
    when it was full; of the present one, the reduction so far (van Herk 1992; Gil and Werman 1993). What a row has not
    seen is NaN, so that warm-up comes by itself.

    Where a row's blocks begin changes no result but for rounding. `fill` lets them begin at the same candles for all
    rows; while all rows are equally far into theirs (`_shared`), no row needs looking up by itself.
    """

    def __init__(self, reduction: np.ufunc, rows: int, length: int) -> None:
        self._reduction = reduction
        self._nothing = _IDENTITY[reduction]
        self._length = length
        self._values = np.full((length, rows), np.nan)  # the present block
        self._ends = np.full((length + 1, rows), np.nan)
        self._ends[length] = self._nothing
        self._so_far = np.full(rows, self._nothing)
        self._shared: int | None = 0  # how many values of its block each row has seen, or None where they differ
        self._seen = np.zeros(rows, dtype=np.int64)  # the same for each row; in use where they differ

    def peek(self, rows: Rows, values: FloatArray) -> FloatArray:
        joined: FloatArray = self._reduction(self._so_far[rows], values)
        return self._with_ends(rows, joined)

    def push(self, rows: Rows, values: FloatArray) -> FloatArray:
        joined: FloatArray = self._reduction(self._so_far[rows], values)
        result = self._with_ends(rows, joined)
        if self._shared is not None and isinstance(rows, slice):
            self._push_all(self._shared, values, joined)
        else:
            self._push_some(rows, values, joined)
        return result

    def _with_ends(self, rows: Rows, joined: FloatArray) -> FloatArray:
        if self._shared is not None:
            ends = self._ends[self._shared + 1][rows]
        else:
            numbers = np.arange(len(self._seen))[rows]
            ends = self._ends[self._seen[rows] + 1, numbers]
        result: FloatArray = self._reduction(joined, ends)
        return result

    def _push_all(self, seen: int, values: FloatArray, joined: FloatArray) -> None:
        self._values[seen] = values
        self._so_far = joined
        self._shared = seen + 1
        if self._shared == self._length:
            self._shared = 0
            self._turn(slice(None))

    def _push_some(self, rows: Rows, values: FloatArray, joined: FloatArray) -> None:
        self._part_ways()
        numbers = np.arange(len(self._seen))[rows]
        self._values[self._seen[numbers], numbers] = values
        self._so_far[numbers] = joined
        self._seen[numbers] += 1
        full = numbers[self._seen[numbers] == self._length]
        if len(full):
            self._seen[full] = 0
            self._turn(full)
        self._come_together()

    def _turn(self, rows: Rows) -> None:
        """The present block of these rows is full and becomes the one before."""
        self._ends[: self._length, rows] = _ends_of(self._reduction, self._values[:, rows])
        self._so_far[rows] = self._nothing

    def _part_ways(self) -> None:
        if self._shared is not None:
            self._seen[:] = self._shared
            self._shared = None

    def _come_together(self) -> None:
        if self._shared is None and len(self._seen) and (self._seen == self._seen[0]).all():
            self._shared = int(self._seen[0])

    def forget(self, rows: Rows) -> None:
        self._values[:, rows] = np.nan
        self._ends[: self._length, rows] = np.nan
        seen: Any = self._seen[rows] if self._shared is None else self._shared
        # A window that begins within this block must not end with it.
        self._so_far[rows] = np.where(seen == 0, self._nothing, np.nan)

    def fill(self, rows: Rows, values: FloatArray, number: int) -> None:
        length, seen = self._length, (number + 1) % self._length
        late = values[:, -(length + seen) :].T
        blocks = np.full((length + seen, late.shape[1]), np.nan)
        blocks[len(blocks) - len(late) :] = late
        self._part_ways()
        self._seen[rows] = seen
        self._values[:, rows] = np.nan
        self._values[:seen, rows] = blocks[length:]
        self._ends[:length, rows] = _ends_of(self._reduction, blocks[:length])
        self._so_far[rows] = self._reduction.reduce(blocks[length:], axis=0, initial=self._nothing)
        self._come_together()

    def arrange(self, order: IntArray) -> None:
        blank = self._nothing if self._shared == 0 or self._shared is None else np.nan
        self._values = arranged(self._values, order, np.nan)
        self._ends = arranged(self._ends, order, np.nan)
        self._ends[self._length] = self._nothing
        self._so_far = arranged(self._so_far, order, blank)
        self._seen = arranged(self._seen, order, 0)
        self._come_together()


def _ends_of(reduction: np.ufunc, block: FloatArray) -> FloatArray:
    """Row by row down the axis of time, each value reduced with all that follow it."""
    if block.shape[1] < _FEW_ROWS:
        ends: FloatArray = reduction.accumulate(block[::-1], axis=0)[::-1]
        return ends
    ends = np.empty_like(block)
    ends[-1] = block[-1]
    for at in range(len(block) - 2, -1, -1):
        reduction(block[at], ends[at + 1], out=ends[at])
    return ends
