"""The practice world's market is honest: what the strategies earn in it, before costs, is next to nothing (SPEC 8)."""

import numpy as np
import pytest

from indicators.batch import BatchIndicatorProcessor
from indicators.candles import Candles, FloatArray, aggregate, candles_from
from sandbox.bybit.market import Market
from sandbox.bybit.practice import DEFAULT_SEED
from sandbox.bybit.source import DAY_MS, MINUTE_MS
from sandbox.bybit.synthetic import MadeUpMarket
from strategies.confluence import score
from strategies.firing import fires, firings_by_day
from strategies.model import Scores, Settings
from strategies.rate import THRESHOLDS, choose_threshold, days_of_history, history_days
from strategies.registry import all_strategies

BORN_DAY = 20_781
OTHER_SEED = 2
# The practice preset: 1m on the twelve largest, about 400 signals a day, a stop of 3 ATR and a target of 2 R.
LARGEST, PER_DAY, CONFLUENCE, STOP_ATR, TARGET_R = 12, 400, 2, 3.0, 2.0
CHUNK = 500


def month_of_minutes(seed: int) -> Candles:
    """The 30 days of 1m candles that a world of this seed begins with, for the symbols with the most turnover."""
    market = Market(MadeUpMarket(seed, BORN_DAY), seed)
    first = market.source.first_day
    days = [market.day(day) for day in range(first, BORN_DAY)]
    fields = {
        name: np.concatenate([getattr(day, name) for day in days], axis=1)
        for name in ("open", "high", "low", "close", "volume")
    }
    turnover = (fields["volume"] * fields["close"]).sum(axis=1)
    largest = np.argsort(-turnover)[:LARGEST]
    return candles_from(
        [market.source.instruments[row].symbol for row in largest],
        1,
        first * DAY_MS + np.arange(fields["close"].shape[1]) * MINUTE_MS,
        **{name: field[largest] for name, field in fields.items()},
    )


def trade(candles: Candles, symbol: int, fired: int, sign: int, risk: float) -> float:
    """Gross R of one trade: in at the next open, out at stop or target, or at the last close there is.

    Within a candle the price goes from the open to its nearer extreme, to the other, to the close.
    """
    entry = candles.open[symbol, fired + 1]
    stop, target = entry - sign * risk, entry + sign * risk * TARGET_R
    against, along = (candles.low, candles.high) if sign > 0 else (candles.high, candles.low)
    for begin in range(fired + 1, len(candles), CHUNK):
        window = slice(begin, begin + CHUNK)
        stopped = sign * (against[symbol, window] - stop) <= 0
        reached = sign * (along[symbol, window] - target) >= 0
        ends = np.flatnonzero(stopped | reached)
        if len(ends):
            end = int(ends[0])
            opened = candles.open[symbol, begin + end]
            along_is_nearer = abs(along[symbol, begin + end] - opened) < abs(against[symbol, begin + end] - opened)
            return TARGET_R if reached[end] and (along_is_nearer or not stopped[end]) else -1.0
    return float(sign * (candles.close[symbol, -1] - entry) / risk)


def results(candles: Candles, scores: Scores, threshold: float, atr: FloatArray) -> list[float]:
    fired = np.argwhere(fires(scores, threshold, CONFLUENCE)[:, :, :-1])
    return [
        trade(candles, symbol, candle, 1 if direction == 0 else -1, STOP_ATR * float(atr[symbol, candle]))
        for direction, symbol, candle in fired.tolist()
    ]


@pytest.mark.parametrize("seed", [DEFAULT_SEED, OTHER_SEED])
def test_the_made_up_market_gives_the_strategies_next_to_nothing(seed: int) -> None:
    settings = Settings()
    candles = month_of_minutes(seed)
    slow = aggregate(candles, 5)
    processor = BatchIndicatorProcessor(periods=settings.periods)
    columns, slow_columns = (processor.calculate_batch_core_indicators(frame) for frame in (candles, slow))
    judged = [score(one, candles, columns, slow, slow_columns) for one in all_strategies(settings)]
    main_two = [scores for scores in judged if scores.strategy in ("volume_vwap", "multitf")]
    week = candles.latest(history_days(1) * 1440)
    counts = np.stack([firings_by_day(scores, CONFLUENCE, THRESHOLDS)[..., -history_days(1) :] for scores in main_two])
    dial = choose_threshold(counts, days_of_history(week), PER_DAY)
    assert dial is not None
    atr = columns["atr_14"]
    assert 0.0012 <= np.nanmedian(atr / candles.close) <= 0.0020

    gained = [results(candles, scores, dial.threshold, atr) for scores in main_two]
    assert all(len(each) > 1_000 for each in gained)
    for each in (*gained, gained[0] + gained[1]):
        assert -0.1 < np.mean(each) < 0.2
