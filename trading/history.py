"""Closed candles read from Bybit page by page, and rows of several symbols laid side by side."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from indicators.candles import MINUTE_MS, Candles, candles_from
from trading.ports import CandleRows, Exchange

PAGE = 1_000


def newest_closed(now: int, minutes: int) -> int:
    """Open time of the newest candle that has closed by `now` (ms, Bybit's time)."""
    length = minutes * MINUTE_MS
    return now // length * length - length


async def read_history(
    exchange: Exchange, symbol: str, minutes: int, count: int, since: int | None = None
) -> CandleRows:
    """At most `count` newest closed candles, oldest first, opened at or after `since` (ms). Raises ExchangeError."""
    length = minutes * MINUTE_MS
    closed = newest_closed(exchange.bybit_time(), minutes)
    first = max(closed - (count - 1) * length, since if since is not None else 0)
    pages: list[CandleRows] = []
    end = closed
    while end >= first:
        page = await exchange.candles(symbol, minutes, start=first, end=end, limit=PAGE)
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


def _block(symbols: tuple[str, ...], minutes: int, times: NDArray[np.int64], values: NDArray[np.float64]) -> Candles:
    opened, high, low, close, volume = values
    return candles_from(symbols, minutes, times, open=opened, high=high, low=low, close=close, volume=volume)
