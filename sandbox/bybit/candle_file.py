"""Reading one candle file: CSV, plain or gzip, the symbol and the interval in its name."""

import csv
import gzip
import io
import pathlib
import re
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sandbox.bybit.source import MINUTE_MS, Floats, MarketRefused

NAME = re.compile(r"(?:^|[-_])(?P<symbol>[A-Z0-9]{2,20}USDT)[-_](?P<interval>\d+[mhd])(?:[-_.]|$)", re.IGNORECASE)
COLUMNS = ("open_time", "open", "high", "low", "close", "volume")
UNITS = {"m": 1, "h": 60, "d": 1440}


@dataclass(frozen=True, slots=True)
class CandleFile:
    """One symbol's candles as they stand in a file, oldest first, without gaps; `time` is ms UTC of the open."""

    symbol: str
    minutes: int
    time: NDArray[np.int64]
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    decimals: int
    """Decimals of its prices."""

    @property
    def end_ms(self) -> int:
        """When its last candle closes."""
        return int(self.time[-1]) + self.minutes * MINUTE_MS


def read_candle_file(path: pathlib.Path) -> CandleFile:
    """Raises MarketRefused, with file and line (the header is line 1), where something in it is wrong."""
    named = NAME.search(path.name)
    if named is None:
        raise MarketRefused(f"{path}: the name must hold symbol and interval, as in BTCUSDT-5m.csv")
    interval = named["interval"].lower()
    minutes = int(interval[:-1]) * UNITS[interval[-1]]
    if not minutes or 1440 % minutes:
        raise MarketRefused(f"{path}: an interval of {interval} does not fit into a day")
    header, lines = _lines(path)
    order = _columns(path, header)
    table = _numbers(path, lines, order, len(header))
    _check(path, table, minutes)
    decimals = max(len(line.split(",")[order[4]].strip().partition(".")[2]) for line in lines[-2000:])
    return CandleFile(
        symbol=named["symbol"].upper(),
        minutes=minutes,
        time=table[:, 0].astype(np.int64),
        open=table[:, 1].copy(),
        high=table[:, 2].copy(),
        low=table[:, 3].copy(),
        close=table[:, 4].copy(),
        volume=table[:, 5].copy(),
        decimals=min(decimals, 10),
    )


def _lines(path: pathlib.Path) -> tuple[list[str], list[str]]:
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.name.endswith(".gz") else raw).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as failed:
        raise MarketRefused(f"{path}: cannot be read: {failed}") from None
    lines = text.rstrip("\r\n").splitlines()
    header = [name.strip().lower() for name in next(csv.reader(lines[:1]), [])]
    if len(lines) < 2:
        raise MarketRefused(f"{path}:{max(1, len(lines))}: no candles")
    return header, lines[1:]


def _columns(path: pathlib.Path, header: list[str]) -> list[int]:
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise MarketRefused(f"{path}:1: the header has no column {missing[0]}")
    return [header.index(name) for name in COLUMNS]


def _numbers(path: pathlib.Path, lines: list[str], order: list[int], width: int) -> Floats:
    try:
        table: Floats = np.loadtxt(io.StringIO("\n".join(lines)), delimiter=",", ndmin=2, comments=None)
        if table.shape == (len(lines), width):
            return table[:, order]
    except ValueError:
        pass  # looked for line by line below
    for number, line in enumerate(lines, start=2):
        cells = line.split(",")
        if len(cells) != width:
            raise MarketRefused(f"{path}:{number}: {len(cells)} fields where the header has {width}")
        for name, at in zip(COLUMNS, order, strict=True):
            if not _is_number(cells[at]):
                raise MarketRefused(f"{path}:{number}: {name} is not a number")
    return np.array([[float(line.split(",")[at]) for at in order] for line in lines])


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _check(path: pathlib.Path, table: Floats, minutes: int) -> None:
    """The first broken line, whatever is wrong with it."""
    time, prices = table[:, 0], table[:, 1:5]
    opens, highs, lows, closes = prices.T
    length = minutes * MINUTE_MS
    with np.errstate(invalid="ignore"):
        faults = {
            "a number is not finite": ~np.isfinite(table).all(axis=1),
            "a price is not above zero": (prices <= 0).any(axis=1),
            "volume is below zero": table[:, 5] < 0,
            "high is below low, open or close": highs < np.maximum(np.maximum(opens, closes), lows),
            "low is above open or close": lows > np.minimum(opens, closes),
            "open_time is not a whole interval": time % length != 0,
            "open_time does not follow the candle before": np.concatenate([[False], np.diff(time) != length]),
        }
    found = [(int(np.argmax(bad)), why) for why, bad in faults.items() if bad.any()]
    if found:
        at, why = min(found, key=lambda fault: fault[0])
        raise MarketRefused(f"{path}:{at + 2}: {why}")
