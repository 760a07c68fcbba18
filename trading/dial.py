"""The rate dial (SPEC 3): history is read once a UTC day and kept only as firings for each symbol and threshold."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from indicators.candles import SLOW_FRAMES, Candles, FloatArray, IntArray
from strategies.firing import firings_by_day
from strategies.rate import THRESHOLDS, Reach, choose_threshold, days_of_history, history_days, least_history_days
from trading.errors import ExchangeError
from trading.feed import Feed, blocks_of
from trading.judge import Judge
from trading.ports import Clock
from trading.preferences import Preferences
from trading.status import Threshold
from trading.universe import DAY_MS

# Candles before the first counted one, so that the columns are warm: VWAP(96), and EMA26 on 20 slow candles.
WARM_FAST = 120
WARM_SLOW = 60
CONFLUENCES = (2, 3)


@dataclass(frozen=True, slots=True)
class _Counts:
    """Firings of one symbol and strategy under each threshold, by confluence, over `days` of history before `day`."""

    day: int
    days: float
    firings: Mapping[int, IntArray]  # confluence -> (thresholds,)


class Dial:
    """Finds each person's threshold from the past of their own watchlist and strategies."""

    def __init__(self, feed: Feed, judge: Judge, clock: Clock) -> None:
        self._feed = feed
        self._judge = judge
        self._clock = clock
        self._counts: dict[tuple[int, str, str], _Counts] = {}  # (minutes, strategy, symbol)
        self._filling = asyncio.Lock()

    async def fill(self, wanted: Mapping[int, Iterable[str]]) -> None:
        """Reads what is missing for today: `wanted` minutes -> symbols. What fails is tried at the next call."""
        async with self._filling:
            today = self._clock.now() // DAY_MS
            for minutes, symbols in wanted.items():
                # What was counted yesterday serves until today's is there.
                missing = [s for s in symbols if not self._is_of(today, minutes, s)]
                if missing:
                    await self._count(minutes, missing, today)
            self._counts = {key: kept for key, kept in self._counts.items() if kept.day >= today - 1}

    def _is_of(self, day: int, minutes: int, symbol: str) -> bool:
        kept = self._counts.get((minutes, self._judge.ids[0], symbol))
        return kept is not None and kept.day == day

    async def _count(self, minutes: int, symbols: list[str], today: int) -> None:
        slow_minutes = SLOW_FRAMES[minutes]
        days = history_days(minutes)
        # Today is not counted, but the feed reads back from now.
        minutes_back = days * 1440 + (self._clock.now() % DAY_MS) // 60_000
        fast_count = minutes_back // minutes + WARM_FAST
        slow_count = minutes_back // slow_minutes + WARM_SLOW
        read = await asyncio.gather(
            *(self._feed.history(symbol, minutes, fast_count) for symbol in symbols),
            *(self._feed.history(symbol, slow_minutes, slow_count) for symbol in symbols),
            return_exceptions=True,
        )
        for failure in read:
            if isinstance(failure, BaseException) and not isinstance(failure, ExchangeError):
                raise failure
        rows = [row for row in read if not isinstance(row, BaseException) and len(row.open_times)]
        fast_rows = [row for row in rows if row.minutes == minutes]
        slow_rows = [row for row in rows if row.minutes == slow_minutes]
        if not fast_rows or not slow_rows:
            return
        fast, slow = blocks_of(fast_rows), blocks_of(slow_rows)
        both = tuple(symbol for symbol in fast.symbols if symbol in slow.symbols)
        if both:
            await self._keep(fast.only(both), slow.only(both), days, today)

    async def _keep(self, fast: Candles, slow: Candles, days: int, today: int) -> None:
        today_starts = today * DAY_MS
        first_counted = today_starts - days * DAY_MS
        past = int(np.searchsorted(fast.open_times, today_starts))
        fast = fast.until(past)
        if not len(fast):
            return
        counted = fast.open_times >= first_counted
        history = np.minimum(days_of_history(fast), counted.sum() * fast.minutes * 60_000 / DAY_MS)
        for scores in await self._judge.scores(fast, slow):
            firings = {c: await asyncio.to_thread(firings_by_day, scores, c, THRESHOLDS) for c in CONFLUENCES}
            days_seen = np.unique(fast.open_times // DAY_MS)
            kept = days_seen >= first_counted // DAY_MS
            for place, symbol in enumerate(fast.symbols):
                by_confluence = {c: counts[:, place, kept].sum(axis=1) for c, counts in firings.items()}
                self._counts[fast.minutes, scores.strategy, symbol] = _Counts(
                    today, float(history[place]), by_confluence
                )

    def threshold(self, preferences: Preferences, watchlist: Iterable[str]) -> Threshold:
        """The strength that this person's signals need today."""
        fixed = Threshold(preferences.threshold, None, 0.0, reached=True, fixed=preferences.per_day is None)
        if preferences.per_day is None:
            return fixed
        minutes = preferences.minutes
        on = [one for one in self._judge.ids if one in preferences.strategies_on]
        symbols = [s for s in watchlist if all((minutes, one, s) in self._counts for one in on)]
        if not symbols or not on:
            return fixed
        counts = np.stack([self._table(minutes, one, symbols, preferences.confluence) for one in on])
        days: FloatArray = np.array([self._counts[minutes, on[0], s].days for s in symbols])
        if days.max() < least_history_days(minutes):
            return fixed
        chosen = choose_threshold(counts, days, preferences.per_day)
        if chosen is None:
            return fixed
        return Threshold(
            value=Decimal(str(chosen.threshold)),
            per_day=chosen.per_day,
            days=float(days.max()),
            reached=chosen.reach is not Reach.OUT_OF_REACH,
            fixed=False,
            exceeded=chosen.reach is Reach.EXCEEDED,
        )

    def _table(self, minutes: int, strategy: str, symbols: list[str], confluence: int) -> IntArray:
        """(thresholds, symbols, 1): the days are summed already."""
        return np.stack([self._counts[minutes, strategy, s].firings[confluence] for s in symbols], axis=1)[:, :, None]
