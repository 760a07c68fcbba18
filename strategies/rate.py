"""The rate dial: which threshold gives about as many signals a day as the user asked for (SPEC 3)."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from indicators.candles import MINUTE_MS, Candles, FloatArray, IntArray
from strategies.firing import DAY_MS

THRESHOLDS: tuple[float, ...] = tuple(hundredths / 100 for hundredths in range(40, 96))


class Reach(StrEnum):
    """Whether the rate asked for can be had."""

    MET = "met"  # the threshold gives as many or a little more
    OUT_OF_REACH = "out of reach"  # no threshold gives as many: this one gives the most
    EXCEEDED = "exceeded"  # even the highest threshold gives more: only the strongest become cards


@dataclass(frozen=True, slots=True)
class Chosen:
    """The threshold chosen, the signals a day it would have given, and whether that is what was asked for."""

    threshold: float
    per_day: float
    reach: Reach


def history_days(minutes: int) -> int:
    """How many days back the dial looks on a timeframe."""
    return 7 if minutes <= 5 else 30


def least_history_days(minutes: int) -> int:
    """With fewer days of history than this the dial does not choose: the fixed default threshold holds."""
    return 1 if minutes == 1 else 7


def days_of_history(candles: Candles) -> FloatArray:
    """Days for which each symbol has candles, shape (symbols,)."""
    listed = (len(candles) - candles.starts).astype(np.float64)
    return listed * (candles.minutes * MINUTE_MS / DAY_MS)


def choose_threshold(counts: IntArray, days: FloatArray, per_day: float) -> Chosen | None:
    """The highest of `THRESHOLDS` that would have given `per_day` signals a day or more on average.

    `counts` are firings of shape (..., thresholds, symbols, days), one leading axis for strategies if there are
    several (they are summed), for one confluence; `days` (symbols,) is each symbol's own length of history, by which
    its firings are divided. Symbols without history do not count. None if no symbol has any, or if nothing fired under
    any threshold: where all are equally silent, the highest would only go on being so.

    Counts are not monotone in the threshold. If none gives enough, the one that gives the most (of equals the
    highest) is chosen; if the highest gives more than asked, that is said.
    """
    known = days > 0
    if not known.any():
        return None
    by_symbol = counts.sum(axis=-1).reshape(-1, len(THRESHOLDS), len(days)).sum(axis=0)
    rates = (by_symbol[:, known] / days[known]).sum(axis=1)
    if not rates.any():
        return None
    enough = np.flatnonzero(rates >= per_day)
    if not len(enough):
        best = int(np.flatnonzero(rates == rates.max())[-1])
        return Chosen(THRESHOLDS[best], float(rates[best]), Reach.OUT_OF_REACH)
    chosen = int(enough[-1])
    above = chosen == len(THRESHOLDS) - 1 and rates[chosen] > per_day
    return Chosen(THRESHOLDS[chosen], float(rates[chosen]), Reach.EXCEEDED if above else Reach.MET)
