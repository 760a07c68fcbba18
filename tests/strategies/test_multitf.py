"""MultiTF by hand: two frames, only closed slow candles."""

from dataclasses import replace

import numpy as np
import pytest

from indicators.batch import BatchIndicatorProcessor
from indicators.candles import Candles, aggregate
from indicators.highest import highest
from indicators.lowest import lowest
from strategies.measures import closed_slow
from strategies.model import Settings, Strategy
from strategies.multitf import MultiTf, weaker
from tests.indicators.market import from_close, walk

STRATEGY: Strategy = MultiTf(Settings())


def row(*values: float) -> np.ndarray:
    return np.array([values])


def columns(trends: list[float], ratios: list[float]) -> dict[str, np.ndarray]:
    """Columns in which the EMAs stand `trends` ATRs apart."""
    ones = np.ones((1, len(trends)))
    return {
        "ema_12": 100 + 2 * row(*trends),
        "ema_26": 100 * ones,
        "atr_14": 2 * ones,
        "volume_ratio_20": row(*ratios),
    }


def slow_columns(slow: Candles, trend: float) -> dict[str, np.ndarray]:
    """The slow frame's columns, its EMAs `trend` ATRs apart and its range as it is."""
    made = columns([trend] * len(slow), [1.0] * len(slow))
    return made | {"lowest_20": lowest(slow.low, 20), "highest_20": highest(slow.high, 20)}


def frames() -> tuple[Candles, Candles]:
    """80 hours with their 20 slow candles of 4 h: lows 1 .. 20, highs 4 .. 23."""
    fast = from_close([1.0 + hour // 4 + hour % 4 for hour in range(80)], minutes=60)
    slow = aggregate(fast, 240)
    return fast, slow


def test_factors_worked_out_by_hand() -> None:
    fast, slow = frames()
    low, high = slow.low[0, :20].min(), slow.high[0, :20].max()
    assert (low, high) == (1.0, 23.0)
    factors = STRATEGY.factors(fast, columns([0.6] * 80, [2.2] * 80), slow, slow_columns(slow, 0.3))
    # the weaker trend; (2.2 - 1) / 2; (23 - 1) / (23 - 1)
    assert factors[0, :, 0, -1] == pytest.approx([0.3, 0.6, 1.0])
    assert factors[1, :, 0, -1] == pytest.approx([0.0, 0.6, 0.0])


def test_the_position_is_that_of_the_fast_close_in_the_slow_range() -> None:
    fast, slow = frames()
    later = from_close([*fast.close[0].tolist(), 6.5], minutes=60)
    raw = STRATEGY.raw(later, columns([1.0] * 81, [1.0] * 81), slow, slow_columns(slow, 1.0))
    assert raw[2, 0, 80] == pytest.approx((6.5 - 1) / 22)
    factors = STRATEGY.factors(later, columns([1.0] * 81, [1.0] * 81), slow, slow_columns(slow, 1.0))
    assert factors[:, 2, 0, 80] == pytest.approx([5.5 / 22, 16.5 / 22])


def test_the_range_needs_twenty_closed_slow_candles() -> None:
    fast, slow = frames()
    factors = STRATEGY.factors(fast, columns([1.0] * 80, [2.0] * 80), slow, slow_columns(slow, 1.0))
    assert (factors[:, 2, 0, :79] == 0).all()
    assert factors[0, 2, 0, 79] == 1


@pytest.mark.parametrize(
    ("fast", "slow", "expected"),
    [(0.6, 0.3, 0.3), (0.3, 0.6, 0.3), (-0.6, -0.3, -0.3), (0.6, -0.3, 0.0), (-2.0, 0.5, 0.0), (0.0, 0.5, 0.0)],
)
def test_the_trend_is_the_weaker_one_and_none_where_the_frames_disagree(
    fast: float, slow: float, expected: float
) -> None:
    assert weaker(row(fast), row(slow))[0, 0] == expected
    assert np.isnan(weaker(row(fast), row(np.nan))[0, 0])


def test_a_slow_candle_is_closed_for_a_fast_one_that_ends_no_earlier() -> None:
    fast = walk(1, 40, minutes=15, first=4)  # 01:00 .. 11:00
    slow = aggregate(fast, 60)
    places = closed_slow(fast, slow)
    assert places[:3].tolist() == [-1, -1, -1]
    for candle in range(3, 40):
        newest = places[candle]
        assert slow.close_times[newest] <= fast.close_times[candle]
        assert newest == len(slow) - 1 or slow.close_times[newest + 1] > fast.close_times[candle]


def test_an_older_slow_candle_does_not_stand_in_for_one_that_is_late() -> None:
    fast = walk(1, 40, minutes=15)
    late = aggregate(fast, 60).until(9)
    assert closed_slow(fast, late)[35:].tolist() == [8, 8, 8, 8, -1]
    assert closed_slow(fast, late.latest(0)).tolist() == [-1] * 40


def test_what_happens_inside_an_open_slow_candle_is_not_seen() -> None:
    fast = walk(2, 2_402, minutes=15, seed=4)
    processor = BatchIndicatorProcessor()
    slow = aggregate(fast, 60)
    seen = STRATEGY.factors(
        fast, processor.calculate_batch_core_indicators(fast), slow, processor.calculate_batch_core_indicators(slow)
    )
    spoilt = replace(slow, close=slow.close * 3, high=slow.high * 3)
    changed = slow.until(599)
    joined = replace(
        slow,
        close=np.concatenate((changed.close, spoilt.close[:, 599:]), axis=1),
        high=np.concatenate((changed.high, spoilt.high[:, 599:]), axis=1),
    )
    other = BatchIndicatorProcessor()
    again = STRATEGY.factors(
        fast, other.calculate_batch_core_indicators(fast), joined, other.calculate_batch_core_indicators(joined)
    )
    # The 600th slow candle ends together with the 2400th fast one, whose place is 2399.
    np.testing.assert_array_equal(again[..., :2_399], seen[..., :2_399])
    assert (again[..., 2_399:] != seen[..., 2_399:]).any()


def test_a_slow_frame_that_is_missing_foreign_or_does_not_fit_is_refused() -> None:
    fast, slow = walk(2, 200), aggregate(walk(2, 200), 60)
    made = BatchIndicatorProcessor()
    fast_columns, slow_columns = (made.calculate_batch_core_indicators(candles) for candles in (fast, slow))
    with pytest.raises(ValueError, match="missing"):
        STRATEGY.factors(fast, fast_columns)
    with pytest.raises(ValueError, match="same symbols"):
        STRATEGY.factors(fast, fast_columns, slow.only(["S1USDT", "S0USDT"]), slow_columns)
    with pytest.raises(ValueError, match="does not fit"):
        closed_slow(walk(1, 9, minutes=15), walk(1, 9, minutes=40))


def test_a_range_without_width_and_unknown_inputs_score_zero() -> None:
    fast = from_close([5.0] * 80, minutes=60)
    slow = aggregate(fast, 240)
    factors = STRATEGY.factors(fast, columns([1.0] * 80, [np.nan] * 80), slow, slow_columns(slow, np.nan))
    assert (factors == 0).all()
