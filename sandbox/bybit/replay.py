"""A market from candle files: real candles moved by whole days to now, so that the last stretch plays out live."""

import pathlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from sandbox.bybit.candle_file import CandleFile, read_candle_file
from sandbox.bybit.instruments import Instrument, made_up_listings, spread_ticks
from sandbox.bybit.source import DAY_MS, MINUTE_MS, MINUTES_A_DAY, Block, Floats, MarketRefused


@dataclass(frozen=True, slots=True)
class _Tape:
    """One symbol's file as an endless tape of 1m candles that begins at minute `first` (minutes since 1970)."""

    file: CandleFile
    first: int

    @property
    def length(self) -> int:
        """Minutes of the file, before it repeats."""
        return len(self.file.time) * self.file.minutes

    def stretch(self, first: int, count: int) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """1m candles from a minute on; NaN before the file's beginning, joined on without a jump after its end."""
        at = np.arange(first, first + count) - self.first
        known = at >= 0
        lap, within = np.divmod(np.maximum(at, 0), self.length)
        candle, part = np.divmod(within, self.file.minutes)
        file = self.file
        opens, highs, lows, closes = split_candles(
            file.open[candle], file.high[candle], file.low[candle], file.close[candle], part, file.minutes
        )
        growth = np.where(known, (file.close[-1] / file.open[0]) ** lap.astype(float), np.nan)
        volume = np.where(known, file.volume[candle] / file.minutes, np.nan)
        return opens * growth, highs * growth, lows * growth, closes * growth, volume


class Replay:
    """A `Source` from one file or a folder of them, the finest for each symbol. Raises MarketRefused."""

    def __init__(self, path: pathlib.Path, born_ms: int) -> None:
        files = _files(path)
        self._tapes = {symbol: _Tape(file, _shifted_first(file, born_ms)) for symbol, file in files.items()}
        self._instruments = tuple(
            _instrument(tape, number) for number, tape in enumerate(self._tapes.values(), start=1)
        )
        self.first_day = min(tape.first for tape in self._tapes.values()) // MINUTES_A_DAY
        self.first_coarse_day = self.first_day

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The symbols of the files."""
        return self._instruments

    def day(self, day: int) -> Block:
        """The 1,440 1m candles of a UTC day."""
        parts = [tape.stretch(day * MINUTES_A_DAY, MINUTES_A_DAY) for tape in self._tapes.values()]
        opens, highs, lows, closes, volume = (np.array(part) for part in zip(*parts, strict=True))
        return Block(opens, highs, lows, closes, volume)

    def hours(self, day: int) -> Block:
        """Never asked for: files have minutes from their first day on."""
        raise LookupError(f"day {day} lies before the files")


def split_candles(
    opens: Floats, highs: Floats, lows: Floats, closes: Floats, part: Floats, minutes: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """The `part`-th minute of candles of so many minutes, cut along the path: open, nearer extreme, other one, close.

    The path is straight between those four, each leg a third of the time, so that all parts together give the candle
    back: the same open, high, low and close.
    """
    if minutes == 1:
        return opens, highs, lows, closes
    high_first = highs - opens <= opens - lows
    knots = np.array([opens, np.where(high_first, highs, lows), np.where(high_first, lows, highs), closes])
    begin, end = part / minutes * 3, (part + 1) / minutes * 3
    ends = np.array([_along(knots, begin), _along(knots, end)])
    inside = [np.where((begin < knot) & (knot < end), knots[knot], np.nan) for knot in (1, 2)]
    touched = np.array([*ends, *inside])
    return ends[0], np.nanmax(touched, axis=0), np.nanmin(touched, axis=0), ends[1]


def _along(knots: Floats, place: Floats) -> Floats:
    """The price at a place of 0 to 3 on the path over four knots."""
    leg = np.minimum(place.astype(int), 2)
    at = np.arange(knots.shape[1])
    before, after = knots[leg, at], knots[leg + 1, at]
    share = place - leg
    price: Floats = np.where(share <= 0, before, np.where(share >= 1, after, before + (after - before) * share))
    return price


def _files(path: pathlib.Path) -> Mapping[str, CandleFile]:
    if path.is_dir():
        paths = sorted(p for p in path.iterdir() if p.name.endswith((".csv", ".csv.gz")))
    elif path.is_file():
        paths = [path]
    else:
        raise MarketRefused(f"{path} (SANDBOX_MARKET) is neither synthetic, bybit, a file nor a folder")
    if not paths:
        raise MarketRefused(f"{path} (SANDBOX_MARKET) holds no candle file (*.csv, *.csv.gz)")
    chosen: dict[str, CandleFile] = {}
    for file in map(read_candle_file, paths):
        known = chosen.get(file.symbol)
        if known is None or (-file.minutes, file.end_ms) > (-known.minutes, known.end_ms):
            chosen[file.symbol] = file
    return chosen


def _shifted_first(file: CandleFile, born_ms: int) -> int:
    """The minute of its first candle, moved by whole days to end at the first such moment not before the birth.

    A file of less than a day that would only begin after the birth goes a day further back and plays again by then.
    """
    days = -((file.end_ms - born_ms) // DAY_MS)
    first = int(file.time[0]) + days * DAY_MS
    return (first if first <= born_ms else first - DAY_MS) // MINUTE_MS


def _instrument(tape: _Tape, number: int) -> Instrument:
    """Filters of the made-up market where it knows the symbol, with ticks as fine as the file's prices."""
    file = tape.file
    tick = Decimal(1).scaleb(-file.decimals)
    last, day = float(file.close[-1]), 1440 // file.minutes
    turnover = float((file.volume[-day:] * file.close[-day:]).sum())
    spread = spread_ticks(last, tick, turnover)
    launched_ms = tape.first * MINUTE_MS
    for listing in made_up_listings(launched_ms):
        known = listing.instrument
        if known.symbol == file.symbol:
            step, leverage, largest = known.step, known.max_leverage, known.max_market_qty
            break
    else:
        step = Decimal(10) ** -max(0, round(np.log10(last)) + 1)
        leverage, largest = Decimal(25), step * 10_000_000
    return Instrument(file.symbol, number, tick, step, largest, leverage, launched_ms, spread)
