"""The strategies over a past: what fires, with which levels, and nothing that looks ahead."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from indicators.candles import CandleError, Candles, aggregate
from strategies.firing import DAY_MS, fires
from strategies.model import DIRECTIONS, Settings
from strategies.rate import Reach
from strategies.registry import all_strategies
from tests.doubles_exchange import instrument
from tests.trading.pasts import FIRST_DAY, past
from tests.trading.world import BTC, ETH, MIDNIGHT, MINUTE
from trading.past import PastSignal, judge_past, signals_of
from trading.past_dial import DayThreshold, thresholds_by_day
from trading.past_scan import PastScan, scan_past
from trading.preferences import PRESETS, Preferences
from trading.sizing import levels_of, to_step

SETTINGS = Settings()
STRATEGIES = all_strategies(SETTINGS)
BALANCED = PRESETS["balanced"]


def fixed(threshold: str, minutes: int = 15) -> Preferences:
    return replace(BALANCED, minutes=minutes, per_day=None, threshold=Decimal(threshold))


def dialled(per_day: int, minutes: int = 15) -> Preferences:
    return replace(BALANCED, minutes=minutes, per_day=per_day)


def scanned(preferences: Preferences, *stretches: Candles) -> PastScan:
    return scan_past(stretches, STRATEGIES, SETTINGS, preferences)


def test_every_signal_is_a_firing_of_the_shared_function_and_none_is_missing() -> None:
    candles = past(BTC, 5, 6, seed=1)
    found = scanned(fixed("0.6"), candles)
    judged = judge_past(candles, 15, STRATEGIES, SETTINGS)
    expected = {
        (scores.strategy, DIRECTIONS[way], int(scores.open_times[place]))
        for scores in judged.scores
        for way, _, place in np.argwhere(fires(scores, 0.6, 2))
    }
    assert {(one.strategy, one.direction, one.open_time) for one in found.signals} == expected
    assert len(found.signals) == len(expected) > 20


def test_a_signal_tells_its_candles_own_close_and_its_scores_own_strength() -> None:
    candles = past(BTC, 15, 6, seed=2)
    weights = {one.id: one.weights for one in STRATEGIES}
    for one in scanned(fixed("0.5"), candles).signals:
        place = int(np.searchsorted(candles.open_times, one.open_time))
        assert one.close == candles.close[0, place]
        assert one.strength == pytest.approx(sum(np.multiply(weights[one.strategy], one.factors)), abs=1e-8)
        assert one.strength >= 0.5
        assert sum(factor >= 0.5 - 1e-9 for factor in one.factors) >= 2


def test_stop_and_target_are_a_tickets_before_it_rounds_them() -> None:
    candles = past(BTC, 15, 6, seed=3)
    atr = judge_past(candles, 15, STRATEGIES, SETTINGS).atr
    rules = instrument(BTC, tick=Decimal("0.000001"))
    signals = scanned(fixed("0.6"), candles).signals
    assert {one.direction for one in signals} == set(DIRECTIONS)
    for one in signals:
        place = int(np.searchsorted(candles.open_times, one.open_time))
        entry = to_step(Decimal(repr(one.close)), rules.tick, "ROUND_HALF_EVEN")
        levels = levels_of(entry, Decimal(repr(float(atr[place]))), one.direction, BALANCED, rules)
        assert one.stop == pytest.approx(float(levels.stop), abs=3e-6)
        assert one.target == pytest.approx(float(levels.target), abs=3e-6)
        assert abs(one.target - one.close) == pytest.approx(1.5 * abs(one.close - one.stop))


@pytest.mark.parametrize("preferences", [fixed("0.6"), dialled(12), dialled(1)], ids=["threshold", "dial", "exceeded"])
def test_what_comes_later_changes_no_signal(preferences: Preferences) -> None:
    whole = (past(BTC, 15, 12, seed=4), past(ETH, 15, 12, seed=5))
    signals = scanned(preferences, *whole).signals
    for days in (8, 8.5, 9.26, 11):
        cut = tuple(candles.until(round(days * 96)) for candles in whole)
        until = MIDNIGHT + round(days * 96) * 15 * MINUTE
        before = [one for one in signals if one.open_time < until]
        assert list(scanned(preferences, *cut).signals) == before
        assert before


def test_a_fast_candle_sees_no_slow_one_that_is_still_open() -> None:
    candles = past(BTC, 5, 4, seed=6)
    whole = judge_past(candles, 15, STRATEGIES, SETTINGS)
    for ahead in (1, 2, 3):  # a slow candle of an hour is one, two, three quarters old
        size = (60 + ahead) * 3
        part = judge_past(candles.until(size), 15, STRATEGIES, SETTINGS)
        for one, other in zip(part.scores, whole.scores, strict=True):
            np.testing.assert_array_equal(one.strength, other.strength[:, :, : size // 3])


def test_only_complete_candles_count() -> None:
    candles = past(BTC, 5, 3, seed=7, begins=MIDNIGHT + 5 * MINUTE)
    (span,) = scanned(fixed("0.6"), candles).spans
    assert (span.begins, span.ends) == (MIDNIGHT + 15 * MINUTE, MIDNIGHT + 3 * DAY_MS)


def test_candles_that_are_too_coarse_are_refused() -> None:
    with pytest.raises(CandleError, match="15 min cannot be made of 60 min"):
        scanned(fixed("0.6"), past(BTC, 60, 3, seed=8))


@pytest.mark.parametrize("preferences", [fixed("0.6", 240), dialled(5, 240)], ids=["threshold", "dial"])
def test_too_few_candles_for_one_of_the_timeframe_are_nothing(preferences: Preferences) -> None:
    assert scanned(preferences, past(BTC, 5, 0.1, seed=8)) == PastScan((), (), (), ())


def test_signals_stand_by_time_whatever_the_order_of_the_symbols() -> None:
    one, other = past(BTC, 15, 6, seed=9), past(ETH, 15, 6, seed=10)
    found = scanned(fixed("0.6"), one, other)
    assert found.signals == scanned(fixed("0.6"), other, one).signals
    assert [signal.open_time for signal in found.signals] == sorted(signal.open_time for signal in found.signals)


def test_a_stretch_begins_anew_whatever_came_before_it() -> None:
    one, other = past(BTC, 15, 3, seed=11), past(BTC, 15, 3, seed=12, begins=MIDNIGHT + 5 * DAY_MS)
    both = scanned(fixed("0.6"), one, other).signals
    assert both == scanned(fixed("0.6"), one).signals + scanned(fixed("0.6"), other).signals


# --- the dial


def reference_choice(stretches: list[Candles], day: int, per_day: int) -> tuple[float, float] | None:
    """A day's threshold and its rate in plain Python: every candle before the day, one threshold after the other."""
    rates: dict[float, float] = {}
    oldest = (day - 30) * DAY_MS
    past_days: dict[int, float] = {}
    for hundredths in range(40, 96):
        rate = 0.0
        for place, candles in enumerate(stretches):
            before = int((candles.open_times < day * DAY_MS).sum())
            seen = candles.until(before)
            if not before or seen.close_times[-1] != day * DAY_MS:
                continue
            judged = judge_past(seen, candles.minutes, STRATEGIES, SETTINGS)
            fired = sum(
                int(fires(scores, hundredths / 100, 2)[:, 0, seen.open_times >= oldest].sum())
                for scores in judged.scores
            )
            past_days[place] = int((seen.open_times >= oldest).sum()) * candles.minutes / 1440
            rate += fired / past_days[place]
        rates[hundredths / 100] = rate
    if not past_days or max(past_days.values()) < 7:
        return None
    enough = [threshold for threshold, rate in rates.items() if rate >= per_day]
    best = max(enough) if enough else max(t for t, rate in rates.items() if rate == max(rates.values()))
    return best, rates[best]


def test_each_days_threshold_is_found_from_the_days_before_it() -> None:
    stretches = [past(BTC, 60, 40, seed=13), past(ETH, 60, 20, seed=14, begins=MIDNIGHT + 15 * DAY_MS + 7 * 3_600_000)]
    judged = [judge_past(candles, 60, STRATEGIES, SETTINGS) for candles in stretches]
    found = {one.day - FIRST_DAY: one for one in thresholds_by_day(judged, dialled(3, 60))}
    assert sorted(found) == list(range(40))
    for day in (0, 6, 7, 15, 16, 17, 34, 35, 36, 39):
        expected = reference_choice(stretches, FIRST_DAY + day, 3)
        if expected is None:
            assert found[day] == DayThreshold(FIRST_DAY + day, 0.75)
            assert day < 7
        else:
            chosen = found[day].chosen
            assert chosen is not None
            assert chosen.threshold == found[day].threshold == expected[0]
            assert chosen.per_day == pytest.approx(expected[1])
    assert len({one.threshold for one in found.values()}) > 3


@pytest.mark.parametrize(("minutes", "least"), [(1, 1), (5, 7), (60, 7)])
def test_with_too_little_history_the_fixed_default_holds(minutes: int, least: int) -> None:
    judged = [judge_past(past(BTC, minutes, least + 1.5, seed=15), minutes, STRATEGIES, SETTINGS)]
    days = thresholds_by_day(judged, dialled(5, minutes))
    assert [one.chosen is None for one in days] == [True] * least + [False] * 2
    assert {one.threshold for one in days[:least]} == {0.75}


def test_a_symbol_whose_candles_ended_counts_no_more() -> None:
    alone = past(BTC, 15, 20, seed=16)
    ended = past(ETH, 15, 9, seed=17)
    judged = [judge_past(one, 15, STRATEGIES, SETTINGS) for one in (alone, ended)]
    both = thresholds_by_day(judged, dialled(8))
    assert both[10:] == thresholds_by_day(judged[:1], dialled(8))[10:]
    assert both[9] != thresholds_by_day(judged[:1], dialled(8))[9]


def test_a_past_without_candles_between_two_stretches_has_no_thresholds_there() -> None:
    stretches = past(BTC, 15, 9, seed=18), past(BTC, 15, 9, seed=19, begins=MIDNIGHT + 40 * DAY_MS)
    judged = [judge_past(one, 15, STRATEGIES, SETTINGS) for one in stretches]
    days = thresholds_by_day(judged, dialled(8))
    assert [one.day - FIRST_DAY for one in days] == [*range(9), *range(40, 49)]
    assert [one.chosen is None for one in days] == ([True] * 7 + [False] * 2) * 2


def test_a_day_fires_under_its_own_threshold_looked_at_over_the_whole_past() -> None:
    candles = past(BTC, 15, 3, seed=20)
    judged = judge_past(candles, 15, STRATEGIES, SETTINGS)
    moving = {FIRST_DAY: 0.9, FIRST_DAY + 1: 0.4, FIRST_DAY + 2: 0.7}
    found = signals_of(judged, fixed("0.5"), moving)
    for day, threshold in moving.items():
        alone = signals_of(judged, fixed("0.5"), dict.fromkeys(moving, threshold))
        assert [one for one in found if one.open_time // DAY_MS == day] == [
            one for one in alone if one.open_time // DAY_MS == day
        ]


def test_where_even_the_highest_threshold_gives_too_many_only_the_days_strongest_are_kept() -> None:
    stretches = [past(f"S{number}USDT", 15, 10, seed=30 + number) for number in range(8)]
    found = scanned(dialled(1), *stretches)
    exceeded = {one.day for one in found.thresholds if one.chosen and one.chosen.reach is Reach.EXCEEDED}
    assert exceeded
    kept = Counter(one.open_time // DAY_MS for one in found.signals)
    assert all(kept[day] <= 1 for day in exceeded)
    assert {one.open_time // DAY_MS for one in found.held_back} <= exceeded
    everything = sorted(found.signals + found.held_back, key=_close_after_close)
    for day in exceeded:
        heard = [one for one in everything if one.open_time // DAY_MS == day]
        assert [one for one in found.signals if one.open_time // DAY_MS == day] == heard[:1]
    assert found.held_back
    assert min(one.strength for one in found.held_back) >= 0.95


def _close_after_close(one: PastSignal) -> tuple[int, float, str, str]:
    return one.open_time, -one.strength, one.symbol, one.strategy


def test_coarser_files_of_the_same_candles_give_the_same_signals() -> None:
    fine = past(BTC, 1, 4, seed=21)
    assert scanned(fixed("0.6"), fine).signals == scanned(fixed("0.6"), aggregate(fine, 15)).signals
