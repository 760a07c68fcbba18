"""The window holds the newest candles of many symbols, each checked as it comes in."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.candle_window import CandleWindow
from indicators.candles import CandleError, Candles, FloatArray
from indicators.roster import NONE_YET
from tests.indicators.market import ALL, bars_at, times_at, walk

FIELDS = ("open", "high", "low", "close", "volume")


def values_of(candles: Candles, row: int) -> FloatArray:
    """(5, candles) of one symbol, as a feed reads them."""
    return np.stack([getattr(candles, name)[row] for name in FIELDS])


def filled(candles: Candles, kept: int) -> CandleWindow:
    window = CandleWindow(candles.symbols, candles.minutes, kept)
    for row, symbol in enumerate(candles.symbols):
        start = int(candles.starts[row])
        window.fill(symbol, candles.open_times[start:], values_of(candles, row)[:, start:])
    return window


def assert_same(one: Candles, other: Candles) -> None:
    assert one.symbols == other.symbols
    assert one.minutes == other.minutes
    for name in ("open_times", *FIELDS):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@given(
    seed=st.integers(0, 999),
    kept=st.integers(1, 12),
    fill=st.integers(1, 30),
    appended=st.integers(0, 30),
    starts=st.lists(st.integers(0, 29), min_size=2, max_size=5),
    first=st.integers(0, 50),
)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_it_holds_the_newest_candles_of_each_symbol(
    seed: int, kept: int, fill: int, appended: int, starts: list[int], first: int
) -> None:
    starts = [0, *(min(start, fill - 1) for start in starts)]
    candles = walk(len(starts), fill + appended, seed=seed, starts=tuple(starts), first=first)
    window = filled(candles.until(fill), kept)
    for at in range(fill, fill + appended):
        for rows in np.array_split(np.random.default_rng(at).permutation(len(starts)), 1 + at % 3):
            window.append(rows, times_at(candles, at, rows), bars_at(candles, at, rows))
    assert_same(window.block(candles.symbols), candles.latest(kept))
    assert_same(window.block(candles.symbols, 3), candles.latest(min(3, kept)))
    swapped = candles.symbols[::-2]
    assert_same(window.block(swapped, 1), candles.only(swapped).latest(1))
    assert window.newest(ALL).tolist() == [candles.open_times[-1]] * len(starts)
    held = np.minimum(kept, fill + appended - np.array(starts))
    assert window.counts(ALL).tolist() == held.tolist()


def test_rows_may_run_ahead_of_each_other() -> None:
    candles = walk(3, 40, seed=2)
    window = filled(candles.until(10), 16)
    for row, until in enumerate((14, 25, 40)):
        for at in range(10, until):
            one = np.array([row])
            window.append(one, times_at(candles, at, one), bars_at(candles, at, one))
    assert window.newest(ALL).tolist() == [int(candles.open_times[at]) for at in (13, 24, 39)]
    both = np.array([0, 1])
    times = candles.open_times[[14, 25]]
    bars = bars_at(candles, 14, both)
    for name in FIELDS:
        getattr(bars, name)[1] = getattr(candles, name)[1, 25]
    window.append(both, times, bars)
    assert_same(window.block(["S1USDT"]), candles.only(["S1USDT"]).until(26).latest(16))
    assert_same(window.block(["S0USDT"]), candles.only(["S0USDT"]).until(15).latest(16))
    with pytest.raises(CandleError, match="its newest candle opened at") as refused:
        window.block(candles.symbols)
    assert refused.value.symbol == "S0USDT"


def test_a_block_is_a_copy_that_the_next_candle_does_not_change() -> None:
    candles = walk(2, 30)
    window = filled(candles.until(20), 5)
    block = window.block(candles.symbols)
    for at in range(20, 30):
        window.append(ALL, times_at(candles, at), bars_at(candles, at))
    assert_same(block, candles.until(20).latest(5))
    with pytest.raises(ValueError, match="read-only"):
        block.close[0, 0] = 1.0


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("close", np.nan, "missing or not finite"),
        ("volume", np.inf, "missing or not finite"),
        ("high", 1.0, "high is below low"),
        ("low", -1.0, "not above zero"),
        ("open", 1e9, "open lies outside"),
        ("close", 1e9, "close lies outside"),
        ("volume", -1.0, "volume is negative"),
    ],
)
def test_a_candle_that_cannot_be_is_refused_naming_the_symbol_and_none_is_kept(
    field: str, value: float, reason: str
) -> None:
    candles = walk(3, 21)
    window = filled(candles.until(20), 50)
    bars = bars_at(candles, 20)
    getattr(bars, field)[1] = value
    with pytest.raises(CandleError, match=reason) as refused:
        window.append(ALL, times_at(candles, 20), bars)
    assert refused.value.symbol == "S1USDT"
    assert_same(window.block(candles.symbols), candles.until(20))
    others = np.array([2, 0])
    window.append(others, times_at(candles, 20, others), bars_at(candles, 20, others))
    assert_same(window.block(["S2USDT", "S0USDT"]), candles.only(["S2USDT", "S0USDT"]))
    values = values_of(candles, 1)
    values[FIELDS.index(field), 4] = value
    with pytest.raises(CandleError, match=reason) as refused:
        window.fill("S1USDT", candles.open_times, values)
    assert (refused.value.symbol, refused.value.row) == ("S1USDT", 4)
    assert_same(window.block(["S1USDT"]), candles.only(["S1USDT"]).until(20))


@pytest.mark.parametrize("shift", [-900_000, 0, 1, 1_800_000])
def test_a_candle_that_repeats_goes_back_or_skips_is_refused(shift: int) -> None:
    candles = walk(2, 20)
    window = filled(candles.until(19), 50)
    times = times_at(candles, 19)
    times[1] = candles.open_times[18] + shift
    with pytest.raises(CandleError, match="not 15 min after") as refused:
        window.append(ALL, times, bars_at(candles, 19))
    assert refused.value.symbol == "S1USDT"
    assert_same(window.block(candles.symbols), candles.until(19))
    gap = candles.open_times.copy()
    gap[7:] += shift or 900_000
    with pytest.raises(CandleError, match="not 15 min after") as refused:
        window.fill("S0USDT", gap, values_of(candles, 0))
    assert (refused.value.symbol, refused.value.row) == ("S0USDT", 7)


def test_candles_that_are_blank_at_first_are_refused() -> None:
    candles = walk(1, 20, starts=(3,))
    window = CandleWindow(candles.symbols, 15)
    with pytest.raises(CandleError, match="missing"):
        window.fill("S0USDT", candles.open_times, values_of(candles, 0))
    with pytest.raises(CandleError, match="missing"):
        window.append(ALL, times_at(candles, 0), bars_at(candles, 0))
    assert window.newest(ALL).tolist() == [NONE_YET]


def test_a_symbol_without_candles_takes_the_first_that_comes() -> None:
    candles = walk(2, 20)
    window = CandleWindow(candles.symbols, 15, 8)
    for at in range(5, 20):
        window.append(ALL, times_at(candles, at), bars_at(candles, at))
    assert_same(window.block(candles.symbols), candles.latest(8))


def test_filling_puts_the_new_candles_in_the_place_of_the_old() -> None:
    candles = walk(2, 40, seed=3)
    window = filled(candles, 30)
    late = candles.latest(4)
    window.fill("S0USDT", late.open_times, values_of(late, 0))
    assert_same(window.block(["S0USDT"]), candles.only(["S0USDT"]).latest(4))
    assert window.counts(ALL).tolist() == [4, 30]
    both = window.block(candles.symbols)
    assert both.starts.tolist() == [26, 0]
    window.fill("S0USDT", late.open_times[:0], values_of(late.latest(0), 0))
    assert window.newest(ALL).tolist() == [NONE_YET, candles.open_times[-1]]
    with pytest.raises(CandleError) as refused:
        window.block(candles.symbols)
    assert refused.value.symbol == "S0USDT"


def test_what_was_forgotten_does_not_come_back() -> None:
    candles = walk(2, 40, seed=4)
    window = filled(candles.until(30), 10)
    window.forget(np.array([1]))
    for at in range(30, 33):
        window.append(ALL, times_at(candles, at), bars_at(candles, at))
    block = window.block(candles.symbols)
    assert block.starts.tolist() == [0, 7]
    np.testing.assert_array_equal(block.close[1, 7:], candles.close[1, 30:33])


def test_symbols_come_and_go() -> None:
    candles = walk(4, 30, seed=5)
    window = filled(candles, 12)
    window.keep(["S3USDT", "NEWUSDT", "S0USDT"])
    assert window.symbols == ("S3USDT", "NEWUSDT", "S0USDT")
    assert_same(window.block(["S3USDT", "S0USDT"]), candles.only(["S3USDT", "S0USDT"]).latest(12))
    assert window.newest(window.rows(["NEWUSDT"])).tolist() == [NONE_YET]
    with pytest.raises(KeyError):
        window.block(["S1USDT"])
    with pytest.raises(KeyError):
        window.fill("S1USDT", candles.open_times, values_of(candles, 1))
    with pytest.raises(ValueError, match="twice"):
        window.keep(["S0USDT", "S0USDT"])
    with pytest.raises(ValueError, match="no symbols"):
        window.block([])


def test_it_says_what_it_takes_and_takes_no_more_as_candles_come() -> None:
    candles = walk(2, 40)
    window = filled(candles.until(10), 10)
    assert window.nbytes == 2 * 10 * 40
    for at in range(10, 40):
        window.append(ALL, times_at(candles, at), bars_at(candles, at))
    assert window.nbytes == 2 * 10 * 40
