"""Firing candle by candle gives what the whole history gives, for every pair, whenever it is asked for first."""

import numpy as np
import pytest

from strategies.firing import fires
from strategies.model import Scores
from strategies.running_firings import KEPT_SCORES, RunningFirings

ALL = slice(None)
PAIRS = [(0.4, 2), (0.55, 3), (0.7, 2), (0.95, 1)]


def random_scores(candles: int, rows: int = 9, seed: int = 5) -> Scores:
    """Strengths that stay and jump, so that thresholds are crossed in crowds."""
    random = np.random.default_rng(seed)
    strength = np.round(np.clip(random.normal(0.6, 0.25, (2, rows, candles)), 0, 1), 2)
    confluence = random.integers(0, 4, (2, rows, candles), dtype=np.int8)
    factors = np.zeros((2, 3, rows, candles))
    names = tuple(f"S{row}" for row in range(rows))
    return Scores("x", 1, names, np.arange(candles) * 60_000, ("a", "b", "c"), factors, strength, confluence)


def pushed(firings: RunningFirings, scores: Scores, candle: int, rows: slice | np.ndarray = ALL) -> None:
    firings.push(rows, scores.strength[:, rows, candle], scores.confluence[:, rows, candle])


def test_every_candle_fires_as_over_the_whole_history() -> None:
    scores = random_scores(600)
    firings = RunningFirings(9)
    told = {pair: [] for pair in PAIRS}
    for pair in PAIRS:
        firings.fired(ALL, pair)
    for candle in range(600):
        pushed(firings, scores, candle)
        for pair in PAIRS:
            told[pair].append(firings.fired(ALL, pair))
    for pair in PAIRS:
        whole = fires(scores, *pair)
        assert whole.any()
        np.testing.assert_array_equal(np.stack(told[pair], axis=-1), whole)


@pytest.mark.parametrize("asked_at", [0, 1, 7, 200, KEPT_SCORES - 1])
def test_a_pair_that_is_new_is_followed_from_the_kept_scores(asked_at: int) -> None:
    scores = random_scores(KEPT_SCORES + 20)
    whole = {pair: fires(scores, *pair) for pair in PAIRS}
    firings = RunningFirings(9)
    for candle in range(KEPT_SCORES + 20):
        pushed(firings, scores, candle)
        if candle >= asked_at:
            for pair in PAIRS:
                np.testing.assert_array_equal(firings.fired(ALL, pair), whole[pair][..., candle])


@pytest.mark.parametrize("history", [1, 30, KEPT_SCORES, KEPT_SCORES + 40])
def test_a_filled_past_goes_on_as_if_it_had_been_pushed(history: int) -> None:
    scores = random_scores(history + 60)
    one, other = RunningFirings(9), RunningFirings(9)
    other.fired(ALL, PAIRS[0])
    begin = max(0, history - KEPT_SCORES)
    for candle in range(begin, history):
        pushed(one, scores, candle)
    other.fill(ALL, scores.strength[..., :history], scores.confluence[..., :history])
    for candle in range(history, history + 60):
        pushed(one, scores, candle)
        pushed(other, scores, candle)
        for pair in PAIRS:
            np.testing.assert_array_equal(one.fired(ALL, pair), other.fired(ALL, pair))


def test_rows_that_lag_are_counted_by_their_own_candles() -> None:
    scores = random_scores(300)
    whole = fires(scores, 0.55, 2)
    firings = RunningFirings(9)
    firings.fired(ALL, (0.55, 2))
    even, odd = np.arange(0, 9, 2), np.arange(1, 9, 2)
    for candle in range(300):
        pushed(firings, scores, candle, even)
        if candle >= 3:
            pushed(firings, scores, candle - 3, odd)
            np.testing.assert_array_equal(firings.fired(odd, (0.55, 2)), whole[:, odd, candle - 3])
        np.testing.assert_array_equal(firings.fired(even, (0.55, 2)), whole[:, even, candle])


def test_rows_move_with_their_symbols_and_new_ones_know_nothing() -> None:
    scores = random_scores(120)
    whole = fires(scores, 0.55, 2)
    firings = RunningFirings(9)
    firings.fired(ALL, (0.55, 2))
    for candle in range(100):
        pushed(firings, scores, candle)
    order = np.array([4, -1, 0])
    firings.arrange(order)
    for candle in range(100, 120):
        firings.push(ALL, scores.strength[:, [4, 8, 0], candle], scores.confluence[:, [4, 8, 0], candle])
        fired = firings.fired(ALL, (0.55, 2))
        np.testing.assert_array_equal(fired[:, 0], whole[:, 4, candle])
        np.testing.assert_array_equal(fired[:, 2], whole[:, 0, candle])
        if candle == 100:
            assert not fired[:, 1].any()


def test_a_row_that_was_forgotten_begins_anew_and_its_first_candle_never_fires() -> None:
    firings = RunningFirings(1)
    firings.fired(ALL, (0.5, 2))
    strong, weak = np.ones((2, 1)), np.zeros((2, 1))
    three = np.full((2, 1), 3, dtype=np.int8)
    firings.push(ALL, weak, three)
    firings.push(ALL, strong, three)
    assert firings.fired(ALL, (0.5, 2)).all()
    firings.forget(ALL)
    assert not firings.fired(ALL, (0.5, 2)).any()
    firings.push(ALL, strong, three)
    assert not firings.fired(ALL, (0.5, 2)).any()
    firings.push(ALL, weak, three)
    firings.push(ALL, strong, three)
    assert firings.fired(ALL, (0.5, 2)).all()


def test_a_pair_that_nobody_uses_is_let_go_and_comes_back_the_same() -> None:
    scores = random_scores(200)
    firings = RunningFirings(9)
    firings.fired(ALL, PAIRS[0])
    for candle in range(150):
        pushed(firings, scores, candle)
    firings.keep([PAIRS[1]])
    for candle in range(150, 200):
        pushed(firings, scores, candle)
    np.testing.assert_array_equal(firings.fired(ALL, PAIRS[0]), fires(scores, *PAIRS[0])[..., -1])
