"""Candle files that a test writes."""

import gzip
from collections.abc import Iterable
from pathlib import Path

from indicators.candles import Candles

HEADER = "open_time,open,high,low,close,volume"


def lines_of(candles: Candles) -> list[str]:
    """One symbol's candles as a file has them, the header first."""
    fields = (candles.open, candles.high, candles.low, candles.close, candles.volume)
    rows = zip(candles.open_times.tolist(), *(one[0].tolist() for one in fields), strict=True)
    return [HEADER, *(",".join(map(repr, row)) for row in rows)]


def write(path: Path, lines: Iterable[str]) -> Path:
    """As CSV, packed if the name says so."""
    data = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(data) if path.name.endswith(".gz") else data)
    return path
