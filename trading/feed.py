"""Candles of all watched symbols: filled by REST, each (symbol, timeframe) asked once for each new candle (SPEC 2)."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indicators.candles import CandleError, Candles, candles_from
from trading.errors import ExchangeError
from trading.ports import CandleRows, Clock, Exchange

KEPT = 2_000
PAGE = 1_000
AT_ONCE = 16
TRIES_AT_A_GAP = 3
REST_MS = 600_000
TICKER_STALE_MS = 10_000
CANDLE_STALE_MS = 20_000

Frame = tuple[str, int]  # (symbol, minutes)


@dataclass(slots=True)
class _Series:
    """Closed candles of one frame, oldest first; `heard_at` is when the newest one reached us."""

    open_times: NDArray[np.int64]
    values: NDArray[np.float64]
    heard_at: int


def newest_closed(now: int, minutes: int) -> int:
    """Open time of the newest candle that has closed by `now` (ms, Bybit's time)."""
    length = minutes * 60_000
    return now // length * length - length


class Feed:
    """Keeps the newest 2,000 closed candles of each frame in use; a frame nobody wants is let go."""

    def __init__(self, exchange: Exchange, clock: Clock) -> None:
        self._exchange = exchange
        self._clock = clock
        self._series: dict[Frame, _Series] = {}
        self._gaps: dict[Frame, int] = {}
        self._resting: dict[Frame, tuple[str, int]] = {}
        self._places = asyncio.Semaphore(AT_ONCE)

    async def refresh(self, wanted: Mapping[int, Iterable[str]]) -> str:
        """Asks for every candle that has closed since the last time. `wanted`: minutes -> symbols.

        A frame that can not be had is left as it is and asked again at the next tick; one with gaps rests. Returns
        what one of them ran into, as a text that is safe to show; "" where all went well.
        """
        frames = {(symbol, minutes) for minutes, symbols in wanted.items() for symbol in symbols}
        for known in (self._series, self._gaps, self._resting):
            for frame in known.keys() - frames:
                del known[frame]
        now = self._exchange.bybit_time()
        due = sorted(frame for frame in frames if self._is_due(frame, now))
        return next((text for text in await asyncio.gather(*(self._extend(frame) for frame in due)) if text), "")

    def _is_due(self, frame: Frame, now: int) -> bool:
        if frame in self._resting:
            if now < self._resting[frame][1]:
                return False
            del self._resting[frame]
        series = self._series.get(frame)
        return series is None or int(series.open_times[-1]) < newest_closed(now, frame[1])

    async def _extend(self, frame: Frame) -> str:
        """One frame brought up to date; a text where it could not be."""
        symbol, minutes = frame
        async with self._places:
            try:
                known = self._series.get(frame)
                since = None if known is None else int(known.open_times[-1]) + minutes * 60_000
                rows = await self.history(symbol, minutes, KEPT, since)
                if not len(rows.open_times):
                    return ""
                self._series[frame] = self._joined(known, rows)
                self._gaps.pop(frame, None)
            except ExchangeError as error:
                return error.text
            except CandleError as error:
                return self._stumble(frame, str(error))
        return ""

    def _joined(self, known: _Series | None, rows: CandleRows) -> _Series:
        times, values = rows.open_times, rows.values
        if known is not None:
            times = np.concatenate((known.open_times, times))
            values = np.concatenate((known.values, values), axis=1)
        times, values = times[-KEPT:], values[:, -KEPT:]
        # Checked here, so that one symbol's bad candle never spoils the block of all.
        _block((rows.symbol,), rows.minutes, times, values[:, None, :])
        return _Series(times, values, self._clock.now())

    def _stumble(self, frame: Frame, why: str) -> str:
        """A gap or an impossible candle: from the start again, three times, then the symbol rests."""
        self._series.pop(frame, None)
        self._gaps[frame] = self._gaps.get(frame, 0) + 1
        if self._gaps[frame] >= TRIES_AT_A_GAP:
            self._gaps.pop(frame)
            self._resting[frame] = (why, self._exchange.bybit_time() + REST_MS)
        return why

    async def history(self, symbol: str, minutes: int, count: int, since: int | None = None) -> CandleRows:
        """At most `count` newest closed candles, oldest first, opened at or after `since` (ms), page by page."""
        length = minutes * 60_000
        closed = newest_closed(self._exchange.bybit_time(), minutes)
        first = max(closed - (count - 1) * length, since if since is not None else 0)
        pages: list[CandleRows] = []
        end = closed
        while end >= first:
            page = await self._exchange.candles(symbol, minutes, start=first, end=end, limit=PAGE)
            inside = (page.open_times >= first) & (page.open_times <= end)
            page = CandleRows(symbol, minutes, page.open_times[inside], page.values[:, inside])
            if not len(page.open_times):
                break
            pages.append(page)
            end = int(page.open_times[0]) - length
            if len(page.open_times) < PAGE:
                break
        pages.reverse()
        if not pages:
            return CandleRows(symbol, minutes, np.empty(0, np.int64), np.empty((5, 0)))
        return CandleRows(
            symbol,
            minutes,
            np.concatenate([page.open_times for page in pages]),
            np.concatenate([page.values for page in pages], axis=1),
        )

    def newest(self, symbol: str, minutes: int) -> int | None:
        """Open time of the newest closed candle that is here."""
        series = self._series.get((symbol, minutes))
        return None if series is None else int(series.open_times[-1])

    def heard_at(self, symbol: str, minutes: int) -> int | None:
        """When (ms) the newest candle reached us."""
        series = self._series.get((symbol, minutes))
        return None if series is None else series.heard_at

    def block(self, symbols: tuple[str, ...], minutes: int) -> Candles:
        """These symbols' candles side by side, newest last; all must have the same newest candle."""
        series = [self._series[symbol, minutes] for symbol in symbols]
        longest = max(series, key=lambda one: len(one.open_times))
        values = np.full((5, len(symbols), len(longest.open_times)), np.nan)
        for place, one in enumerate(series):
            values[:, place, values.shape[2] - len(one.open_times) :] = one.values
        return _block(symbols, minutes, longest.open_times, values)

    def is_stale(self, symbol: str, minutes: int, tickers_at: int) -> bool:
        """No price for 10 s, or a candle 20 s late: no entries (SPEC 2)."""
        if self._clock.now() - tickers_at > TICKER_STALE_MS:
            return True
        now = self._exchange.bybit_time()
        newest = self.newest(symbol, minutes)
        return newest is None or newest < newest_closed(now - CANDLE_STALE_MS, minutes)

    @property
    def resting(self) -> tuple[tuple[str, str], ...]:
        """(symbol, reason) of what rests after gaps."""
        return tuple((f"{symbol} {minutes}m", why) for (symbol, minutes), (why, _) in sorted(self._resting.items()))


def _block(symbols: tuple[str, ...], minutes: int, times: NDArray[np.int64], values: NDArray[np.float64]) -> Candles:
    opened, high, low, close, volume = values
    return candles_from(symbols, minutes, times, open=opened, high=high, low=low, close=close, volume=volume)


def blocks_of(rows: Iterable[CandleRows]) -> Candles:
    """Rows of several symbols side by side, all ending at the same candle; those that end earlier are left out."""
    kept = [row for row in rows if len(row.open_times)]
    newest = max(int(row.open_times[-1]) for row in kept)
    kept = [row for row in kept if int(row.open_times[-1]) == newest]
    longest = max(kept, key=lambda row: len(row.open_times))
    values = np.full((5, len(kept), len(longest.open_times)), np.nan)
    for place, row in enumerate(kept):
        values[:, place, values.shape[2] - len(row.open_times) :] = row.values
    return _block(tuple(row.symbol for row in kept), longest.minutes, longest.open_times, values)
