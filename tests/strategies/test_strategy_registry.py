"""Strategies are found: a new one is one new file."""

import sys
from pathlib import Path

import pytest

import strategies
from indicators.batch import BatchIndicatorProcessor
from strategies.confluence import score
from strategies.model import WEIGHTS, Settings, Strategy
from strategies.registry import all_strategies
from tests.indicators.market import walk

NEW_FILE = """
import numpy as np
from strategies.model import WEIGHTS

class Greedy:
    id = {id!r}
    factor_names = ("a", "b", "c")
    weights = WEIGHTS
    uses_slow = False

    def __init__(self, settings):
        self.settings = settings

    def raw(self, fast, columns, slow=None, slow_columns=None):
        return np.ones((3, *fast.close.shape))

    def factors(self, fast, columns, slow=None, slow_columns=None):
        return np.ones((2, 3, *fast.close.shape))
"""


@pytest.fixture
def dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Drops a file into the strategies package for the length of a test."""

    def drop(id: str) -> None:
        (tmp_path / "greedy.py").write_text(NEW_FILE.format(id=id))
        monkeypatch.setattr(strategies, "__path__", [*strategies.__path__, str(tmp_path)])

    yield drop
    sys.modules.pop("strategies.greedy", None)
    if hasattr(strategies, "greedy"):
        del strategies.greedy


def test_five_strategies_are_found_in_the_order_of_their_ids() -> None:
    found = all_strategies(Settings())
    assert [strategy.id for strategy in found] == ["cumdelta_sr", "fibonacci_rsi", "multitf", "range", "volume_vwap"]
    for strategy in found:
        assert isinstance(strategy, Strategy)
        assert strategy.weights == WEIGHTS
        assert len(set(strategy.factor_names)) == 3


def test_a_new_strategy_is_one_new_file(dropped) -> None:
    before = {strategy.id for strategy in all_strategies(Settings())}
    dropped("greedy")
    found = {strategy.id: strategy for strategy in all_strategies(Settings())}
    assert set(found) - before == {"greedy"}
    candles = walk(2, 30)
    scores = score(found["greedy"], candles, BatchIndicatorProcessor().calculate_batch_core_indicators(candles))
    assert (scores.strength == 1).all()
    assert (scores.confluence == 3).all()


def test_two_strategies_with_one_id_are_refused(dropped) -> None:
    dropped("multitf")
    with pytest.raises(ValueError, match="share an id"):
        all_strategies(Settings())


def test_the_periods_of_the_settings_are_the_columns_that_strategies_read() -> None:
    settings = Settings(fast_ema=5, slow_ema=9, atr=7, vwap=30, volume=10, slow_range=12)
    candles = walk(2, 200)
    processor = BatchIndicatorProcessor(periods=settings.periods)
    columns = processor.calculate_batch_core_indicators(candles)
    for strategy in all_strategies(settings):
        assert score(strategy, candles, columns, candles, columns).strength.max() > 0.5
