"""Which symbols may be traded, and who watches which."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.doubles_clock import VirtualClock
from tests.doubles_exchange import ExchangeDouble, instrument
from tests.trading.world import DAY
from trading.errors import OutcomeUnknown
from trading.preferences import PRESETS
from trading.universe import Universe, is_tradable

D = Decimal
CLOCK = VirtualClock()
NOW = CLOCK.now()
BALANCED = PRESETS["balanced"]


@pytest.mark.parametrize(
    ("changes", "tradable"),
    [
        ({}, True),
        ({"status": "PreLaunch"}, False),
        ({"status": "Delivering"}, False),
        ({"pre_listing": True}, False),
        ({"symbol_type": "innovation"}, True),
        ({"symbol_type": "stock"}, False),
        ({"symbol_type": "Commodity"}, False),
        ({"symbol_type": "forex"}, False),
        ({"launched_at": NOW - 7 * DAY}, True),
        ({"launched_at": NOW - 7 * DAY + 1}, False),
        ({"delivery_at": NOW + DAY + 1}, True),
        ({"delivery_at": NOW + DAY}, False),
        ({"delivery_at": NOW - 1}, False),
    ],
)
def test_what_may_be_traded(changes: dict[str, Any], tradable: bool) -> None:
    assert is_tradable(instrument(**changes), NOW) is tradable


def many(*turnovers: int) -> ExchangeDouble:
    exchange = ExchangeDouble(VirtualClock(), *(instrument(f"C{n}USDT") for n in range(len(turnovers))))
    for n, turnover in enumerate(turnovers):
        exchange.prices[f"C{n}USDT"] = replace(exchange.prices[f"C{n}USDT"], turnover=D(turnover))
    return exchange


async def test_people_watch_the_top_by_turnover_and_equal_ones_by_name() -> None:
    universe = Universe(many(5, 9, 7, 9), VirtualClock())
    await universe.refresh()
    assert universe.watchlist(replace(BALANCED, watch_top=3)) == ("C1USDT", "C3USDT", "C2USDT")
    assert len(universe.watchlist(BALANCED)) == 4


async def test_a_fixed_list_replaces_the_ranking_and_what_it_misses_is_named() -> None:
    exchange = many(5, 9, 7)
    exchange.listed["C1USDT"] = instrument("C1USDT", status="Settling")
    universe = Universe(exchange, VirtualClock(), ("C2USDT", "C1USDT", "NOPEUSDT", "C0USDT"))
    await universe.refresh()
    assert universe.watchlist(replace(BALANCED, watch_top=1)) == ("C2USDT", "C0USDT")
    assert universe.unknown_fixed() == ("C1USDT", "NOPEUSDT")


async def test_the_ranking_holds_for_a_utc_day() -> None:
    clock = VirtualClock()
    exchange = many(5, 9)
    universe = Universe(exchange, clock)
    await universe.refresh()
    exchange.prices["C0USDT"] = replace(exchange.prices["C0USDT"], turnover=D(99))
    clock.pass_by(86_399)
    await universe.refresh()
    assert universe.watchlist(BALANCED) == ("C1USDT", "C0USDT")
    clock.pass_by(1)
    await universe.refresh()
    assert universe.watchlist(BALANCED) == ("C0USDT", "C1USDT")


async def test_instruments_are_asked_again_each_hour_and_tickers_each_time() -> None:
    clock = VirtualClock()
    exchange = many(5)
    universe = Universe(exchange, clock)
    await universe.refresh()
    exchange.listed["C0USDT"] = instrument("C0USDT", status="Settling")
    clock.pass_by(3_599)
    await universe.refresh()
    assert universe.is_tradable("C0USDT")
    assert universe.tickers_at == clock.now()
    clock.pass_by(1)
    await universe.refresh()
    assert not universe.is_tradable("C0USDT")
    assert universe.watchlist(BALANCED) == ()


async def test_what_was_known_stays_when_bybit_is_silent() -> None:
    clock = VirtualClock()
    exchange = many(5)
    universe = Universe(exchange, clock)
    await universe.refresh()
    exchange.trouble["tickers"].append(OutcomeUnknown("silent"))
    clock.pass_by(5)
    with pytest.raises(OutcomeUnknown):
        await universe.refresh()
    assert universe.watchlist(BALANCED) == ("C0USDT",)
    assert universe.tickers_at == clock.now() - 5_000


async def test_risk_tiers_are_asked_once() -> None:
    exchange = many(5)
    universe = Universe(exchange, VirtualClock())
    await universe.refresh()
    tiers = await universe.tiers("C0USDT")
    exchange.trouble["risk_tiers"].append(OutcomeUnknown("silent"))
    assert await universe.tiers("C0USDT") == tiers
