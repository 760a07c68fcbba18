"""A market from the real Bybit's public data: its forty busiest perpetuals, two minutes late.

A minute is shown two minutes after it happened, so that it is complete, and its path known, before it is played.
Orders go nowhere but to the practice matching.
"""

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import numpy as np

from sandbox.bybit.instruments import Instrument, spread_ticks
from sandbox.bybit.source import DAY_MS, HOUR_MS, MINUTE_MS, MINUTES_A_DAY, Block, Floats, MarketRefused

REAL_URL = "https://api.bybit.com"
SYMBOLS = 40
LAG_MINUTES = 2
HOUR_DAYS = 160
AT_ONCE = 8
PAGE = 1000
TIMEOUT_SECONDS = 10
REFRESH_SECONDS = 20
UNREACHABLE = (urllib.error.URLError, http.client.HTTPException, OSError, ValueError, KeyError)

Row = tuple[float, float, float, float, float]
UNKNOWN: Row = (np.nan, np.nan, np.nan, np.nan, np.nan)


class RealMarket:
    """A `Source` that grows. Minutes are there from `since_ms` on. Raises MarketRefused where Bybit does not answer."""

    def __init__(self, now_ms: int, since_ms: int, url: str = REAL_URL) -> None:
        self._url = url
        self.first_day = min(since_ms, now_ms - DAY_MS) // DAY_MS
        self.first_coarse_day = self.first_day - HOUR_DAYS
        try:
            self.instruments = tuple(self._listed())
            symbols = [instrument.symbol for instrument in self.instruments]
            lag_ms = LAG_MINUTES * MINUTE_MS
            self._minutes = self._history(symbols, "1", MINUTE_MS, self.first_day * DAY_MS - lag_ms, now_ms)
            self._hours = self._history(
                symbols, "60", HOUR_MS, self.first_coarse_day * DAY_MS, self.first_day * DAY_MS - 1
            )
        except UNREACHABLE as failed:
            raise MarketRefused(f"the real Bybit (SANDBOX_MARKET=bybit) cannot be reached: {failed}") from None

    def fetch_newest(self) -> list[dict[int, Row]]:
        """The last closed minutes of every symbol; blocking, and empty where Bybit does not answer."""
        symbols = [instrument.symbol for instrument in self.instruments]
        try:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                return list(pool.map(self._closed_lately, symbols))
        except UNREACHABLE:
            return []

    def take(self, newest: list[dict[int, Row]], now_ms: int) -> None:
        """Adds what was fetched. A minute that was already shown stays as it was: flat where nothing had come."""
        shown = now_ms // MINUTE_MS - LAG_MINUTES
        for kept, fetched in zip(self._minutes, newest or [{}] * len(self._minutes), strict=True):
            last = max(kept)
            for minute in range(last + 1, shown + 1):
                kept[minute] = _flat(kept[minute - 1])
            for minute in sorted(number for number in fetched if number > max(last, shown)):
                kept[minute] = fetched[minute]

    def day(self, day: int) -> Block:
        """The 1,440 1m candles of a UTC day; flat where nothing is known yet."""
        first = day * MINUTES_A_DAY - LAG_MINUTES
        return _block([list(_filled(kept, first, MINUTES_A_DAY)) for kept in self._minutes])

    def hours(self, day: int) -> Block:
        """The 24 1h candles of a day before there are minutes."""
        return _block([list(_filled(kept, day * 24, 24)) for kept in self._hours])

    def _ask(self, path: str, **params: Any) -> Any:
        query = urllib.parse.urlencode({"category": "linear", **params})
        url = f"{self._url}/v5/market/{path}?{query}"  # REAL_URL, or another practice Bybit in tests
        request = urllib.request.Request(url, headers={"User-Agent": "bybot"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            told = json.load(answer)
        if told["retCode"]:
            raise ValueError(told["retMsg"])
        return told["result"]

    def _listed(self) -> Iterator[Instrument]:
        """The busiest crypto perpetuals that trade in USDT."""
        known = {row["symbol"]: row for row in self._ask("instruments-info", limit=PAGE)["list"]}
        tickers = self._ask("tickers")["list"]
        traded = [row for row in tickers if row["symbol"] in known and _is_wanted(known[row["symbol"]])]
        busiest = sorted(traded, key=lambda ticker: -float(ticker["turnover24h"]))[:SYMBOLS]
        for number, ticker in enumerate(busiest, start=1):
            row = known[ticker["symbol"]]
            tick = Decimal(row["priceFilter"]["tickSize"])
            yield Instrument(
                symbol=row["symbol"],
                number=number,
                tick=tick,
                step=Decimal(row["lotSizeFilter"]["qtyStep"]),
                max_market_qty=Decimal(row["lotSizeFilter"]["maxMktOrderQty"]),
                max_leverage=Decimal(row["leverageFilter"]["maxLeverage"]),
                launched_ms=int(row["launchTime"]),
                spread_ticks=spread_ticks(float(ticker["lastPrice"]), tick, float(ticker["turnover24h"])),
                min_notional=Decimal(row["lotSizeFilter"]["minNotionalValue"]),
            )

    def _history(
        self, symbols: Iterable[str], interval: str, length: int, first_ms: int, last_ms: int
    ) -> list[dict[int, Row]]:
        """Closed candles of each symbol, by number of the interval since 1970."""
        starts = range(first_ms, last_ms, PAGE * length)

        def of(symbol: str) -> dict[int, Row]:
            found: dict[int, Row] = {}
            for start in starts:
                end = min(start + (PAGE - 1) * length, last_ms)
                found.update(self._page(symbol, interval, length, start=start, end=end, limit=PAGE))
            closed = {number: row for number, row in found.items() if number < (last_ms + 1) // length}
            if not closed:
                raise ValueError(f"no candles of {symbol}")
            return closed

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(of, symbols))

    def _page(self, symbol: str, interval: str, length: int, **wishes: int) -> dict[int, Row]:
        """One page of candles by number of the interval since 1970, the forming one included."""
        told = self._ask("kline", symbol=symbol, interval=interval, **wishes)
        return {int(row[0]) // length: _row(row[1:6]) for row in told["list"]}

    def _closed_lately(self, symbol: str) -> dict[int, Row]:
        rows = self._page(symbol, "1", MINUTE_MS, limit=10)
        return {number: row for number, row in rows.items() if number < max(rows)}


def _is_wanted(row: dict[str, Any]) -> bool:
    return (
        row["contractType"] == "LinearPerpetual"
        and row["quoteCoin"] == "USDT"
        and row["status"] == "Trading"
        and not row.get("isPreListing")
        and row.get("symbolType", "") not in ("stock", "commodity", "forex")
    )


def _row(cells: list[str]) -> Row:
    opened, high, low, close, volume = map(float, cells)
    return opened, high, low, close, volume


def _flat(before: Row) -> Row:
    close = before[3]
    return close, close, close, close, 0.0


def _filled(kept: dict[int, Row], first: int, count: int) -> Iterator[Row]:
    """So many candles from a number on; NaN before the first known one, flat where one is missing."""
    earlier = [number for number in kept if number < first]
    last = kept[max(earlier)] if earlier else None
    for number in range(first, first + count):
        last = kept.get(number) or (None if last is None else _flat(last))
        yield last or UNKNOWN


def _block(rows: list[list[Row]]) -> Block:
    table: Floats = np.array(rows)
    return Block(table[:, :, 0], table[:, :, 1], table[:, :, 2], table[:, :, 3], table[:, :, 4])
