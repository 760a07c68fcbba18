"""A scan over the past of several symbols: scores, the threshold of each day, what fired."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from indicators.candles import Candles
from strategies.firing import DAY_MS
from strategies.model import Settings, Strategy
from strategies.rate import Reach
from trading.past import Judged, PastSignal, judge_past, signals_of, strongest_of_day
from trading.past_dial import DayThreshold, thresholds_by_day
from trading.preferences import Preferences


@dataclass(frozen=True, slots=True)
class Span:
    """The judged candles of one symbol: from the first one's open to the last one's close, ms UTC."""

    symbol: str
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class PastScan:
    """What a scan found. `signals` stand by time, symbol, strategy and direction.

    `held_back` also fired, on days when even the highest threshold gave more than the dial's number: live they are
    listed but become no cards.
    """

    spans: tuple[Span, ...]
    thresholds: tuple[DayThreshold, ...]
    signals: tuple[PastSignal, ...]
    held_back: tuple[PastSignal, ...]


def scan_past(
    stretches: Iterable[Candles],
    strategies: Sequence[Strategy],
    settings: Settings,
    preferences: Preferences,
) -> PastScan:
    """Scans stretches of one symbol without a gap each, in `preferences.minutes` and under its threshold or dial.

    Each is taken when its turn comes. Raises CandleError if the timeframe can not be made of the candles.
    """
    judged = [judge_past(candles, preferences.minutes, strategies, settings) for candles in stretches]
    judged = [one for one in judged if len(one.candles)]
    thresholds = thresholds_by_day(judged, preferences)
    of_day = {one.day: one.threshold for one in thresholds}
    fired = [signal for one in judged for signal in signals_of(one, preferences, of_day)]
    kept, held_back = _fit_to_days(fired, thresholds, preferences.per_day)
    return PastScan(tuple(map(_span, judged)), thresholds, _in_order(kept), _in_order(held_back))


def _span(judged: Judged) -> Span:
    candles = judged.candles
    return Span(judged.symbol, int(candles.open_times[0]), int(candles.close_times[-1]))


def _fit_to_days(
    signals: list[PastSignal], thresholds: Iterable[DayThreshold], per_day: int | None
) -> tuple[list[PastSignal], list[PastSignal]]:
    """What a day takes, and what is too much for it: only on days whose dial was exceeded."""
    exceeded = {one.day for one in thresholds if one.chosen and one.chosen.reach is Reach.EXCEEDED}
    if per_day is None or not exceeded:
        return signals, []
    by_day: dict[int, list[PastSignal]] = defaultdict(list)
    for signal in signals:
        by_day[signal.open_time // DAY_MS].append(signal)
    kept: list[PastSignal] = []
    held_back: list[PastSignal] = []
    for day, heard in by_day.items():
        fits, rest = strongest_of_day(heard, per_day) if day in exceeded else (heard, [])
        kept += fits
        held_back += rest
    return kept, held_back


def _in_order(signals: Iterable[PastSignal]) -> tuple[PastSignal, ...]:
    return tuple(sorted(signals, key=attrgetter("open_time", "symbol", "strategy", "direction")))
