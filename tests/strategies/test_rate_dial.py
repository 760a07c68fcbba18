"""The dial: the highest threshold that would have given the rate asked for."""

import numpy as np
import pytest

from strategies.rate import (
    THRESHOLDS,
    Chosen,
    Reach,
    choose_threshold,
    days_of_history,
    history_days,
    least_history_days,
)
from tests.indicators.market import walk

GRID = len(THRESHOLDS)


def counts_of(totals: dict[float, int], symbols: int = 1, days: int = 10) -> np.ndarray:
    """Counts that reach `totals` at the thresholds named, all on the first symbol and day."""
    counts = np.zeros((GRID, symbols, days), dtype=np.int64)
    for threshold, total in totals.items():
        counts[THRESHOLDS.index(threshold), 0, 0] = total
    return counts


def test_the_grid_is_that_of_the_specification() -> None:
    assert (THRESHOLDS[0], THRESHOLDS[-1], GRID) == (0.40, 0.95, 56)
    assert 0.71 in THRESHOLDS


def test_the_highest_threshold_that_gives_enough_is_chosen_though_counts_are_not_monotone() -> None:
    counts = counts_of({0.50: 150, 0.60: 90, 0.70: 104, 0.71: 99})
    assert choose_threshold(counts, np.array([10.0]), 10) == Chosen(0.70, 10.4, Reach.MET)


def test_out_of_reach_gives_the_threshold_with_the_most_and_of_equals_the_highest() -> None:
    counts = counts_of({0.50: 46, 0.60: 46, 0.70: 20})
    assert choose_threshold(counts, np.array([10.0]), 10) == Chosen(0.60, 4.6, Reach.OUT_OF_REACH)


def test_a_history_in_which_nothing_fired_chooses_nothing() -> None:
    assert choose_threshold(counts_of({}), np.array([10.0]), 10) is None


def test_more_than_asked_even_at_the_highest_threshold_is_said() -> None:
    assert choose_threshold(counts_of({0.95: 300}), np.array([10.0]), 10) == Chosen(0.95, 30.0, Reach.EXCEEDED)
    assert choose_threshold(counts_of({0.95: 100}), np.array([10.0]), 10) == Chosen(0.95, 10.0, Reach.MET)


def test_each_symbol_is_counted_by_its_own_days_of_history() -> None:
    counts = np.zeros((GRID, 3, 30), dtype=np.int64)
    counts[10, 0, :] = 2  # 2 a day over 30 days
    counts[10, 1, 20:] = 4  # listed for 10 days: 4 a day
    dial = choose_threshold(counts, np.array([30.0, 10.0, 0.0]), 6)
    assert dial == Chosen(THRESHOLDS[10], 6.0, Reach.MET)


def test_strategies_are_summed() -> None:
    one = counts_of({0.55: 30})
    assert choose_threshold(np.stack((one, one)), np.array([10.0]), 6) == Chosen(0.55, 6.0, Reach.MET)


def test_without_any_history_nothing_is_chosen() -> None:
    assert choose_threshold(counts_of({}), np.array([0.0]), 5) is None


def test_history_is_counted_from_the_first_candle() -> None:
    assert days_of_history(walk(3, 192, minutes=15, starts=(0, 96, 192))).tolist() == [2.0, 1.0, 0.0]


@pytest.mark.parametrize(("minutes", "days", "least"), [(1, 7, 1), (5, 7, 7), (15, 30, 7), (60, 30, 7), (240, 30, 7)])
def test_how_far_back_the_dial_looks(minutes: int, days: int, least: int) -> None:
    assert (history_days(minutes), least_history_days(minutes)) == (days, least)
