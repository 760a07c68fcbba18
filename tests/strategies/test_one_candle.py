"""Strategies say of one candle with the columns that moved on what they say of all candles."""

import numpy as np
import pytest

from indicators.batch import BatchIndicatorProcessor
from indicators.candles import MINUTE_MS, aggregate
from indicators.live import bars_of
from indicators.live_columns import LiveColumns, one_candle
from strategies.confluence import score
from strategies.model import Settings, Strategy
from strategies.registry import all_strategies
from tests.indicators.market import walk

SETTINGS = Settings()


@pytest.mark.parametrize("strategy", all_strategies(SETTINGS), ids=lambda strategy: strategy.id)
def test_one_candle_scores_as_it_does_among_all(strategy: Strategy) -> None:
    fast = walk(6, 480, seed=21, quiet=0.1, starts=(0, 0, 40, 200, 350, 470))
    slow = aggregate(fast, 60)
    made = BatchIndicatorProcessor(periods=SETTINGS.periods)
    columns, slow_columns = (made.calculate_batch_core_indicators(candles) for candles in (fast, slow))
    expected = score(strategy, fast, columns, slow, slow_columns)
    live = LiveColumns(fast.symbols, 15, SETTINGS.periods)
    live_slow = LiveColumns(fast.symbols, 60, SETTINGS.periods)
    newest_slow, newest_columns = slow.until(0), live_slow.latest(slice(None))
    fired = 0
    for at, (opened, closed) in enumerate(zip(fast.open_times.tolist(), fast.close_times.tolist(), strict=True)):
        if closed % (60 * MINUTE_MS) == 0:
            place = at // 4
            bars = bars_of(slow, place)
            newest_columns = live_slow.push(slice(None), np.full(6, slow.open_times[place]), bars)
            newest_slow = one_candle(slow.symbols, 60, int(slow.open_times[place]), bars)
        bars = bars_of(fast, at)
        pushed = live.push(slice(None), np.full(6, opened), bars)
        if not len(newest_slow):
            continue
        scores = score(strategy, one_candle(fast.symbols, 15, opened, bars), pushed, newest_slow, newest_columns)
        np.testing.assert_allclose(scores.factors[..., 0], expected.factors[..., at], rtol=0, atol=1e-9)
        np.testing.assert_allclose(scores.strength[..., 0], expected.strength[..., at], rtol=0, atol=2e-9)
        np.testing.assert_array_equal(scores.confluence[..., 0], expected.confluence[..., at])
        fired += int((scores.strength > 0.5).sum())
    assert fired > 10, "a market that says nothing would prove nothing"
