"""Candles from the text that Bybit sends to checked arrays, against `json` and a DataFrame.

    python bench/reading.py
"""

import json
import sys

import numpy as np
import pandas as pd

from bench.measure import Row, interleaved, printed
from exchange.market import candles_from as rows_from
from indicators.candles import Candles, candles_from

COUNT = 1_000  # one page of Bybit's
MINUTES = 15
NAMES = ["open_time", "open", "high", "low", "close", "volume", "turnover"]


def page(seed: int = 7) -> bytes:
    """A page of candles as `/v5/market/kline` sends it, the newest first."""
    rng = np.random.default_rng(seed)
    close = 50_000.0 * np.exp(np.cumsum(rng.normal(0.0, 0.002, COUNT)))
    opened = np.concatenate((close[:1], close[:-1]))
    high, low = np.maximum(opened, close) * 1.001, np.minimum(opened, close) * 0.999
    volume = rng.lognormal(5.0, 1.0, COUNT)
    rows = [
        [str(at * MINUTES * 60_000), f"{o:.2f}", f"{h:.2f}", f"{lo:.2f}", f"{c:.2f}", f"{v:.3f}", f"{v * c:.4f}"]
        for at, o, h, lo, c, v in zip(range(COUNT), opened, high, low, close, volume, strict=True)
    ]
    result = {"category": "linear", "symbol": "BTCUSDT", "list": rows[::-1]}
    return json.dumps({"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": 0}).encode()


def ours(text: bytes) -> Candles:
    """Decoded, read and checked as the feed does it."""
    rows = rows_from(json.loads(text)["result"], "BTCUSDT", MINUTES)
    opened, high, low, close, volume = rows.values[:, None, :]
    return candles_from(
        (rows.symbol,), rows.minutes, rows.open_times, open=opened, high=high, low=low, close=close, volume=volume
    )


def framed(text: bytes) -> pd.DataFrame:
    """What is usually done: a DataFrame of the rows, turned into numbers and put into order; nothing is checked."""
    frame = pd.DataFrame(json.loads(text)["result"]["list"], columns=NAMES)
    frame["open_time"] = pd.to_datetime(frame["open_time"].astype("int64"), unit="ms", utc=True)
    frame[NAMES[1:]] = frame[NAMES[1:]].astype(float)
    return frame.set_index("open_time").sort_index()


def rows(rounds: int = 200) -> list[Row]:
    """One row: a page of 1,000 candles. Raises AssertionError unless both read the same closes."""
    text = page()
    np.testing.assert_array_equal(ours(text).close[0], framed(text)["close"].to_numpy())
    mine, peer = interleaved(rounds, lambda: ours(text), lambda: framed(text))
    return [Row(f"{COUNT} candles from Bybit's text to arrays", mine, peer, bound=0.5, note="peer: json, DataFrame")]


def main() -> int:
    print(printed(rows()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
