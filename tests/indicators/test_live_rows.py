"""Rows are independent: they come in any order, run ahead, are forgotten, come and go, and are refused by name."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.candles import CandleError
from indicators.live_columns import LiveColumns
from indicators.roster import NONE_YET
from tests.indicators.market import ALL, CORE, bars_at, times_at, walk
from tests.indicators.moving import SHORT, assert_newest, assert_same, live, push, whole

seeds = st.integers(0, 10_000)


@given(seed=seeds, data=st.data())
@settings(max_examples=10, deadline=None, derandomize=True)
def test_rows_in_any_order_and_in_parts_give_what_all_at_once_give(seed: int, data: st.DataObject) -> None:
    candles = walk(6, 40, seed=seed, quiet=0.2, starts=(0, 0, 3, 9, 20, 33))
    together, apart = live(candles, SHORT), live(candles, SHORT)
    for at in range(40):
        expected = push(together, candles, at)
        order = np.array(data.draw(st.permutations(range(6))))
        for rows in np.split(order, sorted(data.draw(st.sets(st.integers(1, 5), max_size=3)))):
            values = push(apart, candles, at, rows)
            for name in expected:
                np.testing.assert_array_equal(values[name], expected[name][rows], err_msg=name)
    assert_same(apart.latest(ALL), together.latest(ALL))


@given(seed=seeds, behind=st.lists(st.integers(0, 25), min_size=4, max_size=4))
@settings(max_examples=8, deadline=None, derandomize=True)
def test_rows_may_run_ahead_of_each_other(seed: int, behind: list[int]) -> None:
    candles = walk(4, 60, seed=seed, quiet=0.2)
    expected, columns = whole(candles, SHORT), live(candles, SHORT)
    for step in range(60 + max(behind)):
        for row, late in enumerate(behind):
            if 0 <= step - late < 60:
                assert_newest(push(columns, candles, step - late, np.array([row])), expected, step - late, [row])
    assert_newest(columns.latest(ALL), expected, 59)


@given(seed=seeds, at=st.integers(0, 59), rows=st.sets(st.integers(0, 3)))
@settings(max_examples=12, deadline=None, derandomize=True)
def test_a_forgotten_row_warms_up_from_its_next_candle_and_the_others_go_on(seed: int, at: int, rows: set[int]) -> None:
    candles = walk(4, 60, seed=seed, quiet=0.2)
    expected, columns = whole(candles, SHORT), live(candles, SHORT)
    afresh = whole(candles.latest(60 - at), SHORT)
    gone = np.array(sorted(rows), dtype=np.int64)
    others = np.setdiff1d(np.arange(4), gone)
    for past in range(at):
        push(columns, candles, past)
    columns.forget(gone)
    assert (columns.newest(gone) == NONE_YET).all()
    assert all(np.isnan(values).all() for values in columns.latest(gone).values())
    for now in range(at, 60):
        push(columns, candles, now)
        assert_newest(columns.latest(gone), afresh, now - at, gone)
        assert_newest(columns.latest(others), expected, now, others)


@given(seed=seeds, cut=st.integers(0, 40), order=st.permutations(range(5)), count=st.integers(0, 5))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_symbols_come_and_go_and_those_that_stay_keep_their_state(
    seed: int, cut: int, order: list[int], count: int
) -> None:
    candles = walk(5, 70, seed=seed, quiet=0.2)
    expected, columns = whole(candles, SHORT), LiveColumns(candles.symbols[:3], 15, SHORT, CORE)
    for at in range(cut):
        push(columns, candles.only(candles.symbols[:3]), at)
    kept = [candles.symbols[place] for place in order[:count]]
    columns.keep(kept)
    assert columns.symbols == tuple(kept)
    fresh = [symbol for symbol in kept if symbol not in candles.symbols[:3]]
    columns.fill(candles.only(fresh).until(cut))
    rows = np.array(order[:count], dtype=np.int64)
    for at in range(cut, 70):
        assert_newest(push(columns, candles.only(kept), at), expected, at, rows)


@pytest.mark.parametrize("cut", range(1, 9))
@pytest.mark.parametrize("ahead", [False, True])
def test_a_new_symbol_warms_up_wherever_the_others_stand(cut: int, ahead: bool) -> None:
    candles = walk(3, 40, seed=cut, quiet=0.2)
    expected, columns = whole(candles, SHORT), LiveColumns(candles.symbols[:2], 15, SHORT, CORE)
    afresh = whole(candles.latest(40 - cut), SHORT)
    for at in range(cut):
        push(columns, candles.only(candles.symbols[:2]), at)
    if ahead:
        push(columns, candles, cut, np.array([0]))
    columns.keep(candles.symbols)
    for at in range(cut, 40):
        rows = np.array([1, 2]) if ahead and at == cut else ALL
        push(columns, candles, at, rows)
        assert_newest(columns.latest(np.array([0, 1])), expected, at, [0, 1])
        assert_newest(columns.latest(np.array([2])), afresh, at - cut, [2])


def test_a_symbol_that_left_and_came_back_has_seen_nothing() -> None:
    candles = walk(2, 60, seed=5)
    columns = live(candles, SHORT)
    columns.fill(candles)
    columns.keep(candles.symbols[:1])
    columns.keep(candles.symbols)
    assert columns.newest(ALL).tolist() == [candles.open_times[-1], NONE_YET]
    for values in columns.latest(columns.rows(["S1USDT"])).values():
        assert np.isnan(values).all()


@pytest.mark.parametrize("shift", [-15, 0, 30, 7])
def test_a_candle_that_does_not_follow_is_refused_naming_the_symbol_and_changes_nothing(shift: int) -> None:
    candles = walk(3, 50, seed=6)
    columns = live(candles, SHORT)
    columns.fill(candles.until(49))
    before = columns.latest(ALL)
    times = times_at(candles, 49)
    times[1] = candles.open_times[48] + shift * 60_000
    with pytest.raises(CandleError, match="not 15 min after") as refused:
        columns.push(ALL, times, bars_at(candles, 49))
    assert refused.value.symbol == "S1USDT"
    with pytest.raises(CandleError) as refused:
        columns.push(np.array([2, 1]), times[[2, 1]], bars_at(candles, 49, np.array([2, 1])))
    assert refused.value.symbol == "S1USDT"
    assert_same(columns.latest(ALL), before)
    assert_newest(push(columns, candles, 49), whole(candles, SHORT), 49)


def test_names_that_are_not_here_and_frames_that_do_not_fit_are_refused() -> None:
    candles = walk(2, 30)
    columns = live(candles)
    with pytest.raises(KeyError):
        columns.fill(walk(3, 30))
    with pytest.raises(ValueError, match="60 min"):
        columns.fill(walk(2, 30, minutes=60))
    with pytest.raises(ValueError, match="twice"):
        columns.keep(["S0USDT", "S0USDT"])
    with pytest.raises(ValueError, match="emma"):
        LiveColumns(candles.symbols, 15, {"emma": (5,)})
