"""One timeframe at its newest closed candle: every column of every symbol, moved on candle by candle."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from indicators.candles import MINUTE_MS, Candles, FloatArray, IntArray
from indicators.live import Bars, Rows, bars_of
from indicators.live_columns import LiveColumns, one_candle
from indicators.roster import NONE_YET
from strategies.model import Settings
from trading.feed import Feed
from trading.judge import Frame

MOST_STEPS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One candle that closed at `closed_at` (ms) in a timeframe, for some symbols."""

    closed_at: int
    minutes: int
    symbols: tuple[str, ...]
    bars: Bars


class LiveFrame:
    """Columns and newest candle of each symbol, one row each. Belongs to whoever holds the scanner's lock."""

    def __init__(self, symbols: Sequence[str], minutes: int, settings: Settings) -> None:
        self.minutes = minutes
        self._length = minutes * MINUTE_MS
        self._columns = LiveColumns(symbols, minutes, settings.periods)
        self._bars = np.full((5, len(symbols)), np.nan)
        self._fillings: dict[str, int] = {}
        self._settled_at = -1  # how many histories the feed had begun when there was no stranger

    @property
    def symbols(self) -> tuple[str, ...]:
        return self._columns.symbols

    def rows(self, symbols: Sequence[str]) -> Rows:
        return self._columns.rows(symbols)

    def newest(self, symbols: Sequence[str]) -> list[int]:
        """The open time of each symbol's newest candle, NONE_YET where there is none."""
        found: list[int] = self._columns.newest(self.rows(symbols)).tolist()
        return found

    def keep(self, symbols: Sequence[str]) -> IntArray:
        """From now on these symbols; gives where each stood before, -1 for a new one."""
        places = {symbol: place for place, symbol in enumerate(self.symbols)}
        order = np.array([places.get(symbol, -1) for symbol in symbols], dtype=np.int64)
        self._columns.keep(symbols)
        kept = np.full((5, len(symbols)), np.nan)
        kept[:, order >= 0] = self._bars[:, order[order >= 0]]
        self._bars = kept
        self._settled_at = -1
        self._fillings = {symbol: count for symbol, count in self._fillings.items() if symbol in set(symbols)}
        return order

    def strangers(self, feed: Feed) -> tuple[str, ...]:
        """Symbols whose history the feed has begun anew since they were filled here."""
        if feed.begun == self._settled_at:
            return ()
        found = tuple(
            symbol
            for symbol in self.symbols
            if feed.newest(symbol, self.minutes) is not None and not self._knows(symbol, feed)
        )
        if not found:
            self._settled_at = feed.begun
        return found

    def _knows(self, symbol: str, feed: Feed) -> bool:
        return feed.fillings.get((symbol, self.minutes), 0) == self._fillings.get(symbol, -1)

    def lose(self, symbols: Iterable[str]) -> None:
        """These have to be filled anew."""
        self._settled_at = -1
        for symbol in symbols:
            self._fillings.pop(symbol, None)

    def fill(self, candles: Candles, fillings: Sequence[int]) -> None:
        """The whole history of these symbols, which was begun for so many times in the feed."""
        self._columns.fill(candles)
        self._bars[:, self.rows(candles.symbols)] = _stacked(bars_of(candles))
        self._fillings |= dict(zip(candles.symbols, fillings, strict=True))

    def steps(self, feed: Feed) -> list[Step]:
        """The candles that the feed has and this has not, of symbols that were filled.

        One that is very far behind is lost instead: its history is quicker.
        """
        behind: dict[tuple[int, int], list[str]] = {}
        for symbol, mine in zip(self.symbols, self.newest(self.symbols), strict=True):
            theirs = feed.newest(symbol, self.minutes)
            if theirs is None or not self._knows(symbol, feed):
                continue
            missing = 1 if mine == NONE_YET else (theirs - mine) // self._length
            if missing > MOST_STEPS:
                self.lose((symbol,))
            elif missing:
                behind.setdefault((theirs, missing), []).append(symbol)
        found = []
        for (_, missing), symbols in behind.items():
            block = feed.block(tuple(symbols), self.minutes, missing)
            for place, opened in enumerate(block.open_times.tolist()):
                found.append(Step(opened + self._length, self.minutes, block.symbols, bars_of(block, place)))
        return found

    def push(self, step: Step) -> None:
        """One candle more of these symbols. Raises CandleError where it does not follow."""
        rows = self.rows(step.symbols)
        self._columns.push(rows, np.full(len(step.symbols), step.closed_at - self._length), step.bars)
        self._bars[:, rows] = _stacked(step.bars)

    def at_newest(self, symbols: tuple[str, ...], open_time: int) -> Frame:
        """The newest candle of these symbols, which opened then, with its columns."""
        rows = self.rows(symbols)
        bars = Bars(*(field[rows] for field in self._bars))
        return Frame(one_candle(symbols, self.minutes, open_time, bars), self._columns.latest(rows))

    def as_if(self, symbols: tuple[str, ...], open_time: int, bars: Bars) -> Frame:
        """The columns if these candles closed as they stand; nothing is kept."""
        return Frame(one_candle(symbols, self.minutes, open_time, bars), self._columns.peek(self.rows(symbols), bars))


def _stacked(bars: Bars) -> FloatArray:
    return np.stack((bars.open, bars.high, bars.low, bars.close, bars.volume))
