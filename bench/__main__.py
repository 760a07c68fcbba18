"""All measurements as one table, and how one more candle's cost grows as a picture.

python -m bench [--plot build/bench.png]
"""

import argparse
import subprocess
import sys
from pathlib import Path

from bench import columns, latency, reading, scan, start, tick
from bench.measure import Row, printed

SYMBOLS = (10, 100, 1_000, 5_000)


def plot(table: list[Row], path: Path) -> None:
    """Milliseconds of one more candle over the number of symbols: moved on, recomputed, and TA-Lib's loop."""
    from matplotlib.figure import Figure

    moved, recomputed = table[0 : 2 * len(SYMBOLS) : 2], table[1 : 2 * len(SYMBOLS) : 2]
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    axes.loglog(SYMBOLS, [row.peer or 0.0 for row in moved], "o-", label="loop over symbols, TA-Lib")
    axes.loglog(SYMBOLS, [row.ours for row in recomputed], "s-", label="all 200 candles recomputed")
    axes.loglog(SYMBOLS, [row.ours for row in moved], "^-", label="moved on by one candle")
    axes.set(xlabel="symbols", ylabel="ms of the processor", title="All columns of one timeframe after one more candle")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def main() -> int:
    parser = argparse.ArgumentParser(description="Every measurement, one after the other.")
    parser.add_argument("--plot", type=Path, default=Path("build/bench.png"))
    asked = parser.parse_args()
    growth = columns.rows(SYMBOLS)
    print(printed([*tick.rows(), *growth, *reading.rows(), *start.rows()]), flush=True)
    plot(growth, asked.plot)
    print(f"plot: {asked.plot}", flush=True)
    for apart in (scan, latency):
        # Each in a process of its own: a scan reads a year, and the latency's server is spawned.
        subprocess.run([sys.executable, "-m", apart.__name__], check=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
