"""CumDelta S/R by hand: each factor from columns that are written out."""

import numpy as np
import pytest

from indicators.batch import BatchIndicatorProcessor
from strategies.cumdelta_sr import CumDeltaSr
from strategies.model import Settings, Strategy
from tests.indicators.market import flat, from_close

STRATEGY: Strategy = CumDeltaSr(Settings())


def one(value: float) -> np.ndarray:
    return np.array([[value]])


def judged(
    *,
    close: float = 103.0,
    support: float = 100.0,
    resistance: float = 112.0,
    atr: float = 2.0,
    delta: float = 0.15,
    ratio: float = 2.2,
) -> tuple[np.ndarray, np.ndarray]:
    """(factors (2, 3), raw (3,)) of one candle with these columns."""
    columns = {
        "cum_delta_10": one(delta),
        "swing_low_5": one(support),
        "swing_high_5": one(resistance),
        "atr_14": one(atr),
        "volume_ratio_20": one(ratio),
    }
    candles = from_close([close])
    return STRATEGY.factors(candles, columns)[:, :, 0, 0], STRATEGY.raw(candles, columns)[:, 0, 0]


def test_factors_worked_out_by_hand() -> None:
    factors, raw = judged()
    # 15 % net bought of 20 %; (103 - 100) / 2 = 1.5 ATR over the support, of 3; (2.2 - 1) / 2
    assert factors[0] == pytest.approx([0.75, 0.5, 0.6])
    # sold: none; (112 - 103) / 2 = 4.5 ATR under the resistance, too far
    assert factors[1] == pytest.approx([0.0, 0.0, 0.6])
    assert raw == pytest.approx([0.15, 1.5, 2.2])


def test_a_short_mirrors_a_long() -> None:
    long, _ = judged()
    short, raw = judged(close=109.0, delta=-0.15)
    assert short[1] == pytest.approx(long[0])
    assert short[0] == pytest.approx(long[1])
    assert raw == pytest.approx([-0.15, -1.5, 2.2]), "negative: ATRs under the resistance"


def test_at_the_level_the_distance_scores_in_full_and_beyond_it_nothing() -> None:
    assert judged(close=100.0)[0][0, 1] == 1
    broken, raw = judged(close=99.9)
    assert broken[0, 1] == 0
    assert np.isnan(raw[1])
    assert judged(close=106.0)[0][0, 1] == 0, "3 ATR off"
    assert judged(close=112.1)[0][1, 1] == 0, "a resistance that was broken"


def test_between_two_near_levels_the_card_tells_the_one_that_the_volume_presses_away_from() -> None:
    assert judged(close=101.0, resistance=102.0, delta=0.1)[1][1] == pytest.approx(0.5)
    assert judged(close=101.0, resistance=102.0, delta=-0.1)[1][1] == pytest.approx(-0.5)
    factors, _ = judged(close=101.0, resistance=102.0, delta=0.1)
    assert factors[:, 1] == pytest.approx([1 - 0.5 / 3, 1 - 0.5 / 3]), "both levels are near, whatever the volume does"


def test_factors_are_clipped_to_one_and_zero() -> None:
    factors, _ = judged(close=100.0, delta=0.9, ratio=9.0)
    assert factors.tolist() == [[1, 1, 1], [0, 0, 1]]
    assert judged(ratio=0.3)[0][:, 2].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("unknown", "touched"), [("delta", [0]), ("support", [1]), ("atr", [1]), ("ratio", [2]), ("resistance", [])]
)
def test_a_factor_whose_input_is_unknown_scores_zero(unknown: str, touched: list[int]) -> None:
    factors, _ = judged(**{unknown: np.nan})
    assert (factors[0, touched] == 0).all()
    others = [place for place in range(3) if place not in touched]
    assert (factors[0, others] > 0).all()


def test_without_any_range_no_level_is_near() -> None:
    assert judged(atr=0.0)[0][:, 1].tolist() == [0, 0]


@pytest.mark.parametrize("candles", [flat(200), flat(200, volume=0.0)], ids=["flat", "dead"])
def test_a_market_that_does_not_move_has_neither_delta_nor_levels(candles) -> None:
    factors = STRATEGY.factors(candles, BatchIndicatorProcessor().calculate_batch_core_indicators(candles))
    assert (factors[:, :2] == 0).all()
