"""The limits at their edges; foreign positions count too."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from strategies.signal import Direction
from tests.trading.test_endings import ticket
from trading.errors import RiskRefused
from trading.limits import check_offer, claim_limits, foreign_risk, load_of
from trading.model import Position, Ticket
from trading.ports import ClaimLimits
from trading.preferences import PRESETS
from trading.reasons import Reason

D = Decimal


def ours(symbol: str = "SOLUSDT", risk: str = "50") -> Ticket:
    one = ticket()
    return replace(one, signal=replace(one.signal, symbol=symbol), revision=replace(one.revision, risk_now=D(risk)))


def position(symbol: str = "ETHUSDT", **changes: Any) -> Position:
    usual = Position(
        symbol=symbol,
        direction=Direction.LONG,
        size=D(2),
        average=D(100),
        stop=D(95),
        target=None,
        leverage=D(5),
        mark=D(100),
        liquidation=None,
        unrealised=D(0),
        margin=D(40),
        index=0,
    )
    return replace(usual, **changes)


def refused(*args: Any) -> RiskRefused:
    with pytest.raises(RiskRefused) as caught:
        check_offer(*args)
    return caught.value


def test_a_foreign_position_counts_with_its_stop_and_without_one_with_its_margin() -> None:
    assert foreign_risk(position()) == D("10.1045")  # 2 x 5 and the closing fee 0.00055 x 95 x 2
    assert foreign_risk(position(stop=None)) == D(40)


def test_a_position_on_a_symbol_of_ours_is_ours() -> None:
    load = load_of([ours()], [position("SOLUSDT"), position("ETHUSDT"), position("BTCUSDT", size=D(0), direction=None)])
    assert (load.open, load.risk, load.foreign_open, load.foreign_risk) == (1, D(50), 1, D("10.1045"))


def test_the_risk_on_the_table_is_a_share_of_equity() -> None:
    limits = claim_limits(PRESETS["balanced"], D(10_000), load_of([], [position()]))
    assert limits == ClaimLimits(max_open=8, max_risk=D(500), foreign_open=1, foreign_risk=D("10.1045"))


def test_a_symbol_that_is_held_by_us_or_by_hand_is_refused() -> None:
    roomy = ClaimLimits(10, D(1000))
    assert refused("SOLUSDT", D(1), roomy, [ours()], []).reason is Reason.POSITION_HERE
    by_hand = refused("ETHUSDT", D(1), roomy, [], [position()])
    assert (by_hand.reason, dict(by_hand.figures)) == (Reason.POSITION_HERE, {"symbol": "ETHUSDT"})
    check_offer("ETHUSDT", D(1), roomy, [], [position(size=D(0), direction=None)])


def test_the_last_free_slot_can_be_used_and_none_more() -> None:
    live = [ours(), ours("BTCUSDT")]
    check_offer("XRPUSDT", D(1), ClaimLimits(4, D(1000)), live, [position()])
    full = refused("XRPUSDT", D(1), ClaimLimits(3, D(1000)), live, [position()])
    assert (full.reason, dict(full.figures)) == (Reason.OPEN_POSITIONS, {"open": 3, "limit": 3})


def test_risk_up_to_the_limit_fits_and_a_cent_more_does_not() -> None:
    limits = ClaimLimits(10, D("110.1045"))
    check_offer("XRPUSDT", D(50), limits, [ours()], [position()])
    full = refused("XRPUSDT", D("50.01"), limits, [ours()], [position()])
    assert (full.reason, dict(full.figures)) == (
        Reason.RISK_ON_TABLE,
        {"risk": D("110.1145"), "limit": D("110.1045")},
    )
