"""Laws that every column obeys: exact warm-up, scaling, an unchanging past, one answer whatever the input's shape."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import indicators.smoothing as smoothing
from indicators.batch import BatchIndicatorProcessor, Columns
from indicators.candles import Candles
from tests.indicators.market import CORE, PRICES, WARM_UP, from_close, walk

seeds = st.integers(0, 10_000)


def columns_of(candles: Candles) -> Columns:
    return BatchIndicatorProcessor(columns=CORE).calculate_batch_core_indicators(candles)


def test_the_core_columns_are_those_of_the_specification() -> None:
    assert set(columns_of(walk())) == set(WARM_UP)
    assert set(BatchIndicatorProcessor().calculate_batch_core_indicators(walk())) >= set(WARM_UP)


@given(seed=seeds, starts=st.lists(st.integers(0, 140), min_size=1, max_size=40), length=st.integers(1, 140))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_warm_up_is_nan_for_exactly_the_documented_length(seed: int, starts: list[int], length: int) -> None:
    candles = walk(len(starts), length, seed=seed, starts=tuple(starts))
    for name, column in columns_of(candles).items():
        warm = np.minimum(np.array(starts) + WARM_UP[name], length)
        assert np.array_equal(np.isnan(column), np.arange(length) < warm[:, None]), name


@given(seed=seeds, power=st.integers(-60, 60), quiet=st.sampled_from([0.0, 0.3]))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_prices_in_another_unit_change_prices_and_nothing_else(seed: int, power: int, quiet: float) -> None:
    candles = walk(3, 150, seed=seed, quiet=quiet)
    unit = 2.0**power  # a power of two changes no digit, so equality is exact
    scaled = replace(candles, **{name: getattr(candles, name) * unit for name in ("open", "high", "low", "close")})
    before, after = columns_of(candles), columns_of(scaled)
    for name in before:
        expected = before[name] * (unit if name in PRICES else 1.0)
        np.testing.assert_array_equal(after[name], expected, err_msg=name)


@given(seed=seeds, power=st.integers(-60, 60))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_volume_in_another_unit_changes_nothing(seed: int, power: int) -> None:
    candles = walk(3, 150, seed=seed)
    before, after = columns_of(candles), columns_of(replace(candles, volume=candles.volume * 2.0**power))
    for name in before:
        np.testing.assert_array_equal(after[name], before[name], err_msg=name)


@given(seed=seeds, symbols=st.sampled_from([1, 3, 40]), cut=st.integers(1, 199))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_adding_candles_never_changes_the_past(seed: int, symbols: int, cut: int) -> None:
    candles = walk(symbols, 200, seed=seed, quiet=0.1, starts=(0, 30, 90)[:symbols])
    whole, past = columns_of(candles), columns_of(candles.until(cut))
    for name in whole:
        np.testing.assert_array_equal(past[name], whole[name][:, :cut], err_msg=name)


@given(seed=seeds, order=st.permutations(range(40)))
@settings(max_examples=10, deadline=None, derandomize=True)
def test_a_symbol_does_not_depend_on_its_neighbours(seed: int, order: list[int]) -> None:
    candles = walk(40, 150, seed=seed, starts=tuple(range(40)))
    together = columns_of(candles)
    alone = columns_of(candles.only([candles.symbols[place] for place in order[:5]]))
    for name in together:
        np.testing.assert_array_equal(alone[name], together[name][order[:5]], err_msg=name)


@pytest.mark.parametrize(("length", "share"), [(12, 2 / 13), (26, 2 / 27), (14, 1 / 14)])
def test_long_input_over_time_equals_wide_input_over_symbols(length: int, share: float) -> None:
    values = walk(12, 20_500, seed=9, starts=(0, 3, 5_000, 20_499)).close
    long = smoothing.smooth(values, length, share)
    wide = smoothing.smooth(np.repeat(values[:, :4_000], 4, axis=0), length, share)[::4]
    short = smoothing.smooth(values[:, :4_000], length, share)
    np.testing.assert_array_equal(wide, short)
    np.testing.assert_allclose(long[:, :4_000], wide, rtol=1e-9, atol=0)
    assert np.isnan(long[3]).all()


def test_rsi_is_a_hundred_while_the_price_only_rises_and_zero_while_it_only_falls() -> None:
    rising = [100.0 + step for step in range(30)]
    assert columns_of(from_close(rising))["rsi_14"][0, 14:].tolist() == [100.0] * 16
    assert columns_of(from_close(rising[::-1]))["rsi_14"][0, 14:].tolist() == [0.0] * 16


def test_no_candles_give_empty_columns() -> None:
    for column in columns_of(walk(3, 10).latest(0)).values():
        assert column.shape == (3, 0)
