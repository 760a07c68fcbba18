"""One tick over a wide market against an honest loop, as a ratio within one run on one machine.

Both judge the same candles with VolumeVWAP and MultiTF and compute every column of both frames. Ours recomputes all
symbols at once, cold, and scores and fires every candle. The peer goes symbol by symbol: TA-Lib where it has the
indicator, NumPy for VWAP and volume, and plain Python for the scores of the newest two candles, which is the least
that tells whether something fires. Their strengths must agree before any time is printed.

    python bench/tick.py [--symbols 500] [--candles 200] [--rounds 15]
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import talib

from indicators.batch import BatchIndicatorProcessor
from indicators.candles import Candles, FloatArray, aggregate, candles_from
from indicators.column import all_columns
from strategies.confluence import score
from strategies.firing import fires
from strategies.model import WEIGHTS, Settings, Strategy
from strategies.registry import all_strategies

FAST_MINUTES, SLOW_MINUTES = 15, 60
SETTINGS = Settings()
# The columns that the peer computes too; the other strategies have more.
COLUMNS = tuple(column for column in all_columns() if column.name in SETTINGS.main_periods)
Frame = dict[str, FloatArray]


def made_market(symbols: int, candles: int, seed: int = 7) -> tuple[Candles, Candles]:
    """A random walk for each symbol in the fast frame with its slow one; both `candles` long, ending together."""
    rng = np.random.default_rng(seed)
    length = candles * SLOW_MINUTES // FAST_MINUTES
    steps = rng.normal(0.0, 0.004, (symbols, length))
    close = 100.0 * np.exp(np.cumsum(steps, axis=1))
    open_ = np.concatenate((close[:, :1], close[:, :-1]), axis=1)
    reach = 1.0 + np.abs(rng.normal(0.0, 0.002, (2, symbols, length)))
    fast = candles_from(
        [f"S{number}USDT" for number in range(symbols)],
        FAST_MINUTES,
        np.arange(length) * FAST_MINUTES * 60_000,
        open=open_,
        high=np.maximum(open_, close) * reach[0],
        low=np.minimum(open_, close) / reach[1],
        close=close,
        volume=rng.lognormal(3.0, 0.8, (symbols, length)),
    )
    return fast.latest(candles), aggregate(fast, SLOW_MINUTES).latest(candles)


def ours(fast: Candles, slow: Candles, strategies: tuple[Strategy, ...]) -> FloatArray:
    """Strengths of the newest candle, shape (strategies, 2, symbols), by the program's own path from empty caches."""
    processor = BatchIndicatorProcessor(periods=SETTINGS.main_periods, columns=COLUMNS)
    columns = processor.calculate_batch_core_indicators(fast)
    slow_columns = processor.calculate_batch_core_indicators(slow)
    newest = []
    for strategy in strategies:
        scores = score(strategy, fast, columns, slow, slow_columns)
        fires(scores, 0.75, 2)
        newest.append(scores.strength[:, :, -1])
    return np.stack(newest)


def talib_frame(candles: Candles, symbol: int) -> Frame:
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


def clip(value: float) -> float:
    return 0.0 if not value > 0.0 else min(value, 1.0)


def trend(frame: Frame, at: int, sign: int) -> float:
    return clip(sign * float(frame["ema_12"][at] - frame["ema_26"][at]) / float(frame["atr_14"][at]))


def volume_vwap_strength(frame: Frame, at: int, sign: int) -> float:
    volume = clip((float(frame["volume_ratio_20"][at]) - 1.0) / 2.0)
    position = clip(sign * float(frame["close"][at] - frame["vwap_96"][at]) / float(frame["atr_14"][at]) / 4.0)
    return WEIGHTS[0] * volume + WEIGHTS[1] * position + WEIGHTS[2] * trend(frame, at, sign)


def multitf_strength(frame: Frame, slow: Frame, at: int, slow_at: int, sign: int) -> float:
    both = min(trend(frame, at, sign), trend(slow, slow_at, sign))
    volume = clip((float(frame["volume_ratio_20"][at]) - 1.0) / 2.0)
    window = slice(slow_at - 19, slow_at + 1 or None)
    lowest, highest = float(slow["low"][window].min()), float(slow["high"][window].max())
    position = (float(frame["close"][at]) - lowest) / (highest - lowest)
    return WEIGHTS[0] * both + WEIGHTS[1] * volume + WEIGHTS[2] * clip(position if sign > 0 else 1.0 - position)


def loop(fast: Candles, slow: Candles) -> FloatArray:
    """The same strengths, symbol by symbol; the candle before the newest is scored too, as firing asks."""
    newest = np.zeros((2, 2, len(fast.symbols)))
    for symbol in range(len(fast.symbols)):
        frame, slow_frame = talib_frame(fast, symbol), talib_frame(slow, symbol)
        for direction, sign in enumerate((1, -1)):
            for at, slow_at in ((-2, -2), (-1, -1)):
                newest[0, direction, symbol] = multitf_strength(frame, slow_frame, at, slow_at, sign)
                newest[1, direction, symbol] = volume_vwap_strength(frame, at, sign)
    return newest


def interleaved(rounds: int, *calls: Callable[[], object]) -> list[float]:
    """Median milliseconds of each call, the calls taking turns so that a busy machine slows them alike."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for times, call in zip(taken, calls, strict=True):
            begin = time.perf_counter()
            call()
            times.append((time.perf_counter() - begin) * 1e3)
    return [statistics.median(times) for times in taken]


def main() -> int:
    parser = argparse.ArgumentParser(description="A recompute of one tick against a TA-Lib loop.")
    parser.add_argument("--symbols", type=int, default=500)
    parser.add_argument("--candles", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=15)
    asked = parser.parse_args()
    main_two = tuple(one for one in all_strategies(SETTINGS) if one.id in ("multitf", "volume_vwap"))
    fast, slow = made_market(asked.symbols, asked.candles)
    worst = float(np.abs(ours(fast, slow, main_two) - loop(fast, slow)).max())
    if worst > 1e-8:
        print(f"ours and the loop disagree by {worst:.3g}", file=sys.stderr)
        return 1
    mine, peer = interleaved(asked.rounds, lambda: ours(fast, slow, main_two), lambda: loop(fast, slow))
    print(f"{asked.symbols} symbols x {asked.candles} candles x 2 frames x {len(main_two)} strategies, cold")
    print(f"{'ours, whole arrays':<24}{mine:10.1f} ms")
    print(f"{'TA-Lib loop':<24}{peer:10.1f} ms")
    print(f"{'ratio':<24}{mine / peer:10.3f}")
    fast, slow = made_market(1, 50)
    for strategy in main_two:
        (one,) = interleaved(200, partial(ours, fast, slow, (strategy,)))
        print(f"{strategy.id + ', 1 symbol, 50':<24}{one:10.3f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
