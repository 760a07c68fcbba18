"""Candles are checked once, on entry, and say which symbol and row is wrong."""

import numpy as np
import pytest

from indicators.candles import CandleError, Candles, aggregate, candles_from
from tests.indicators.market import walk

FIELDS = ("open", "high", "low", "close", "volume")


def parts(candles: Candles) -> dict[str, np.ndarray]:
    return {name: getattr(candles, name).copy() for name in FIELDS}


def rebuilt(candles: Candles, fields: dict[str, np.ndarray]) -> Candles:
    return candles_from(candles.symbols, candles.minutes, candles.open_times, **fields)


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
def test_a_value_that_cannot_be_is_refused_naming_symbol_and_row(field: str, value: float, reason: str) -> None:
    candles = walk(2, 20)
    fields = parts(candles)
    fields[field][1, 7] = value
    with pytest.raises(CandleError, match=reason) as refused:
        rebuilt(candles, fields)
    assert (refused.value.symbol, refused.value.row) == ("S1USDT", 7)
    assert str(refused.value).startswith("S1USDT row 7: ")


@pytest.mark.parametrize("shift", [-900_000, 1, 900_000])
def test_times_that_repeat_drift_or_skip_are_refused(shift: int) -> None:
    candles = walk(1, 10)
    times = candles.open_times.copy()
    times[6:] += shift
    with pytest.raises(CandleError) as refused:
        candles_from(candles.symbols, 15, times, **parts(candles))
    assert refused.value.row == 6


def test_a_symbol_that_was_not_listed_yet_is_blank_on_the_left_in_all_fields_or_refused() -> None:
    candles = walk(2, 20, starts=(0, 5))
    assert candles.starts.tolist() == [0, 5]
    fields = parts(candles)
    fields["volume"][1, 2] = 3.0
    with pytest.raises(CandleError, match="missing") as refused:
        rebuilt(candles, fields)
    assert (refused.value.symbol, refused.value.row) == ("S1USDT", 2)


def test_a_hole_in_the_middle_is_refused() -> None:
    candles = walk(1, 20)
    fields = parts(candles)
    for field in fields.values():
        field[0, 9] = np.nan
    with pytest.raises(CandleError, match="missing"):
        rebuilt(candles, fields)


def test_shapes_and_doubled_symbols_are_refused() -> None:
    candles = walk(2, 20)
    with pytest.raises(CandleError, match="shape"):
        candles_from(candles.symbols, 15, candles.open_times[1:], **parts(candles))
    with pytest.raises(CandleError, match="twice"):
        candles_from(["A", "A"], 15, candles.open_times, **parts(candles))


def test_a_candle_without_trades_is_normal() -> None:
    candles = walk(2, 50, quiet=0.5)
    assert (candles.volume == 0).any()


def test_what_the_caller_changes_later_does_not_reach_the_candles() -> None:
    fields = parts(walk(1, 10))
    candles = rebuilt(walk(1, 10), fields)
    fields["close"][:] = 0
    assert (candles.close > 0).all()
    for one in (candles, candles.latest(5), candles.until(5), candles.only(["S0USDT"]), aggregate(candles, 30)):
        with pytest.raises(ValueError, match="read-only"):
            one.close[0, 0] = 1


def test_latest_until_and_only_cut_all_fields_alike() -> None:
    candles = walk(3, 30)
    newest = candles.latest(4)
    assert newest.open_times.tolist() == candles.open_times[-4:].tolist()
    assert np.array_equal(newest.high, candles.high[:, -4:])
    assert len(candles.latest(99)) == 30
    assert len(candles.latest(0)) == 0
    assert np.array_equal(candles.until(7).volume, candles.volume[:, :7])
    swapped = candles.only(["S2USDT", "S0USDT"])
    assert swapped.symbols == ("S2USDT", "S0USDT")
    assert np.array_equal(swapped.low, candles.low[[2, 0]])
    with pytest.raises(KeyError):
        candles.only(["NONE"])


def test_a_candle_closes_when_the_next_one_opens() -> None:
    candles = walk(1, 5)
    assert candles.close_times[:-1].tolist() == candles.open_times[1:].tolist()


def test_aggregation_equals_one_made_by_hand_and_leaves_incomplete_candles_out() -> None:
    fine = walk(2, 22, minutes=60, first=3, starts=(0, 3), seed=5)  # 03:00 .. 25:00; the second begins at 06:00
    coarse = aggregate(fine, 240)
    assert (coarse.open_times // 3_600_000).tolist() == [4, 8, 12, 16, 20]
    hours = fine.open_times // 3_600_000
    for place, begin in enumerate(coarse.open_times // 3_600_000):
        inside = (hours >= begin) & (hours < begin + 4)
        assert coarse.open[0, place] == fine.open[0, inside][0]
        assert coarse.high[0, place] == fine.high[0, inside].max()
        assert coarse.low[0, place] == fine.low[0, inside].min()
        assert coarse.close[0, place] == fine.close[0, inside][-1]
        assert coarse.volume[0, place] == pytest.approx(fine.volume[0, inside].sum(), rel=1e-15)
    assert coarse.starts.tolist() == [0, 1], "listed within a candle: begins with the next"
    assert np.isnan(coarse.volume[1, 0])
    rebuilt(coarse, parts(coarse))


def test_aggregation_of_too_few_candles_gives_none_and_odd_frames_are_refused() -> None:
    assert len(aggregate(walk(2, 3, minutes=60), 240)) == 0
    assert len(aggregate(walk(2, 3, minutes=60).latest(0), 240)) == 0
    with pytest.raises(CandleError, match="cannot be made"):
        aggregate(walk(1, 10, minutes=15), 40)


def test_aggregating_twice_is_aggregating_once() -> None:
    fine = walk(3, 2_000, minutes=1, first=17, starts=(0, 33, 700))
    twice, once = aggregate(aggregate(fine, 15), 60), aggregate(fine, 60)
    for name in ("open_times", *FIELDS[:4]):
        assert np.array_equal(getattr(twice, name), getattr(once, name), equal_nan=True)
    assert np.allclose(twice.volume, once.volume, rtol=1e-14, equal_nan=True)
