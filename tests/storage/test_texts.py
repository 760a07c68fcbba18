"""What is frozen as text comes back equal, and older settings are filled up."""

import json
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from storage.columns import Exact
from storage.texts import (
    fingerprint,
    preferences_from,
    preferences_text,
    request_from,
    request_text,
    signal_from,
    signal_text,
)
from strategies.signal import Direction, Factor, Signal
from tests.storage.samples import D, request
from trading.preferences import PRESETS, Preferences

exact = st.decimals(allow_nan=False, allow_infinity=False, places=18, min_value=-(10**19), max_value=10**19)
number = st.floats(allow_nan=False, allow_infinity=False)
factor = st.builds(Factor, st.text(), number, number)


@given(exact | st.decimals(allow_nan=False, allow_infinity=False, min_value="-1E+30", max_value="1E+30"))
def test_every_decimal_survives_the_database(value: Decimal) -> None:
    column, dialect = Exact(), sqlite.dialect()
    text = column.process_bind_param(value, dialect)
    assert "E" not in str(text)
    assert column.process_result_value(text, dialect) == value


@given(
    st.builds(
        Signal,
        symbol=st.text(),
        direction=st.sampled_from(Direction),
        factors=st.tuples(factor, factor, factor),
        strength=number,
        close=number,
        atr=number,
        also=st.lists(st.text()).map(tuple),
    )
)
def test_every_signal_comes_back_equal(said: Signal) -> None:
    back = signal_from(signal_text(said))
    assert back == said
    assert back.id == said.id


@given(exact, exact, st.none() | exact)
def test_every_request_comes_back_equal(size: Decimal, price: Decimal, stop: Decimal | None) -> None:
    order = request("t1", size=size, price=price, stop=stop, reduce_only=True)
    text = request_text(order)
    assert request_from(text) == order
    assert fingerprint(request_text(request_from(text))) == fingerprint(text)


def test_another_order_has_another_fingerprint() -> None:
    texts = {request_text(request("t1")), request_text(request("t1", size=D("7.8"))), request_text(request("t2"))}
    assert len({fingerprint(text) for text in texts}) == 3


def test_a_market_order_has_no_price() -> None:
    order = request("t1", price=None, target=None)
    assert request_from(request_text(order)) == order


@pytest.mark.parametrize("wrong", [7.9, D("NaN"), D("Infinity")])
def test_only_finite_decimals_are_taken_for_money(wrong: Any) -> None:
    with pytest.raises(TypeError):
        request_text(request("t1", size=wrong))
    with pytest.raises(TypeError):
        preferences_text(replace(PRESETS["bold"], risk_share=wrong))


@pytest.mark.parametrize("preset", PRESETS)
def test_settings_come_back_equal(preset: str) -> None:
    mine = replace(PRESETS[preset], per_day=None, threshold=D("0.7"), strategies_on=("volume_vwap", "range"))
    assert preferences_from(preferences_text(mine)) == mine


@pytest.mark.parametrize("missing", [field.name for field in fields(Preferences) if field.name != "preset"])
def test_a_setting_that_an_older_version_lacks_has_its_presets_value(missing: str) -> None:
    told = json.loads(preferences_text(replace(PRESETS["bold"], risk_share=D("0.007"))))
    del told[missing]
    back = preferences_from(json.dumps(told))
    assert getattr(back, missing) == getattr(PRESETS["bold"], missing)
    if missing != "risk_share":
        assert back.risk_share == D("0.007")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("minutes", "240"),
        ("minutes", True),
        ("max_open", None),
        ("risk_share", 0.01),
        ("risk_share", "NaN"),
        ("risk_share", "much"),
        ("strategies_on", 3),
        ("strategies_on", [1]),
        ("per_day", "many"),
    ],
)
def test_a_setting_that_can_not_be_read_has_its_presets_value(name: str, wrong: object) -> None:
    told = json.loads(preferences_text(PRESETS["careful"])) | {name: wrong}
    assert preferences_from(json.dumps(told)) == PRESETS["careful"]


def test_settings_of_a_newer_version_or_an_unknown_preset_are_read_as_far_as_they_are_known() -> None:
    assert preferences_from('{"preset": "gone", "moon_phase": 3, "max_open": 2}') == replace(
        PRESETS["balanced"], preset="gone", max_open=2
    )


@pytest.mark.parametrize(
    ("off", "on"),
    [([], ("multitf", "volume_vwap")), (["multitf"], ("volume_vwap",)), (3, ("multitf", "volume_vwap"))],
)
def test_settings_from_before_there_were_more_strategies_listen_to_what_they_listened_to(
    off: object, on: tuple[str, ...]
) -> None:
    told = json.loads(preferences_text(PRESETS["bold"]))
    del told["strategies_on"]
    back = preferences_from(json.dumps(told | {"version": 1, "strategies_off": off}))
    assert back == replace(PRESETS["bold"], strategies_on=on)
