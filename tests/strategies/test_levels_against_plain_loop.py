"""From candles to strength, the three strategies of levels equal a reader who goes from candle to candle by hand.

Nothing here is shared with what is tested: prices are plain floats, windows are slices, and means are sums.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from indicators.batch import BatchIndicatorProcessor, Columns
from indicators.candles import Candles, aggregate
from strategies.confluence import score
from strategies.firing import fires
from strategies.model import Settings
from strategies.registry import all_strategies
from tests.indicators.market import real, walk

UNKNOWN = math.nan
LEVELS = {one.id: one for one in all_strategies(Settings()) if one.id in ("cumdelta_sr", "fibonacci_rsi", "range")}
MARKETS: dict[str, Callable[[], Candles]] = {
    "random walks": lambda: walk(3, 220, seed=31, starts=(0, 17, 90)),
    "a third of the candles without trades": lambda: walk(2, 220, seed=32, quiet=0.33),
    "prices of 1e-8": lambda: walk(2, 200, seed=33, price=1e-8),
    "real, five minutes": lambda: real("bybit-ADAUSDT-5m-20250924-20251231.csv.gz", "ADAUSDT", 5).latest(400),
}


def clip(value: float) -> float:
    return 0.0 if math.isnan(value) else min(max(value, 0.0), 1.0)


def over(one: float, other: float) -> float:
    return one / other if other > 0 else UNKNOWN


class Reader:
    """One symbol from its first candle on."""

    def __init__(self, candles: Candles, row: int) -> None:
        begin = int(candles.starts[row])
        fields = (candles.high, candles.low, candles.close, candles.volume)
        self.high, self.low, self.close, self.volume = (field[row, begin:].tolist() for field in fields)

    def wilder(self, values: Sequence[float]) -> float:
        """The mean after the last of these values, the first 14 of which make its start."""
        if len(values) < 14:
            return UNKNOWN
        mean = sum(values[:14]) / 14
        for value in values[14:]:
            mean = (13 * mean + value) / 14
        return mean

    def atr(self, now: int) -> float:
        ranges = [
            max(self.high[at], self.close[at - 1]) - min(self.low[at], self.close[at - 1]) for at in range(1, now + 1)
        ]
        return self.wilder(ranges)

    def rsi(self, now: int) -> float:
        moves = [self.close[at] - self.close[at - 1] for at in range(1, now + 1)]
        up, down = self.wilder([max(move, 0) for move in moves]), self.wilder([max(-move, 0) for move in moves])
        return 100 * up / (up + down) if up + down > 0 else up + down

    def volume_score(self, now: int) -> float:
        usual = sum(self.volume[now - 20 : now]) / 20 if now >= 20 else 0
        return clip((over(self.volume[now], usual) - 1) / 2)

    def delta(self, now: int) -> float:
        if now < 9:
            return UNKNOWN
        bought = traded = 0.0
        for at in range(now - 9, now + 1):
            width = self.high[at] - self.low[at]
            part = (self.close[at] - self.low[at]) / width if width > 0 else 0.5
            bought += self.volume[at] * (2 * part - 1)
            traded += self.volume[at]
        return over(bought, traded)

    def swings(self, now: int) -> tuple[float, float, int]:
        """The last swing high, the last swing low, and which came last (1 the high, -1 the low, 0 nobody knows)."""
        top = bottom = UNKNOWN
        side = 0
        for middle in range(5, now - 4):
            before, after = slice(middle - 5, middle), slice(middle + 1, middle + 6)
            high, low = self.high[middle], self.low[middle]
            is_top = high > max(self.high[before]) and high >= max(self.high[after])
            is_bottom = low < min(self.low[before]) and low <= min(self.low[after])
            top, bottom = high if is_top else top, low if is_bottom else bottom
            side = (is_top - is_bottom) if is_top or is_bottom else side
        return top, bottom, side

    def cumdelta_sr(self, now: int, sign: int) -> tuple[float, float, float]:
        top, bottom, _ = self.swings(now)
        distance = self.close[now] - bottom if sign > 0 else top - self.close[now]
        near = 1 - over(distance, self.atr(now)) / 3 if distance >= 0 else 0.0
        return clip(sign * self.delta(now) / 0.2), clip(near), self.volume_score(now)

    def fibonacci_rsi(self, now: int, sign: int) -> tuple[float, float, float]:
        top, bottom, side = self.swings(now)
        zone = UNKNOWN
        if side == sign and over(top - bottom, self.atr(now)) >= 3:
            back = (top - self.close[now] if sign > 0 else self.close[now] - bottom) / (top - bottom)
            if back < 0.5:
                zone = (back - 0.236) / 0.264
            elif back <= 0.618:
                zone = 1.0
            else:
                zone = (0.786 - back) / 0.168
        rsi = self.rsi(now)
        return clip(zone), clip((60 - rsi) / 20 if sign > 0 else (rsi - 40) / 20), self.volume_score(now)

    def range(self, now: int, sign: int) -> tuple[float, float, float]:
        edge = efficiency = UNKNOWN
        if now >= 48:
            low, high = min(self.low[now - 48 : now]), max(self.high[now - 48 : now])
            from_edge = self.close[now] - low if sign > 0 else high - self.close[now]
            if high > low and low <= self.close[now] <= high:
                edge = 1 - 2 * from_edge / (high - low)
        if now >= 20:
            gone = sum(abs(self.close[at] - self.close[at - 1]) for at in range(now - 19, now + 1))
            efficiency = over(abs(self.close[now] - self.close[now - 20]), gone)
        return clip(1 - efficiency / 0.4), clip(edge), clip(sign * (50 - self.rsi(now)) / 20)


def columns_of(candles: Candles) -> Columns:
    return BatchIndicatorProcessor(periods=Settings().periods).calculate_batch_core_indicators(candles)


@pytest.mark.parametrize("id", LEVELS)
@pytest.mark.parametrize("market", MARKETS)
def test_every_candle_scores_as_read_by_hand(market: str, id: str) -> None:
    candles = MARKETS[market]()
    scores = score(LEVELS[id], candles, columns_of(candles))
    for row, start in enumerate(candles.starts.tolist()):
        reader = Reader(candles, row)
        assert not scores.factors[:, :, row, :start].any()
        for now in range(len(reader.close)):
            for direction, sign in enumerate((1, -1)):
                expected = getattr(reader, id)(now, sign)
                got = scores.factors[direction, :, row, start + now]
                np.testing.assert_allclose(got, expected, rtol=1e-8, atol=1e-8, err_msg=f"{sign} at {now}")
                strength = 0.40 * expected[0] + 0.35 * expected[1] + 0.25 * expected[2]
                assert scores.strength[direction, row, start + now] == pytest.approx(strength, abs=1e-8)


@pytest.mark.parametrize("id", LEVELS)
def test_one_candle_with_its_columns_is_judged_as_among_all(id: str) -> None:
    candles = walk(40, 150, seed=34, quiet=0.1, starts=tuple(range(0, 120, 3)))
    columns = columns_of(candles)
    whole = score(LEVELS[id], candles, columns)
    for now in range(40, 150, 7):
        alone = {name: column[:, now : now + 1] for name, column in columns.items()}
        one = score(LEVELS[id], candles.until(now + 1).latest(1), alone)
        np.testing.assert_array_equal(one.factors[..., 0], whole.factors[..., now])
        np.testing.assert_array_equal(one.strength[..., 0], whole.strength[..., now])


@pytest.mark.parametrize("id", LEVELS)
@pytest.mark.parametrize("power", [-40, -3, 50])
def test_another_unit_of_price_or_volume_changes_no_score(id: str, power: int) -> None:
    candles = walk(4, 400, seed=35, quiet=0.1)
    unit = 2.0**power
    dearer = replace(candles, **{name: getattr(candles, name) * unit for name in ("open", "high", "low", "close")})
    busier = replace(candles, volume=candles.volume * unit)
    before = score(LEVELS[id], candles, columns_of(candles))
    for scaled in (dearer, busier):
        np.testing.assert_array_equal(score(LEVELS[id], scaled, columns_of(scaled)).factors, before.factors)


def upside_down(candles: Candles) -> Candles:
    """The same candles with every price p as 300 - p: what rose falls."""
    turned = {"open": 300 - candles.open, "high": 300 - candles.low, "low": 300 - candles.high}
    return replace(candles, close=300 - candles.close, **turned)


@pytest.mark.parametrize("id", LEVELS)
def test_upside_down_longs_are_shorts(id: str) -> None:
    candles = walk(4, 400, seed=36)
    candles = replace(candles, **{f: 100 + getattr(candles, f) / 10 for f in ("open", "high", "low", "close")})
    turned = upside_down(candles)
    upright, other = (score(LEVELS[id], one, columns_of(one)) for one in (candles, turned))
    assert upright.strength[0].max() > 0.6
    np.testing.assert_allclose(other.factors[::-1], upright.factors, atol=1e-6)


@pytest.mark.parametrize("minutes", [15, 60, 240])
@pytest.mark.parametrize("id", LEVELS)
def test_real_candles_fire_now_and_then_in_both_directions(id: str, minutes: int) -> None:
    candles = aggregate(real("bybit-ETHUSDT-5m-20250101-20251231.csv.gz", "ETHUSDT", 5), minutes)
    fired = fires(score(LEVELS[id], candles, columns_of(candles)), 0.6, 2)[:, 0].sum(axis=1)
    share = fired / len(candles)
    assert (share > 0.001).all(), "more than once in a thousand candles"
    assert (share < 0.05).all(), "less than once in twenty candles"
