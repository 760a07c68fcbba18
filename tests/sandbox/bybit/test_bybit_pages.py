"""Lists and their pages: the newest first, nothing twice and nothing left out, though more comes in between."""

from typing import Any

import pytest
from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP

from sandbox.bybit.source import DAY_MS
from tests.sandbox.bybit.practice_world import Clock

SOL = {"category": "linear", "symbol": "SOLUSDT"}
BTC = {"category": "linear", "symbol": "BTCUSDT"}
ASKED = ("get_order_history", "get_executions", "get_open_orders")


def buy(client: HTTP, link: str, **wishes: Any) -> None:
    client.place_order(**{**SOL, "side": "Buy", "orderType": "Market", "qty": "1", "orderLinkId": link, **wishes})


def links(answer: Any) -> list[str]:
    return [row["orderLinkId"] for row in answer["result"]["list"]]


@pytest.mark.parametrize("asked", ASKED)
def test_what_comes_between_two_pages_is_neither_told_twice_nor_moves_another_out(
    client: HTTP, clock: Clock, asked: str
) -> None:
    resting = {"orderType": "Limit", "price": "10"} if asked == "get_open_orders" else {}
    for number in range(6):
        buy(client, f"x1-{number}", **resting)
        clock.forward(seconds=0.1)
    ask = getattr(client, asked)
    first = ask(**SOL, limit=2)
    buy(client, "x1-late", **resting)
    second = ask(**SOL, limit=2, cursor=first["result"]["nextPageCursor"])
    third = ask(**SOL, limit=2, cursor=second["result"]["nextPageCursor"])
    assert [*links(first), *links(second), *links(third)] == [f"x1-{number}" for number in range(5, -1, -1)]
    assert third["result"]["nextPageCursor"] == ""
    assert links(ask(**SOL, limit=1)) == ["x1-late"]


@pytest.mark.parametrize("asked", ASKED)
def test_a_cursor_that_is_none_of_ours_is_10001(client: HTTP, asked: str) -> None:
    with pytest.raises(InvalidRequestError, check=lambda error: error.status_code == 10001):
        getattr(client, asked)(**SOL, cursor="page_args%3D")


def test_executions_are_asked_for_by_coin(client: HTTP) -> None:
    buy(client, "x1-sol")
    client.place_order(**BTC, side="Buy", orderType="Market", qty="0.01", orderLinkId="x1-btc")
    ask = client.get_executions
    assert links(ask(category="linear")) == ["x1-btc", "x1-sol"]
    assert links(ask(category="linear", baseCoin="SOL")) == ["x1-sol"]
    assert links(ask(category="linear", settleCoin="USDC")) == []


@pytest.mark.parametrize("asked", ["get_order_history", "get_executions", "get_closed_pnl"])
def test_a_window_is_seven_days_long_from_the_end_that_is_given(client: HTTP, clock: Clock, asked: str) -> None:
    buy(client, "x1-a")
    client.place_order(**SOL, side="Sell", orderType="Market", qty="1", reduceOnly=True)
    at = clock()
    clock.forward(hours=24 * 8)

    def count(**window: int) -> int:
        return len(getattr(client, asked)(**SOL, **window)["result"]["list"])

    assert count() == 0
    assert count(startTime=at) > 0
    assert count(endTime=at + 7 * DAY_MS) > 0
    assert count(startTime=at - 7 * DAY_MS - 1) == 0
    assert count(startTime=at + 1) == 0
    assert count(startTime=at - 1, endTime=at + 1) > 0
    for window in ({"startTime": at, "endTime": at + 7 * DAY_MS + 1}, {"startTime": at, "endTime": at - 1}):
        with pytest.raises(InvalidRequestError, check=lambda error: error.status_code == 10001):
            count(**window)
