"""Public topics: what is new in one of them since it was looked at last."""

import math
import uuid
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from sandbox.bybit import book
from sandbox.bybit.history import INTERVALS, opening
from sandbox.bybit.instruments import Instrument
from sandbox.bybit.model import plain
from sandbox.bybit.rest.call import Result
from sandbox.bybit.rest.candles import candle_rows
from sandbox.bybit.rest.market import book_rows, ticker_rows
from sandbox.bybit.source import MINUTE_MS
from sandbox.bybit.stream.words import direction

if TYPE_CHECKING:
    from sandbox.bybit.practice import PracticeBybit

CANDLE_EVERY_MS = 1000
BEST_AGAIN_MS = 3000
DEPTHS = (1, 50, 200, 1000)


class UnknownTopic(Exception):
    """There is no such topic; the text is Bybit's."""


class Channel(Protocol):
    """One topic of one connection."""

    def news(self, now_ms: int) -> Iterable[Result]:
        """The messages that are due, without their topic."""


class Tickers:
    """The tickers of all symbols at one moment, shared by everyone who follows one."""

    def __init__(self, bybit: "PracticeBybit") -> None:
        self._bybit = bybit
        self._at_ms = -1
        self._rows: dict[str, Result] = {}
        bybit.market.on_change(self._forget)

    def _forget(self, first_day: int) -> None:
        self._rows = {}

    def at(self, symbol: str, now_ms: int) -> Result:
        """A symbol's ticker."""
        if self._at_ms != now_ms or symbol not in self._rows:
            instruments = self._bybit.market.instruments
            rows = ticker_rows(self._bybit, instruments.values(), now_ms)
            self._rows, self._at_ms = dict(zip(instruments, rows, strict=True)), now_ms
        return self._rows[symbol]


def open_channel(bybit: "PracticeBybit", tickers: Tickers, topic: str, now_ms: int) -> Channel:
    """The channel that a topic names. Raises UnknownTopic."""
    kind, _, rest = topic.partition(".")
    argument, _, symbol = rest.rpartition(".")
    instrument = bybit.market.instruments.get(symbol)
    makers: dict[str, Callable[[Instrument], Channel]] = {
        "kline": lambda i: Candles(bybit, i, argument, now_ms),
        "orderbook": lambda i: Book(bybit, i, int(argument)),
        "tickers": lambda i: Ticker(tickers, i),
        "publicTrade": lambda i: Trades(bybit, i, now_ms),
    }
    arguments = {
        "kline": tuple(INTERVALS),
        "orderbook": tuple(map(str, DEPTHS)),
        "tickers": ("",),
        "publicTrade": ("",),
    }
    if kind not in makers or argument not in arguments[kind]:
        raise UnknownTopic(f"error:handler not found,topic:{topic}")
    if instrument is None:
        raise UnknownTopic(f"Invalid symbol :[{topic}]")
    return makers[kind](instrument)


class Candles:
    """kline.{interval}.{symbol}: the forming candle once a second, each closed one once more with `confirm`."""

    def __init__(self, bybit: "PracticeBybit", instrument: Instrument, interval: str, now_ms: int) -> None:
        self._bybit = bybit
        self._instrument = instrument
        self._interval = interval
        self._open_ms = opening(now_ms, interval)
        self._told_ms = -CANDLE_EVERY_MS

    def news(self, now_ms: int) -> Iterable[Result]:
        """Closed candles that were not told as closed yet, and the forming one."""
        running = opening(now_ms, self._interval)
        if running == self._open_ms and now_ms - self._told_ms < CANDLE_EVERY_MS:
            return
        found = self._bybit.history.candles(self._instrument.symbol, self._interval, self._open_ms, now_ms, now_ms)
        for row in candle_rows(found, slice(None), self._instrument):
            start = int(row[0])
            closed = start < running
            end = opening(start + INTERVALS[self._interval], self._interval) - 1
            data = {"start": start, "end": end, "interval": self._interval, "confirm": closed}
            names = ("open", "high", "low", "close", "volume", "turnover")
            data |= dict(zip(names, row[1:], strict=True))
            yield {"type": "snapshot", "data": [data | {"timestamp": min(end, now_ms)}], "ts": now_ms}
        self._open_ms, self._told_ms = running, now_ms


class Ticker:
    """tickers.{symbol}: all of it once, then what changed."""

    def __init__(self, tickers: Tickers, instrument: Instrument) -> None:
        self._tickers = tickers
        self._symbol = instrument.symbol
        self._told: Result = {}

    def news(self, now_ms: int) -> Iterable[Result]:
        """A snapshot at first, then deltas."""
        now = dict(self._tickers.at(self._symbol, now_ms))
        before = self._told.get("lastPrice", now["lastPrice"])
        last = self._told.get("tickDirection", "PlusTick")
        now["tickDirection"] = direction(Decimal(before), Decimal(now["lastPrice"]), last)
        changed = {name: value for name, value in now.items() if self._told.get(name) != value}
        if not self._told:
            yield {"type": "snapshot", "data": now, "cs": now_ms, "ts": now_ms}
        elif set(changed) - {"tickDirection"}:
            yield {"type": "delta", "data": {"symbol": self._symbol, **changed}, "cs": now_ms, "ts": now_ms}
        self._told = now


class Book:
    """orderbook.{depth}.{symbol}: all levels once, then what changed, "0" where a level is gone."""

    def __init__(self, bybit: "PracticeBybit", instrument: Instrument, depth: int) -> None:
        self._bybit = bybit
        self._instrument = instrument
        self._depth = depth
        self._told: dict[str, dict[str, str]] = {}
        self._told_ms = 0
        self._update = 1

    def news(self, now_ms: int) -> Iterable[Result]:
        """A snapshot at first, then deltas; the best level alone is told again where it stood for 3 s."""
        bid, ask = self._bybit.prices.quotes(self._instrument.symbol)
        sides = {"b": book.bids(self._instrument, bid), "a": book.asks(self._instrument, ask)}
        rows = {side: book_rows(levels, self._instrument, self._depth) for side, levels in sides.items()}
        now = {side: dict(levels) for side, levels in rows.items()}
        is_late = self._depth == 1 and now_ms - self._told_ms >= BEST_AGAIN_MS
        if now == self._told and not is_late:
            return
        if self._told and not is_late:
            kind, rows = "delta", {side: _difference(self._told[side], now[side]) for side in now}
        else:
            kind = "snapshot"
        self._update += now != self._told
        data = {"s": self._instrument.symbol, **rows, "u": self._update, "seq": now_ms}
        self._told, self._told_ms = now, now_ms
        yield {"type": kind, "ts": now_ms, "data": data, "cts": now_ms}


class Trades:
    """publicTrade.{symbol}: trades that move the price along its path, of the size that the candle's volume allows."""

    def __init__(self, bybit: "PracticeBybit", instrument: Instrument, now_ms: int) -> None:
        self._bybit = bybit
        self._instrument = instrument
        self._told_ms = now_ms
        self._price = bybit.market.last(instrument.symbol, now_ms)
        self._direction = "PlusTick"

    def news(self, now_ms: int) -> Iterable[Result]:
        """One trade for the time since the last, none where time and price stood still."""
        symbol, step = self._instrument.symbol, self._instrument.step
        price = self._bybit.market.last(symbol, now_ms)
        passed = min(MINUTE_MS, now_ms - self._told_ms)
        if not passed and price == self._price:
            return
        whole = self._bybit.market.candle(symbol, now_ms // MINUTE_MS).volume
        volume = Decimal(0 if math.isnan(whole) else whole) * passed / MINUTE_MS  # a file may lack the minute
        self._direction = direction(self._price, price, self._direction)
        trade = {
            "T": now_ms,
            "s": symbol,
            "S": "Buy" if "Plus" in self._direction else "Sell",
            "v": plain(max(step, volume // step * step)),
            "p": f"{price:.{self._instrument.price_decimals}f}",
            "L": self._direction,
            "i": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{symbol}|{now_ms}|{price}")),
            "BT": False,
            "RPI": False,
            "seq": now_ms,
        }
        self._told_ms, self._price = now_ms, price
        yield {"type": "snapshot", "ts": now_ms, "data": [trade]}


def _difference(before: dict[str, str], now: dict[str, str]) -> list[list[str]]:
    gone = [[price, "0"] for price in before if price not in now]
    return gone + [[price, size] for price, size in now.items() if before.get(price) != size]
