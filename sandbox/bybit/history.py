"""Candles of every interval, made from the market's minutes and hours."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.bybit.market import Market
from sandbox.bybit.source import DAY_MS, HOUR_MS, MINUTE_MS, MINUTES_A_DAY, Block, Floats

INTERVALS = {
    **{str(minutes): minutes * MINUTE_MS for minutes in (1, 3, 5, 15, 30, 60, 120, 240, 360, 720)},
    "D": DAY_MS,
    "W": 7 * DAY_MS,
    "M": 31 * DAY_MS,
}
"""Bybit's names and lengths in ms (a month at its longest)."""

FIVE_MS = 5 * MINUTE_MS
THURSDAY = 3 * DAY_MS  # 1970 began on a Thursday, weeks begin on Mondays


@dataclass(frozen=True, slots=True)
class Rows:
    """Candles of one symbol, oldest first: `time` is ms UTC of the open, `turnover` is USDT."""

    time: NDArray[np.int64]
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    turnover: Floats

    def __len__(self) -> int:
        return len(self.time)

    def where(self, kept: NDArray[np.bool_]) -> "Rows":
        """The rows that are kept."""
        return _each(lambda part: part[kept], self)


@dataclass(frozen=True, slots=True)
class Summary:
    """A day of all symbols in one coarser interval, shape (symbols, candles)."""

    block: Block
    turnover: Floats


@dataclass(frozen=True, slots=True)
class LastDay:
    """The 24 h before a minute, for each symbol: what a ticker tells."""

    open: Floats
    high: Floats
    low: Floats
    volume: Floats
    turnover: Floats
    open_1h: Floats


class History:
    """Answers what candles there are at a moment, the one that is still forming included."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self._summaries: dict[tuple[int, int], Summary] = {}
        self._last_day: tuple[int, LastDay] | None = None
        market.on_change(self._forget)

    def candles(self, symbol: str, interval: str, first_ms: int, last_ms: int, now_ms: int) -> Rows:
        """Candles that open in first_ms <= t <= last_ms, none later than `now_ms`; the newest may be forming."""
        length = INTERVALS[interval]
        unit = HOUR_MS if length % HOUR_MS == 0 else FIVE_MS if length % FIVE_MS == 0 else MINUTE_MS
        first = opening(first_ms, interval)
        if first < first_ms:
            first = opening(first_ms + length, interval)
        last = min(last_ms, now_ms)
        if last < first:
            return _empty()
        closed = self._units(symbol, unit, first, min(opening(last, interval) + length, now_ms // unit * unit))
        running = self._running(symbol, unit, now_ms) if opening(now_ms, interval) <= last else _empty()
        rows = _joined([closed, running])
        rows = rows.where(~np.isnan(rows.open) & (rows.time >= first))
        grouped = _grouped(rows, interval)
        return grouped.where((grouped.time >= first_ms) & (grouped.time <= last))

    def days_needed(self, interval: str, first_ms: int, last_ms: int, now_ms: int) -> range:
        """The days that `candles` would have to make or look up, so that they can be made one at a time before."""
        begin = max(opening(first_ms, interval), self.market.source.first_coarse_day * DAY_MS) // DAY_MS
        return range(begin, min(last_ms + INTERVALS[interval], now_ms) // DAY_MS + 1)

    def prepare(self, day: int, interval: str) -> bool:
        """Makes one day of what `candles` of this interval reads; False where it was there already."""
        length = INTERVALS[interval]
        if length % HOUR_MS == 0:
            return self._prepare_summary(day, HOUR_MS)
        if day < self.market.source.first_day:
            return False
        if length % FIVE_MS == 0:
            return self._prepare_summary(day, FIVE_MS)
        self.market.day(day)
        return True

    def _prepare_summary(self, day: int, unit: int) -> bool:
        made = (day, unit) not in self._summaries
        self._summary(day, unit)
        return made

    def last_day(self, minute: int) -> LastDay:
        """The 1,440 minutes before `minute`, for all symbols."""
        if self._last_day is None or self._last_day[0] != minute:
            self._last_day = minute, self._sum_of_day(minute)
        return self._last_day[1]

    def _sum_of_day(self, minute: int) -> LastDay:
        day, at = divmod(minute, MINUTES_A_DAY)
        source = self.market.source
        blocks = [self.market.day(d) for d in (day - 1, day) if d >= source.first_day]
        begin = at if len(blocks) == 2 else max(0, at - MINUTES_A_DAY)
        end = at + MINUTES_A_DAY * (len(blocks) - 1)

        def stretch(name: str) -> Floats:
            return np.concatenate([getattr(block, name) for block in blocks], axis=1)[:, begin : max(end, begin + 1)]

        opens, highs, lows, closes = stretch("open"), stretch("high"), stretch("low"), stretch("close")
        volume = np.nan_to_num(stretch("volume"))
        turnover = volume * np.nan_to_num(opens + highs + lows + closes) / 4
        hour_ago = opens[:, max(0, opens.shape[1] - 60)]
        firsts = opens[np.arange(len(opens)), np.argmax(~np.isnan(opens), axis=1)]
        hour_ago = np.where(np.isnan(hour_ago), firsts, hour_ago)
        return LastDay(
            firsts,
            np.nanmax(highs, axis=1),
            np.nanmin(lows, axis=1),
            volume.sum(axis=1),
            turnover.sum(axis=1),
            hour_ago,
        )

    def _units(self, symbol: str, unit: int, first_ms: int, end_ms: int) -> Rows:
        """Closed candles of one unit (1m, 5m or 1h) that open in first_ms <= t < end_ms."""
        parts = []
        source, row = self.market.source, self.market.row[symbol]
        earliest = source.first_coarse_day if unit == HOUR_MS else source.first_day
        for day in range(max(earliest, first_ms // DAY_MS), -(-end_ms // DAY_MS)):
            if unit == MINUTE_MS:
                block, turnover = self.market.day(day), None
            else:
                summary = self._summary(day, unit)
                block, turnover = summary.block, summary.turnover[row]
            parts.append(_rows_of(block, row, day, unit, turnover))
        rows = _joined(parts)
        return rows.where((rows.time >= first_ms) & (rows.time < end_ms))

    def _running(self, symbol: str, unit: int, now_ms: int) -> Rows:
        """The minutes of the running unit, the forming one last."""
        begin = now_ms // unit * unit
        closed = self._units(symbol, MINUTE_MS, begin, now_ms // MINUTE_MS * MINUTE_MS)
        c = self.market.forming(symbol, now_ms)
        forming = Rows(
            np.array([now_ms // MINUTE_MS * MINUTE_MS]),
            np.array([c.open]),
            np.array([c.high]),
            np.array([c.low]),
            np.array([c.close]),
            np.array([c.volume]),
            np.array([c.turnover]),
        )
        return _joined([closed, forming])

    def _summary(self, day: int, unit: int) -> Summary:
        key = day, unit
        if key not in self._summaries:
            if day < self.market.source.first_day:
                self._summaries[key] = _priced(self.market.hours(day))
            else:
                self._summaries[key] = _coarser(self.market.day(day), unit // MINUTE_MS)
        return self._summaries[key]

    def _forget(self, day: int) -> None:
        self._last_day = None
        for key in [key for key in self._summaries if key[0] >= day]:
            del self._summaries[key]


def opening(time_ms: int, interval: str) -> int:
    """When the candle of this interval that holds a moment opened, ms UTC."""
    if interval == "M":
        month = np.datetime64(time_ms, "ms").astype("datetime64[M]")
        return int(month.astype("datetime64[ms]").astype(np.int64))
    if interval == "W":
        return (time_ms + THURSDAY) // (7 * DAY_MS) * 7 * DAY_MS - THURSDAY
    return time_ms // INTERVALS[interval] * INTERVALS[interval]


def _openings(times: NDArray[np.int64], interval: str) -> NDArray[np.int64]:
    if interval == "M":
        months = times.astype("datetime64[ms]").astype("datetime64[M]")
        found: NDArray[np.int64] = months.astype("datetime64[ms]").astype(np.int64)
        return found
    if interval == "W":
        return (times + THURSDAY) // (7 * DAY_MS) * 7 * DAY_MS - THURSDAY
    return times // INTERVALS[interval] * INTERVALS[interval]


def _grouped(rows: Rows, interval: str) -> Rows:
    if not len(rows):
        return rows
    keys = _openings(rows.time, interval)
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    ends = np.concatenate([starts[1:], [len(keys)]]) - 1
    return Rows(
        keys[starts],
        rows.open[starts],
        np.maximum.reduceat(rows.high, starts),
        np.minimum.reduceat(rows.low, starts),
        rows.close[ends],
        np.add.reduceat(rows.volume, starts),
        np.add.reduceat(rows.turnover, starts),
    )


def _coarser(block: Block, minutes: int) -> Summary:
    names, length = block.open.shape
    shape = (names, length // minutes, minutes)
    prices = (block.open + block.high + block.low + block.close) / 4
    with np.errstate(invalid="ignore"):
        summed = Block(
            block.open.reshape(shape)[:, :, 0],
            block.high.reshape(shape).max(axis=2),
            block.low.reshape(shape).min(axis=2),
            block.close.reshape(shape)[:, :, -1],
            block.volume.reshape(shape).sum(axis=2),
        )
    return Summary(summed, (block.volume * prices).reshape(shape).sum(axis=2))


def _priced(block: Block) -> Summary:
    return Summary(block, block.volume * (block.open + block.high + block.low + block.close) / 4)


def _rows_of(block: Block, row: int, day: int, unit: int, turnover: Floats | None) -> Rows:
    times = day * DAY_MS + np.arange(DAY_MS // unit, dtype=np.int64) * unit
    opens, highs, lows, closes = block.open[row], block.high[row], block.low[row], block.close[row]
    if turnover is None:
        turnover = block.volume[row] * (opens + highs + lows + closes) / 4
    return Rows(times, opens, highs, lows, closes, block.volume[row], turnover)


def _each(change: Callable[..., NDArray[Any]], *rows: Rows) -> Rows:
    """Applies `change` to each part of the rows (of several: to the same part of all)."""
    return Rows(
        change(*(r.time for r in rows)),
        change(*(r.open for r in rows)),
        change(*(r.high for r in rows)),
        change(*(r.low for r in rows)),
        change(*(r.close for r in rows)),
        change(*(r.volume for r in rows)),
        change(*(r.turnover for r in rows)),
    )


def _joined(many: list[Rows]) -> Rows:
    return _each(lambda *parts: np.concatenate(parts), _empty(), *many)


def _empty() -> Rows:
    nothing = np.array([])
    return Rows(np.array([], dtype=np.int64), nothing, nothing, nothing, nothing, nothing, nothing)
