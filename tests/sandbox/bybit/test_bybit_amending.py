"""Amending, cancelling all, the position mode, and the logs of money. SOLUSDT stands at 150, the ask at 150.01."""

from decimal import Decimal
from typing import Any

import pytest
from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP

from tests.sandbox.bybit.practice_world import Clock, Served

SOL = {"category": "linear", "symbol": "SOLUSDT"}


@pytest.fixture(autouse=True)
def at_150(served: Served) -> None:
    served.set_price("SOLUSDT", "150")


def rest(client: HTTP, link: str = "x1-a", **wishes: Any) -> None:
    client.place_order(
        **{**SOL, "side": "Buy", "orderType": "Limit", "qty": "10", "price": "148", "orderLinkId": link, **wishes}
    )


def order(client: HTTP, link: str = "x1-a") -> dict[str, Any]:
    row: dict[str, Any] = client.get_open_orders(**SOL, orderLinkId=link)["result"]["list"][0]
    return row


def size(client: HTTP) -> str:
    return str(client.get_positions(**SOL)["result"]["list"][0]["size"])


def refused(code: int) -> Any:
    return pytest.raises(InvalidRequestError, check=lambda error: error.status_code == code)


def test_an_order_is_amended_in_place(client: HTTP) -> None:
    rest(client)
    before = order(client)
    told = client.amend_order(**SOL, orderLinkId="x1-a", qty="12", price="149", stopLoss="140", takeProfit="170")
    assert told["result"] == {"orderId": before["orderId"], "orderLinkId": "x1-a"}
    after = order(client)
    names = ("orderStatus", "qty", "leavesQty", "price", "stopLoss", "takeProfit", "tpslMode", "slTriggerBy")
    assert [after[name] for name in names] == ["New", "12", "12", "149", "140", "170", "Full", "LastPrice"]


def test_an_order_amended_across_the_spread_is_filled(client: HTTP) -> None:
    rest(client)
    client.amend_order(**SOL, orderLinkId="x1-a", price="150.5")
    assert (order(client)["orderStatus"], order(client)["avgPrice"]) == ("Filled", "150.01")


def test_a_level_of_zero_is_taken_away(client: HTTP) -> None:
    rest(client, stopLoss="140")
    client.amend_order(**SOL, orderLinkId="x1-a", stopLoss="0")
    assert (order(client)["stopLoss"], order(client)["slTriggerBy"]) == ("", "")


def test_the_stop_of_a_position_is_amended_by_its_id(client: HTTP, served: Served) -> None:
    client.place_order(**SOL, side="Buy", orderType="Market", qty="10", stopLoss="140")
    (stop,) = client.get_open_orders(**SOL)["result"]["list"]
    client.amend_order(**SOL, orderId=stop["orderId"], triggerPrice="145")
    assert client.get_positions(**SOL)["result"]["list"][0]["stopLoss"] == "145"
    served.set_price("SOLUSDT", "144")
    assert size(client) == "0"


@pytest.mark.parametrize(
    ("code", "wishes"),
    [
        (110001, {"orderLinkId": "x1-nobody", "price": "149"}),
        (10001, {"price": "148"}),
        (10001, {}),
        (10001, {"price": "148.005"}),
        (10001, {"qty": "10.05"}),
        (10001, {"stopLoss": "149"}),
        (10001, {"triggerPrice": "149"}),
        (110007, {"qty": "900"}),
    ],
)
def test_a_bad_amendment_is_refused_and_changes_nothing(client: HTTP, code: int, wishes: dict[str, Any]) -> None:
    rest(client)
    before = order(client)
    with refused(code):
        client.amend_order(**{**SOL, "orderLinkId": "x1-a", **wishes})
    assert order(client) == before


def test_a_filled_order_cannot_be_amended(client: HTTP) -> None:
    rest(client, price="151")
    with refused(110001):
        client.amend_order(**SOL, orderLinkId="x1-a", price="152")


@pytest.mark.parametrize(
    ("wishes", "left"),
    [
        ({}, []),
        ({"orderFilter": "Order"}, ["Stop", "StopLoss"]),
        ({"orderFilter": "StopOrder"}, [""]),
        ({"orderFilter": "StopOrder", "stopOrderType": "Stop"}, ["", "StopLoss"]),
    ],
)
def test_cancel_all_takes_every_kind_of_order_unless_it_names_one(
    client: HTTP, wishes: dict[str, str], left: list[str]
) -> None:
    client.place_order(**SOL, side="Buy", orderType="Market", qty="10", stopLoss="140")
    rest(client, "x1-a")
    rest(client, "x1-b", triggerPrice="155", triggerDirection=1)
    gone = client.cancel_all_orders(category="linear", settleCoin="USDT", **wishes)["result"]
    assert len(gone["list"]) == 3 - len(left)
    assert sorted(o["stopOrderType"] for o in client.get_open_orders(**SOL)["result"]["list"]) == left


def test_the_transaction_log_adds_up_to_the_wallet(client: HTTP, clock: Clock) -> None:
    client.place_order(**SOL, side="Buy", orderType="Market", qty="10")
    clock.forward(hours=4)
    client.place_order(**SOL, side="Sell", orderType="Market", qty="4", reduceOnly=True)
    rows = client.get_transaction_log(accountType="UNIFIED", category="linear")["result"]["list"][::-1]
    assert [(row["type"], row["side"], row["size"]) for row in rows] == [
        ("TRADE", "Buy", "10"),
        ("SETTLEMENT", "Buy", "10"),
        ("TRADE", "Sell", "6"),
    ]
    balance = Decimal(10_000)
    for row in rows:
        balance += Decimal(row["change"])
        assert abs(Decimal(row["cashBalance"]) - balance) < Decimal("0.0000001")
    wallet = client.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0]
    assert rows[-1]["cashBalance"] == wallet["totalWalletBalance"]
    (settled,) = client.get_transaction_log(type="SETTLEMENT")["result"]["list"]
    assert settled == rows[1]


def test_funding_history_tells_the_rates_that_were_paid(client: HTTP, clock: Clock) -> None:
    client.place_order(**SOL, side="Buy", orderType="Market", qty="10")
    clock.forward(hours=4)
    (paid,) = client.get_executions(**SOL, execType="Funding")["result"]["list"]
    rows = client.get_funding_rate_history(**SOL, limit=3)["result"]["list"]
    assert (rows[0]["fundingRateTimestamp"], rows[0]["fundingRate"]) == (paid["execTime"], paid["feeRate"])
    times = [int(row["fundingRateTimestamp"]) for row in rows]
    assert times == [times[0] - number * 8 * 3_600_000 for number in range(3)]
    with refused(10001):
        client.get_funding_rate_history(**SOL, startTime=times[1])
