"""From candles to strength, both main strategies equal the benchmark's peer: TA-Lib and plain Python, one by one."""

import numpy as np
import pytest

from bench.peer import FRAMES, made_market
from bench.tick import Moving, looped, recomputed


@pytest.mark.parametrize(("symbols", "candles"), [(3, 120), (40, 150), (3, 400)])
def test_the_newest_strengths_equal_those_of_the_plain_loop(symbols: int, candles: int) -> None:
    longer = made_market(symbols, candles, FRAMES, more=1)
    market = {minutes: one.until(candles) for minutes, one in longer.items()}
    expected = np.stack(looped(market))
    assert expected.max() > 0.2
    np.testing.assert_allclose(np.stack(recomputed(market)), expected, atol=1e-8)
    np.testing.assert_allclose(np.stack(Moving(longer, candles - 1).move()), expected, atol=1e-8)
