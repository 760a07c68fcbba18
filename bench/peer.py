"""The honest peer: what a careful person writes without this program, symbol by symbol.

TA-Lib where it has the indicator, NumPy for VWAP and volume, plain Python for the scores of the newest two candles,
which is the least that tells whether something fires.
"""

from collections.abc import Sequence

import numpy as np
import talib

from indicators.candles import Candles, FloatArray, aggregate, candles_from
from indicators.column import Column, all_columns
from strategies.model import WEIGHTS, Settings, Strategy
from strategies.registry import all_strategies

SETTINGS = Settings()
# The frames that people may choose, each with its slow one, and all of them.
PAIRS = ((15, 60), (60, 240), (240, 1440))
FRAMES = (15, 60, 240, 1440)
# What the peer computes too.
NAMES = ("ema", "sma", "rsi", "atr", "vwap", "volume_ratio", "lowest", "highest")
COLUMNS: tuple[Column, ...] = tuple(column for column in all_columns() if column.name in NAMES)
PERIODS = {name: periods for name, periods in SETTINGS.periods.items() if name in NAMES}
STRATEGIES: tuple[Strategy, ...] = tuple(
    one for one in all_strategies(SETTINGS) if one.id in ("multitf", "volume_vwap")
)
# How many different walks there are; more symbols walk the same ones under other names.
_WALKS = 50

Frame = dict[str, FloatArray]


def made_market(
    symbols: int, candles: int, minutes: Sequence[int], *, more: int = 0, seed: int = 7
) -> dict[int, Candles]:
    """A random walk for each symbol in each of these frames: `candles` that end at one midnight (UTC), and `more`."""
    rng = np.random.default_rng(seed)
    shape = (min(symbols, _WALKS), (candles + more) * max(minutes) // min(minutes))
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.004, shape), axis=1))
    open_ = np.concatenate((close[:, :1], close[:, :-1]), axis=1)
    reach = 1.0 + np.abs(rng.normal(0.0, 0.002, (2, *shape)))
    walks = candles_from(
        [f"S{number}USDT" for number in range(shape[0])],
        min(minutes),
        np.arange(shape[1]) * min(minutes) * 60_000,
        open=open_,
        high=np.maximum(open_, close) * reach[0],
        low=np.minimum(open_, close) / reach[1],
        close=close,
        volume=rng.lognormal(3.0, 0.8, shape),
    )
    midnight = candles * max(minutes)
    return {
        length: _widened(aggregate(walks, length).until(midnight // length + more).latest(candles + more), symbols)
        for length in minutes
    }


def _widened(candles: Candles, symbols: int) -> Candles:
    walk = np.arange(symbols) % len(candles.symbols)
    return candles_from(
        [f"S{number}USDT" for number in range(symbols)],
        candles.minutes,
        candles.open_times,
        open=candles.open[walk],
        high=candles.high[walk],
        low=candles.low[walk],
        close=candles.close[walk],
        volume=candles.volume[walk],
    )


def frame_of(candles: Candles, symbol: int) -> Frame:
    """Every column of one symbol."""
    high, low = candles.high[symbol], candles.low[symbol]
    close, volume = candles.close[symbol], candles.volume[symbol]
    traded = np.cumsum(volume)
    paid = np.cumsum(volume * (high + low + close) / 3.0)
    vwap = np.full_like(close, np.nan)
    vwap[96:] = (paid[96:] - paid[:-96]) / (traded[96:] - traded[:-96])
    ratio = np.full_like(close, np.nan)
    ratio[21:] = volume[21:] * 20.0 / (traded[20:-1] - traded[:-21])
    return {
        "close": close,
        "high": high,
        "low": low,
        "ema_12": talib.EMA(close, 12),
        "ema_26": talib.EMA(close, 26),
        "sma_20": talib.SMA(close, 20),
        "rsi_14": talib.RSI(close, 14),
        "atr_14": talib.ATR(high, low, close, 14),
        "vwap_96": vwap,
        "volume_ratio_20": ratio,
    }


def columns_loop(candles: Candles) -> None:
    """Every column of every symbol."""
    for symbol in range(len(candles.symbols)):
        frame_of(candles, symbol)


def strengths_loop(fast: Candles, slow: Candles) -> FloatArray:
    """Strengths of MultiTF and VolumeVWAP on the newest candle, shape (strategies, 2, symbols)."""
    newest = np.zeros((2, 2, len(fast.symbols)))
    for symbol in range(len(fast.symbols)):
        frame, slow_frame = frame_of(fast, symbol), frame_of(slow, symbol)
        for direction, sign in enumerate((1, -1)):
            for at in (-2, -1):  # the candle before is scored too, as firing asks
                newest[0, direction, symbol] = _multitf(frame, slow_frame, at, sign)
                newest[1, direction, symbol] = _volume_vwap(frame, at, sign)
    return newest


def _clip(value: float) -> float:
    return 0.0 if not value > 0.0 else min(value, 1.0)


def _trend(frame: Frame, at: int, sign: int) -> float:
    return _clip(sign * float(frame["ema_12"][at] - frame["ema_26"][at]) / float(frame["atr_14"][at]))


def _volume_vwap(frame: Frame, at: int, sign: int) -> float:
    volume = _clip((float(frame["volume_ratio_20"][at]) - 1.0) / 2.0)
    position = _clip(sign * float(frame["close"][at] - frame["vwap_96"][at]) / float(frame["atr_14"][at]) / 4.0)
    return WEIGHTS[0] * volume + WEIGHTS[1] * position + WEIGHTS[2] * _trend(frame, at, sign)


def _multitf(frame: Frame, slow: Frame, at: int, sign: int) -> float:
    """The slow candle is closed as the newest fast one ends, and the one before it as the fast one before ends."""
    both = min(_trend(frame, at, sign), _trend(slow, at, sign))
    volume = _clip((float(frame["volume_ratio_20"][at]) - 1.0) / 2.0)
    window = slice(at - 19, at + 1 or None)
    lowest, highest = float(slow["low"][window].min()), float(slow["high"][window].max())
    position = (float(frame["close"][at]) - lowest) / (highest - lowest)
    return WEIGHTS[0] * both + WEIGHTS[1] * volume + WEIGHTS[2] * _clip(position if sign > 0 else 1.0 - position)
