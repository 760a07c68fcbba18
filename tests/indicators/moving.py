"""Columns that move on in tests: made, pushed, and compared with those of all candles."""

from collections.abc import Mapping

import numpy as np

from indicators.batch import BatchIndicatorProcessor
from indicators.candles import Candles
from indicators.column import Columns
from indicators.live import Rows
from indicators.live_columns import LiveColumns
from tests.indicators.market import ALL, CORE, bars_at, times_at

# Short periods, so that windows wrap often and rows warm up within a few candles.
SHORT = {
    "sma": (1, 4),
    "ema": (1, 3, 5),
    "rsi": (3,),
    "atr": (1, 3),
    "vwap": (2, 7),
    "volume_ratio": (1, 4),
    "lowest": (3,),
    "highest": (5,),
}


def whole(candles: Candles, periods: Mapping[str, tuple[int, ...]] | None = None) -> Columns:
    return BatchIndicatorProcessor(periods=periods, columns=CORE).calculate_batch_core_indicators(candles)


def live(candles: Candles, periods: Mapping[str, tuple[int, ...]] | None = None) -> LiveColumns:
    return LiveColumns(candles.symbols, candles.minutes, periods, CORE)


def push(columns: LiveColumns, candles: Candles, at: int, rows: Rows = ALL) -> Columns:
    return columns.push(rows, times_at(candles, at, rows), bars_at(candles, at, rows))


def assert_newest(values: Columns, expected: Columns, at: int, rows: Rows = ALL) -> None:
    assert set(values) == set(expected)
    for name in expected:
        np.testing.assert_allclose(
            values[name][:, 0], expected[name][rows, at], rtol=1e-9, atol=0, err_msg=f"{name} at candle {at}"
        )


def assert_same(one: Columns, other: Columns) -> None:
    for name in other:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
