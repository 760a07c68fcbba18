"""What may be asked beside orders and positions: price limits, other candles, an order's cost, modes, coins."""

from decimal import Decimal
from typing import Any

import pytest
import requests
from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP

from tests.sandbox.bybit.practice_world import Served

SOL = {"category": "linear", "symbol": "SOLUSDT"}
BUY = {**SOL, "side": "Buy", "orderType": "Market", "qty": "10"}


def asked(served: Served, path: str, **params: Any) -> dict[str, Any]:
    answer: dict[str, Any] = requests.get(served.url + path, params=params, timeout=20).json()
    return answer


def refused(code: int) -> Any:
    return pytest.raises(InvalidRequestError, check=lambda error: error.status_code == code)


def rates(client: HTTP) -> tuple[str, str]:
    (wallet,) = client.get_wallet_balance(accountType="UNIFIED")["result"]["list"]
    return wallet["accountIMRate"], wallet["accountMMRate"]


@pytest.mark.parametrize(("side", "name", "beyond"), [("Buy", "buyLmt", "200"), ("Sell", "sellLmt", "100")])
def test_a_price_limit_is_where_a_price_beyond_it_is_moved_to(
    served: Served, client: HTTP, side: str, name: str, beyond: str
) -> None:
    served.set_price("SOLUSDT", "150")
    limit = client.get_price_limit(**SOL)["result"][name]
    assert Decimal(limit) == {"Buy": Decimal("157.50"), "Sell": Decimal("142.51")}[side]
    order = client.place_order(**{**BUY, "side": side, "orderType": "Limit", "price": beyond})["result"]["orderId"]
    (row,) = client.get_open_orders(**SOL, orderId=order)["result"]["list"]
    assert Decimal(row["price"]) == Decimal(limit)


@pytest.mark.parametrize("method", ["get_mark_price_kline", "get_index_price_kline"])
def test_candles_of_mark_and_index_price_are_those_of_the_last_price_without_volume(client: HTTP, method: str) -> None:
    wish = {**SOL, "interval": "15", "limit": 30}
    traded = client.get_kline(**wish)["result"]["list"]
    assert getattr(client, method)(**wish)["result"]["list"] == [row[:5] for row in traded]


def test_an_order_that_is_checked_is_not_placed(client: HTTP) -> None:
    checked = client.pre_check_order(**BUY, orderLinkId="x1-a")["result"]
    assert checked["orderLinkId"] == "x1-a"
    for asked_for in (client.get_open_orders, client.get_order_history, client.get_positions):
        assert all(row.get("size", "0") == "0" and "orderId" not in row for row in asked_for(**SOL)["result"]["list"])
    client.place_order(**BUY, orderLinkId="x1-a")


def test_a_checked_order_tells_the_rates_that_it_brings_about(served: Served, client: HTTP) -> None:
    served.set_price("SOLUSDT", "150")
    checked = client.pre_check_order(**BUY)["result"]
    assert (checked["preImrE4"], checked["preMmrE4"]) == (0, 0)
    client.place_order(**BUY)
    told = [Decimal(rate) * 10_000 for rate in rates(client)]
    assert [checked["postImrE4"], checked["postMmrE4"]] == pytest.approx([float(rate) for rate in told], abs=1)
    closing = client.pre_check_order(**{**BUY, "side": "Sell"}, reduceOnly=True)["result"]
    assert (closing["preImrE4"], closing["postImrE4"], closing["postMmrE4"]) == (checked["postImrE4"], 0, 0)


def test_an_order_that_waits_for_its_trigger_changes_no_rate(served: Served, client: HTTP) -> None:
    served.set_price("SOLUSDT", "150")
    checked = client.pre_check_order(**BUY, triggerPrice="160", triggerDirection=1)["result"]
    assert (checked["postImrE4"], checked["postMmrE4"]) == (0, 0)


@pytest.mark.parametrize(
    ("code", "wishes"),
    [
        (10001, {"qty": "0.01"}),
        (110007, {"qty": "5000"}),
        (110017, {"reduceOnly": True}),
        (10001, {"stopLoss": "900"}),
    ],
)
def test_a_check_is_refused_as_the_order_would_be(
    served: Served, client: HTTP, code: int, wishes: dict[str, Any]
) -> None:
    served.set_price("SOLUSDT", "150")
    with refused(code):
        client.pre_check_order(**{**BUY, **wishes})
    with refused(code):
        client.place_order(**{**BUY, **wishes})


@pytest.mark.parametrize("category", ["spot", "inverse", "option"])
def test_nothing_is_listed_in_other_categories(served: Served, category: str) -> None:
    for path in ("instruments-info", "tickers"):
        answer = asked(served, f"/v5/market/{path}", category=category)
        assert (answer["retCode"], answer["result"]["category"], answer["result"]["list"]) == (0, category, [])
    assert asked(served, "/v5/market/instruments-info", category="stocks")["retCode"] == 10001


def test_usdt_is_the_only_coin_and_cannot_be_withdrawn(client: HTTP) -> None:
    (coin,) = client.get_coin_info()["result"]["rows"]
    assert (coin["coin"], coin["chains"][0]["chainDeposit"], coin["chains"][0]["chainWithdraw"]) == ("USDT", "0", "0")
    assert client.get_coin_info(coin="BTC")["result"]["rows"] == []
