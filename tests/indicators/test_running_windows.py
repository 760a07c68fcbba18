"""A running window reduces its own values and nothing else, to the last bit where that is possible."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.candles import FloatArray
from indicators.running import Mean, Window
from indicators.windows import slide
from tests.indicators.market import ALL


def pushed(reduction: np.ufunc, values: FloatArray, length: int) -> FloatArray:
    window = Window(reduction, len(values), length)
    return np.stack([window.push(ALL, column) for column in values.T], axis=1)


@given(seed=st.integers(0, 999), length=st.integers(1, 30), candles=st.integers(1, 100))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_extremes_and_sums_of_whole_numbers_are_exactly_those_of_the_window(
    seed: int, length: int, candles: int
) -> None:
    values = np.random.default_rng(seed).integers(0, 1_000, (3, candles)).astype(float)
    for reduction in (np.add, np.minimum, np.maximum):
        np.testing.assert_array_equal(pushed(reduction, values, length), slide(reduction, values, length))


def test_a_window_of_zeros_is_exactly_zero_after_anything() -> None:
    values = np.zeros((1, 200))
    values[0, :60] = np.random.default_rng(1).lognormal(20, 10, 60)
    sums = pushed(np.add, values, 17)
    assert (sums[0, 60 + 16 :] == 0.0).all()
    assert (sums[0, 16 : 60 + 16] > 0.0).all()


def test_a_huge_value_leaves_no_trace_once_it_has_left() -> None:
    values = np.full((1, 300), 0.1)
    values[0, 50] = 1e18
    sums = pushed(np.add, values, 20)
    assert sums[0, 70:] == pytest.approx(2.0, rel=1e-15)


def test_a_hundred_thousand_values_do_not_drift() -> None:
    values = np.random.default_rng(2).lognormal(0, 3, 100_000)
    window = Window(np.add, 1, 96)
    for value in values:
        result = window.push(ALL, np.array([value]))
    assert result[0] == pytest.approx(values[-96:].sum(), rel=1e-14)


def test_a_mean_seeds_each_row_with_its_own_first_values() -> None:
    mean = Mean(2, 3, 0.5)
    rows = [mean.push(ALL, np.array(pair)).tolist() for pair in ([1.0, np.nan], [2.0, 4.0], [6.0, 5.0], [5.0, 9.0])]
    np.testing.assert_array_equal(rows, [[np.nan, np.nan], [np.nan, np.nan], [3.0, np.nan], [4.0, 6.0]])
