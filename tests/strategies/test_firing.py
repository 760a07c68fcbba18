"""Firing by hand, against a plain loop, and with the future cut off."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.batch import BatchIndicatorProcessor
from indicators.candles import Candles, aggregate
from strategies.confluence import calculate_batch_confluence_factors, calculate_batch_signal_strength, score
from strategies.firing import DAY_MS, days_in, fires, firings_by_day
from strategies.model import Scores, Settings
from strategies.rate import THRESHOLDS
from strategies.registry import all_strategies
from tests.indicators.market import real, walk


def scores_of(strength: np.ndarray, confluence: np.ndarray | None = None, *, minutes: int = 240) -> Scores:
    """Scores with this strength (2, symbols, candles); all three factors present unless told otherwise."""
    _, symbols, candles = strength.shape
    counts = np.full(strength.shape, 3, dtype=np.int8) if confluence is None else confluence.astype(np.int8)
    times = np.arange(candles, dtype=np.int64) * minutes * 60_000
    names = tuple(f"S{row}" for row in range(symbols))
    return Scores("made", minutes, names, times, ("a", "b", "c"), np.zeros((2, 3, symbols, candles)), strength, counts)


def long_only(strengths: list[float]) -> Scores:
    return scores_of(np.array([[strengths], [[0.0] * len(strengths)]]))


def fired_at(scores: Scores, threshold: float = 0.75, confluence: int = 2) -> list[int]:
    return np.flatnonzero(fires(scores, threshold, confluence)[0, 0]).tolist()


def by_loop(scores: Scores, threshold: float, confluence: int) -> np.ndarray:
    """SPEC's sentence, candle by candle."""
    result = np.zeros(scores.strength.shape, dtype=bool)
    for direction, row in np.ndindex(scores.strength.shape[:2]):
        enough = [
            bool(strength >= threshold and count >= confluence)
            for strength, count in zip(scores.strength[direction, row], scores.confluence[direction, row], strict=True)
        ]
        for now in range(1, len(enough)):
            fresh = enough[now] and not enough[now - 1]
            result[direction, row, now] = fresh and not result[direction, row, max(now - 4, 0) : now].any()
    return result


def test_a_rise_over_the_threshold_fires_once_until_it_falls_again() -> None:
    assert fired_at(long_only([0, 0.8, 0.9, 0.8, 0, 0, 0, 0.8])) == [1, 7]


def test_a_firing_silences_the_four_candles_after_it() -> None:
    assert fired_at(long_only([0, 0.8, 0, 0, 0, 0.8, 0, 0.8])) == [1, 7], "candle 5 is the fourth after candle 1"
    assert fired_at(long_only([0, 0.8, 0, 0, 0, 0, 0.8])) == [1, 6]


def test_only_firings_silence_not_what_was_silenced() -> None:
    assert fired_at(long_only([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1])) == [1, 7, 13]


def test_the_first_candle_never_fires() -> None:
    assert fired_at(long_only([0.9, 0.9, 0.9])) == []
    assert fired_at(long_only([0.9, 0.1, 0.9])) == [2]


def test_the_threshold_itself_is_enough_however_the_sum_was_rounded() -> None:
    # The last two sums come out a bit too small in floating point.
    sums = (((1, 1, 0), 0.75), ((1, 0, 1), 0.65), ((0, 1, 1), 0.60), ((0.7, 0.7, 0.9), 0.75), ((1, 0.5, 0.9), 0.80))
    for weights, threshold in sums:
        factors = np.zeros((2, 3, 1, 2))
        factors[0, :, 0, 1] = weights
        strength = calculate_batch_signal_strength(factors)
        assert strength[0, 0, 1] == threshold
        scores = scores_of(strength, calculate_batch_confluence_factors(factors))
        assert fired_at(scores, threshold) == [1]
        assert fired_at(scores, threshold + 0.01) == []


def test_confluence_counts_factors_of_a_half_or_more() -> None:
    factors = np.array([0.5, 0.499, 1.0, 0.0, 0.7 - 0.2, 0.5]).reshape(2, 3, 1, 1)
    assert calculate_batch_confluence_factors(factors)[:, 0, 0].tolist() == [2, 2]


def test_fewer_factors_than_asked_do_not_fire() -> None:
    scores = scores_of(np.array([[[0, 0.9, 0.9]], [[0, 0.9, 0.9]]]), np.array([[[0, 2, 3]], [[0, 1, 2]]]))
    assert fires(scores, 0.75, 2)[:, 0].tolist() == [[False, True, False], [False, False, True]]
    assert fires(scores, 0.75, 3)[:, 0].tolist() == [[False, False, True], [False, False, False]]


@given(
    seed=st.integers(0, 10_000), symbols=st.integers(1, 5), candles=st.integers(1, 120), lively=st.floats(0.05, 0.95)
)
@settings(max_examples=60, deadline=None)
def test_firing_equals_a_plain_loop(seed: int, symbols: int, candles: int, lively: float) -> None:
    rng = np.random.default_rng(seed)
    strength = (rng.random((2, symbols, candles)) < lively) * 0.8
    scores = scores_of(strength, rng.integers(1, 4, strength.shape))
    np.testing.assert_array_equal(fires(scores, 0.75, 2), by_loop(scores, 0.75, 2))


def judged(candles: Candles, slow: Candles) -> list[Scores]:
    made = BatchIndicatorProcessor()
    columns, slow_columns = (made.calculate_batch_core_indicators(frame) for frame in (candles, slow))
    return [score(one, candles, columns, slow, slow_columns) for one in all_strategies(Settings())]


@pytest.mark.parametrize("symbols", [2, 40])
def test_cutting_the_future_off_changes_neither_scores_nor_firings(symbols: int) -> None:
    candles = walk(symbols, 700, seed=12, quiet=0.05, starts=(0, 150))
    whole = [(scores, fires(scores, 0.6, 2)) for scores in judged(candles, aggregate(candles, 60))]
    assert all(fired.sum() > 10 for _, fired in whole)
    for cut in [1, 30, *range(97, 700, 41)]:
        past = candles.until(cut)
        for cut_scores, (scores, fired) in zip(judged(past, aggregate(past, 60)), whole, strict=True):
            np.testing.assert_array_equal(cut_scores.factors, scores.factors[..., :cut])
            np.testing.assert_array_equal(cut_scores.strength, scores.strength[..., :cut])
            np.testing.assert_array_equal(fires(cut_scores, 0.6, 2), fired[..., :cut])


def test_cutting_the_future_off_real_candles_changes_nothing() -> None:
    candles = aggregate(real("bybit-SOLUSDT-5m-20250924-20251231.csv.gz", "SOLUSDT", 5), 60)
    whole = [(scores, fires(scores, 0.7, 2)) for scores in judged(candles, aggregate(candles, 240))]
    for cut in range(500, len(candles), 311):
        past = candles.until(cut)
        for cut_scores, (scores, fired) in zip(judged(past, aggregate(past, 240)), whole, strict=True):
            np.testing.assert_array_equal(cut_scores.strength, scores.strength[..., :cut])
            np.testing.assert_array_equal(fires(cut_scores, 0.7, 2), fired[..., :cut])


def test_firings_are_counted_by_symbol_and_utc_day_of_opening() -> None:
    strength = np.zeros((2, 2, 13))
    strength[0, 0, [1, 11]] = 0.8  # 4h candles: the first opens on day 0 at 04:00, the other on day 1 at 20:00
    strength[1, 0, 5] = 0.9  # day 0, 20:00, a short: closes at midnight, belongs to the day it opened in
    strength[1, 1, 12] = 0.7  # day 2
    scores = scores_of(strength)
    assert days_in(scores.open_times).tolist() == [0, 1, 2]
    counts = firings_by_day(scores, 2, (0.7, 0.8, 0.9, 0.95))
    assert counts.tolist() == [
        [[2, 1, 0], [0, 0, 1]],
        [[2, 1, 0], [0, 0, 0]],
        [[1, 0, 0], [0, 0, 0]],
        [[0, 0, 0], [0, 0, 0]],
    ]


def test_daily_counts_are_the_firings_themselves() -> None:
    rng = np.random.default_rng(4)
    scores = scores_of(np.round(rng.random((2, 7, 500)), 9), rng.integers(1, 4, (2, 7, 500)), minutes=15)
    counts = firings_by_day(scores, 2, THRESHOLDS)
    days = scores.open_times // DAY_MS
    for place in range(0, len(THRESHOLDS), 11):
        fired = fires(scores, THRESHOLDS[place], 2).sum(axis=0)
        expected = [[fired[row, days == day].sum() for day in days_in(scores.open_times)] for row in range(7)]
        assert counts[place].tolist() == expected
