"""Settings: the presets of SPEC 3, and what can be set."""

from decimal import Decimal

import pytest

from trading.preferences import (
    PRESETS,
    Unfit,
    with_minutes,
    with_per_day,
    with_preset,
    with_risk_share,
    with_strategy,
    with_threshold,
)

D = Decimal
KNOWN = ("cumdelta_sr", "multitf", "volume_vwap")
BALANCED = PRESETS["balanced"]

# frame, watchlist, confluence, stop, target, risk %, open, table %, loss %, cap, band, cool-off in minutes
SPEC_TABLE = {
    "careful": (240, 20, 3, "1.5", "1.5", "0.25", 5, "2", "2", 3, "0.3", 24 * 60),
    "balanced": (240, 40, 2, "1.5", "1.5", "0.5", 8, "5", "3", 5, "0.3", 4 * 60),
    "bold": (60, 40, 2, "2", "2", "1", 10, "10", "6", 10, "0.3", 60),
    "practice": (1, 12, 2, "3", "2", "0.25", 10, "5", "20", 10, "1.0", 0),
}


@pytest.mark.parametrize("name", SPEC_TABLE)
def test_a_preset_is_its_row_of_the_table(name: str) -> None:
    frame, top, confluence, stop, target, risk, most_open, table, loss, cap, band, cool_off = SPEC_TABLE[name]
    chosen = with_preset(name)
    assert chosen.preset == name
    assert (chosen.minutes, chosen.watch_top, chosen.confluence) == (frame, top, confluence)
    assert (chosen.stop_atr, chosen.target_r, chosen.band_atr) == (D(stop), D(target), D(band))
    assert (chosen.risk_share, chosen.table_share, chosen.loss_day_share) == (
        D(risk) / 100,
        D(table) / 100,
        D(loss) / 100,
    )
    assert (chosen.max_open, chosen.leverage_cap, chosen.cool_off_minutes) == (most_open, cap, cool_off)


def test_there_are_no_presets_beside_the_table_and_an_unknown_one_is_refused_with_the_choices() -> None:
    assert set(PRESETS) == set(SPEC_TABLE)
    with pytest.raises(Unfit) as unfit:
        with_preset("reckless")
    assert unfit.value.choices == tuple(PRESETS)


def test_the_dial_stands_at_ten_a_day_and_in_practice_at_four_hundred() -> None:
    assert [PRESETS[name].per_day for name in SPEC_TABLE] == [10, 10, 10, 400]
    assert {preset.threshold for preset in PRESETS.values()} == {D("0.75")}


@pytest.mark.parametrize(("asked", "kept"), [("1", 1), ("50", 50), ("10.4", 10)])
def test_the_dial_takes_whole_numbers_within_its_bounds(asked: str, kept: int) -> None:
    assert with_per_day(BALANCED, D(asked)).per_day == kept


@pytest.mark.parametrize("asked", ["0", "51", "-1", "NaN", "Infinity", "1e40"])
def test_the_dial_refuses_what_is_out_of_its_bounds(asked: str) -> None:
    with pytest.raises(Unfit) as unfit:
        with_per_day(BALANCED, D(asked))
    assert unfit.value.bounds is not None
    assert unfit.value.bounds.most == 50


def test_on_one_minute_the_dial_goes_up_to_five_hundred_and_comes_back_with_the_frame() -> None:
    fast = with_per_day(with_minutes(BALANCED, 1), D(500))
    assert fast.per_day == 500
    assert with_minutes(fast, 5).per_day == 50
    with pytest.raises(Unfit):
        with_per_day(fast, D(501))


def test_another_frame_leaves_a_fixed_threshold_alone_and_an_unknown_one_is_refused() -> None:
    assert with_minutes(with_threshold(BALANCED, D("0.8")), 1).per_day is None
    with pytest.raises(Unfit):
        with_minutes(BALANCED, 7)


@pytest.mark.parametrize(("asked", "kept"), [("0.4", "0.40"), ("0.95", "0.95"), ("0.714", "0.71"), ("0.954", "0.95")])
def test_a_threshold_is_rounded_to_hundredths_and_switches_the_dial_off(asked: str, kept: str) -> None:
    fixed = with_threshold(BALANCED, D(asked))
    assert (fixed.threshold, fixed.per_day) == (D(kept), None)


@pytest.mark.parametrize("asked", ["0.39", "0.96", "75", "1e40", "-1e40", "NaN", "sNaN", "-Infinity"])
def test_a_threshold_out_of_its_bounds_is_refused_however_large(asked: str) -> None:
    with pytest.raises(Unfit):
        with_threshold(BALANCED, D(asked))


@pytest.mark.parametrize(("asked", "fits"), [("0.0005", True), ("0.03", True), ("0.0004", False), ("0.0301", False)])
def test_the_risk_share_has_bounds(asked: str, fits: bool) -> None:
    if fits:
        assert with_risk_share(BALANCED, D(asked)).risk_share == D(asked)
    else:
        with pytest.raises(Unfit):
            with_risk_share(BALANCED, D(asked))


def test_the_last_strategy_can_not_be_switched_off() -> None:
    one = with_strategy(BALANCED, "multitf", False, KNOWN)
    assert one.strategies_on == ("volume_vwap",)
    with pytest.raises(Unfit) as unfit:
        with_strategy(one, "volume_vwap", False, KNOWN)
    assert unfit.value.field == "last_strategy"
    assert with_strategy(one, "multitf", True, KNOWN).strategies_on == ("multitf", "volume_vwap")


def test_switching_twice_is_switching_once_and_an_unknown_strategy_is_refused() -> None:
    off = with_strategy(BALANCED, "multitf", False, KNOWN)
    assert with_strategy(off, "multitf", False, KNOWN) == off
    assert with_strategy(BALANCED, "multitf", True, KNOWN) == BALANCED
    with pytest.raises(Unfit):
        with_strategy(BALANCED, "astrology", True, KNOWN)


def test_everybody_begins_with_the_two_main_strategies_and_switches_others_on_by_hand() -> None:
    assert {preset.strategies_on for preset in PRESETS.values()} == {("multitf", "volume_vwap")}
    more = with_strategy(BALANCED, "cumdelta_sr", True, KNOWN)
    assert more.strategies_on == ("cumdelta_sr", "multitf", "volume_vwap")
    assert with_strategy(more, "cumdelta_sr", False, KNOWN) == BALANCED
