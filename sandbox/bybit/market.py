"""The market as it is seen: candles, prices and paths of a source, with the moves of this world laid over them."""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from sandbox.bybit.moves import Move, Moves
from sandbox.bybit.path import SECONDS, minute_path
from sandbox.bybit.source import DAY_MS, MINUTE_MS, MINUTES_A_DAY, Block, Floats, Source

KEPT_DAYS = 9
"""Days of 1m candles in memory (about 4.6 MB each): a week, read symbol by symbol, and its two ends."""
KEPT_MINUTES = 16


@dataclass(frozen=True, slots=True)
class Candle:
    """One candle with prices on ticks; volume in the base coin, turnover in USDT."""

    open: float
    high: float
    low: float
    close: float
    volume: float
    turnover: float


@dataclass(frozen=True, slots=True)
class Point:
    """The price of one symbol at a moment; `gap`: it jumped there from the point before, trading nothing between."""

    time_ms: int
    price: Decimal
    gap: bool


@dataclass(frozen=True, slots=True)
class _Day:
    """A day of 1m candles: as the source made them, and as they are seen, rounded to ticks and steps."""

    made: Block
    seen: Block


class Market:
    """Prices of all symbols at all times. It never looks at a clock; the caller says what time it is."""

    def __init__(self, source: Source, seed: int, moves: Iterable[Move] = ()) -> None:
        self.source = source
        self.instruments = {i.symbol: i for i in source.instruments}
        self.row = {symbol: row for row, symbol in enumerate(self.instruments)}
        self.seed = seed
        self._ticks = np.array([[float(i.tick)] for i in source.instruments])
        self._steps = np.array([[float(i.step)] for i in source.instruments])
        self._digits = [(i.price_decimals, i.qty_decimals) for i in source.instruments]
        self._moves = {symbol: Moves() for symbol in self.instruments}
        self._days: OrderedDict[int, _Day] = OrderedDict()
        self._forgetters: list[Callable[[int], None]] = []
        self._paths: OrderedDict[int, Floats] = OrderedDict()
        for move in moves:
            if move.symbol in self._moves:
                self._moves[move.symbol].add(move)

    def add(self, move: Move) -> None:
        """Lays a move over the candles from now on."""
        self._moves[move.symbol].add(move)
        self.make_anew(move.start_ms // DAY_MS)

    def make_anew(self, first_day: int) -> None:
        """Candles of that day and later may have changed: they are made again when they are asked for."""
        for day in [d for d in self._days if d >= first_day]:
            del self._days[day]
        for minute in [m for m in self._paths if m // MINUTES_A_DAY >= first_day]:
            del self._paths[minute]
        for forget in self._forgetters:
            forget(first_day)

    def on_change(self, forget: Callable[[int], None]) -> None:
        """`forget(day)` is called when candles of that day and later may have changed."""
        self._forgetters.append(forget)

    def day(self, day: int) -> Block:
        """The 1,440 1m candles of a day as they are seen once they are closed; shape (symbols, 1440)."""
        return self._day(day).seen

    def hours(self, day: int) -> Block:
        """The 24 1h candles of a day before the source has minutes, rounded."""
        return self._rounded(self.source.hours(day))

    def candle(self, symbol: str, minute: int) -> Candle:
        """The closed 1m candle of a minute (minutes since 1970)."""
        row, seen = self.row[symbol], self._day(minute // MINUTES_A_DAY).seen
        at = minute % MINUTES_A_DAY
        prices = [float(part[row, at]) for part in (seen.open, seen.high, seen.low, seen.close, seen.volume)]
        return _candle(*prices)

    def forming(self, symbol: str, time_ms: int) -> Candle:
        """The candle of the minute that runs at `time_ms`, as far as it has come."""
        minute = time_ms // MINUTE_MS
        prices = [price for _, price in self._seen_path(symbol, minute, time_ms)]
        whole = self.candle(symbol, minute)
        digits = self._digits[self.row[symbol]][1]
        volume = round(whole.volume * (time_ms % MINUTE_MS) / MINUTE_MS, digits)
        return _candle(prices[0], max(prices), min(prices), prices[-1], volume)

    def traded(self, symbol: str, time_ms: int) -> Decimal:
        """The volume of the second that ends at a moment: a sixtieth of its minute's."""
        volume = self.candle(symbol, (time_ms - 1) // MINUTE_MS).volume
        return Decimal(0) if math.isnan(volume) else Decimal(volume) / SECONDS

    def last(self, symbol: str, time_ms: int) -> Decimal:
        """The last traded price at a moment."""
        row = self.row[symbol]
        price = self._made_price(row, time_ms) * self._moves[symbol].factor(time_ms)
        return self._on_tick(row, price)

    def last_prices(self, time_ms: int) -> Floats:
        """The last traded price of every symbol, in the order of `instruments`."""
        made = self._made_prices(time_ms)
        shifted = made * np.array([moves.factor(time_ms) for moves in self._moves.values()])
        return _rounded_to(shifted[:, None], self._ticks)[:, 0]

    def shift_to(self, symbol: str, price: Decimal, time_ms: int) -> Move:
        """The move that brings a symbol to `price` at a moment, at once and for good."""
        row = self.row[symbol]
        now = self._made_price(row, time_ms) * self._moves[symbol].factor(time_ms)
        return Move(symbol, time_ms, 0, math.log(float(price)) - math.log(now))

    def range_of(self, symbol: str, first_minute: int, minutes: int) -> tuple[float, float]:
        """The lowest and highest price of so many minutes of one day."""
        row, seen = self.row[symbol], self._day(first_minute // MINUTES_A_DAY).seen
        at = first_minute % MINUTES_A_DAY
        part = slice(at, at + minutes)
        return float(seen.low[row, part].min()), float(seen.high[row, part].max())

    def points(self, symbol: str, after_ms: int, until_ms: int) -> Iterator[Point]:
        """The path of the price in after_ms < t <= until_ms: each full second, and `until_ms` itself."""
        row, moves = self.row[symbol], self._moves[symbol]
        second = after_ms // 1000 + 1
        while second * 1000 <= until_ms:
            time_ms = second * 1000
            if second % 60 == 0:
                yield self._end_of_minute(symbol, time_ms)
            price = self._made_price(row, time_ms) * moves.factor(time_ms)
            yield Point(time_ms, self._on_tick(row, price), gap=second % 60 == 0)
            second += 1
        if until_ms % 1000:
            yield Point(until_ms, self.last(symbol, until_ms), gap=False)

    def _end_of_minute(self, symbol: str, time_ms: int) -> Point:
        row = self.row[symbol]
        made = float(self._path(time_ms // MINUTE_MS - 1)[row, SECONDS])
        shift = self._moves[symbol].shift(time_ms, before=True)
        return Point(time_ms, self._on_tick(row, made * math.exp(shift)), gap=False)

    def _on_tick(self, row: int, price: float) -> Decimal:
        tick = self.source.instruments[row].tick
        return max(1, round(price / float(tick))) * tick

    def _made_price(self, row: int, time_ms: int) -> float:
        path = self._path(time_ms // MINUTE_MS)[row]
        second, rest = divmod(time_ms % MINUTE_MS, 1000)
        return float(path[second] + (path[second + 1] - path[second]) * rest / 1000)

    def _made_prices(self, time_ms: int) -> Floats:
        path = self._path(time_ms // MINUTE_MS)
        second, rest = divmod(time_ms % MINUTE_MS, 1000)
        prices: Floats = path[:, second] + (path[:, second + 1] - path[:, second]) * (rest / 1000)
        return prices

    def _seen_path(self, symbol: str, minute: int, until_ms: int) -> list[tuple[float, float]]:
        """(ms, price on its tick) of a minute up to a moment: every second, both sides of each jump, and the moment."""
        row = self.row[symbol]
        laid = self._moves[symbol]
        begin, end = minute * MINUTE_MS, (minute + 1) * MINUTE_MS
        path = self._path(minute)[row]
        times: list[tuple[float, bool]] = [(begin, True)]
        times += [(begin + second * 1000, False) for second in range(SECONDS) if begin + second * 1000 <= until_ms]
        jumps = [m.start_ms for m in laid.touching(begin, end) if m.duration_ms == 0 and m.start_ms <= until_ms]
        times += [(jump, before) for jump in jumps for before in (True, False)]
        times.append((min(until_ms, end), until_ms >= end))
        tick, digits = float(self.source.instruments[row].tick), self._digits[row][0]
        found = []
        for time_ms, before in sorted(times, key=lambda t: (t[0], not t[1])):
            made = float(np.interp((time_ms - begin) / 1000, np.arange(SECONDS + 1), path))
            price = made * math.exp(laid.shift(time_ms, before=before))
            found.append((time_ms, round(max(1, round(price / tick)) * tick, digits)))
        return found

    def _path(self, minute: int) -> Floats:
        """The source's own path of a minute, all symbols, shape (symbols, 61)."""
        if minute not in self._paths:
            made, at = self._day(minute // MINUTES_A_DAY).made, minute % MINUTES_A_DAY
            ends = made.open[:, at], made.high[:, at], made.low[:, at], made.close[:, at]
            self._paths[minute] = minute_path(*ends, seed=self.seed, minute=minute)
            if len(self._paths) > KEPT_MINUTES:
                self._paths.popitem(last=False)
        return self._paths[minute]

    def _day(self, day: int) -> _Day:
        if day in self._days:
            self._days.move_to_end(day)
            return self._days[day]
        made = self.source.day(day)
        kept = self._days[day] = _Day(made, self._rounded(made))
        for row, moves in enumerate(self._moves.values()):
            self._lay(row, moves, day, kept)
        if len(self._days) > KEPT_DAYS:
            self._days.popitem(last=False)
        return kept

    def _lay(self, row: int, moves: Moves, day: int, kept: _Day) -> None:
        """Lays one symbol's moves over a day that was just made."""
        begin = day * DAY_MS
        active = moves.touching(begin, begin + DAY_MS)
        before = moves.shift(begin, before=True)
        if not active and not before:
            return
        shift = np.full(MINUTES_A_DAY, before)
        for move in sorted(active, key=lambda m: m.end_ms):
            rest = _minutes_of(move, begin)[-1] + 1  # the minutes of the move itself are walked below
            shift[rest - begin // MINUTE_MS :] = moves.shift(rest * MINUTE_MS, before=True)
        factor = np.exp(shift)[None, :]
        made = kept.made
        parts = (made.open, made.high, made.low, made.close)
        seen = (kept.seen.open, kept.seen.high, kept.seen.low, kept.seen.close)
        for into, part in zip(seen, parts, strict=True):
            into[row] = _rounded_to(part[row : row + 1] * factor, self._ticks[row : row + 1])[0]
        symbol = self.source.instruments[row].symbol
        for minute in sorted({m for move in active for m in _minutes_of(move, begin)}):
            at = minute % MINUTES_A_DAY
            prices = [price for _, price in self._seen_path(symbol, minute, (minute + 1) * MINUTE_MS)]
            for into, price in zip(seen, (prices[0], max(prices), min(prices), prices[-1]), strict=True):
                into[row, at] = price
            for move in active:
                if move.start_ms // MINUTE_MS == minute:
                    volume = kept.seen.volume[row, at] * move.volume_factor
                    kept.seen.volume[row, at] = round(volume, self._digits[row][1])

    def _rounded(self, block: Block) -> Block:
        return Block(
            _rounded_to(block.open, self._ticks),
            _rounded_to(block.high, self._ticks),
            _rounded_to(block.low, self._ticks),
            _rounded_to(block.close, self._ticks),
            _rounded_to(block.volume, self._steps),
        )


def _rounded_to(values: Floats, steps: Floats) -> Floats:
    """To whole steps, and then to the nearest float of that decimal, as parsing its text would give."""
    decimals = max(0, *(int(d) for d in np.ceil(-np.log10(steps[:, 0]) - 1e-9)))
    rounded: Floats = np.round(np.rint(values / steps) * steps, decimals + 1)
    return rounded


def _minutes_of(move: Move, begin_ms: int) -> range:
    """The minutes of one day that a move is at work in."""
    first = max(move.start_ms, begin_ms) // MINUTE_MS
    last = min(max(move.end_ms - 1, move.start_ms), begin_ms + DAY_MS - 1) // MINUTE_MS
    return range(first, last + 1)


def _candle(opened: float, high: float, low: float, close: float, volume: float) -> Candle:
    return Candle(opened, high, low, close, volume, volume * (opened + high + low + close) / 4)
