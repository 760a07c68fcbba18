"""Every column agrees with TA-Lib where it has one, and with the definition written out where it has not.

So does its incremental form, pushed candle by candle.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import talib

from indicators.atr import atr
from indicators.candles import Candles, aggregate
from indicators.column import all_columns
from indicators.ema import ema
from indicators.highest import highest
from indicators.lowest import lowest
from indicators.rsi import rsi
from indicators.sma import sma
from indicators.volume_ratio import volume_ratio
from indicators.vwap import vwap
from tests.indicators.market import ALL, bars_at, flat, real, walk


def pushed(candles: Candles, name: str, period: int) -> np.ndarray:
    """The column of this name, one candle after the other."""
    (column,) = (column for column in all_columns() if column.name == name)
    live = column.live(len(candles.symbols), period)
    return np.stack([live.push(ALL, bars_at(candles, at)) for at in range(len(candles))], axis=1)


ORACLES: dict[str, tuple[Callable[[Candles], np.ndarray], Callable[[Candles, int], np.ndarray]]] = {
    "sma": (lambda c: sma(c.close, 20), lambda c, row: talib.SMA(c.close[row], 20)),
    "ema_12": (lambda c: ema(c.close, 12), lambda c, row: talib.EMA(c.close[row], 12)),
    "ema_26": (lambda c: ema(c.close, 26), lambda c, row: talib.EMA(c.close[row], 26)),
    "rsi": (lambda c: rsi(c.close, 14), lambda c, row: talib.RSI(c.close[row], 14)),
    "atr": (
        lambda c: atr(c.high, c.low, c.close, 14),
        lambda c, row: talib.ATR(c.high[row], c.low[row], c.close[row], 14),
    ),
    "lowest": (lambda c: lowest(c.low, 20), lambda c, row: talib.MIN(c.low[row], 20)),
    "highest": (lambda c: highest(c.high, 20), lambda c, row: talib.MAX(c.high[row], 20)),
}
PUSHED = {
    name: (partial(pushed, name=name.split("_")[0], period=period), ORACLES[name][1])
    for name, period in {
        "sma": 20,
        "ema_12": 12,
        "ema_26": 26,
        "rsi": 14,
        "atr": 14,
        "lowest": 20,
        "highest": 20,
    }.items()
}
MARKETS: dict[str, Callable[[], Candles]] = {
    "few symbols": lambda: walk(3, 400, seed=2),
    "many symbols": lambda: walk(60, 200, seed=3),
    "long": lambda: walk(1, 25_000, seed=4),
    "half of the candles without trades": lambda: walk(4, 500, seed=5, quiet=0.5),
    "prices of 1e-8": lambda: walk(3, 300, seed=6, price=1e-8),
    "prices of 1e6": lambda: walk(3, 300, seed=7, price=1e6),
    "flat": flat,
    "shorter than any warm-up": lambda: walk(2, 9),
    "real, a minute": lambda: real("bybit-ADAUSDT-1m-20250530-20250629.csv.gz", "ADAUSDT", 1),
    "real, five minutes": lambda: real("bybit-XRPUSDT-5m-20250403-20250702.csv.gz", "XRPUSDT", 5).latest(3_000),
    "real, a day": lambda: aggregate(real("bybit-BTCUSDT-1h-20210101-20241231.csv.gz", "BTCUSDT", 60), 1440),
}


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("market", MARKETS)
def test_a_column_equals_talib(market: str, name: str) -> None:
    candles = MARKETS[market]()
    ours, theirs = ORACLES[name]
    column = ours(candles)
    assert column.shape == candles.close.shape
    for row in range(len(candles.symbols)):
        np.testing.assert_allclose(column[row], theirs(candles, row), rtol=1e-9, atol=0)


@pytest.mark.parametrize("name", PUSHED)
@pytest.mark.parametrize("market", MARKETS)
def test_a_column_pushed_candle_by_candle_equals_talib(market: str, name: str) -> None:
    candles = MARKETS[market]().latest(3_000)
    live, theirs = PUSHED[name]
    column = live(candles)
    for row in range(len(candles.symbols)):
        np.testing.assert_allclose(column[row], theirs(candles, row), rtol=1e-9, atol=0)


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("symbols", [4, 40])
def test_a_symbol_listed_later_equals_talib_from_its_first_candle(name: str, symbols: int) -> None:
    starts = tuple(range(0, symbols * 7, 7))
    candles = walk(symbols, 320, seed=8, starts=starts)
    ours, theirs = ORACLES[name]
    column = ours(candles)
    for row, start in enumerate(starts):
        alone = candles.latest(320 - start)
        assert np.isnan(column[row, :start]).all()
        np.testing.assert_allclose(column[row, start:], theirs(alone, row), rtol=1e-9, atol=0)


@pytest.mark.parametrize("market", MARKETS)
def test_vwap_and_volume_ratio_equal_their_definitions(market: str) -> None:
    candles = MARKETS[market]().latest(700)
    prices = vwap(candles.high, candles.low, candles.close, candles.volume, 96)
    ratios = volume_ratio(candles.volume, 20)
    typical = (candles.high + candles.low + candles.close) / 3
    for row in range(min(len(candles.symbols), 3)):
        for now in range(len(candles)):
            window = slice(now - 95, now + 1)
            if now < 95:
                assert np.isnan(prices[row, now])
            else:
                expected = np.average(typical[row, window], weights=candles.volume[row, window])
                assert prices[row, now] == pytest.approx(expected, rel=1e-12)
            usual = candles.volume[row, now - 20 : now].mean() if now >= 20 else 0
            if usual > 0:
                assert ratios[row, now] == pytest.approx(candles.volume[row, now] / usual, rel=1e-12)
            else:
                assert np.isnan(ratios[row, now])


def test_nothing_traded_in_the_whole_window_leaves_no_price_and_no_ratio() -> None:
    candles = flat(200, volume=0.0)
    assert np.isnan(vwap(candles.high, candles.low, candles.close, candles.volume, 96)).all()
    assert np.isnan(volume_ratio(candles.volume, 20)).all()


def test_a_huge_volume_leaves_no_trace_once_it_has_left_the_window() -> None:
    volume = np.full((1, 200), 1e-3)
    volume[0, 50] = 1e12
    assert volume_ratio(volume, 20)[0, 71:] == pytest.approx(1.0, rel=1e-12)
    assert np.isnan(volume_ratio(np.where(volume < 1, 0.0, volume), 20)[0, 71:]).all(), (
        "a mean of zeros is exactly zero"
    )
