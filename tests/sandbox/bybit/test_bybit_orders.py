"""Orders and what they do to positions and money, worked by hand. The clock stands still, so prices do too.

SOLUSDT has ticks of 0.01 and a spread of one tick: at a last price of 150 the bid is 150 and the ask 150.01.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP

from sandbox.bybit.rules import NewOrder
from tests.sandbox.bybit.practice_world import Clock, Open, Served

SOL = {"category": "linear", "symbol": "SOLUSDT"}


@pytest.fixture(autouse=True)
def at_150(served: Served) -> None:
    served.set_price("SOLUSDT", "150")


def buy(client: HTTP, **wishes: Any) -> str:
    wish = {**SOL, "side": "Buy", "orderType": "Limit", "timeInForce": "IOC", "qty": "10", "price": "150.5", **wishes}
    return str(client.place_order(**wish)["result"]["orderId"])


def position(client: HTTP, symbol: str = "SOLUSDT") -> dict[str, Any]:
    row: dict[str, Any] = client.get_positions(category="linear", symbol=symbol)["result"]["list"][0]
    return row


def order(client: HTTP, **ids: str) -> dict[str, Any]:
    row: dict[str, Any] = client.get_open_orders(**SOL, **ids)["result"]["list"][0]
    return row


def fills(client: HTTP) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get_executions(**SOL)["result"]["list"]
    return rows


def equity(client: HTTP) -> Decimal:
    return Decimal(client.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0]["totalEquity"])


def refused(code: int) -> Any:
    return pytest.raises(InvalidRequestError, check=lambda error: error.status_code == code)


def test_a_limit_ioc_beyond_the_ask_fills_at_the_ask_and_pays_the_taker_fee(client: HTTP) -> None:
    buy(client, orderLinkId="x1-a")
    (fill,) = fills(client)
    assert (fill["execPrice"], fill["execQty"], fill["isMaker"], fill["feeRate"]) == ("150.01", "10", False, "0.00055")
    assert fill["execFee"] == "0.825055"  # 10 x 150.01 x 0.055 %
    done = order(client, orderLinkId="x1-a")
    assert (done["orderStatus"], done["cumExecQty"], done["avgPrice"], done["leavesQty"]) == (
        "Filled",
        "10",
        "150.01",
        "0",
    )


def test_a_limit_ioc_below_the_ask_is_cancelled_with_nothing_filled(client: HTTP) -> None:
    buy(client, price="150", orderLinkId="x1-a")
    done = order(client, orderLinkId="x1-a")
    assert (done["orderStatus"], done["cumExecQty"], done["avgPrice"]) == ("Cancelled", "0", "")
    assert done["rejectReason"] == "EC_NoImmediateQtyToFill"
    assert position(client)["size"] == "0"


def test_a_round_trip_costs_the_spread_and_both_fees(client: HTTP) -> None:
    buy(client)
    client.place_order(**SOL, side="Sell", orderType="Market", qty="10", reduceOnly=True)
    # bought at 150.01, sold at 150: -0.10; fees 0.825055 and 0.825
    assert equity(client) == Decimal("10000") - Decimal("0.10") - Decimal("0.825055") - Decimal("0.825")
    (closed,) = client.get_closed_pnl(category="linear")["result"]["list"]
    assert (closed["closedPnl"], closed["openFee"], closed["closeFee"]) == ("-1.750055", "0.825055", "0.825")


def test_the_average_price_weighs_by_quantity_and_a_partial_close_keeps_it(client: HTTP, served: Served) -> None:
    buy(client, qty="10")
    served.set_price("SOLUSDT", "153")
    buy(client, qty="20", price="154")
    assert position(client)["avgPrice"] == "152.01"  # (10 x 150.01 + 20 x 153.01) / 30
    client.place_order(**SOL, side="Sell", orderType="Market", qty="15", reduceOnly=True)
    held = position(client)
    assert (held["size"], held["avgPrice"], held["side"]) == ("15", "152.01", "Buy")
    assert fills(client)[0]["closedSize"] == "15"
    # realised: 15 x (153 - 152.01) = 14.85; fees 0.825055 + 1.68311 + 1.262250
    assert Decimal(held["cumRealisedPnl"]) == Decimal("14.85") - Decimal("0.825055") - Decimal("1.68311") - Decimal(
        "1.26225"
    )


def test_an_order_larger_than_the_opposite_position_turns_it(client: HTTP) -> None:
    buy(client, qty="10")
    client.place_order(**SOL, side="Sell", orderType="Market", qty="25")
    held = position(client)
    assert (held["side"], held["size"], held["avgPrice"]) == ("Sell", "15", "150")
    assert fills(client)[0]["closedSize"] == "10"


def test_unrealised_result_and_margin_follow_the_mark_price(client: HTTP, served: Served) -> None:
    client.set_leverage(**SOL, buyLeverage="5", sellLeverage="5")
    buy(client)
    served.set_price("SOLUSDT", "160")
    held = position(client)
    assert held["unrealisedPnl"] == "99.9"  # 10 x (160 - 150.01)
    assert held["positionIM"] == "320.88"  # 1600 / 5 and the fee of closing, 0.88
    wallet = client.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0]
    assert Decimal(wallet["totalAvailableBalance"]) == equity(client) - Decimal("320.88")


def test_a_fill_gives_birth_to_its_stop_and_target_as_orders_of_their_own(client: HTTP) -> None:
    buy(client, stopLoss="145", takeProfit="160", orderLinkId="x1-a")
    children = client.get_open_orders(**SOL)["result"]["list"]
    seen = {o["stopOrderType"]: o for o in children}
    assert set(seen) == {"StopLoss", "TakeProfit"}
    for kind, price, direction in (("StopLoss", "145", 2), ("TakeProfit", "160", 1)):
        child = seen[kind]
        assert (child["triggerPrice"], child["triggerDirection"], child["side"]) == (price, direction, "Sell")
        assert (child["orderStatus"], child["qty"], child["reduceOnly"]) == ("Untriggered", "10", True)
        assert (child["closeOnTrigger"], child["createType"]) == (True, f"CreateBy{kind}")
        assert (child["parentOrderLinkId"], child["orderLinkId"]) == ("x1-a", "")
    held = position(client)
    assert (held["stopLoss"], held["takeProfit"]) == ("145", "160")


def test_an_entry_that_fills_nothing_leaves_no_stop_behind(client: HTTP) -> None:
    buy(client, price="149", stopLoss="145", takeProfit="160")
    assert client.get_open_orders(**SOL)["result"]["list"] == []


def test_a_stop_closes_the_position_and_takes_the_target_with_it(client: HTTP, served: Served) -> None:
    buy(client, stopLoss="145", takeProfit="160")
    served.set_price("SOLUSDT", "144")
    assert position(client)["size"] == "0"
    assert (fills(client)[0]["execPrice"], fills(client)[0]["createType"]) == ("145", "CreateByStopLoss")
    ended = {o["stopOrderType"]: o for o in client.get_order_history(**SOL)["result"]["list"]}
    assert ended["StopLoss"]["orderStatus"] == "Filled"
    assert (ended["TakeProfit"]["orderStatus"], ended["TakeProfit"]["cumExecQty"]) == ("Deactivated", "0")
    # entry 150.01, exit 145: -50.10; fees 0.825055 + 0.7975
    assert equity(client) == Decimal("10000") - Decimal("50.10") - Decimal("0.825055") - Decimal("0.7975")


def test_a_short_is_stopped_above_at_the_ask(client: HTTP, served: Served) -> None:
    client.place_order(**SOL, side="Sell", orderType="Market", qty="10", stopLoss="155", takeProfit="140")
    served.set_price("SOLUSDT", "156")
    assert fills(client)[0]["execPrice"] == "155.01"
    assert position(client)["size"] == "0"


@pytest.mark.parametrize(
    ("code", "wishes"),
    [
        (10001, {"stopLoss": "151"}),
        (10001, {"takeProfit": "150"}),
        (10001, {"qty": "10.05"}),
        (10001, {"qty": "0"}),
        (10001, {"price": "150.505"}),
        (10001, {"price": ""}),
        (10001, {"side": "buy"}),
        (10001, {"symbol": "NOSUCH"}),
        (10001, {"category": "spot"}),
        (10001, {"timeInForce": "DAY"}),
        (10001, {"orderLinkId": "x" * 37}),
        (10001, {"orderLinkId": "a b"}),
        (10001, {"positionIdx": 1}),
        (10001, {"orderType": "Market", "qty": "25001"}),
        (10001, {"qty": "1e1"}),
        (110003, {"price": "9999999"}),
        (110094, {"symbol": "XRPUSDT", "price": "0.54", "qty": "1"}),
        (110007, {"qty": "700"}),
        (110090, {"qty": "90000"}),
        (110017, {"reduceOnly": True}),
        (110057, {"reduceOnly": True, "side": "Sell", "stopLoss": "160"}),
    ],
)
def test_a_bad_order_is_refused_with_its_code_and_leaves_no_trace(
    client: HTTP, served: Served, code: int, wishes: dict[str, Any]
) -> None:
    with refused(code):
        buy(client, **wishes)
    assert served.ledger() == []
    assert equity(client) == Decimal("10000")


def test_the_same_order_link_id_is_taken_for_good(client: HTTP, served: Served) -> None:
    buy(client, orderLinkId="x1-a")
    with refused(110072):
        buy(client, orderLinkId="x1-a")
    assert [o["orderLinkId"] for o in served.ledger() if not o["stopOrderType"]] == ["x1-a"]
    assert position(client)["size"] == "10"


def test_two_accounts_may_use_the_same_order_link_id(client: HTTP, served: Served) -> None:
    buy(client, orderLinkId="x1-a")
    buy(served.client("bob"), orderLinkId="x1-a")
    assert [o["orderLinkId"] for o in served.ledger("bob")] == ["x1-a"]


def test_quantity_zero_closes_the_whole_position(client: HTTP) -> None:
    buy(client, qty="33.3")
    client.place_order(**SOL, side="Sell", orderType="Market", qty="0", reduceOnly=True, closeOnTrigger=True)
    assert position(client)["size"] == "0"


def test_a_reduce_only_order_never_turns_a_position(client: HTTP) -> None:
    buy(client, qty="10")
    client.place_order(**SOL, side="Sell", orderType="Market", qty="25", reduceOnly=True)
    assert position(client)["size"] == "0"


def test_a_resting_order_fills_as_maker_at_its_own_price_when_the_market_comes_by(client: HTTP, served: Served) -> None:
    buy(client, timeInForce="GTC", price="148", orderLinkId="x1-a")
    assert order(client, orderLinkId="x1-a")["orderStatus"] == "New"
    served.set_price("SOLUSDT", "147")
    (fill,) = fills(client)
    assert (fill["execPrice"], fill["isMaker"], fill["execFee"]) == ("148", True, "0.296")  # 1480 x 0.02 %


def test_a_post_only_order_that_would_take_is_cancelled(client: HTTP) -> None:
    buy(client, timeInForce="PostOnly", orderLinkId="x1-a")
    assert order(client, orderLinkId="x1-a")["rejectReason"] == "EC_PostOnlyWillTakeLiquidity"


def test_a_limit_price_beyond_the_band_is_moved_to_its_edge(client: HTTP) -> None:
    buy(client, price="170", orderLinkId="x1-a")
    assert order(client, orderLinkId="x1-a")["price"] == "157.5"  # 5 % above 150


def test_a_conditional_order_waits_for_its_trigger(client: HTTP, served: Served) -> None:
    buy(client, orderType="Market", price="", triggerPrice="155", triggerDirection=1, orderLinkId="x1-a")
    assert order(client, orderLinkId="x1-a")["orderStatus"] == "Untriggered"
    served.set_price("SOLUSDT", "156")
    assert (position(client)["size"], fills(client)[0]["execPrice"]) == ("10", "155.01")
    with refused(110092):
        buy(client, orderType="Market", price="", triggerPrice="150", triggerDirection=1)


def test_cancelling_what_is_not_there_is_110001(client: HTTP) -> None:
    buy(client, timeInForce="GTC", price="148", orderLinkId="x1-a")
    client.cancel_order(**SOL, orderLinkId="x1-a")
    assert order(client, orderLinkId="x1-a")["cancelType"] == "CancelByUser"
    with refused(110001):
        client.cancel_order(**SOL, orderLinkId="x1-a")


def test_leverage_that_does_not_change_is_110043(client: HTTP) -> None:
    client.set_leverage(**SOL, buyLeverage="7", sellLeverage="7")
    assert position(client)["leverage"] == "7"
    with refused(110043):
        client.set_leverage(**SOL, buyLeverage="7", sellLeverage="7")
    with refused(110013):
        client.set_leverage(**SOL, buyLeverage="101", sellLeverage="101")
    with refused(10001):
        client.set_leverage(**SOL, buyLeverage="5", sellLeverage="6")


FULL = {**SOL, "tpslMode": "Full", "positionIdx": 0}


class TestTradingStop:
    def test_a_flat_symbol_has_none(self, client: HTTP) -> None:
        with refused(10001):
            client.set_trading_stop(**FULL, stopLoss="145")

    def test_full_sets_amends_and_removes_one_order(self, client: HTTP) -> None:
        buy(client)
        client.set_trading_stop(**FULL, stopLoss="145")
        (first,) = client.get_open_orders(**SOL)["result"]["list"]
        client.set_trading_stop(**FULL, stopLoss="146")
        (amended,) = client.get_open_orders(**SOL)["result"]["list"]
        assert (amended["orderId"], amended["triggerPrice"]) == (first["orderId"], "146")
        client.set_trading_stop(**FULL, stopLoss="0")
        assert client.get_open_orders(**SOL)["result"]["list"] == []
        assert position(client)["stopLoss"] == ""

    def test_the_same_value_or_none_at_all_is_34040(self, client: HTTP) -> None:
        buy(client, stopLoss="145")
        for wishes in ({"stopLoss": "145"}, {}, {"takeProfit": "0"}):
            with refused(34040):
                client.set_trading_stop(**FULL, **wishes)

    def test_the_wrong_side_is_refused_and_changes_nothing(self, client: HTTP) -> None:
        buy(client, stopLoss="145")
        with refused(10001):
            client.set_trading_stop(**FULL, stopLoss="151", takeProfit="160")
        assert (position(client)["stopLoss"], position(client)["takeProfit"]) == ("145", "")

    def test_partial_only_ever_adds(self, client: HTTP, served: Served) -> None:
        buy(client)
        part = {**SOL, "tpslMode": "Partial", "positionIdx": 0, "stopLoss": "145", "slSize": "4"}
        client.set_trading_stop(**part)
        client.set_trading_stop(**part)
        stops = client.get_open_orders(**SOL)["result"]["list"]
        assert [(o["stopOrderType"], o["qty"]) for o in stops] == [("PartialStopLoss", "4")] * 2
        served.set_price("SOLUSDT", "144.5")
        assert position(client)["size"] == "2"

    def test_a_full_stop_covers_what_is_added_and_what_is_left(self, client: HTTP) -> None:
        buy(client, qty="10", stopLoss="145")
        buy(client, qty="5")
        assert client.get_open_orders(**SOL)["result"]["list"][0]["qty"] == "15"
        client.place_order(**SOL, side="Sell", orderType="Market", qty="9", reduceOnly=True)
        assert client.get_open_orders(**SOL)["result"]["list"][0]["qty"] == "6"

    def test_a_second_entry_replaces_the_stop_of_the_first(self, client: HTTP, served: Served) -> None:
        buy(client, stopLoss="145", orderLinkId="x1-a")
        buy(client, stopLoss="146", orderLinkId="x1-b")
        (standing,) = client.get_open_orders(**SOL)["result"]["list"]
        assert (standing["triggerPrice"], standing["parentOrderLinkId"]) == ("146", "x1-b")


def test_a_hand_at_the_app_shows_in_create_type(client: HTTP, served: Served) -> None:
    hand = {"account": "ann", "symbol": "SOLUSDT"}
    served.lever("/sandbox/hand", **hand, side="Buy", qty="3", reduceOnly=False)
    served.lever("/sandbox/hand", **hand, side="Sell", qty="3", reduceOnly=True)
    assert [f["createType"] for f in fills(client)] == ["CreateByClosing", "CreateByUser"]
    assert position(client)["size"] == "0"


def test_the_ledger_lists_all_that_was_accepted_oldest_first(client: HTTP, served: Served) -> None:
    buy(client, orderLinkId="x1-a", stopLoss="145")
    buy(client, orderLinkId="x1-b", price="149")
    kinds = [(o["orderLinkId"], o["stopOrderType"], o["reduceOnly"]) for o in served.ledger()]
    assert kinds == [("x1-a", "", False), ("", "StopLoss", True), ("x1-b", "", False)]


def test_nobody_sees_the_orders_of_another(client: HTTP, served: Served) -> None:
    buy(client, orderLinkId="x1-a")
    other = served.client("bob")
    assert other.get_open_orders(**SOL, orderLinkId="x1-a")["result"]["list"] == []
    assert fills(other) == []
    assert equity(other) == Decimal("10000")


def test_realtime_shows_closed_orders_when_asked_by_id_or_for_them(client: HTTP) -> None:
    buy(client, orderLinkId="x1-a")
    assert client.get_open_orders(**SOL)["result"]["list"] == []
    assert order(client, orderLinkId="x1-a")["orderStatus"] == "Filled"
    assert [o["orderLinkId"] for o in client.get_open_orders(**SOL, openOnly=1)["result"]["list"]] == ["x1-a"]
    with refused(10001):
        client.get_open_orders(category="linear", orderLinkId="x1-a")


def test_pages_follow_one_another_by_cursor(client: HTTP) -> None:
    for number in range(5):
        buy(client, price="149", orderLinkId=f"x1-{number}")
    seen, cursor = [], ""
    while True:
        answer = client.get_order_history(category="linear", limit=2, cursor=cursor or None)["result"]
        seen += [o["orderLinkId"] for o in answer["list"]]
        cursor = answer["nextPageCursor"]
        if not cursor:
            break
    assert seen == ["x1-4", "x1-3", "x1-2", "x1-1", "x1-0"]


def test_realtime_forgets_closed_orders_at_a_restart_and_history_does_not(
    open_world: Open, served: Served, client: HTTP, clock: Clock
) -> None:
    buy(client, orderLinkId="x1-a")
    buy(client, price="148", timeInForce="GTC", orderLinkId="x1-b")
    order(client, orderLinkId="x1-a")
    served.stop()
    clock.forward(seconds=1)
    client = open_world().client()
    client.get_server_time()
    assert client.get_open_orders(**SOL, orderLinkId="x1-a")["result"]["list"] == []
    assert order(client, orderLinkId="x1-b")["orderStatus"] == "New"
    (known,) = client.get_order_history(**SOL, orderLinkId="x1-a")["result"]["list"]
    assert known["orderStatus"] == "Filled"


def test_realtime_knows_the_last_five_hundred_closed_orders(client: HTTP, served: Served) -> None:
    place = served.practice.matching.place
    wish = NewOrder("SOLUSDT", "Buy", "Limit", Decimal(1), Decimal(149), "IOC")

    def many() -> None:
        for number in range(501):
            place("ann", replace(wish, link_id=f"x1-{number}"))

    served.inside(many)
    assert client.get_open_orders(**SOL, orderLinkId="x1-0")["result"]["list"] == []
    assert order(client, orderLinkId="x1-1")["orderStatus"] == "Cancelled"
