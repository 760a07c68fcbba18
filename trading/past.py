"""The strategies over candles of the past: the live tick's scores and firing, and its levels, candle by candle."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from indicators.batch import BatchIndicatorProcessor
from indicators.candles import SLOW_FRAMES, BoolArray, Candles, FloatArray, aggregate
from strategies.confluence import score
from strategies.firing import DAY_MS, fires
from strategies.model import DIRECTIONS, Scores, Settings, Strategy
from strategies.signal import Direction
from trading.preferences import Preferences
from trading.sizing import bare_levels


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One symbol's candles without a gap in a timeframe, and what each strategy says of them.

    `atr` (candles,) is in quote currency.
    """

    candles: Candles
    atr: FloatArray
    scores: tuple[Scores, ...]

    @property
    def symbol(self) -> str:
        return self.candles.symbols[0]


@dataclass(frozen=True, slots=True)
class PastSignal:
    """A signal of the past. `open_time` (ms UTC) is the start of the candle that fired.

    `stop` and `target` are what a ticket's would be before they are rounded to ticks, which candles do not tell.
    """

    open_time: int
    symbol: str
    strategy: str
    direction: Direction
    strength: float
    factors: tuple[float, float, float]
    close: float
    stop: float
    target: float


def judge_past(candles: Candles, minutes: int, strategies: Sequence[Strategy], settings: Settings) -> Judged:
    """Scores of one symbol's candles, aggregated to `minutes` and to its slow frame.

    As in the live tick a fast candle sees only slow ones that have closed. Raises CandleError if `minutes` is not a
    multiple of the candles' own.
    """
    fast, slow = aggregate(candles, minutes), aggregate(candles, SLOW_FRAMES[minutes])
    processor = BatchIndicatorProcessor(periods=settings.periods)
    columns = processor.calculate_batch_core_indicators(fast)
    slow_columns = processor.calculate_batch_core_indicators(slow)
    scores = tuple(score(strategy, fast, columns, slow, slow_columns) for strategy in strategies)
    return Judged(fast, columns[f"atr_{settings.atr}"][0], scores)


def signals_of(judged: Judged, preferences: Preferences, thresholds: Mapping[int, float]) -> list[PastSignal]:
    """What fired, by strategy, direction and time; `thresholds` gives each UTC day's (days since 1970).

    A day's candles fire as they do live: under the day's threshold, looked at over the whole past. So a candle of
    yesterday silences one of today only if it would have fired under today's threshold.
    """
    return [signal for scores in judged.scores for signal in _signals(judged, scores, preferences, thresholds)]


def strongest_of_day(signals: Iterable[PastSignal], per_day: int) -> tuple[list[PastSignal], list[PastSignal]]:
    """Of one UTC day's signals those that become cards where even the highest threshold gives too many, and the rest.

    Close after close, the strongest first, until the day's `per_day` are used up: nothing later in the day is known.
    """
    heard = sorted(signals, key=lambda one: (one.open_time, -one.strength, one.symbol, one.strategy))
    return heard[:per_day], heard[per_day:]


def _signals(
    judged: Judged, scores: Scores, preferences: Preferences, thresholds: Mapping[int, float]
) -> list[PastSignal]:
    ways, places = np.nonzero(_fired(scores, preferences.confluence, thresholds))
    close = judged.candles.close[0, places]
    sign = np.array([direction.sign for direction in DIRECTIONS], dtype=np.float64)[ways]
    distance = float(preferences.stop_atr) * judged.atr[places]
    stop, target = bare_levels(close, distance, sign, np.float64(preferences.target_r) * np.ones_like(close))
    rows = zip(
        ways.tolist(),
        scores.open_times[places].tolist(),
        scores.strength[ways, 0, places].tolist(),
        scores.factors[ways, :, 0, places].tolist(),
        close.tolist(),
        stop.tolist(),
        target.tolist(),
        strict=True,
    )
    symbol, strategy = judged.symbol, scores.strategy
    return [
        PastSignal(opened, symbol, strategy, DIRECTIONS[way], strength, (first, second, third), at, stopped, aimed)
        for way, opened, strength, (first, second, third), at, stopped, aimed in rows
    ]


def _fired(scores: Scores, confluence: int, thresholds: Mapping[int, float]) -> BoolArray:
    """Where each candle fires under its own day's threshold, shape (2 directions, candles)."""
    days = scores.open_times // DAY_MS
    known, day_of = np.unique(days, return_inverse=True)
    of_day = np.array([thresholds[day] for day in known.tolist()], dtype=np.float64)
    fired = np.zeros((len(DIRECTIONS), len(days)), dtype=np.bool_)
    for threshold in np.unique(of_day).tolist():
        fired |= fires(scores, threshold, confluence)[:, 0] & (of_day == threshold)[day_of]
    return fired
