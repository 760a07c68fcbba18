"""All columns of many symbols at their newest candle, moved on candle by candle."""

from collections.abc import Mapping, Sequence

import numpy as np

from indicators.candles import Candles, FloatArray, IntArray, unchecked
from indicators.column import Column, Columns, chosen
from indicators.live import Bars, Rows, bars_of
from indicators.roster import NONE_YET, Roster
from indicators.running import arranged


class LiveColumns:
    """What `BatchIndicatorProcessor` computes, for the newest candle alone and without the history.

    Columns have the same names and shape (rows, 1), so that whatever takes the columns of many candles takes these,
    together with `one_candle`. Rows are independent: each warms up from its own first candle. `periods` and `columns`
    are those of `BatchIndicatorProcessor`. Belongs to one thread. The numbers of rows change with `keep` only.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        minutes: int,
        periods: Mapping[str, tuple[int, ...]] | None = None,
        columns: tuple[Column, ...] | None = None,
    ) -> None:
        self.minutes = minutes
        self._roster = Roster(symbols)
        picked = chosen(columns, periods)
        self._names = tuple(name for name, _, _ in picked)
        self._live = tuple(column.live(len(symbols), period) for _, column, period in picked)
        self._latest = np.full((len(picked), len(symbols)), np.nan)
        self._newest = np.full(len(symbols), NONE_YET, dtype=np.int64)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Row by row."""
        return self._roster.symbols

    def rows(self, symbols: Sequence[str]) -> Rows:
        """The rows of these symbols, in their order. Raises KeyError for a symbol that is not here."""
        return self._roster.rows(symbols)

    def newest(self, rows: Rows) -> IntArray:
        """The open time (ms UTC) of the newest closed candle of these rows, NONE_YET where there is none."""
        return self._newest[rows].copy()

    def keep(self, symbols: Sequence[str]) -> None:
        """From now on exactly these symbols, row by row: known ones keep their state, others have seen nothing.

        Copies the state of all, so it is for whole watchlists and not for one symbol after the other.
        """
        roster = Roster(symbols)
        order = self._roster.order(symbols)
        for live in self._live:
            live.arrange(order)
        self._latest = arranged(self._latest, order, np.nan)
        self._newest = arranged(self._newest, order, NONE_YET)
        self._roster = roster

    def fill(self, candles: Candles) -> None:
        """Starts the candles' symbols anew, as if every one of these candles had been pushed.

        Raises KeyError for a symbol that is not here, ValueError for another timeframe.
        """
        if candles.minutes != self.minutes:
            raise ValueError(f"candles of {candles.minutes} min in columns of {self.minutes} min")
        rows = self.rows(candles.symbols)
        self.forget(rows)
        if not len(candles):
            return
        fields = (candles.open, candles.high, candles.low, candles.close, candles.volume)
        before = unchecked(
            candles.symbols, candles.minutes, candles.open_times[:-1], [field[:, :-1] for field in fields]
        )
        newest = bars_of(candles)
        for place, live in enumerate(self._live):
            live.fill(rows, before)
            self._latest[place, rows] = live.push(rows, newest)
        listed = ~np.isnan(newest.close)
        self._newest[rows] = np.where(listed, candles.open_times[-1], NONE_YET)

    def push(self, rows: Rows, open_times: IntArray, bars: Bars) -> Columns:
        """The columns after these closed candles, one each, shape (rows, 1); checked on entry, not here.

        Raises CandleError, naming the symbol and changing nothing, unless each candle follows its row's newest one; a
        row without any takes the first that comes. After a gap: `fill`, or `forget`.
        """
        rows = self._roster.plain(rows)
        self._roster.check_follows(self.minutes, rows, self._newest[rows], open_times)
        self._newest[rows] = open_times
        columns = {}
        for place, (name, live) in enumerate(zip(self._names, self._live, strict=True)):
            values = live.push(rows, bars)
            self._latest[place, rows] = values
            columns[name] = values[:, None]
        return columns

    def peek(self, rows: Rows, bars: Bars) -> Columns:
        """The columns if these candles closed as they stand now, shape (rows, 1); nothing is kept."""
        rows = self._roster.plain(rows)
        return {name: live.peek(rows, bars)[:, None] for name, live in zip(self._names, self._live, strict=True)}

    def latest(self, rows: Rows) -> Columns:
        """The columns at the newest closed candle of these rows, shape (rows, 1)."""
        values = self._latest[:, rows, None].copy()
        return dict(zip(self._names, values, strict=True))

    def forget(self, rows: Rows) -> None:
        """These rows warm up anew, from whichever candle comes next."""
        for live in self._live:
            live.forget(rows)
        self._latest[:, rows] = np.nan
        self._newest[rows] = NONE_YET


def one_candle(symbols: tuple[str, ...], minutes: int, open_time: int, bars: Bars) -> Candles:
    """Bars of one open time (ms UTC), checked before, as Candles of shape (symbols, 1), without copying."""
    fields: list[FloatArray] = [field[:, None] for field in (bars.open, bars.high, bars.low, bars.close, bars.volume)]
    return unchecked(symbols, minutes, np.array([open_time], dtype=np.int64), fields)
