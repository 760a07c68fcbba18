"""Results counted by hand from executions."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from strategies.signal import Direction
from tests.storage.samples import plan, request
from tests.trading.world import ACCOUNT, OWNER, signal
from trading.endings import ending_of, fill_of, outcome_of, r_money
from trading.model import Execution, Fill, Outcome, Revision, Ticket, order_link_id
from trading.reasons import Ending
from trading.states import State

D = Decimal
OURS = order_link_id("t1", 1)


def ticket(direction: Direction = Direction.LONG, stop: str = "95") -> Ticket:
    revision = Revision(
        number=1,
        state=State.OPEN,
        plan=plan(entry=D(100), stop=D(stop), size=D(2)),
        expires_at=0,
        order_link_id=OURS,
        request=request("t1"),
        request_hash="",
        risk_now=D(10),
        stop_now=D(stop),
        target_now=None,
        size_now=D(2),
        changed_at=0,
    )
    return Ticket("t1", OWNER, ACCOUNT, signal("SOLUSDT", direction), 0, D(10), revision)


def fill(id_: str, at: int, side: str, price: str, size: str, **changes: Any) -> Execution:
    usual = Execution(
        id=id_,
        symbol="SOLUSDT",
        order_id="o",
        order_link_id="",
        side=side,
        kind="Trade",
        create_type="CreateByStopLoss",
        price=D(price),
        size=D(size),
        closed_size=D(0),
        fee=D("0.1"),
        at=at,
    )
    return replace(usual, **changes)


ENTRY = fill("e", 10, "Buy", "100", "2", order_link_id=OURS, create_type="CreateByUser")


def ended(*executions: Execution, of: Ticket | None = None) -> Outcome:
    outcome = outcome_of(of or ticket(), executions)
    assert outcome is not None
    return outcome


def test_a_target_is_told_net_of_both_fees_and_in_r() -> None:
    # 2 x (110 - 100) - 0.1 - 0.1 = 19.8; R is 5 x 2 = 10
    outcome = ended(ENTRY, fill("x", 20, "Sell", "110", "2", create_type="CreateByTakeProfit"))
    assert outcome == Outcome(Ending.TARGET, D("19.8"), D("1.98"), D(110), 20)


def test_a_short_wins_when_the_price_falls() -> None:
    entry = replace(ENTRY, side="Sell")
    short = ticket(Direction.SHORT, stop="105")
    won = ended(entry, fill("x", 20, "Buy", "90", "2", create_type="CreateByTakeProfit"), of=short)
    assert (won.net, won.r, won.ending) == (D("19.8"), D("1.98"), Ending.TARGET)
    lost = ended(entry, fill("x", 20, "Buy", "106", "2"), of=short)
    assert (lost.net, lost.r, lost.ending) == (D("-12.2"), D("-1.22"), Ending.STOP)


def test_r_is_counted_from_the_average_fill_and_the_filled_size() -> None:
    # 1 at 100 and 0.5 at 103: average 101, R = 6 x 1.5 = 9
    entries = (
        fill("a", 10, "Buy", "100", "1", order_link_id=OURS),
        fill("b", 11, "Buy", "103", "0.5", order_link_id=OURS),
    )
    assert fill_of(entries, OURS) == Fill(D("1.5"), D(101), D("0.2"))
    outcome = ended(*entries, fill("x", 20, "Sell", "95", "1.5"))
    # 1.5 x (95 - 101) - 0.3
    assert (outcome.net, outcome.r) == (D("-9.3"), D("-9.3") / 9)


def test_funding_while_it_was_held_belongs_to_the_result_and_other_funding_does_not() -> None:
    paid = fill("f1", 15, "Buy", "100", "2", kind="Funding", fee=D("0.5"))
    got = fill("f2", 16, "Buy", "100", "2", kind="Funding", fee=D("-0.2"))
    before, later = replace(paid, id="f0", at=9), replace(paid, id="f3", at=21)
    outcome = ended(before, ENTRY, paid, got, fill("x", 20, "Sell", "110", "2"), later)
    assert outcome.net == D("19.8") - D("0.3")


def test_a_position_closed_in_parts_is_told_with_all_of_them_and_ends_as_the_last() -> None:
    # 1 x 4 + 0.5 x 10 + 0.5 x -5 = 6.5, four fees
    outcome = ended(
        ENTRY,
        fill("x1", 20, "Sell", "104", "1", create_type="CreateByClosing"),
        fill("x2", 21, "Sell", "110", "0.5", create_type="CreateByUser", order_link_id="x1-ours"),
        fill("x3", 22, "Sell", "95", "0.5"),
    )
    assert (outcome.net, outcome.exit, outcome.ending) == (D("6.1"), D("103.25"), Ending.STOP)


def test_while_executions_lag_there_is_no_result() -> None:
    assert outcome_of(ticket(), ()) is None
    assert outcome_of(ticket(), (ENTRY,)) is None
    assert outcome_of(ticket(), (ENTRY, fill("x", 20, "Sell", "110", "1.9"))) is None
    assert outcome_of(ticket(), (fill("x", 20, "Sell", "110", "2"),)) is None


def test_what_was_bought_and_sold_beyond_ours_is_not_counted() -> None:
    # a hand bought 3 more; one order of 5 closed all: two fifths of its fee are ours
    outcome = ended(
        ENTRY,
        fill("h", 12, "Buy", "101", "3", create_type="CreateByUser"),
        fill("x", 20, "Sell", "110", "5", fee=D("0.5"), create_type="CreateByClosing"),
    )
    assert (outcome.net, outcome.ending) == (D("19.7"), Ending.APP)


def test_sales_before_the_entry_are_somebody_elses() -> None:
    assert outcome_of(ticket(), (fill("x", 9, "Sell", "110", "2"), ENTRY)) is None


def test_moved_positions_and_corporate_actions_are_no_fills() -> None:
    moved = fill("m", 20, "Sell", "110", "2", kind="MovePosition")
    assert outcome_of(ticket(), (ENTRY, moved)) is None
    assert outcome_of(ticket(), (ENTRY, replace(moved, kind="CorporateAction"))) is None


def test_the_order_in_which_executions_come_does_not_matter() -> None:
    parts = (
        ENTRY,
        fill("x1", 20, "Sell", "104", "1.5", create_type="CreateByClosing"),
        fill("x2", 22, "Sell", "95", "0.5"),
    )
    assert ended(*parts) == ended(*reversed(parts))


def test_a_trade_whose_fill_was_at_its_stop_has_no_r_and_does_not_fail() -> None:
    at_stop = replace(ENTRY, price=D(95))
    assert ended(at_stop, fill("x", 20, "Sell", "95", "2")).r == 0


@pytest.mark.parametrize(
    ("kind", "create_type", "link", "ending"),
    [
        ("Trade", "CreateByTakeProfit", "", Ending.TARGET),
        ("Trade", "CreateByPartialTakeProfit", "", Ending.TARGET),
        ("Trade", "CreateByStopLoss", "", Ending.STOP),
        ("Trade", "CreateByPartialStopLoss", "", Ending.STOP),
        ("Trade", "CreateByTrailingStop", "", Ending.TRAILING),
        ("Trade", "CreateByTrailingProfit", "", Ending.TRAILING),
        ("Trade", "CreateByClosing", "", Ending.APP),
        ("Trade", "CreateByUser", "", Ending.APP),
        ("Trade", "CreateByUser", "x1-0123", Ending.BOT),
        ("Trade", "CreateByLiq", "", Ending.LIQUIDATION),
        ("Trade", "CreateByTakeOver_PassThrough", "", Ending.LIQUIDATION),
        ("BustTrade", "", "", Ending.LIQUIDATION),
        ("AdlTrade", "", "", Ending.ADL),
        ("Trade", "CreateByAdl_PassThrough", "", Ending.ADL),
        ("Delivery", "", "", Ending.DELISTING),
        ("Trade", "CreateBySettle", "", Ending.OTHER),
    ],
)
def test_who_closed_is_read_from_the_execution(kind: str, create_type: str, link: str, ending: Ending) -> None:
    assert ending_of(fill("x", 1, "Sell", "1", "1", kind=kind, create_type=create_type, order_link_id=link)) is ending


def test_before_the_fill_one_r_is_the_plans_own() -> None:
    offered = ticket().revision
    assert r_money(offered) == offered.plan.r
    assert r_money(replace(offered, fill=Fill(D(1), D(101), D(0)))) == D(6)
