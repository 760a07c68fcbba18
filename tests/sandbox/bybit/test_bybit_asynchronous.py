"""An answer to create means accepted, not done: its effects come 5 to 50 ms later, exactly once, whatever happens."""

import pathlib
from decimal import Decimal
from typing import Any

import pytest
from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP

from sandbox.bybit.practice import LATENCY_MS, PracticeBybit
from sandbox.bybit.rules import NewOrder
from tests.sandbox.bybit.practice_world import SHORT, Clock, Open, Served

SOL = {"category": "linear", "symbol": "SOLUSDT"}


@pytest.fixture
def served(open_world: Open) -> Served:
    served = open_world(latency_ms=LATENCY_MS)
    served.set_price("SOLUSDT", "150")
    return served


def buy(client: HTTP, link: str = "x1-a", **wishes: Any) -> dict[str, str]:
    wish = {**SOL, "side": "Buy", "orderType": "Market", "qty": "10", "orderLinkId": link, **wishes}
    told: dict[str, str] = client.place_order(**wish)["result"]
    return told


def seen(client: HTTP, link: str = "x1-a") -> list[str]:
    """Statuses by every question that could show the order."""
    realtime = client.get_open_orders(**SOL, orderLinkId=link)["result"]["list"]
    closed = client.get_order_history(**SOL, orderLinkId=link)["result"]["list"]
    return [order["orderStatus"] for order in (*realtime, *closed)]


def size(client: HTTP) -> str:
    return str(client.get_positions(**SOL)["result"]["list"][0]["size"])


def refused(code: int) -> Any:
    return pytest.raises(InvalidRequestError, check=lambda error: error.status_code == code)


def test_an_accepted_order_shows_nowhere_until_its_moment_has_come(client: HTTP, clock: Clock) -> None:
    told = buy(client)
    assert set(told) == {"orderId", "orderLinkId"}
    clock.forward(seconds=(LATENCY_MS[0] - 1) / 1000)
    assert seen(client) == []
    assert size(client) == "0"
    assert client.get_executions(**SOL)["result"]["list"] == []
    clock.forward(seconds=LATENCY_MS[1] / 1000)
    assert seen(client) == ["Filled", "Filled"]
    assert size(client) == "10"


def test_the_moment_lies_5_to_50_ms_after_the_answer_and_is_the_same_for_the_same_seed(
    tmp_path: pathlib.Path,
) -> None:
    runs = []
    for name in ("a", "b"):
        clock = Clock()
        practice = PracticeBybit(tmp_path / name, seed=3, time_ms=clock, bursts=False, character=SHORT)
        account = practice.ledger.open_account("ann", Decimal(10_000)).name
        moments = []
        for _ in range(20):
            order = practice.matching.accept(account, NewOrder("SOLUSDT", "Buy", "Market", Decimal(1)))
            clock.forward(seconds=1)
            practice.catch_up()
            (fill,) = practice.ledger.store.executions(account, order_id=order.order_id)
            moments.append(fill.time_ms - order.created_ms)
        practice.close()
        runs.append(moments)
    assert runs[0] == runs[1]
    assert min(runs[0]) >= 5
    assert max(runs[0]) <= 50
    assert len(set(runs[0])) > 5


@pytest.mark.parametrize(
    ("code", "wishes"),
    [
        (10001, {"stopLoss": "151"}),
        (110007, {"qty": "700"}),
        (110094, {"symbol": "XRPUSDT", "qty": "1"}),
        (110017, {"reduceOnly": True}),
    ],
)
def test_a_refusal_is_told_at_once(client: HTTP, served: Served, code: int, wishes: dict[str, Any]) -> None:
    with refused(code):
        buy(client, **wishes)
    assert served.ledger() == []


def test_an_id_is_taken_from_the_acceptance_on(client: HTTP) -> None:
    buy(client)
    with refused(110072):
        buy(client)


def test_accepted_orders_bind_margin_before_they_are_taken_up(client: HTTP) -> None:
    buy(client, "x1-a", qty="400")  # 60,000 USDT at ten times leverage
    with refused(110007):
        buy(client, "x1-b", qty="400")


def test_what_is_not_taken_up_yet_cannot_be_cancelled(client: HTTP, clock: Clock) -> None:
    buy(client, orderType="Limit", price="140")
    with refused(110001):
        client.cancel_order(**SOL, orderLinkId="x1-a")
    clock.forward(seconds=0.05)
    client.cancel_order(**SOL, orderLinkId="x1-a")


def test_a_stop_cannot_be_set_before_the_position_is_there(client: HTTP, clock: Clock) -> None:
    buy(client)
    with refused(10001):
        client.set_trading_stop(**SOL, tpslMode="Full", positionIdx=0, stopLoss="145")
    clock.forward(seconds=0.05)
    client.set_trading_stop(**SOL, tpslMode="Full", positionIdx=0, stopLoss="145")


def test_two_closing_orders_at_once_close_only_once(client: HTTP, clock: Clock) -> None:
    buy(client)
    clock.forward(seconds=0.05)
    for link in ("x1-b", "x1-c"):
        buy(client, link, side="Sell", reduceOnly=True)
    clock.forward(seconds=0.05)
    assert size(client) == "0"
    ends = sorted(
        client.get_open_orders(**SOL, orderLinkId=link)["result"]["list"][0]["orderStatus"] for link in ("x1-b", "x1-c")
    )
    assert ends == ["Cancelled", "Filled"]


def test_a_killed_world_neither_loses_nor_doubles_an_accepted_order(
    open_world: Open, served: Served, clock: Clock
) -> None:
    client = served.client()
    buy(client, stopLoss="145")
    served.stop()
    clock.forward(seconds=1)
    served = open_world(latency_ms=LATENCY_MS)
    client = served.client()
    assert size(client) == "10"
    (fill,) = client.get_executions(**SOL)["result"]["list"]
    assert 5 <= int(fill["execTime"]) - (clock() - 1000) <= 50
    assert [o["stopOrderType"] for o in served.ledger()] == ["", "StopLoss"]
    with refused(110072):
        buy(client)


def test_a_server_on_the_wall_clock_takes_an_order_up_by_itself(tmp_path: pathlib.Path) -> None:
    served = Served(PracticeBybit(tmp_path / "world.db", bursts=False, character=SHORT))
    try:
        client = served.client()
        client.place_order(**SOL, side="Buy", orderType="Market", qty="1", orderLinkId="x1-a")
        while size(client) == "0":
            pass
        (fill,) = client.get_executions(**SOL)["result"]["list"]
        (order,) = served.ledger()
        assert 5 <= int(fill["execTime"]) - int(order["createdTime"]) <= 60
    finally:
        served.stop()
