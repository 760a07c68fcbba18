"""Between an answer and what comes of it: margin is looked at again, and cancelling and amending come too late."""

import contextlib
from typing import Any

import pytest
from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP

from sandbox.bybit.practice import LATENCY_MS
from tests.sandbox.bybit.practice_world import Clock, Open, Served
from tests.sandbox.bybit.private_stream import PrivateStream

SOL = {"category": "linear", "symbol": "SOLUSDT"}
SOON = LATENCY_MS[1] / 1000


@pytest.fixture
def served(open_world: Open) -> Served:
    served = open_world(latency_ms=LATENCY_MS)
    served.set_price("SOLUSDT", "150")
    return served


def ask_for(client: HTTP, link: str = "x1-a", **wishes: Any) -> dict[str, Any]:
    wish = {**SOL, "side": "Buy", "orderType": "Market", "qty": "400", "orderLinkId": link, **wishes}
    told: dict[str, Any] = client.place_order(**wish)
    return told


def rest(client: HTTP, clock: Clock, **wishes: Any) -> None:
    """An order that stands in the book, taken up."""
    ask_for(client, orderType="Limit", qty="10", price="148", **wishes)
    clock.forward(seconds=SOON)


def order(client: HTTP, link: str = "x1-a") -> dict[str, Any]:
    row: dict[str, Any] = client.get_open_orders(**SOL, orderLinkId=link)["result"]["list"][0]
    return row


def size(client: HTTP) -> str:
    return str(client.get_positions(**SOL)["result"]["list"][0]["size"])


def refused(code: int) -> Any:
    return pytest.raises(InvalidRequestError, check=lambda error: error.status_code == code)


class TestMarginLookedAtAgain:
    def test_an_order_whose_margin_is_gone_when_it_is_taken_up_is_rejected(
        self, client: HTTP, served: Served, clock: Clock
    ) -> None:
        with contextlib.closing(PrivateStream(served, client, "order")) as stream:
            ask_for(client, "x1-long", qty="300")
            clock.forward(seconds=SOON)
            assert ask_for(client, qty="300")["retCode"] == 0  # as many more: still covered
            served.set_price("SOLUSDT", "138")  # and now the first ones have lost 3,600 USDT
            clock.forward(seconds=SOON)
            assert order(client)["orderStatus"] == "Rejected"
            told = stream.row("order", orderLinkId="x1-a")
        assert (told["orderStatus"], told["rejectReason"], told["cancelType"]) == ("Rejected", "EC_Others", "UNKNOWN")
        assert (told["cumExecQty"], told["leavesQty"]) == ("0", "0")
        assert size(client) == "300"
        (kept,) = client.get_order_history(**SOL, orderLinkId="x1-a")["result"]["list"]
        assert kept["orderStatus"] == "Rejected"

    def test_a_hand_that_is_quicker_takes_the_margin_away(self, client: HTTP, served: Served, clock: Clock) -> None:
        ask_for(client, qty="10", orderType="Limit", price="150.01")
        served.lever("/sandbox/hand", account="ann", symbol="BTCUSDT", side="Buy", qty=_worth(served, 96_000))
        served.set_price("BTCUSDT", str(served.last("BTCUSDT") * 99 / 100))
        clock.forward(seconds=SOON)
        assert (order(client)["orderStatus"], size(client)) == ("Rejected", "0")

    def test_an_order_that_only_reduces_needs_no_margin(self, client: HTTP, served: Served, clock: Clock) -> None:
        ask_for(client, "x1-long", qty="600")
        clock.forward(seconds=SOON)
        ask_for(client, side="Sell", qty="600", reduceOnly=True)
        served.set_price("SOLUSDT", "143")
        clock.forward(seconds=SOON)
        assert (order(client)["orderStatus"], size(client)) == ("Filled", "0")

    def test_a_conditional_order_without_margin_is_cancelled_when_it_triggers(
        self, client: HTTP, served: Served, clock: Clock
    ) -> None:
        ask_for(client, triggerPrice="155", triggerDirection=1)
        ask_for(client, "x1-other", qty="550")
        clock.forward(seconds=SOON)
        served.set_price("SOLUSDT", "156")
        ended = order(client)
        assert (ended["orderStatus"], ended["rejectReason"], ended["cumExecQty"]) == ("Cancelled", "EC_Others", "0")
        assert size(client) == "550"


class TestCancelling:
    def test_an_answer_to_cancel_means_accepted_and_the_order_ends_a_little_later(
        self, client: HTTP, served: Served, clock: Clock
    ) -> None:
        with contextlib.closing(PrivateStream(served, client, "order")) as stream:
            rest(client, clock)
            told = client.cancel_order(**SOL, orderLinkId="x1-a")["result"]
            assert (set(told), told["orderLinkId"]) == ({"orderId", "orderLinkId"}, "x1-a")
            assert order(client)["orderStatus"] == "New"
            clock.forward(seconds=SOON)
            assert (order(client)["orderStatus"], order(client)["cancelType"]) == ("Cancelled", "CancelByUser")
            assert stream.row("order", orderStatus="Cancelled")["orderLinkId"] == "x1-a"

    def test_a_fill_may_be_quicker_than_an_accepted_cancel(self, client: HTTP, served: Served, clock: Clock) -> None:
        rest(client, clock)
        client.cancel_order(**SOL, orderLinkId="x1-a")
        served.set_price("SOLUSDT", "147")
        clock.forward(seconds=SOON)
        assert (order(client)["orderStatus"], size(client)) == ("Filled", "10")

    def test_a_part_may_be_filled_before_the_rest_is_cancelled(
        self, client: HTTP, served: Served, clock: Clock
    ) -> None:
        ask_for(client, orderType="Limit", qty="600", price="148")
        clock.forward(seconds=SOON)
        client.cancel_order(**SOL, orderLinkId="x1-a")
        served.set_price("SOLUSDT", "148")
        clock.forward(seconds=SOON)
        ended = order(client)
        assert (ended["orderStatus"], ended["cumExecQty"], ended["leavesQty"]) == ("Cancelled", "500", "0")

    def test_what_is_being_cancelled_can_be_changed_by_nobody_else(self, client: HTTP, clock: Clock) -> None:
        rest(client, clock)
        client.cancel_order(**SOL, orderLinkId="x1-a")
        with refused(110079):
            client.cancel_order(**SOL, orderLinkId="x1-a")
        with refused(110079):
            client.amend_order(**SOL, orderLinkId="x1-a", price="147")
        clock.forward(seconds=SOON)
        with refused(110001):
            client.cancel_order(**SOL, orderLinkId="x1-a")

    def test_cancelling_all_names_what_it_accepted_and_ends_it_a_little_later(self, client: HTTP, clock: Clock) -> None:
        for link in ("x1-a", "x1-b", "x1-c"):
            rest(client, clock, link=link)
        client.cancel_order(**SOL, orderLinkId="x1-b")
        gone = client.cancel_all_orders(category="linear", symbol="SOLUSDT")["result"]
        assert sorted(o["orderLinkId"] for o in gone["list"]) == ["x1-a", "x1-c"]
        assert len(client.get_open_orders(**SOL)["result"]["list"]) == 3
        clock.forward(seconds=SOON)
        assert client.get_open_orders(**SOL)["result"]["list"] == []


class TestAmending:
    def test_an_answer_to_amend_means_accepted_and_the_order_changes_a_little_later(
        self, client: HTTP, served: Served, clock: Clock
    ) -> None:
        with contextlib.closing(PrivateStream(served, client, "order")) as stream:
            rest(client, clock)
            client.amend_order(**SOL, orderLinkId="x1-a", price="149", qty="12")
            assert (order(client)["price"], order(client)["qty"]) == ("148", "10")
            clock.forward(seconds=SOON)
            assert (order(client)["price"], order(client)["qty"]) == ("149", "12")
            assert stream.row("order", price="149")["leavesQty"] == "12"

    def test_a_fill_may_be_quicker_than_an_accepted_change(self, client: HTTP, served: Served, clock: Clock) -> None:
        rest(client, clock)
        client.amend_order(**SOL, orderLinkId="x1-a", price="147")
        served.set_price("SOLUSDT", "147.5")
        clock.forward(seconds=SOON)
        assert (order(client)["orderStatus"], order(client)["avgPrice"]) == ("Filled", "148")

    def test_a_change_that_is_no_longer_possible_leaves_the_order_as_it_was(
        self, client: HTTP, served: Served, clock: Clock
    ) -> None:
        ask_for(client, orderType="Limit", qty="600", price="148")
        clock.forward(seconds=SOON)
        client.amend_order(**SOL, orderLinkId="x1-a", qty="400")
        served.set_price("SOLUSDT", "148")  # 500 of 600 are filled before the change comes
        clock.forward(seconds=SOON)
        standing = order(client)
        assert (standing["orderStatus"], standing["qty"], standing["leavesQty"]) == ("PartiallyFilled", "600", "100")
        with refused(110064):
            client.amend_order(**SOL, orderLinkId="x1-a", qty="500")

    def test_a_stop_is_set_at_once(self, client: HTTP, clock: Clock) -> None:
        ask_for(client, qty="10")
        clock.forward(seconds=SOON)
        client.set_trading_stop(**SOL, tpslMode="Full", positionIdx=0, stopLoss="145")
        assert client.get_positions(**SOL)["result"]["list"][0]["stopLoss"] == "145"


def test_a_killed_world_carries_out_what_it_had_accepted(
    open_world: Open, served: Served, client: HTTP, clock: Clock
) -> None:
    rest(client, clock)
    rest(client, clock, link="x1-b")
    client.cancel_order(**SOL, orderLinkId="x1-a")
    client.amend_order(**SOL, orderLinkId="x1-b", price="140")
    served.stop()
    clock.forward(seconds=1)
    client = open_world(latency_ms=LATENCY_MS).client()
    assert order(client, "x1-b")["price"] == "140"
    (ended,) = client.get_order_history(**SOL, orderLinkId="x1-a")["result"]["list"]
    assert ended["orderStatus"] == "Cancelled"
    with refused(110001):
        client.cancel_order(**SOL, orderLinkId="x1-a")


def _worth(served: Served, usdt: int) -> str:
    """A quantity of BTC that is worth so much."""
    return f"{usdt / served.last('BTCUSDT'):.3f}"
