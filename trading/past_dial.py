"""The rate dial over a past: each UTC day's threshold from the days before it, as the live dial finds it (SPEC 3)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indicators.candles import MINUTE_MS, BoolArray, FloatArray, IntArray
from strategies.firing import DAY_MS, days_in, firings_by_day
from strategies.rate import THRESHOLDS, Chosen, choose_threshold, history_days, least_history_days
from trading.past import Judged
from trading.preferences import Preferences


@dataclass(frozen=True, slots=True)
class DayThreshold:
    """The threshold of one UTC day (days since 1970).

    `chosen` is what the dial found; None where the threshold is a fixed one, or there was too little history.
    """

    day: int
    threshold: float
    chosen: Chosen | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Past:
    """What every symbol did on each day of a row of days: shapes (thresholds, symbols, days), (symbols, days)."""

    first_day: int
    firings: IntArray
    candles: IntArray
    complete: BoolArray  # whether the day's last candle is there


def thresholds_by_day(judged: Sequence[Judged], preferences: Preferences) -> tuple[DayThreshold, ...]:
    """The threshold of every UTC day that has candles, oldest first.

    With the dial on, a day's is found from the 30 days before it (7 on 1m and 5m) and nothing later. A symbol counts
    if its candles reach to the day's beginning, by its own days of history; the strategies are summed. Under 7 days
    of history (one on 1m) the fixed default holds.
    """
    fixed = float(preferences.threshold)
    if not judged:
        return ()
    days = np.unique(np.concatenate([days_in(one.candles.open_times) for one in judged])).tolist()
    if preferences.per_day is None:
        return tuple(DayThreshold(day, fixed) for day in days)
    past = _past(judged, preferences.confluence, days)
    return tuple(
        DayThreshold(day, fixed if chosen is None else chosen.threshold, chosen)
        for day in days
        for chosen in (_choice(past, day, preferences.minutes, preferences.per_day),)
    )


def _past(judged: Sequence[Judged], confluence: int, days: list[int]) -> _Past:
    first = days[0]
    width = days[-1] - first + 1
    firings = np.zeros((len(THRESHOLDS), len(judged), width), dtype=np.int64)
    candles = np.zeros((len(judged), width), dtype=np.int64)
    complete = np.zeros((len(judged), width), dtype=np.bool_)
    for row, one in enumerate(judged):
        seen = days_in(one.candles.open_times) - first
        for scores in one.scores:
            firings[:, row, seen] += firings_by_day(scores, confluence, THRESHOLDS)[:, 0]
        candles[row] = np.bincount(one.candles.open_times // DAY_MS - first, minlength=width)
        complete[row, one.candles.close_times[one.candles.close_times % DAY_MS == 0] // DAY_MS - 1 - first] = True
    return _Past(first, firings, candles, complete)


def _choice(past: _Past, day: int, minutes: int, per_day: int) -> Chosen | None:
    """None where there is too little history before `day`."""
    end = day - past.first_day
    if end == 0:
        return None
    window = slice(max(end - history_days(minutes), 0), end)
    history: FloatArray = past.candles[:, window].sum(axis=1) * (minutes * MINUTE_MS / DAY_MS)
    history = np.where(past.complete[:, end - 1], history, 0.0)
    if history.max() < least_history_days(minutes):
        return None
    return choose_threshold(past.firings[:, :, window], history, per_day)
