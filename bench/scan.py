"""A scan of a year of 5m candles for one symbol and all strategies, and what reading the file takes beside it.

The candles are made up (a random walk with bursts of volume) unless a file is named. Imports are not counted; nor is
reading, which is told apart, as a share of what plain Python takes for the same numbers.

    python bench/scan.py [--candles FILE] [--threshold 0.6] [--rounds 7]
"""

import argparse
import csv
import gzip
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np

from strategies.model import Settings
from strategies.registry import all_strategies
from tgbot.console.candle_file import read_candle_file
from tgbot.console.signal_file import write_signals
from tgbot.console.stretches import stretches_of
from trading.past_scan import scan_past
from trading.preferences import PRESETS

YEAR = 365 * 288
FIRST = 1_735_689_600_000  # 2025-01-01
MINUTES = 5


def made_file(folder: Path, seed: int = 7) -> Path:
    """A year of 5m candles as a file."""
    random = np.random.default_rng(seed)
    steps = random.standard_t(4, YEAR) * 0.001
    close = 50_000 * np.exp(np.cumsum(steps))
    opened = np.concatenate((close[:1], close[:-1]))
    high, low = np.maximum(opened, close) * 1.0004, np.minimum(opened, close) * 0.9996
    volume = 100 * np.exp(random.normal(0, 0.5, YEAR)) * (1 + 400 * np.abs(steps))
    times = FIRST + np.arange(YEAR) * MINUTES * 60_000
    rows = zip(times.tolist(), *(column.tolist() for column in (opened, high, low, close, volume)), strict=True)
    text = "".join(f"{at},{o:.1f},{h:.1f},{lo:.1f},{c:.1f},{v:.3f}\n" for at, o, h, lo, c, v in rows)
    path = folder / "bybit-BTCUSDT-5m-made.csv.gz"
    path.write_bytes(gzip.compress(f"open_time,open,high,low,close,volume\n{text}".encode(), mtime=0))
    return path


def read_plainly(path: Path) -> list[list[float]]:
    """The peer: the csv module, and nothing checked."""
    with gzip.open(path, "rt") as file:
        rows = csv.reader(file)
        next(rows)
        return [[float(cell) for cell in row] for row in rows]


def median_ms(rounds: int, *calls: Callable[[], object]) -> list[float]:
    """Of each call, the calls taking turns so that a busy machine slows them alike."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for times, call in zip(taken, calls, strict=True):
            begin = time.perf_counter()
            call()
            times.append((time.perf_counter() - begin) * 1e3)
    return [statistics.median(times) for times in taken]


def main() -> int:
    parser = argparse.ArgumentParser(description="A year of 5m candles, one symbol, all strategies.")
    parser.add_argument("--candles", type=Path)
    parser.add_argument("--threshold", type=Decimal, default=Decimal("0.6"))
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    settings = Settings()
    strategies = all_strategies(settings)
    fixed = replace(PRESETS["balanced"], minutes=MINUTES, per_day=None, threshold=asked.threshold)
    dialled = replace(fixed, per_day=10)
    with tempfile.TemporaryDirectory() as folder:
        path = asked.candles or made_file(Path(folder))
        stretches = stretches_of([read_candle_file(path)])
        out = Path(folder) / "signals.csv"

        def scan_and_write() -> None:
            write_signals(out, scan_past(stretches, strategies, settings, fixed).signals)

        found = scan_past(stretches, strategies, settings, fixed)
        scanned, dial, reading, plain = median_ms(
            asked.rounds,
            scan_and_write,
            lambda: scan_past(stretches, strategies, settings, dialled),
            lambda: stretches_of([read_candle_file(path)]),
            lambda: read_plainly(path),
        )
    candles = sum(map(len, stretches))
    print(
        f"{candles:,} candles of 5m, {len(strategies)} strategies, {len(found.signals):,} signals at {asked.threshold}"
    )
    print(f"{'scan, --threshold':<28}{scanned:9.0f} ms   rows written, imports and reading apart")
    print(f"{'scan, --per-day 10':<28}{dial:9.0f} ms   56 thresholds, one for each day")
    print(
        f"{'reading the file, checked':<28}{reading:9.0f} ms   {reading / plain:.2f} of the csv module's {plain:.0f} ms"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
