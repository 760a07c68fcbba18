"""What one more candle costs: moved on, recomputed whole, and symbol by symbol with TA-Lib.

All three give the columns of one timeframe. Cost grows with the symbols, and for the columns that move on not with
the history; memory stands beside it.

    python bench/columns.py [--symbols 10,100,1000,5000] [--candles 200]
"""

import argparse
import sys
import tracemalloc
from collections.abc import Sequence
from functools import partial

import numpy as np

from bench.measure import Row, interleaved, printed
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


class Moving:
    """Columns that have seen the first `seen` candles, and move on by one at each call."""

    def __init__(self, candles: Candles, seen: int) -> None:
        self._live = LiveColumns(candles.symbols, candles.minutes, PERIODS, COLUMNS)
        self._live.fill(candles.until(seen))
        self._to_come = iter(
            [
                (np.full(len(candles.symbols), candles.open_times[at]), bars_of(candles, at))
                for at in range(seen, len(candles))
            ]
        )

    def move(self) -> Columns:
        """The columns after the next candle."""
        times, bars = next(self._to_come)
        return self._live.push(slice(None), times, bars)


def state_bytes(candles: Candles) -> int:
    """What the columns that move on take, for as many symbols."""
    tracemalloc.start()
    live = LiveColumns(candles.symbols, candles.minutes, PERIODS, COLUMNS)
    live.fill(candles)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size


def rows(symbols: Sequence[int] = (10, 100, 1_000, 5_000), candles: int = 200) -> list[Row]:
    """Two rows for each number of symbols, and how the cost of one candle depends on the history.

    Raises AssertionError unless the columns that moved on are the recomputed ones.
    """
    table = []
    for count in symbols:
        rounds = max(7, min(40, 20_000 // count))
        longer = made_market(count, candles, (MINUTES,), more=rounds)[MINUTES]
        market, moving = longer.until(candles), Moving(longer, candles - 1)
        whole = recomputed(market)
        for name, values in moving.move().items():
            np.testing.assert_allclose(values[:, 0], whole[name][:, -1], rtol=1e-9, atol=0, err_msg=name)
        moved, recompute, loop = interleaved(
            rounds, moving.move, partial(recomputed, market), partial(columns_loop, market)
        )
        window = CandleWindow(market.symbols[:1], MINUTES, KEPT).nbytes * count
        memory = f"state {state_bytes(market) / 1e6:.1f} MB, {KEPT} candles {window / 1e6:.0f} MB"
        table.append(Row(f"one more candle, {count} symbols", moved, loop, note=memory))
        table.append(Row(f"all {candles} candles, {count} symbols", recompute, loop))
    return [*table, history()]


def history(count: int = 500, short: int = 200, long: int = 2_000, rounds: int = 100) -> Row:
    """One candle after a long history against one after a short one."""
    both = [Moving(made_market(count, seen, (MINUTES,), more=rounds)[MINUTES], seen) for seen in (long, short)]
    ours, peer = interleaved(rounds, *(moving.move for moving in both))
    return Row(f"one more candle after {long}, peer: after {short}", ours, peer, bound=1.5)


def main() -> int:
    parser = argparse.ArgumentParser(description="One more candle: moved on, recomputed, and with TA-Lib.")
    parser.add_argument("--symbols", default="10,100,1000,5000", help="how many symbols, one or several")
    parser.add_argument("--candles", type=int, default=200)
    asked = parser.parse_args()
    print(printed(rows([int(count) for count in asked.symbols.split(",")], asked.candles)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
