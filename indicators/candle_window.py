"""The newest candles of many symbols in one timeframe, each checked as it comes in."""

from collections.abc import Sequence

import numpy as np

from indicators.candles import (
    MINUTE_MS,
    CandleError,
    Candles,
    FloatArray,
    IntArray,
    candles_from,
    first_fault,
    unchecked,
)
from indicators.live import Bars, Rows
from indicators.roster import NONE_YET, Roster
from indicators.running import arranged


class CandleWindow:
    """A ring of the newest `kept` closed candles of each symbol; a new candle costs the same whatever is kept.

    A candle's place in the ring follows from its open time, so all symbols' candles of one time stand together: a
    close writes a few runs of memory, and a block is one copy. A symbol's candles have no gaps. Takes 40 bytes a
    candle. Belongs to one thread. The numbers of rows change with `keep` only.
    """

    def __init__(self, symbols: Sequence[str], minutes: int, kept: int = 2_000) -> None:
        self.minutes = minutes
        self.kept = kept
        self._length = minutes * MINUTE_MS
        self._roster = Roster(symbols)
        self._values = np.full((5, kept, len(symbols)), np.nan)  # open, high, low, close, volume
        self._newest = np.full(len(symbols), NONE_YET, dtype=np.int64)
        self._first = np.full(len(symbols), NONE_YET, dtype=np.int64)  # the open time at which each row began

    @property
    def symbols(self) -> tuple[str, ...]:
        """Row by row."""
        return self._roster.symbols

    @property
    def nbytes(self) -> int:
        """Bytes that the candles take."""
        return self._values.nbytes

    def rows(self, symbols: Sequence[str]) -> Rows:
        """The rows of these symbols, in their order. Raises KeyError for a symbol that is not here."""
        return self._roster.rows(symbols)

    def newest(self, rows: Rows) -> IntArray:
        """The open time (ms UTC) of the newest candle of these rows, NONE_YET where there is none."""
        return self._newest[rows].copy()

    def counts(self, rows: Rows) -> IntArray:
        """How many candles of these rows are here."""
        newest = self._newest[rows]
        since = (newest - self._first[rows]) // self._length + 1
        counts: IntArray = np.where(newest == NONE_YET, 0, np.minimum(since, self.kept))
        return counts

    def keep(self, symbols: Sequence[str]) -> None:
        """From now on exactly these symbols, row by row: known ones keep their candles, others have none.

        Copies the candles of all, so it is for whole watchlists and not for one symbol after the other.
        """
        roster = Roster(symbols)
        order = self._roster.order(symbols)
        self._values = arranged(self._values, order, np.nan)
        self._newest = arranged(self._newest, order, NONE_YET)
        self._first = arranged(self._first, order, NONE_YET)
        self._roster = roster

    def append(self, rows: Rows, open_times: IntArray, bars: Bars) -> None:
        """One closed candle more for each of these rows, in the order of `open_times` (ms UTC) and `bars`.

        Raises CandleError, naming the symbol and changing nothing, where a candle breaks a rule of `candles_from` or
        does not follow the newest one; a row without any takes the first that comes.
        """
        rows = self._roster.plain(rows)
        fields = (bars.open, bars.high, bars.low, bars.close, bars.volume)
        fault = first_fault(*fields)
        if fault is not None:
            place, reason = fault
            raise CandleError(reason, self._roster.named(rows)[place])
        begins = self._roster.check_follows(self.minutes, rows, self._newest[rows], open_times)
        at: IntArray | int
        if len(open_times) and (open_times == open_times[0]).all():
            at = int(open_times[0]) // self._length % self.kept
        else:
            at = self._places(open_times)
            rows = np.arange(len(self._roster)) if isinstance(rows, slice) else rows
        for values, field in zip(self._values, fields, strict=True):
            values[at, rows] = field
        self._newest[rows] = open_times
        if begins is not None:
            self._first[rows] = np.where(begins, open_times, self._first[rows])

    def fill(self, symbol: str, open_times: IntArray, values: FloatArray) -> None:
        """Puts these candles in the place of all the symbol had: `values` (5, candles) open .. volume, oldest first.

        The newest `kept` stay. Raises CandleError, naming the symbol and changing nothing, as `candles_from` does, and
        KeyError for a symbol that is not here.
        """
        (row,) = self._roster.order((symbol,))
        if row < 0:
            raise KeyError(symbol)
        try:
            candles = _checked(symbol, self.minutes, open_times, values)
        except CandleError as error:
            raise CandleError(error.reason, symbol, error.row) from None
        self.forget(np.array([row]))
        if not len(candles):
            return
        fresh = candles.latest(self.kept)
        fields = (fresh.open, fresh.high, fresh.low, fresh.close, fresh.volume)
        places = self._places(fresh.open_times)
        for own, field in zip(self._values, fields, strict=True):
            own[places, row] = field[0]
        self._newest[row] = fresh.open_times[-1]
        self._first[row] = fresh.open_times[0]

    def forget(self, rows: Rows) -> None:
        """These rows have no candles any more."""
        self._values[:, :, rows] = np.nan
        self._newest[rows] = NONE_YET
        self._first[rows] = NONE_YET

    def block(self, symbols: Sequence[str], latest: int | None = None) -> Candles:
        """The newest `latest` candles (all unless told) of these symbols, side by side, copied.

        As long as the longest row, NaN on the left of shorter ones. Raises CandleError naming a symbol that does not
        end with the others, KeyError for one that is not here.
        """
        rows = self.rows(symbols)
        newest = self._newest[rows]
        if not len(newest):
            raise ValueError("a block of no symbols")
        end = int(newest.max())
        behind = np.flatnonzero((newest != end) | (newest == NONE_YET))
        if len(behind):
            raise CandleError(f"its newest candle opened at {newest[behind[0]]}, not {end}", symbols[int(behind[0])])
        count = int(self.counts(rows).max())
        count = count if latest is None else min(latest, count)
        times = end - np.arange(count - 1, -1, -1, dtype=np.int64) * self._length
        places = self._places(times)
        fields = [
            np.ascontiguousarray((values[places] if isinstance(rows, slice) else values[places[:, None], rows]).T)
            for values in self._values
        ]
        return unchecked(tuple(symbols), self.minutes, times, fields)

    def _places(self, open_times: IntArray) -> IntArray:
        result: IntArray = open_times // self._length % self.kept
        return result


def _checked(symbol: str, minutes: int, open_times: IntArray, values: FloatArray) -> Candles:
    opened, high, low, close, volume = values[:, None, :]
    candles = candles_from((symbol,), minutes, open_times, open=opened, high=high, low=low, close=close, volume=volume)
    if len(candles) and np.isnan(candles.close[0, 0]):
        raise CandleError("a value is missing or not finite", symbol, 0)
    return candles
