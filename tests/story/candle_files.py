"""Candle files that a test writes: a market that stands still but for one burst, at a minute known beforehand."""

from pathlib import Path

MINUTE_MS = 60_000
HISTORY = 8 * 1440  # a symbol is traded only once it has been listed for a week
AFTER = 30


def write_burst(folder: Path, symbol: str, price: float, burst_opens: int) -> None:
    """1m candles of `symbol` around the minute that opens at `burst_opens` (ms): flat, a strong rise, flat."""
    high = price * 1.03
    first = burst_opens - HISTORY * MINUTE_MS
    rows = ["open_time,open,high,low,close,volume"]
    rows += [f"{first + at * MINUTE_MS},{price},{price},{price},{price},1000" for at in range(HISTORY)]
    rows += [f"{burst_opens},{price},{high:.4f},{price},{high:.4f},3600"]
    later = (burst_opens + at * MINUTE_MS for at in range(1, AFTER))
    rows += [f"{time},{high:.4f},{high:.4f},{high:.4f},{high:.4f},1000" for time in later]
    (folder / f"bybit-{symbol}-1m-made.csv").write_text("\n".join(rows) + "\n")
