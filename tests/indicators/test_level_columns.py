"""Delta, efficiency, channels and swing points: by hand, by plain loops, and moved on candle by candle."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.batch import BatchIndicatorProcessor
from indicators.candles import Candles, aggregate
from indicators.channel_high import channel_high
from indicators.channel_low import channel_low
from indicators.column import Column, Columns, all_columns
from indicators.cum_delta import cum_delta, volume_delta
from indicators.efficiency import efficiency
from indicators.live_columns import LiveColumns
from indicators.swing_high import swing_high
from indicators.swing_low import swing_low
from indicators.swing_side import swing_side
from tests.indicators.market import ALL, bars_at, flat, from_close, real, times_at, walk

NAMES = ("cum_delta", "efficiency", "channel_high", "channel_low", "swing_high", "swing_low", "swing_side")
LEVELS: tuple[Column, ...] = tuple(column for column in all_columns() if column.name in NAMES)
EXACT_WARM_UP = {"cum_delta_10": 9, "efficiency_20": 20, "channel_high_48": 48, "channel_low_48": 48}
PRICES = ("channel_high", "channel_low", "swing_high", "swing_low")
# Short periods, so that windows wrap often.
SHORT = {
    "cum_delta": (1, 4),
    "efficiency": (1, 5),
    "channel_high": (1, 3),
    "channel_low": (4,),
    "swing_high": (1, 3),
    "swing_low": (2,),
    "swing_side": (1, 2),
}
seeds = st.integers(0, 10_000)
MARKETS: dict[str, Callable[[], Candles]] = {
    "random walks": lambda: walk(4, 300, seed=21),
    "many symbols": lambda: walk(50, 150, seed=22, starts=tuple(range(0, 150, 3))),
    "half of the candles without trades": lambda: walk(4, 300, seed=23, quiet=0.5),
    "nearly no trades": lambda: walk(4, 300, seed=24, quiet=0.95),
    "prices of 1e-8": lambda: walk(2, 200, seed=25, price=1e-8),
    "prices of 1e6": lambda: walk(2, 200, seed=26, price=1e6),
    "flat without trades": lambda: flat(120, volume=0.0),
    "shorter than any warm-up": lambda: walk(2, 7),
    "real, a minute": lambda: real("bybit-DOTUSDT-1m-20250530-20250629.csv.gz", "DOTUSDT", 1).latest(400),
    "real, 4 hours": lambda: aggregate(real("bybit-SOLUSDT-5m-20250924-20251231.csv.gz", "SOLUSDT", 5), 240).latest(
        300
    ),
}


def columns_of(candles: Candles, periods: dict[str, tuple[int, ...]] | None = None) -> Columns:
    return BatchIndicatorProcessor(periods=periods, columns=LEVELS).calculate_batch_core_indicators(candles)


def one_bar(low: float, close: float, high: float, volume: float) -> float:
    return float(volume_delta(*(np.array([[float(value)]]) for value in (high, low, close, volume)))[0, 0])


def test_the_place_of_the_close_tells_how_much_was_bought() -> None:
    assert one_bar(low=100, close=110, high=110, volume=50) == 50, "closed at its high: all bought"
    assert one_bar(low=100, close=100, high=110, volume=50) == -50, "closed at its low: all sold"
    assert one_bar(low=100, close=105, high=110, volume=50) == 0
    assert one_bar(low=100, close=108, high=110, volume=50) == pytest.approx(30), "40 bought, 10 sold"
    assert one_bar(low=100, close=100, high=100, volume=50) == 0, "a flat candle tells nothing"


def test_the_cumulated_delta_is_a_share_of_the_volume() -> None:
    rising = from_close([100.0, 101, 102, 101, 102], [10.0, 10, 10, 30, 50])
    # The first is flat (0 of 10); then bought 10 and 10, sold 30, bought 50.
    shares = cum_delta(rising.high, rising.low, rising.close, rising.volume, 4)[0]
    assert np.isnan(shares[:3]).all()
    assert shares[3:] == pytest.approx([(0 + 10 + 10 - 30) / 60, (10 + 10 - 30 + 50) / 100])


def test_efficiency_is_the_way_made_good_over_the_way_gone() -> None:
    ratios = efficiency(np.array([[100.0, 102, 101, 103, 104]]), 4)[0]
    assert np.isnan(ratios[:4]).all()
    assert ratios[4] == pytest.approx(4 / 6), "went 2 + 1 + 2 + 1, came 4 far"
    assert efficiency(np.array([[1.0, 2, 3, 4, 5]]), 4)[0, 4] == 1
    assert efficiency(np.array([[1.0, 2, 1, 2, 1]]), 4)[0, 4] == 0
    assert np.isnan(efficiency(flat(30).close, 20)).all()


def test_the_channel_leaves_the_candle_itself_out() -> None:
    high = np.array([[1.0, 5, 3, 2, 9, 1]])
    assert channel_high(high, 2)[0].tolist()[2:] == [5, 5, 3, 9]
    assert channel_low(high, 2)[0].tolist()[2:] == [1, 3, 2, 2]
    assert np.isnan(channel_high(high, 2)[0, :2]).all()


def test_a_swing_high_is_known_only_when_enough_candles_have_followed() -> None:
    #                 0  1  2  3  4  5  6  7  8  9
    high = np.array([[3.0, 4, 9, 5, 6, 5, 4, 5, 8, 2]])
    known = swing_high(high, 2)[0]
    assert np.isnan(known[:4]).all(), "the 9 at candle 2 is not known before candle 4 has closed"
    assert known[4:].tolist() == [9] * 6, "the 8 at candle 8 is not known yet; the 6 does not stand above the 9 before"
    later = np.concatenate((high, [[1.0]]), axis=1)
    assert swing_high(later, 2)[0].tolist()[4:] == [9] * 6 + [8]


def test_of_equal_highs_the_first_counts_and_where_nothing_moves_nothing_turns() -> None:
    assert swing_high(np.array([[1.0, 2, 2, 1, 1]]), 1)[0].tolist()[2:] == [2, 2, 2]
    assert np.isnan(swing_high(flat(60).high, 5)).all()
    assert np.isnan(swing_side(flat(60).high, flat(60).low, 5)).all()


def test_the_side_tells_which_swing_point_came_last() -> None:
    candles = from_close([5.0, 6, 7, 6, 5, 4, 5, 6, 7])
    assert candles.high[0].tolist() == [5, 6, 7, 7, 6, 5, 5, 6, 7]
    side = swing_side(candles.high, candles.low, 2)[0]
    assert np.isnan(side[:4]).all()
    assert side[4:].tolist() == [1, 1, 1, -1, -1], "the high of candle 2 by candle 4, the low of candle 5 by candle 7"


def test_a_candle_that_was_both_swing_points_has_no_side() -> None:
    high, low = np.array([[5.0, 9, 5]]), np.array([[3.0, 1, 3]])
    assert swing_side(high, low, 1)[0, 2] == 0


def looped_swings(candles: Candles, row: int, width: int) -> list[tuple[float, float, float]]:
    """(high, low, side) as somebody would find them who reads the chart candle by candle."""
    high, low = candles.high[row].tolist(), candles.low[row].tolist()
    top = bottom = side = float("nan")
    told = []
    for now in range(len(high)):
        middle = now - width
        if middle - width >= 0 and not np.isnan(high[middle - width]):
            around = [place for place in range(middle - width, now + 1) if place != middle]
            is_top = all(high[middle] > high[p] if p < middle else high[middle] >= high[p] for p in around)
            is_bottom = all(low[middle] < low[p] if p < middle else low[middle] <= low[p] for p in around)
            top, bottom = high[middle] if is_top else top, low[middle] if is_bottom else bottom
            if is_top or is_bottom:
                side = 0.0 if is_top and is_bottom else 1.0 if is_top else -1.0
        told.append((top, bottom, side))
    return told


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("width", [1, 3, 5])
def test_swing_points_equal_those_found_candle_by_candle(market: str, width: int) -> None:
    candles = MARKETS[market]()
    top, bottom = swing_high(candles.high, width), swing_low(candles.low, width)
    side = swing_side(candles.high, candles.low, width)
    for row in range(min(len(candles.symbols), 6)):
        expected = np.array(looped_swings(candles, row, width)).T
        np.testing.assert_array_equal(np.stack((top[row], bottom[row], side[row])), expected)


@pytest.mark.parametrize("market", MARKETS)
def test_delta_efficiency_and_channels_equal_their_definitions(market: str) -> None:
    candles = MARKETS[market]()
    columns = columns_of(candles)
    for row in range(min(len(candles.symbols), 3)):
        start = int(candles.starts[row])
        high, low, close = candles.high[row], candles.low[row], candles.close[row]
        for now in range(start, len(candles)):
            got = {name: float(columns[name][row, now]) for name in EXACT_WARM_UP}
            if now - start >= 9:
                pressed = traded = 0.0
                for at in range(now - 9, now + 1):
                    if high[at] > low[at]:
                        pressed += candles.volume[row, at] * (2 * close[at] - high[at] - low[at]) / (high[at] - low[at])
                    traded += candles.volume[row, at]
                expected = pressed / traded if traded else np.nan
                assert got["cum_delta_10"] == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)
            if now - start >= 20:
                gone = sum(abs(close[at] - close[at - 1]) for at in range(now - 19, now + 1))
                expected = abs(close[now] - close[now - 20]) / gone if gone else np.nan
                assert got["efficiency_20"] == pytest.approx(expected, rel=1e-9, nan_ok=True)
            if now - start >= 48:
                assert got["channel_high_48"] == high[now - 48 : now].max()
                assert got["channel_low_48"] == low[now - 48 : now].min()


@given(seed=seeds, starts=st.lists(st.integers(0, 90), min_size=1, max_size=20), length=st.integers(1, 90))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_warm_up_is_nan_for_the_documented_length(seed: int, starts: list[int], length: int) -> None:
    candles = walk(len(starts), length, seed=seed, starts=tuple(starts))
    for name, column in columns_of(candles).items():
        warm = np.minimum(np.array(starts) + EXACT_WARM_UP.get(name, 10), length)[:, None]
        unknown, before = np.isnan(column), np.arange(length) < warm
        if name in EXACT_WARM_UP:
            assert np.array_equal(unknown, before), name
        else:
            assert unknown[before].all(), name
            assert (np.diff(unknown.astype(int), axis=1) <= 0).all(), f"{name} is unknown again"


@given(seed=seeds, power=st.integers(-60, 60), quiet=st.sampled_from([0.0, 0.3]))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_another_unit_of_price_or_volume_changes_no_share_and_no_side(seed: int, power: int, quiet: float) -> None:
    candles = walk(3, 120, seed=seed, quiet=quiet)
    unit = 2.0**power  # a power of two changes no digit, so equality is exact
    dearer = replace(candles, **{name: getattr(candles, name) * unit for name in ("open", "high", "low", "close")})
    busier = replace(candles, volume=candles.volume * unit)
    before, priced, traded = columns_of(candles), columns_of(dearer), columns_of(busier)
    for name in before:
        expected = before[name] * (unit if name.startswith(PRICES) else 1.0)
        np.testing.assert_array_equal(priced[name], expected, err_msg=name)
        np.testing.assert_array_equal(traded[name], before[name], err_msg=name)


@given(seed=seeds, symbols=st.sampled_from([1, 3, 40]), cut=st.integers(1, 199))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_adding_candles_never_changes_the_past(seed: int, symbols: int, cut: int) -> None:
    candles = walk(symbols, 200, seed=seed, quiet=0.1, starts=(0, 30, 90)[:symbols])
    whole, past = columns_of(candles), columns_of(candles.until(cut))
    for name in whole:
        np.testing.assert_array_equal(past[name], whole[name][:, :cut], err_msg=name)


@pytest.mark.parametrize("periods", [None, SHORT], ids=["usual", "short"])
@pytest.mark.parametrize("market", MARKETS)
def test_pushed_candle_by_candle_they_are_the_columns_of_all_candles(
    market: str, periods: dict[str, tuple[int, ...]] | None
) -> None:
    candles = MARKETS[market]()
    expected = columns_of(candles, periods)
    live = LiveColumns(candles.symbols, candles.minutes, periods, LEVELS)
    for at in range(len(candles)):
        bars = bars_at(candles, at)
        peeked, pushed = live.peek(ALL, bars), live.push(ALL, times_at(candles, at), bars)
        for name in expected:
            np.testing.assert_array_equal(peeked[name], pushed[name], err_msg=name)
            np.testing.assert_allclose(
                pushed[name][:, 0], expected[name][:, at], rtol=1e-9, atol=1e-15, err_msg=f"{name} at {at}"
            )


@given(seed=seeds, cut=st.integers(0, 80), kept=st.lists(st.integers(0, 4), min_size=1, max_size=5, unique=True))
@settings(max_examples=12, deadline=None, derandomize=True)
def test_filled_forgotten_and_rearranged_rows_go_on_as_the_columns_of_all_candles(
    seed: int, cut: int, kept: list[int]
) -> None:
    candles = walk(5, 110, seed=seed, quiet=0.2, starts=(0, 0, 7, 50, 79))
    expected, afresh = columns_of(candles, SHORT), columns_of(candles.latest(110 - cut), SHORT)
    live = LiveColumns(candles.symbols, 15, SHORT, LEVELS)
    live.fill(candles.until(cut))
    live.keep([candles.symbols[place] for place in kept])
    live.forget(np.array([0]))
    for at in range(cut, 110):
        # One row by itself and the others after it, the last one first.
        for rows in (np.array([0]), np.arange(len(kept))[:0:-1]):
            places = np.array(kept)[rows]
            values = live.push(rows, times_at(candles, at, places), bars_at(candles, at, places))
            for name in expected:
                wanted = afresh[name][places, at - cut] if rows.tolist() == [0] else expected[name][places, at]
                np.testing.assert_allclose(values[name][:, 0], wanted, rtol=1e-9, atol=1e-15, err_msg=name)
