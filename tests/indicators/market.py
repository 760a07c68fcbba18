"""Candles to test with: seeded walks, hand-made ones, and real ones where they lie beside the repository."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from indicators.candles import Candles, FloatArray, IntArray, candles_from
from indicators.column import Column, all_columns
from indicators.live import Bars, Rows

# The columns of the specification with their usual periods, and for how many candles each is NaN.
WARM_UP = {
    "sma_20": 19,
    "ema_12": 11,
    "ema_26": 25,
    "rsi_14": 14,
    "atr_14": 14,
    "vwap_96": 95,
    "volume_ratio_20": 20,
    "lowest_20": 19,
    "highest_20": 19,
}
# Those that are told in the price's unit; the others have none.
PRICES = {"sma_20", "ema_12", "ema_26", "atr_14", "vwap_96", "lowest_20", "highest_20"}
CORE: tuple[Column, ...] = tuple(
    column for column in all_columns() if column.name in {name.rpartition("_")[0] for name in WARM_UP}
)
ALL = slice(None)

REAL = Path(__file__).parents[3] / "shared" / "data"


def walk(
    symbols: int = 3,
    candles: int = 300,
    *,
    minutes: int = 15,
    seed: int = 1,
    price: float = 100.0,
    quiet: float = 0.0,
    starts: tuple[int, ...] = (),
    first: int = 0,
) -> Candles:
    """Random walks from `price`; a share `quiet` of candles has no trades; symbol i begins at candle `starts[i]`."""
    rng = np.random.default_rng(seed)
    dead = rng.random((symbols, candles)) < quiet
    close = price * np.exp(np.cumsum(np.where(dead, 0.0, rng.normal(0, 0.01, (symbols, candles))), axis=1))
    open_ = np.concatenate((np.full((symbols, 1), price), close[:, :-1]), axis=1)
    reach = 1 + np.where(dead, 0.0, np.abs(rng.normal(0, 0.004, (2, symbols, candles))))
    fields = [
        open_,
        np.maximum(open_, close) * reach[0],
        np.minimum(open_, close) / reach[1],
        close,
        np.where(dead, 0.0, rng.lognormal(3, 1, (symbols, candles))),
    ]
    for symbol, start in enumerate(starts):
        for field in fields:
            field[symbol, :start] = np.nan
    return _candles(minutes, first, fields)


def flat(candles: int = 200, *, price: float = 0.1, volume: float = 5.0, minutes: int = 15) -> Candles:
    """One symbol whose price never moves."""
    prices = np.full((1, candles), price)
    return _candles(minutes, 0, [prices, prices, prices, prices, np.full((1, candles), volume)])


def from_close(close: list[float], volume: list[float] | None = None, *, minutes: int = 15, first: int = 0) -> Candles:
    """One symbol from its closes: each candle opens where the last one closed and goes nowhere else."""
    closes = np.array([close])
    open_ = np.concatenate((closes[:, :1], closes[:, :-1]), axis=1)
    traded = np.array([volume]) if volume else np.ones_like(closes)
    return _candles(minutes, first, [open_, np.maximum(open_, closes), np.minimum(open_, closes), closes, traded])


def real(name: str, symbol: str, minutes: int) -> Candles:
    """A file of real candles; the test is skipped, by the file's name, where it is absent."""
    path = REAL / name
    if not path.exists():
        pytest.skip(f"real candles absent: {name}")
    table = pd.read_csv(path)
    fields = [table[field].to_numpy(float)[None] for field in ("open", "high", "low", "close", "volume")]
    return _candles(minutes, 0, fields, times=table["open_time"].to_numpy(np.int64), symbols=[symbol])


def bars_at(candles: Candles, at: int, rows: Rows = ALL) -> Bars:
    """One candle of some symbols, copied."""
    fields = (candles.open, candles.high, candles.low, candles.close, candles.volume)
    return Bars(*(field[:, at][rows].copy() for field in fields))


def times_at(candles: Candles, at: int, rows: Rows = ALL) -> IntArray:
    """The open time of that candle, once for each of these symbols."""
    return np.full(len(candles.symbols), candles.open_times[at])[rows]


def _candles(
    minutes: int,
    first: int,
    fields: list[FloatArray],
    times: np.ndarray | None = None,
    symbols: list[str] | None = None,
) -> Candles:
    rows, count = fields[0].shape
    return candles_from(
        symbols or [f"S{row}USDT" for row in range(rows)],
        minutes,
        (first + np.arange(count)) * minutes * 60_000 if times is None else times,
        **dict(zip(("open", "high", "low", "close", "volume"), fields, strict=True)),
    )
