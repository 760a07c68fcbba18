"""Range by hand: each factor from columns that are written out."""

import numpy as np
import pytest

from indicators.batch import BatchIndicatorProcessor
from strategies.model import Settings, Strategy
from strategies.range import Range
from tests.indicators.market import flat, from_close

STRATEGY: Strategy = Range(Settings())


def one(value: float) -> np.ndarray:
    return np.array([[value]])


def judged(
    *, close: float = 102.0, low: float = 100.0, high: float = 120.0, efficiency: float = 0.1, rsi: float = 38.0
) -> tuple[np.ndarray, np.ndarray]:
    """(factors (2, 3), raw (3,)) of one candle with these columns."""
    columns = {
        "channel_low_48": one(low),
        "channel_high_48": one(high),
        "efficiency_20": one(efficiency),
        "rsi_14": one(rsi),
    }
    candles = from_close([close])
    return STRATEGY.factors(candles, columns)[:, :, 0, 0], STRATEGY.raw(candles, columns)[:, 0, 0]


def test_factors_worked_out_by_hand() -> None:
    factors, raw = judged()
    # 1 - 0.1 / 0.4; (102 - 100) / 20 = 10 % of the range, 1 - 2 x 0.1; (50 - 38) / 20
    assert factors[0] == pytest.approx([0.75, 0.8, 0.6])
    assert factors[1] == pytest.approx([0.75, 0.0, 0.0])
    assert raw == pytest.approx([0.1, 0.1, 38.0])


def test_a_short_mirrors_a_long() -> None:
    long, _ = judged()
    short, raw = judged(close=118.0, rsi=62.0)
    assert short[1] == pytest.approx(long[0])
    assert short[0] == pytest.approx(long[1])
    assert raw == pytest.approx([0.1, 0.9, 62.0])


@pytest.mark.parametrize(
    ("close", "long", "short"),
    [(99.9, 0, 0), (100, 1, 0), (105, 0.5, 0), (110, 0, 0), (115, 0, 0.5), (120, 0, 1), (120.1, 0, 0)],
)
def test_the_edge_scores_from_the_middle_outwards_until_it_is_broken(close: float, long: float, short: float) -> None:
    factors, raw = judged(close=close)
    assert factors[:, 1] == pytest.approx([long, short])
    assert raw[1] == pytest.approx((close - 100) / 20)


def test_a_market_that_goes_straight_is_no_range() -> None:
    for share, score in ((0, 1), (0.2, 0.5), (0.4, 0), (0.9, 0)):
        assert judged(efficiency=share)[0][:, 0] == pytest.approx([score, score])


@pytest.mark.parametrize(("unknown", "touched"), [("efficiency", [0]), ("low", [1]), ("high", [1]), ("rsi", [2])])
def test_a_factor_whose_input_is_unknown_scores_zero(unknown: str, touched: list[int]) -> None:
    factors, raw = judged(**{unknown: np.nan})
    assert (factors[:, touched] == 0).all()
    assert np.isnan(raw[touched]).all()
    others = [place for place in range(3) if place not in touched]
    assert (factors[0, others] > 0).all()


def test_a_range_without_width_has_no_edge() -> None:
    assert judged(low=102.0, high=102.0)[0][:, 1].tolist() == [0, 0]


@pytest.mark.parametrize("candles", [flat(200), flat(200, volume=0.0)], ids=["flat", "dead"])
def test_a_market_that_does_not_move_is_no_range_to_trade(candles) -> None:
    factors = STRATEGY.factors(candles, BatchIndicatorProcessor().calculate_batch_core_indicators(candles))
    assert (factors[:, :2] == 0).all()
    assert (factors[1] == 0).all()
