"""Columns that move on candle by candle are the columns of all candles, and obey the same laws."""

import pickle
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.candles import Candles, FloatArray, aggregate
from indicators.column import Column, Columns
from indicators.live import Bars, replay
from indicators.live_columns import one_candle
from indicators.roster import NONE_YET
from tests.indicators.market import ALL, CORE, PRICES, WARM_UP, bars_at, flat, real, times_at, walk
from tests.indicators.moving import SHORT, assert_newest, assert_same, live, push, whole

seeds = st.integers(0, 10_000)


MARKETS: dict[str, Callable[[], Candles]] = {
    "random walks": lambda: walk(5, 450, seed=11),
    "many symbols": lambda: walk(50, 220, seed=12),
    "half of the candles without trades": lambda: walk(4, 450, seed=13, quiet=0.5),
    "nearly no trades": lambda: walk(4, 450, seed=14, quiet=0.98),
    "prices of 1e-8": lambda: walk(3, 300, seed=15, price=1e-8),
    "prices of 1e6": lambda: walk(3, 300, seed=16, price=1e6),
    "flat": flat,
    "flat without trades": lambda: flat(volume=0.0),
    "listed one after the other": lambda: walk(40, 260, seed=17, starts=tuple(range(0, 200, 5))),
    "shorter than any warm-up": lambda: walk(2, 9),
    "real, a minute": lambda: real("bybit-DOGEUSDT-1m-20250530-20250629.csv.gz", "DOGEUSDT", 1).latest(1_200),
    "real, five minutes": lambda: real("bybit-XRPUSDT-5m-20250403-20250702.csv.gz", "XRPUSDT", 5).latest(1_200),
    "real, a day": lambda: aggregate(real("bybit-BTCUSDT-1h-20210101-20241231.csv.gz", "BTCUSDT", 60), 1440).latest(
        900
    ),
}


@pytest.mark.parametrize("market", MARKETS)
def test_pushed_candle_by_candle_they_are_the_columns_of_all_candles(market: str) -> None:
    candles = MARKETS[market]()
    expected, columns = whole(candles), live(candles)
    for at in range(len(candles)):
        bars = bars_at(candles, at)
        peeked = columns.peek(ALL, bars)
        pushed = columns.push(ALL, times_at(candles, at), bars)
        assert_newest(pushed, expected, at)
        assert_same(peeked, pushed)
        assert_same(columns.latest(ALL), pushed)


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("kept", [1, 19, 96, 200, 2_000])
def test_filled_and_then_pushed_they_are_the_columns_of_all_candles(market: str, kept: int) -> None:
    candles = MARKETS[market]()
    cut = min(kept, len(candles) - 5)
    expected, columns = whole(candles), live(candles)
    columns.fill(candles.until(cut))
    assert_newest(columns.latest(ALL), expected, cut - 1)
    for at in range(cut, min(len(candles), cut + 250)):
        assert_newest(push(columns, candles, at), expected, at)


@given(
    seed=seeds,
    starts=st.lists(st.integers(0, 60), min_size=1, max_size=12),
    cut=st.integers(0, 60),
    first=st.integers(0, 500),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_wherever_the_filling_ends_the_rest_is_the_same(seed: int, starts: list[int], cut: int, first: int) -> None:
    candles = walk(len(starts), 61, seed=seed, quiet=0.2, starts=tuple(starts), first=first)
    expected, columns = whole(candles, SHORT), live(candles, SHORT)
    columns.fill(candles.until(cut))
    for at in range(cut, 61):
        assert_newest(push(columns, candles, at), expected, at)


@given(seed=seeds, starts=st.lists(st.integers(0, 140), min_size=1, max_size=12))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_warm_up_is_nan_for_exactly_the_documented_length(seed: int, starts: list[int]) -> None:
    candles = walk(len(starts), 250, seed=seed, starts=tuple(starts))
    columns = live(candles)
    unknown: dict[str, list[FloatArray]] = {name: [] for name in WARM_UP}
    for at in range(250):
        for name, values in push(columns, candles, at).items():
            unknown[name].append(np.isnan(values[:, 0]))
    for name, length in WARM_UP.items():
        assert np.sum(unknown[name], axis=0).tolist() == [start + length for start in starts], name
        assert np.array_equal(np.stack(unknown[name]), np.arange(250)[:, None] < np.array(starts) + length), name


@given(seed=seeds, power=st.integers(-60, 60), unit=st.sampled_from(["prices", "volume"]))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_another_unit_changes_what_is_told_in_it_and_nothing_else(seed: int, power: int, unit: str) -> None:
    candles = walk(3, 120, seed=seed, quiet=0.2)
    factor = 2.0**power  # a power of two changes no digit, so equality is exact
    names = ("volume",) if unit == "volume" else ("open", "high", "low", "close")
    scaled = replace(candles, **{name: getattr(candles, name) * factor for name in names})
    one, other = live(candles), live(scaled)
    for at in range(120):
        before, after = push(one, candles, at), push(other, scaled, at)
        for name in before:
            told = factor if unit == "prices" and name in PRICES else 1.0
            np.testing.assert_array_equal(after[name], before[name] * told, err_msg=name)


@given(seed=seeds)
@settings(max_examples=15, deadline=None, derandomize=True)
def test_peeking_changes_nothing(seed: int) -> None:
    candles, forming = walk(4, 60, seed=seed, starts=(0, 0, 10, 31)), walk(4, 60, seed=seed + 1)
    quiet, peeked = live(candles, SHORT), live(candles, SHORT)
    for at in range(60):
        before = pickle.dumps(peeked._live)
        for rows in (ALL, np.array([2, 0])):
            peeked.peek(rows, bars_at(forming, at, rows))
        assert pickle.dumps(peeked._live) == before
        assert_same(push(peeked, candles, at), push(quiet, candles, at))


def test_a_candle_pushed_later_changes_no_value_given_before() -> None:
    candles = walk(4, 80, seed=3)
    columns = live(candles, SHORT)
    given_out: list[tuple[Columns, Columns]] = []
    for at in range(80):
        bars = bars_at(candles, at)
        for values in (columns.peek(ALL, bars), columns.push(ALL, times_at(candles, at), bars), columns.latest(ALL)):
            given_out.append((values, {name: value.copy() for name, value in values.items()}))
    for values, copied in given_out:
        assert_same(values, copied)


def test_what_the_caller_changes_later_does_not_reach_the_state() -> None:
    candles = walk(3, 40, seed=4)
    careful, careless = live(candles, SHORT), live(candles, SHORT)
    for at in range(40):
        bars = bars_at(candles, at)
        values = careless.push(ALL, times_at(candles, at), bars)
        assert_same(values, push(careful, candles, at))
        for array in (bars.open, bars.high, bars.low, bars.close, bars.volume, *values.values()):
            array[:] = 1e9


def test_filling_with_no_candles_leaves_rows_that_have_seen_nothing() -> None:
    candles = walk(2, 40)
    columns = live(candles, SHORT)
    columns.fill(candles)
    columns.fill(candles.latest(0))
    assert (columns.newest(ALL) == NONE_YET).all()
    expected = whole(candles, SHORT)
    for at in range(40):
        assert_newest(push(columns, candles, at), expected, at)


def test_the_state_does_not_grow_with_the_history() -> None:
    candles = walk(3, 1_000, seed=8)
    columns = live(candles)
    sizes = []
    for at in range(1_000):
        push(columns, candles, at)
        if at % 100 == 99:
            sizes.append(sum(len(pickle.dumps(part)) for part in columns._live))
    assert max(sizes) - min(sizes) < 100, "counters may take a byte more"


@pytest.mark.parametrize("column", CORE, ids=lambda column: column.name)
def test_filling_is_what_pushing_every_candle_is(column: Column) -> None:
    candles = walk(6, 130, seed=9, quiet=0.3, starts=(0, 0, 1, 60, 120, 130))
    (period, *_) = column.periods
    filled, pushed = column.live(6, period), column.live(6, period)
    filled.fill(ALL, candles.until(110))
    replay(pushed, ALL, candles.until(110))
    for at in range(110, 130):
        bars = bars_at(candles, at)
        np.testing.assert_allclose(filled.push(ALL, bars), pushed.push(ALL, bars), rtol=1e-12, atol=0)


def test_one_candle_is_candles_of_one_candle() -> None:
    candles = walk(3, 20)
    bars: Bars = bars_at(candles, 19)
    one, newest = one_candle(candles.symbols, 15, int(candles.open_times[-1]), bars), candles.latest(1)
    assert one.symbols == newest.symbols
    assert one.close_times.tolist() == newest.close_times.tolist()
    for name in ("open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(one, name), getattr(newest, name))
        with pytest.raises(ValueError, match="read-only"):
            getattr(one, name)[0, 0] = 1.0
