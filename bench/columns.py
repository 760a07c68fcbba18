"""What one more candle costs: moved on, recomputed whole, and symbol by symbol with TA-Lib.

All three give the columns of one timeframe. Cost grows with the symbols, and for the columns that move on not with
the history; memory stands beside it.

    python bench/columns.py [--symbols 10,100,1000,5000] [--candles 200]
"""

import argparse
import copy
import sys
import tracemalloc
from collections.abc import Callable, Sequence

import numpy as np

from bench.measure import Row, prepared, printed
from bench.peer import COLUMNS, PERIODS, columns_loop, made_market
from indicators.batch import BatchIndicatorProcessor
from indicators.candle_window import CandleWindow
from indicators.candles import Candles
from indicators.column import Columns
from indicators.live import bars_of
from indicators.live_columns import LiveColumns

MINUTES = 15
KEPT = 2_000


def recomputed(candles: Candles) -> Columns:
    """All columns of all candles, from empty caches."""
    return BatchIndicatorProcessor(periods=PERIODS, columns=COLUMNS).calculate_batch_core_indicators(candles)


def started(candles: Candles) -> LiveColumns:
    """Columns that have seen all candles but the newest."""
    live = LiveColumns(candles.symbols, candles.minutes, PERIODS, COLUMNS)
    live.fill(candles.until(len(candles) - 1))
    return live


def moved_on(live: LiveColumns, candles: Candles) -> Columns:
    """The columns after the newest candle."""
    times = np.full(len(candles.symbols), candles.open_times[-1])
    return live.push(slice(None), times, bars_of(candles))


def check(candles: Candles) -> None:
    """Raises AssertionError unless both ways give the same numbers."""
    expected = recomputed(candles)
    for name, values in moved_on(started(candles), candles).items():
        np.testing.assert_allclose(values[:, 0], expected[name][:, -1], rtol=1e-9, atol=0, err_msg=name)


def state_bytes(candles: Candles) -> int:
    """What the columns that move on take, for as many symbols."""
    tracemalloc.start()
    live = started(candles)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del live
    return size


def rows(symbols: Sequence[int] = (10, 100, 1_000, 5_000), candles: int = 200) -> list[Row]:
    """Two rows for each number of symbols, and how the cost of one candle depends on the history."""
    table = []
    for count in symbols:
        market = made_market(count, candles, (MINUTES,))[MINUTES]
        check(market)
        ours, whole, loop = prepared(
            max(5, min(40, 20_000 // count)),
            (copies(started(market)), lambda live, market=market: moved_on(live, market)),
            (lambda: None, lambda _, market=market: recomputed(market)),
            (lambda: None, lambda _, market=market: columns_loop(market)),
        )
        window = CandleWindow(market.symbols[:1], MINUTES, KEPT).nbytes * count
        memory = f"state {state_bytes(market) / 1e6:.1f} MB, {KEPT} candles {window / 1e6:.0f} MB"
        table.append(Row(f"one more candle, {count} symbols", ours, loop, note=memory))
        table.append(Row(f"all {candles} candles, {count} symbols", whole, loop))
    return [*table, history()]


def history(count: int = 500, short: int = 200, long: int = 2_000) -> Row:
    """One candle after a long history against one after a short one."""
    markets = [made_market(count, length, (MINUTES,))[MINUTES] for length in (long, short)]
    ours, peer = prepared(
        50, *((copies(started(market)), lambda live, market=market: moved_on(live, market)) for market in markets)
    )
    return Row(f"one more candle after {long}, peer: after {short}", ours, peer, bound=1.5)


def copies(live: LiveColumns) -> Callable[[], LiveColumns]:
    """Makes a fresh copy for each round, which may be moved on."""
    return lambda: copy.deepcopy(live)


def main() -> int:
    parser = argparse.ArgumentParser(description="One more candle: moved on, recomputed, and with TA-Lib.")
    parser.add_argument("--symbols", default="10,100,1000,5000", help="how many symbols, one or several")
    parser.add_argument("--candles", type=int, default=200)
    asked = parser.parse_args()
    print(printed(rows([int(count) for count in asked.symbols.split(",")], asked.candles)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
