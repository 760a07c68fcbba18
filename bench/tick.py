"""One tick over a wide market against an honest loop, as ratios within one run on one machine.

Both judge the same candles with VolumeVWAP and MultiTF on 15m, 1h and 4h with their slow frames, at a midnight (UTC),
when all of them close. The peer is `bench.peer`. Ours is the program's own path, twice: recomputed, from empty caches;
and moved on by one candle, which is checked and kept, each frame once. The strengths of all three must agree before
any time is printed.

    python bench/tick.py [--symbols 500] [--candles 200] [--rounds 25]
"""

import argparse
import sys
from collections.abc import Mapping
from functools import partial

import numpy as np

from bench.measure import Row, interleaved, printed
from bench.peer import COLUMNS, FRAMES, PAIRS, PERIODS, STRATEGIES, made_market, strengths_loop
from indicators.batch import BatchIndicatorProcessor
from indicators.candle_window import CandleWindow
from indicators.candles import MINUTE_MS, Candles, FloatArray
from indicators.live import bars_of
from indicators.live_columns import LiveColumns, one_candle
from strategies.confluence import score
from strategies.firing import fires
from strategies.model import Strategy
from strategies.running_firings import RunningFirings

THRESHOLD, CONFLUENCE = 0.75, 2
Market = Mapping[int, Candles]


def processor() -> BatchIndicatorProcessor:
    """With empty caches."""
    return BatchIndicatorProcessor(periods=PERIODS, columns=COLUMNS)


def recomputed(market: Market) -> list[FloatArray]:
    """Strengths of the newest candle, (2, symbols), for each pair of frames and strategy; every candle is judged."""
    made = processor()
    columns = {minutes: made.calculate_batch_core_indicators(candles) for minutes, candles in market.items()}
    newest = []
    for fast, slow in PAIRS:
        for strategy in STRATEGIES:
            scores = score(strategy, market[fast], columns[fast], market[slow], columns[slow])
            fires(scores, THRESHOLD, CONFLUENCE)
            newest.append(scores.strength[:, :, -1])
    return newest


def looped(market: Market) -> list[FloatArray]:
    """The same, symbol by symbol."""
    return [strengths for fast, slow in PAIRS for strengths in strengths_loop(market[fast], market[slow])]


class Moving:
    """A market that has seen each frame's candles up to `seen`, and moves on by one in every frame at each call.

    The first of them is the newest of `market.until(seen + 1)`, at midnight; the later ones stand in for those of later
    midnights, so the strategies are told that hour each time.
    """

    def __init__(self, market: Market, seen: int) -> None:
        self._symbols = market[FRAMES[0]].symbols
        self._columns = {minutes: LiveColumns(self._symbols, minutes, PERIODS, COLUMNS) for minutes in FRAMES}
        self._windows = {minutes: CandleWindow(self._symbols, minutes, seen) for minutes in FRAMES}
        self._firings = [[RunningFirings(len(self._symbols)) for _ in STRATEGIES] for _ in PAIRS]
        self._to_come = {
            minutes: [bars_of(candles, at) for at in range(seen, len(candles))] for minutes, candles in market.items()
        }
        self._midnight = {minutes: int(candles.open_times[seen]) for minutes, candles in market.items()}
        self._moved = 0
        for minutes, candles in market.items():
            self._columns[minutes].fill(candles.until(seen))
            fill(self._windows[minutes], candles.until(seen))

    def move(self) -> list[FloatArray]:
        """The next candle of every frame checked, kept, judged and fired: the strengths, as `recomputed` gives."""
        rows = slice(None)
        columns, candles = {}, {}
        for minutes, to_come in self._to_come.items():
            bars, midnight = to_come[self._moved], self._midnight[minutes]
            times = np.full(len(self._symbols), midnight + self._moved * minutes * MINUTE_MS)
            self._windows[minutes].append(rows, times, bars)
            columns[minutes] = self._columns[minutes].push(rows, times, bars)
            candles[minutes] = one_candle(self._symbols, minutes, midnight, bars)
        strengths = []
        for (fast, slow), firings in zip(PAIRS, self._firings, strict=True):
            for strategy, running in zip(STRATEGIES, firings, strict=True):
                scores = score(strategy, candles[fast], columns[fast], candles[slow], columns[slow])
                running.push(rows, scores.strength[:, :, 0], scores.confluence[:, :, 0])
                running.fired(rows, (THRESHOLD, CONFLUENCE))
                strengths.append(scores.strength[:, :, 0])
        self._moved += 1
        return strengths


def fill(window: CandleWindow, candles: Candles) -> None:
    fields = np.stack((candles.open, candles.high, candles.low, candles.close, candles.volume))
    for row, symbol in enumerate(candles.symbols):
        window.fill(symbol, candles.open_times, fields[:, row])


def cold(fast: Candles, slow: Candles, strategy: Strategy) -> None:
    """One strategy from candles to firing, from empty caches; the slow frame only for who reads it."""
    made = processor()
    columns = made.calculate_batch_core_indicators(fast)
    slow_columns = made.calculate_batch_core_indicators(slow) if strategy.uses_slow else None
    fires(score(strategy, fast, columns, slow if strategy.uses_slow else None, slow_columns), THRESHOLD, CONFLUENCE)


def rows(symbols: int = 500, candles: int = 200, rounds: int = 25) -> list[Row]:
    """The tick both ways, and one strategy on one symbol and 50 candles (their bound is in ms, in the note).

    Raises AssertionError unless all three ways give the same strengths.
    """
    longer = made_market(symbols, candles, FRAMES, more=rounds)
    market = {minutes: one.until(candles) for minutes, one in longer.items()}
    moving = Moving(longer, candles - 1)
    expected = looped(market)
    for ours in (recomputed(market), moving.move()):
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-8)
    moved, whole, loop = interleaved(rounds, moving.move, lambda: recomputed(market), lambda: looped(market))
    what = f"{symbols} symbols, {len(PAIRS)} frames, {len(STRATEGIES)} strategies"
    table = [Row(f"tick moved on: {what}", moved, loop, bound=0.01)]
    table.append(Row(f"tick recomputed: {what}", whole, loop, bound=1.0))
    small = made_market(1, 50, FRAMES[:2])
    for strategy, most in zip(STRATEGIES, ("1.5 ms", "1 ms"), strict=True):
        (one,) = interleaved(200, partial(cold, small[FRAMES[0]], small[FRAMES[1]], strategy))
        table.append(Row(f"{strategy.id}, 1 symbol, 50 candles, cold", one, note=f"at most {most}"))
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description="One tick, recomputed and moved on, against a TA-Lib loop.")
    parser.add_argument("--symbols", type=int, default=500)
    parser.add_argument("--candles", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=25)
    asked = parser.parse_args()
    print(printed(rows(asked.symbols, asked.candles, asked.rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
