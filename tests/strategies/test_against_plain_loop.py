"""From candles to strength, both strategies equal the benchmark's peer: TA-Lib and plain Python, symbol by symbol."""

import numpy as np
import pytest

from bench.tick import SETTINGS, loop, made_market, ours
from strategies.registry import all_strategies


@pytest.mark.parametrize(("symbols", "candles", "seed"), [(3, 120, 1), (40, 150, 2), (3, 400, 3)])
def test_the_newest_strengths_equal_those_of_the_plain_loop(symbols: int, candles: int, seed: int) -> None:
    fast, slow = made_market(symbols, candles, seed)
    main_two = tuple(one for one in all_strategies(SETTINGS) if one.id in ("multitf", "volume_vwap"))
    expected = loop(fast, slow)
    assert expected.max() > 0.2
    np.testing.assert_allclose(ours(fast, slow, main_two), expected, atol=1e-8)
