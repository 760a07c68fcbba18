"""Hedge mode: two positions of one symbol, each with its own orders, stops and money.

SOLUSDT stands at 150, the ask at 150.01.
"""

import contextlib
from decimal import Decimal
from typing import Any

import pytest
from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP

from tests.sandbox.bybit.practice_world import Clock, Open, Served
from tests.sandbox.bybit.private_stream import PrivateStream

SOL = {"category": "linear", "symbol": "SOLUSDT"}
LONG, SHORT = 1, 2


@pytest.fixture(autouse=True)
def at_150(served: Served) -> None:
    served.set_price("SOLUSDT", "150")


@pytest.fixture
def hedged(client: HTTP) -> HTTP:
    client.switch_position_mode(**SOL, mode=3)
    return client


def order(client: HTTP, side: str, idx: int, qty: str = "10", **wishes: Any) -> None:
    client.place_order(**{**SOL, "side": side, "orderType": "Market", "qty": qty, "positionIdx": idx, **wishes})


def sides(client: HTTP) -> list[tuple[int, str, str]]:
    """(index, side, size) of both rows."""
    rows = client.get_positions(**SOL)["result"]["list"]
    return [(row["positionIdx"], row["side"], row["size"]) for row in rows]


def refused(code: int) -> Any:
    return pytest.raises(InvalidRequestError, check=lambda error: error.status_code == code)


class TestSwitching:
    def test_a_symbol_shows_two_rows_in_hedge_mode_and_one_again_after_it(self, client: HTTP) -> None:
        assert sides(client) == [(0, "", "0")]
        client.switch_position_mode(**SOL, mode=3)
        assert sides(client) == [(LONG, "", "0"), (SHORT, "", "0")]
        client.switch_position_mode(**SOL, mode=0)
        assert sides(client) == [(0, "", "0")]

    def test_only_the_named_symbol_switches(self, hedged: HTTP) -> None:
        rows = hedged.get_positions(category="linear", symbol="BTCUSDT")["result"]["list"]
        assert [row["positionIdx"] for row in rows] == [0]

    def test_the_mode_it_is_in_is_110025(self, client: HTTP) -> None:
        for mode in (0, 3):
            with contextlib.suppress(InvalidRequestError):
                client.switch_position_mode(**SOL, mode=mode)
            with refused(110025):
                client.switch_position_mode(**SOL, mode=mode)

    def test_a_position_refuses_it_with_110024_and_an_order_with_110028(self, client: HTTP) -> None:
        client.place_order(**SOL, side="Buy", orderType="Limit", qty="10", price="140", orderLinkId="x1-a")
        with refused(110028):
            client.switch_position_mode(**SOL, mode=3)
        client.place_order(**SOL, side="Buy", orderType="Market", qty="10")
        with refused(110024):
            client.switch_position_mode(**SOL, mode=3)

    def test_by_coin_every_symbol_switches_that_is_free(self, client: HTTP) -> None:
        client.place_order(**SOL, side="Buy", orderType="Market", qty="10")
        client.switch_position_mode(category="linear", coin="USDT", mode=3)
        assert sides(client) == [(0, "Buy", "10")]
        rows = client.get_positions(category="linear", symbol="BTCUSDT")["result"]["list"]
        assert [row["positionIdx"] for row in rows] == [LONG, SHORT]
        with refused(110024):  # nothing is left but what cannot switch
            client.switch_position_mode(category="linear", coin="USDT", mode=3)

    @pytest.mark.parametrize("wishes", [{"symbol": "SOLUSDT", "mode": 1}, {"mode": 3}, {"coin": "BTC", "mode": 3}])
    def test_what_makes_no_sense_is_10001(self, client: HTTP, wishes: dict[str, Any]) -> None:
        with refused(10001):
            client.switch_position_mode(category="linear", **wishes)

    def test_leverage_goes_over_and_counts_for_both_sides(self, client: HTTP) -> None:
        client.set_leverage(**SOL, buyLeverage="7", sellLeverage="7")
        client.switch_position_mode(**SOL, mode=3)
        assert [row["leverage"] for row in client.get_positions(**SOL)["result"]["list"]] == ["7", "7"]
        with refused(10001):  # cross margin: both sides alike
            client.set_leverage(**SOL, buyLeverage="3", sellLeverage="4")
        client.set_leverage(**SOL, buyLeverage="3", sellLeverage="3")
        assert [row["leverage"] for row in client.get_positions(**SOL)["result"]["list"]] == ["3", "3"]

    def test_it_lives_through_a_restart(self, open_world: Open, hedged: HTTP, served: Served, clock: Clock) -> None:
        order(hedged, "Buy", LONG)
        order(hedged, "Sell", SHORT, "4")
        served.stop()
        clock.forward(seconds=1)
        assert sides(open_world().client()) == [(LONG, "Buy", "10"), (SHORT, "Sell", "4")]


class TestIndexes:
    @pytest.mark.parametrize("idx", [1, 2, 3, -1])
    def test_one_way_mode_knows_index_0_only(self, client: HTTP, idx: int) -> None:
        with refused(10001):
            order(client, "Buy", idx)

    @pytest.mark.parametrize("idx", [0, 3])
    def test_hedge_mode_needs_an_index(self, hedged: HTTP, idx: int) -> None:
        with refused(10001):
            order(hedged, "Buy", idx)
        with refused(10001):
            hedged.place_order(**SOL, side="Buy", orderType="Market", qty="10")

    def test_a_stop_of_the_wrong_index_is_refused(self, hedged: HTTP) -> None:
        order(hedged, "Buy", LONG)
        for idx, code in ((0, 10001), (SHORT, 10001)):
            with refused(code):
                hedged.set_trading_stop(**SOL, tpslMode="Full", positionIdx=idx, stopLoss="145")


class TestTrading:
    def test_both_sides_are_held_at_once_and_each_has_its_own_stop(self, hedged: HTTP) -> None:
        order(hedged, "Buy", LONG, stopLoss="145")
        order(hedged, "Sell", SHORT, "4", stopLoss="155")
        assert sides(hedged) == [(LONG, "Buy", "10"), (SHORT, "Sell", "4")]
        rows = hedged.get_positions(**SOL)["result"]["list"]
        assert [row["stopLoss"] for row in rows] == ["145", "155"]
        stops = hedged.get_open_orders(**SOL)["result"]["list"]
        assert {(o["positionIdx"], o["side"], o["qty"]) for o in stops} == {(LONG, "Sell", "10"), (SHORT, "Buy", "4")}

    def test_one_stop_closes_its_side_only(self, hedged: HTTP, served: Served) -> None:
        order(hedged, "Buy", LONG, stopLoss="145")
        order(hedged, "Sell", SHORT, "4", stopLoss="155")
        served.set_price("SOLUSDT", "144")
        assert sides(hedged) == [(LONG, "", "0"), (SHORT, "Sell", "4")]
        (left,) = hedged.get_open_orders(**SOL)["result"]["list"]
        assert (left["positionIdx"], left["triggerPrice"]) == (SHORT, "155")

    def test_a_stop_is_moved_for_one_side(self, hedged: HTTP) -> None:
        order(hedged, "Buy", LONG, stopLoss="145")
        order(hedged, "Sell", SHORT, "4", stopLoss="155")
        hedged.set_trading_stop(**SOL, tpslMode="Full", positionIdx=SHORT, stopLoss="153")
        rows = hedged.get_positions(**SOL)["result"]["list"]
        assert [row["stopLoss"] for row in rows] == ["145", "153"]

    def test_the_other_side_of_an_order_closes_and_never_turns(self, hedged: HTTP) -> None:
        order(hedged, "Buy", LONG)
        order(hedged, "Sell", LONG, "25")
        assert sides(hedged) == [(LONG, "", "0"), (SHORT, "", "0")]
        with refused(110017):
            order(hedged, "Sell", LONG, "1")

    def test_the_whole_of_one_side_is_closed_with_quantity_zero(self, hedged: HTTP) -> None:
        order(hedged, "Buy", LONG)
        order(hedged, "Sell", SHORT, "4")
        order(hedged, "Buy", SHORT, "0", reduceOnly=True, closeOnTrigger=True)
        assert sides(hedged) == [(LONG, "Buy", "10"), (SHORT, "", "0")]

    def test_results_belong_to_their_side(self, hedged: HTTP, served: Served) -> None:
        order(hedged, "Buy", LONG)
        order(hedged, "Sell", SHORT)
        served.set_price("SOLUSDT", "160")
        long, short = hedged.get_positions(**SOL)["result"]["list"]
        assert (long["unrealisedPnl"], short["unrealisedPnl"]) == ("99.9", "-100")
        order(hedged, "Sell", LONG)
        (closed,) = hedged.get_closed_pnl(category="linear")["result"]["list"]
        assert (closed["side"], closed["avgEntryPrice"], closed["avgExitPrice"]) == ("Sell", "150.01", "160")

    def test_margin_counts_both_sides(self, hedged: HTTP) -> None:
        order(hedged, "Buy", LONG)
        wallet = hedged.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0]
        order(hedged, "Sell", SHORT)
        both = hedged.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0]
        assert Decimal(both["totalInitialMargin"]) == 2 * Decimal(wallet["totalInitialMargin"])

    def test_the_smaller_side_has_no_liquidation_price(self, served: Served) -> None:
        poor = served.client("poor", equity="300")
        poor.switch_position_mode(**SOL, mode=3)
        order(poor, "Buy", LONG, "10")
        order(poor, "Sell", SHORT, "2")
        long, short = poor.get_positions(**SOL)["result"]["list"]
        assert Decimal("100") < Decimal(long["liqPrice"]) < Decimal("130")
        assert short["liqPrice"] == ""
        served.set_price("SOLUSDT", str(Decimal(long["liqPrice"]) - 1))
        assert sides(poor) == [(LONG, "", "0"), (SHORT, "", "0")]

    def test_funding_is_paid_for_each_side(self, hedged: HTTP, clock: Clock) -> None:
        order(hedged, "Buy", LONG)
        order(hedged, "Sell", SHORT)
        clock.forward(hours=4)
        paid = hedged.get_executions(**SOL, execType="Funding")["result"]["list"]
        fees = [Decimal(row["execFee"]) for row in paid]
        assert len(fees) == 2
        assert sum(fees) == 0
        assert fees[0] != 0

    def test_streams_tell_the_index(self, hedged: HTTP, served: Served) -> None:
        with contextlib.closing(PrivateStream(served, hedged, "order", "position")) as stream:
            order(hedged, "Sell", SHORT, "4", stopLoss="155")
            assert stream.row("order", orderStatus="Filled")["positionIdx"] == SHORT
            assert stream.row("position", positionIdx=SHORT)["size"] == "4"


class TestHand:
    def hand(self, served: Served, side: str, qty: str, **more: Any) -> None:
        served.lever("/sandbox/hand", account="ann", symbol="SOLUSDT", side=side, qty=qty, **more)

    def test_a_hand_opens_and_closes_either_side(self, hedged: HTTP, served: Served) -> None:
        self.hand(served, "Buy", "3")
        self.hand(served, "Sell", "2")
        assert sides(hedged) == [(LONG, "Buy", "3"), (SHORT, "Sell", "2")]
        self.hand(served, "Sell", "3", reduceOnly=True)
        self.hand(served, "Buy", "1", reduceOnly=True)
        assert sides(hedged) == [(LONG, "", "0"), (SHORT, "Sell", "1")]

    def test_a_resting_order_is_spared_when_the_other_side_closes(self, hedged: HTTP) -> None:
        order(hedged, "Buy", LONG)
        order(hedged, "Sell", SHORT)
        order(hedged, "Buy", SHORT, "5", orderType="Limit", price="140", reduceOnly=True, orderLinkId="x1-a")
        order(hedged, "Sell", LONG, "10", reduceOnly=True)
        assert [o["orderLinkId"] for o in hedged.get_open_orders(**SOL)["result"]["list"]] == ["x1-a"]
