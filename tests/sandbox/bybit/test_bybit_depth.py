"""Fills level by level, orders that want all or nothing, stops of parts, and stops that follow the price.

SOLUSDT at 150: bids from 150 down, asks from 150.01 up, a tick apart; 500 at the best, 1000, 1500 .. 3500, 500 behind.
"""

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


@pytest.fixture
def client(served: Served) -> HTTP:
    return served.client(equity="1000000")


def buy(client: HTTP, link: str = "x1-a", **wishes: Any) -> None:
    client.place_order(**{**SOL, "side": "Buy", "orderType": "Market", "qty": "10", "orderLinkId": link, **wishes})


def limit(client: HTTP, qty: str, price: str, time_in_force: str, **wishes: Any) -> dict[str, Any]:
    """A limit order, and what became of it."""
    buy(client, orderType="Limit", qty=qty, price=price, timeInForce=time_in_force, **wishes)
    row: dict[str, Any] = client.get_open_orders(**SOL, orderLinkId="x1-a")["result"]["list"][0]
    return row


def fills(client: HTTP) -> list[tuple[str, str]]:
    """(price, quantity), oldest first."""
    rows = client.get_executions(**SOL)["result"]["list"][::-1]
    return [(row["execPrice"], row["execQty"]) for row in rows]


def position(client: HTTP) -> dict[str, Any]:
    row: dict[str, Any] = client.get_positions(**SOL)["result"]["list"][0]
    return row


def stops(client: HTTP) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get_open_orders(**SOL)["result"]["list"]
    return rows


def refused(code: int) -> Any:
    return pytest.raises(InvalidRequestError, check=lambda error: error.status_code == code)


def test_a_large_order_walks_up_the_book_it_was_shown(client: HTTP) -> None:
    book = client.get_orderbook(**SOL, limit=3)["result"]["a"]
    assert book == [["150.01", "500"], ["150.02", "1000"], ["150.03", "1500"]]
    buy(client, qty="2000")
    assert fills(client) == [("150.01", "500"), ("150.02", "1000"), ("150.03", "500")]
    assert position(client)["avgPrice"] == "150.02"


def test_an_ioc_order_takes_what_its_price_reaches_and_its_rest_is_cancelled(client: HTTP) -> None:
    done = limit(client, "2000", "150.02", "IOC", stopLoss="140")
    assert (done["orderStatus"], done["cumExecQty"], done["leavesQty"]) == ("Cancelled", "1500", "0")
    assert [(stop["stopOrderType"], stop["qty"]) for stop in stops(client)] == [("StopLoss", "1500")]


def test_the_rest_of_a_gtc_order_stays_and_fills_as_maker(client: HTTP, served: Served) -> None:
    standing = limit(client, "2000", "150.02", "GTC")
    assert (standing["orderStatus"], standing["leavesQty"]) == ("PartiallyFilled", "500")
    served.set_price("SOLUSDT", "149")
    assert fills(client)[-1] == ("150.02", "500")
    assert client.get_executions(**SOL)["result"]["list"][0]["isMaker"] is True


@pytest.mark.parametrize(
    ("kind", "tolerance", "filled"), [("TickSize", "1", "1500"), ("TickSize", "2", "3000"), ("Percent", "0.02", "5000")]
)
def test_a_market_order_goes_no_further_than_its_tolerance(
    client: HTTP, kind: str, tolerance: str, filled: str
) -> None:
    buy(client, qty="20000", slippageToleranceType=kind, slippageTolerance=tolerance)
    (done,) = client.get_open_orders(**SOL, orderLinkId="x1-a")["result"]["list"]
    assert (done["orderStatus"], done["cumExecQty"]) == ("Cancelled", filled)
    assert (done["slippageToleranceType"], done["slippageTolerance"]) == (kind, tolerance)


@pytest.mark.parametrize(("qty", "status", "filled"), [("1500", "Filled", "1500"), ("1501", "Cancelled", "0")])
def test_fill_or_kill_fills_all_or_nothing(client: HTTP, qty: str, status: str, filled: str) -> None:
    done = limit(client, qty, "150.02", "FOK")
    assert (done["orderStatus"], done["cumExecQty"]) == (status, filled)


def test_a_post_only_order_below_the_ask_rests(client: HTTP) -> None:
    assert limit(client, "10", "150", "PostOnly")["orderStatus"] == "New"


def test_a_stop_of_a_large_position_closes_it_level_by_level(client: HTTP, served: Served) -> None:
    buy(client, qty="2000", stopLoss="140")
    served.set_price("SOLUSDT", "139")
    assert position(client)["size"] == "0"
    assert fills(client)[3:] == [("140", "500"), ("139.99", "1000"), ("139.98", "500")]
    stop = client.get_order_history(**SOL)["result"]["list"][0]
    assert (stop["orderStatus"], stop["qty"], stop["cumExecQty"]) == ("Filled", "2000", "2000")


class TestParts:
    def test_an_entry_that_fills_bit_by_bit_has_one_stop_for_what_is_filled(self, client: HTTP) -> None:
        limit(client, "2000", "150.02", "IOC", stopLoss="140", tpslMode="Partial")
        assert [(stop["stopOrderType"], stop["qty"]) for stop in stops(client)] == [("PartialStopLoss", "1500")]

    def test_a_part_may_be_taken_by_a_limit_order(self, client: HTTP, served: Served) -> None:
        buy(client)
        part = {"tpslMode": "Partial", "positionIdx": 0, "takeProfit": "160", "tpSize": "4"}
        client.set_trading_stop(**SOL, **part, tpOrderType="Limit", tpLimitPrice="161")
        served.set_price("SOLUSDT", "160.5")
        (resting,) = stops(client)
        assert (resting["orderStatus"], resting["price"], position(client)["size"]) == ("New", "161", "10")
        served.set_price("SOLUSDT", "162")
        assert (fills(client)[-1], position(client)["size"]) == (("161", "4"), "6")

    def test_a_limit_part_needs_its_price(self, client: HTTP) -> None:
        buy(client)
        with refused(10001):
            client.set_trading_stop(**SOL, tpslMode="Partial", takeProfit="160", tpSize="4", tpOrderType="Limit")


class TestTrailing:
    def trail(self, client: HTTP, **wishes: Any) -> None:
        client.set_trading_stop(**SOL, tpslMode="Full", positionIdx=0, **wishes)

    def test_it_follows_the_price_up_and_closes_on_the_way_down(self, client: HTTP, served: Served) -> None:
        buy(client)
        self.trail(client, trailingStop="5")
        assert position(client)["trailingStop"] == "5"
        for price in ("152", "160", "156"):
            served.set_price("SOLUSDT", price)
        assert position(client)["size"] == "10"
        served.set_price("SOLUSDT", "154")
        assert position(client)["size"] == "0"
        last = client.get_executions(**SOL)["result"]["list"][0]
        assert (last["execPrice"], last["createType"], last["stopOrderType"]) == (
            "155",
            "CreateByTrailingStop",
            "TrailingStop",
        )

    def test_it_sleeps_until_its_active_price_is_reached(self, client: HTTP, served: Served) -> None:
        buy(client)
        self.trail(client, trailingStop="5", activePrice="155")
        (asleep,) = stops(client)
        assert (asleep["orderStatus"], asleep["triggerPrice"]) == ("Untriggered", "155")
        for price in ("140", "154"):
            served.set_price("SOLUSDT", price)
        assert position(client)["size"] == "10"
        for price in ("156", "150"):
            served.set_price("SOLUSDT", price)
        assert (position(client)["size"], fills(client)[-1]) == ("0", ("151", "10"))

    def test_without_an_active_price_it_follows_from_the_present_one(self, client: HTTP, served: Served) -> None:
        buy(client)
        self.trail(client, trailingStop="5")
        served.set_price("SOLUSDT", "144")
        assert fills(client)[-1] == ("145", "10")

    def test_that_of_a_short_follows_the_price_down(self, client: HTTP, served: Served) -> None:
        buy(client, side="Sell")
        self.trail(client, trailingStop="5")
        for price in ("140", "146"):
            served.set_price("SOLUSDT", price)
        assert (position(client)["size"], fills(client)[-1]) == ("0", ("145.01", "10"))

    def test_it_stands_beside_a_stop_and_the_nearer_one_closes(self, client: HTTP, served: Served) -> None:
        buy(client, stopLoss="147")
        self.trail(client, trailingStop="5")
        served.set_price("SOLUSDT", "144")
        assert fills(client)[-1] == ("147", "10")
        assert stops(client) == []

    def test_zero_takes_it_away_and_the_same_again_is_34040(self, client: HTTP) -> None:
        buy(client)
        self.trail(client, trailingStop="5")
        with refused(34040):
            self.trail(client, trailingStop="5")
        self.trail(client, trailingStop="0")
        assert (position(client)["trailingStop"], stops(client)) == ("0", [])

    @pytest.mark.parametrize("wishes", [{"activePrice": "149"}, {"trailingStop": "5.005"}])
    def test_what_cannot_be_followed_is_refused(self, client: HTTP, wishes: dict[str, str]) -> None:
        buy(client)
        with refused(10001):
            self.trail(client, **{"trailingStop": "5", **wishes})

    def test_it_lives_on_while_time_passes(self, client: HTTP, served: Served, clock: Clock) -> None:
        buy(client)
        last = served.last("SOLUSDT")
        distance = (last / 200).quantize(Decimal("0.01"))
        self.trail(client, trailingStop=str(distance))
        begin = clock() // 60_000 * 60_000 + 60_000
        clock.forward(hours=6)
        closing = client.get_executions(**SOL, execType="Trade")["result"]["list"][0]
        assert closing["createType"] == "CreateByTrailingStop"
        end = int(closing["execTime"])
        rows = client.get_kline(**SOL, interval="1", start=begin, end=end - 60_000, limit=1000)["result"]["list"]
        highest = max([Decimal(row[2]) for row in rows] + [Decimal(150)])
        assert Decimal(closing["execPrice"]) >= highest - distance - Decimal("0.02")
