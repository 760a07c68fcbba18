"""Orders that rest in the book are filled from what trades there, bit by bit, the same for the same seed."""

import contextlib
import pathlib
from decimal import Decimal
from typing import Any

import pytest
from pybit.unified_trading import HTTP

from sandbox.bybit.practice import PracticeBybit
from sandbox.bybit.rules import NewOrder
from tests.sandbox.bybit.practice_world import SHORT, Clock, Served
from tests.sandbox.bybit.private_stream import PrivateStream

SOL = {"category": "linear", "symbol": "SOLUSDT"}
MINUTE_MS = 60_000


@pytest.fixture
def client(served: Served) -> HTTP:
    served.set_price("SOLUSDT", "150")
    return served.client(equity="100000000")


def rest(client: HTTP, qty: str, price: str, side: str = "Buy", link: str = "x1-a", **wishes: Any) -> None:
    wish = {**SOL, "side": side, "orderType": "Limit", "qty": qty, "price": price, "orderLinkId": link, **wishes}
    client.place_order(**wish)


def order(client: HTTP, link: str = "x1-a") -> dict[str, Any]:
    row: dict[str, Any] = client.get_open_orders(**SOL, orderLinkId=link)["result"]["list"][0]
    return row


def fills(client: HTTP, link: str = "x1-a") -> list[dict[str, Any]]:
    """Oldest first."""
    rows: list[dict[str, Any]] = client.get_executions(**SOL, orderLinkId=link, limit=100)["result"]["list"][::-1]
    return rows


def volume(client: HTTP, minute_ms: int) -> Decimal:
    """What traded in a closed minute."""
    rows = client.get_kline(**SOL, interval="1", start=minute_ms, end=minute_ms)["result"]["list"]
    return Decimal(rows[0][5])


def test_a_price_that_stops_at_an_order_fills_what_the_book_holds_there(client: HTTP, served: Served) -> None:
    rest(client, "1200", "149")
    served.set_price("SOLUSDT", "149")
    standing = order(client)
    assert (standing["orderStatus"], standing["cumExecQty"], standing["leavesQty"]) == ("PartiallyFilled", "500", "700")
    (fill,) = fills(client)
    assert (fill["execPrice"], fill["execQty"], fill["leavesQty"], fill["isMaker"]) == ("149", "500", "700", True)
    assert client.get_positions(**SOL)["result"]["list"][0]["size"] == "500"


def test_a_price_that_is_driven_through_an_order_fills_it_whole(client: HTTP, served: Served) -> None:
    rest(client, "1200", "149")
    served.set_price("SOLUSDT", "148.9")
    assert (order(client)["orderStatus"], len(fills(client))) == ("Filled", 1)


def test_a_price_that_turns_away_leaves_the_rest_waiting(client: HTTP, served: Served, clock: Clock) -> None:
    rest(client, "1200", "149", stopLoss="100")
    served.set_price("SOLUSDT", "149")
    served.set_price("SOLUSDT", "170")
    clock.forward(seconds=5)
    assert (order(client)["orderStatus"], order(client)["leavesQty"]) == ("PartiallyFilled", "700")
    stop = next(o for o in client.get_open_orders(**SOL)["result"]["list"] if o["stopOrderType"] == "StopLoss")
    assert stop["qty"] == "500"
    client.cancel_order(**SOL, orderLinkId="x1-a")
    ended = order(client)
    assert (ended["orderStatus"], ended["cumExecQty"], ended["leavesQty"]) == ("Cancelled", "500", "0")


def test_while_time_passes_no_more_is_filled_than_traded_and_the_better_price_goes_first(
    client: HTTP, served: Served, clock: Clock
) -> None:
    last = served.last("SOLUSDT")
    rest(client, "30000", str(last - Decimal("0.03")), link="x1-better")
    rest(client, "30000", str(last - Decimal("0.06")), link="x1-worse")
    begin_ms = clock() // MINUTE_MS * MINUTE_MS
    filled = {"x1-better": Decimal(0), "x1-worse": Decimal(0)}
    for minute_ms in range(begin_ms + MINUTE_MS, begin_ms + 16 * MINUTE_MS, MINUTE_MS):
        clock.forward(seconds=(minute_ms - clock()) / 1000)
        before = dict(filled)
        filled = {link: Decimal(order(client, link)["cumExecQty"]) for link in filled}
        assert sum(filled.values()) - sum(before.values()) <= volume(client, minute_ms - MINUTE_MS)
        assert filled["x1-better"] >= filled["x1-worse"] or filled["x1-better"] == 30_000
    assert order(client, "x1-better")["orderStatus"] in ("PartiallyFilled", "Filled")
    assert all(int(fill["execTime"]) % 1000 == 0 for fill in fills(client, "x1-better"))
    assert len(fills(client, "x1-better")) > 20


def test_a_sell_order_is_filled_on_the_way_up(client: HTTP, served: Served) -> None:
    rest(client, "1200", "151", "Sell")
    served.set_price("SOLUSDT", "151")
    assert (order(client)["orderStatus"], order(client)["cumExecQty"]) == ("PartiallyFilled", "500")
    assert client.get_positions(**SOL)["result"]["list"][0]["side"] == "Sell"


def test_each_part_is_told_in_the_streams(client: HTTP, served: Served) -> None:
    with contextlib.closing(PrivateStream(served, client, "order", "execution")) as stream:
        rest(client, "1200", "149")
        stream.row("order", orderStatus="New")
        served.set_price("SOLUSDT", "149")
        assert stream.row("order", orderStatus="PartiallyFilled")["leavesQty"] == "700"
        served.set_price("SOLUSDT", "148")
        assert stream.row("order", orderStatus="Filled")["cumExecQty"] == "1200"


def test_closed_results_are_one_row_an_order_though_fills_of_two_lie_between_one_another(
    client: HTTP, served: Served
) -> None:
    client.place_order(**SOL, side="Sell", orderType="Market", qty="3000")
    for link in ("x1-a", "x1-b"):
        rest(client, "900", "149", link=link, reduceOnly=True)
    for _ in range(4):
        served.set_price("SOLUSDT", "149")
    assert [order(client, link)["orderStatus"] for link in ("x1-a", "x1-b")] == ["Filled", "Filled"]
    rows = client.get_closed_pnl(category="linear")["result"]["list"]
    assert len(rows) == 2
    assert [row["closedSize"] for row in rows] == ["900", "900"]


@pytest.mark.parametrize("seed", [4, 8])
def test_the_same_seed_fills_the_same_parts_however_often_anybody_looks(tmp_path: pathlib.Path, seed: int) -> None:
    runs = []
    for looks in (1, 217):
        clock = Clock()
        practice = PracticeBybit(tmp_path / f"{looks}.db", seed=seed, time_ms=clock, bursts=False, character=SHORT)
        practice.ledger.open_account("ann", Decimal(100_000_000))
        last = practice.prices.last("SOLUSDT")
        step = practice.market.instruments["SOLUSDT"].tick
        for side, away in (("Buy", -5), ("Sell", 5)):
            practice.matching.place("ann", NewOrder("SOLUSDT", side, "Limit", Decimal(20_000), last + away * step))
        for _ in range(looks):
            clock.forward(seconds=1800 / looks)
            practice.catch_up()
        runs.append([(e.time_ms, e.side, e.qty, e.price) for e in practice.ledger.store.executions("ann")])
        practice.close()
    assert runs[0] == runs[1]
    assert len(runs[0]) > 20
    assert {qty for _, _, qty, _ in runs[0]} > {runs[0][0][2]}
