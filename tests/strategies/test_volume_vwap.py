"""VolumeVWAP by hand: each factor from columns that are written out."""

import numpy as np
import pytest

from indicators.batch import BatchIndicatorProcessor
from indicators.candles import Candles
from strategies.confluence import score
from strategies.model import Settings, Strategy
from strategies.volume_vwap import VolumeVwap
from tests.indicators.market import flat, from_close, walk

STRATEGY: Strategy = VolumeVwap(Settings())


def one(value: float) -> np.ndarray:
    return np.array([[value]])


def judged(
    *,
    close: float = 110.0,
    vwap: float = 100.0,
    atr: float = 5.0,
    ratio: float = 2.0,
    fast: float = 101.0,
    slow: float = 99.0,
) -> tuple[np.ndarray, np.ndarray]:
    """(factors (2, 3), raw (3,)) of one candle with these columns."""
    columns = {
        "vwap_96": one(vwap),
        "atr_14": one(atr),
        "volume_ratio_20": one(ratio),
        "ema_12": one(fast),
        "ema_26": one(slow),
    }
    candles = from_close([close])
    return STRATEGY.factors(candles, columns)[:, :, 0, 0], STRATEGY.raw(candles, columns)[:, 0, 0]


def test_factors_worked_out_by_hand() -> None:
    factors, raw = judged()
    # (2 - 1) / 2; (110 - 100) / 5 / 4; (101 - 99) / 5
    assert factors[0] == pytest.approx([0.5, 0.5, 0.4])
    assert factors[1] == pytest.approx([0.5, 0.0, 0.0])
    assert raw == pytest.approx([2.0, 2.0, 0.4]), "volume 2 x usual, 2 ATR above VWAP, trend 0.4 ATR"


def test_a_short_mirrors_a_long() -> None:
    long, raw = judged(close=110, fast=101, slow=99)
    short, mirrored = judged(close=90, fast=99, slow=101)
    assert short[1] == pytest.approx(long[0])
    assert short[0] == pytest.approx(long[1])
    assert mirrored[1:] == pytest.approx(-raw[1:])


def test_factors_are_clipped_to_one_and_zero() -> None:
    factors, _ = judged(close=200, ratio=9, fast=120, slow=90)
    assert factors.tolist() == [[1, 1, 1], [1, 0, 0]]
    factors, _ = judged(ratio=0.3)
    assert factors[:, 0].tolist() == [0, 0]


@pytest.mark.parametrize("unknown", ["vwap", "atr", "ratio", "fast", "slow"])
def test_a_factor_whose_input_is_unknown_scores_zero(unknown: str) -> None:
    factors, raw = judged(**{unknown: np.nan})
    touched = {"vwap": [1], "atr": [1, 2], "ratio": [0], "fast": [2], "slow": [2]}[unknown]
    assert (factors[:, touched] == 0).all()
    assert np.isnan(raw[touched]).all()
    others = [place for place in range(3) if place not in touched]
    assert (factors[0, others] > 0).all()


def test_without_any_range_nothing_is_far_away() -> None:
    factors, _ = judged(atr=0.0)
    assert factors.tolist() == [[0.5, 0, 0], [0.5, 0, 0]]


def long_dead() -> Candles:
    """A lively symbol that stops moving for two thousand candles: its ATR decays towards zero, never reaching it."""
    lively = walk(1, 100, seed=3).close[0].tolist()
    return from_close(lively + [lively[-1]] * 2_000, [1.0] * 2_099 + [50.0])


@pytest.mark.parametrize("candles", [flat(300), flat(300, volume=0.0), long_dead()], ids=["flat", "dead", "dying"])
def test_a_market_that_does_not_move_has_no_trend_and_no_distance(candles: Candles) -> None:
    columns = BatchIndicatorProcessor().calculate_batch_core_indicators(candles)
    assert STRATEGY.factors(candles, columns)[:, 1:, :, -200:].max() < 1e-3


def test_scores_carry_what_was_judged() -> None:
    candles = walk(3, 200)
    scores = score(STRATEGY, candles, BatchIndicatorProcessor().calculate_batch_core_indicators(candles))
    assert (scores.strategy, scores.minutes, scores.symbols) == ("volume_vwap", 15, candles.symbols)
    assert scores.factor_names == ("volume_confirmation", "vwap_position", "trend_alignment")
    assert scores.factors.shape == (2, 3, 3, 200)
    assert scores.strength.shape == scores.confluence.shape == (2, 3, 200)
    assert scores.open_times is candles.open_times
    assert scores.strength.max() > 0.75
