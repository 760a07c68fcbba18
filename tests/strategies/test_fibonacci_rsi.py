"""Fibonacci RSI by hand: each factor from columns that are written out."""

import numpy as np
import pytest

from indicators.batch import BatchIndicatorProcessor
from strategies.fibonacci_rsi import FibonacciRsi, zone_score
from strategies.model import Settings, Strategy
from tests.indicators.market import flat, from_close

STRATEGY: Strategy = FibonacciRsi(Settings())


def one(value: float) -> np.ndarray:
    return np.array([[value]])


def judged(
    *,
    close: float = 155.0,
    top: float = 200.0,
    bottom: float = 100.0,
    side: float = 1.0,
    atr: float = 20.0,
    rsi: float = 48.0,
    ratio: float = 1.8,
) -> tuple[np.ndarray, np.ndarray]:
    """(factors (2, 3), raw (3,)) of one candle after a swing of 100 points."""
    columns = {
        "swing_high_5": one(top),
        "swing_low_5": one(bottom),
        "swing_side_5": one(side),
        "atr_14": one(atr),
        "rsi_14": one(rsi),
        "volume_ratio_20": one(ratio),
    }
    candles = from_close([close])
    return STRATEGY.factors(candles, columns)[:, :, 0, 0], STRATEGY.raw(candles, columns)[:, 0, 0]


def test_a_pull_back_worked_out_by_hand() -> None:
    factors, raw = judged(close=160.0)
    # From 100 up to 200, now 160: 40 % given back, (0.4 - 0.236) / (0.5 - 0.236); (60 - 48) / 20; (1.8 - 1) / 2
    assert factors[0] == pytest.approx([0.164 / 0.264, 0.6, 0.4])
    # After a rise there is no bounce to sell; (48 - 40) / 20
    assert factors[1] == pytest.approx([0.0, 0.4, 0.4])
    assert raw == pytest.approx([0.4, 48.0, 1.8])


def test_a_bounce_mirrors_a_pull_back() -> None:
    long, _ = judged(close=160.0)
    short, raw = judged(close=140.0, side=-1.0, rsi=52.0)
    assert short[1] == pytest.approx(long[0])
    assert short[0] == pytest.approx(long[1])
    assert raw == pytest.approx([-0.4, 52.0, 1.8]), "negative: of a fall"


@pytest.mark.parametrize(
    ("given_back", "score"),
    [(0.236, 0), (0.368, 0.5), (0.382, 0.553), (0.5, 1), (0.56, 1), (0.618, 1), (0.702, 0.5), (0.786, 0)],
)
def test_the_zone_is_at_its_best_between_a_half_and_the_golden_ratio(given_back: float, score: float) -> None:
    assert min(1.0, float(zone_score(one(given_back))[0, 0])) == pytest.approx(score, abs=5e-4)
    factors, raw = judged(close=200 - 100 * given_back)
    assert factors[0, 0] == pytest.approx(score, abs=5e-4)
    assert raw[0] == pytest.approx(given_back)


@pytest.mark.parametrize("close", [230.0, 200.0, 190.0, 100.0, 60.0])
def test_outside_the_zone_there_is_nothing_to_join(close: float) -> None:
    assert judged(close=close)[0][:, 0].tolist() == [0, 0]


def test_beyond_the_end_of_the_swing_nothing_is_given_back() -> None:
    assert np.isnan(judged(close=201.0)[1][0])
    assert np.isnan(judged(close=99.0, side=-1.0)[1][0])


def test_a_swing_of_less_than_three_atr_does_not_count() -> None:
    assert judged(close=150.0, atr=33.0)[0][0, 0] == 1
    factors, raw = judged(close=150.0, atr=34.0)
    assert factors[:, 0].tolist() == [0, 0]
    assert np.isnan(raw[0])


def test_a_high_below_the_low_is_no_swing_and_one_candle_that_was_both_has_no_side() -> None:
    assert judged(close=150.0, top=100.0, bottom=200.0)[0][:, 0].tolist() == [0, 0]
    assert judged(close=150.0, side=0.0)[0][:, 0].tolist() == [0, 0]


def test_rsi_counts_when_the_rush_is_over() -> None:
    assert [judged(rsi=rsi)[0][0, 1] for rsi in (70, 60, 50, 40, 20)] == pytest.approx([0, 0, 0.5, 1, 1])
    assert [judged(rsi=rsi)[0][1, 1] for rsi in (30, 40, 50, 60, 80)] == pytest.approx([0, 0, 0.5, 1, 1])


@pytest.mark.parametrize(
    ("unknown", "touched"), [("top", [0]), ("bottom", [0]), ("side", [0]), ("atr", [0]), ("rsi", [1]), ("ratio", [2])]
)
def test_a_factor_whose_input_is_unknown_scores_zero(unknown: str, touched: list[int]) -> None:
    factors, raw = judged(**{unknown: np.nan})
    assert (factors[:, touched] == 0).all()
    assert np.isnan(raw[touched]).all()
    others = [place for place in range(3) if place not in touched]
    assert (factors[0, others] > 0).all()


def test_without_any_range_there_is_no_swing() -> None:
    assert judged(atr=0.0)[0][:, 0].tolist() == [0, 0]
    assert judged(top=150.0, bottom=150.0, close=150.0)[0][:, 0].tolist() == [0, 0]


@pytest.mark.parametrize("candles", [flat(200), flat(200, volume=0.0)], ids=["flat", "dead"])
def test_a_market_that_does_not_move_has_no_swing(candles) -> None:
    factors = STRATEGY.factors(candles, BatchIndicatorProcessor().calculate_batch_core_indicators(candles))
    assert (factors[:, 0] == 0).all()
