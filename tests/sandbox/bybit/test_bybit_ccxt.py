"""ccxt, a client of other people, unchanged: markets, candles, balance, an order with stop and target, its end."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from sandbox.bybit.practice import PracticeBybit
from tests.sandbox.bybit.keys import pems
from tests.sandbox.bybit.practice_world import SHORT, STILL, Served

ccxt = pytest.importorskip("ccxt", reason="ccxt is not installed")

SOL, ETH, XRP = "SOL/USDT:USDT", "ETH/USDT:USDT", "XRP/USDT:USDT"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = Served(PracticeBybit(tmp_path_factory.mktemp("ccxt") / "world.db", character=SHORT, **STILL))
    made.set_price("SOLUSDT", "150")
    yield made
    made.stop()


def client(served: Served, name: str, private: str = "", **wishes: Any) -> Any:
    """ccxt's own client with the practice server's address for Bybit's."""
    account = served.lever("/sandbox/accounts", name=name, equity="10000", **wishes)
    made = ccxt.bybit({"apiKey": account["apiKey"], "secret": private or account["secret"]})
    made.urls["api"] = dict.fromkeys(made.urls["api"], served.url)
    return made


@pytest.fixture(scope="module")
def exchange(served: Served) -> Any:
    return client(served, "ann")


def test_all_markets_load_and_each_is_a_linear_perpetual_with_its_filters(exchange: Any) -> None:
    markets = exchange.load_markets()
    assert len(markets) == 40
    assert all(market["swap"] and market["linear"] and market["active"] for market in markets.values())
    sol = markets[SOL]
    assert (sol["settle"], sol["precision"]) == ("USDT", {"amount": 0.1, "price": 0.01})
    assert sol["limits"]["leverage"]["max"] == 100


@pytest.mark.parametrize("kind", ["", "mark", "index"])
def test_candles_come_oldest_first_without_a_hole(exchange: Any, kind: str) -> None:
    rows = exchange.fetch_ohlcv(ETH, "5m", limit=50, params={"price": kind} if kind else {})
    assert [later[0] - row[0] for row, later in pairwise(rows)] == [300_000] * 49
    assert all(low <= min(opened, close) <= max(opened, close) <= high for _, opened, high, low, close, _ in rows)
    assert {volume is None for *_, volume in rows} == {bool(kind)}


def test_ticker_and_book_stand_around_one_price(exchange: Any) -> None:
    ticker, book = exchange.fetch_ticker(XRP), exchange.fetch_order_book(XRP, limit=5)
    assert ticker["bid"] < ticker["ask"]
    assert len(book["bids"]) == len(book["asks"]) == 5
    assert book["bids"][0][0] < book["asks"][0][0]
    assert book["bids"][0][0] == pytest.approx(ticker["last"], rel=0.02)


def test_the_balance_is_what_the_account_was_opened_with(served: Served) -> None:
    assert client(served, "bob").fetch_balance()["USDT"]["total"] == 10_000


def test_an_order_with_stop_and_target_is_filled_held_traded_and_closed(exchange: Any) -> None:
    levels = {"stopLoss": {"triggerPrice": 120}, "takeProfit": {"triggerPrice": 190}}
    placed = exchange.create_order(SOL, "market", "buy", 2, None, {**levels, "clientOrderId": "x1-ccxt"})
    order = exchange.fetch_order(placed["id"], SOL, {"acknowledged": True})
    assert (order["status"], order["filled"], order["clientOrderId"]) == ("closed", 2, "x1-ccxt")
    assert (order["stopLossPrice"], order["takeProfitPrice"]) == (120, 190)

    waiting = exchange.fetch_open_orders(SOL)
    assert {(one["triggerPrice"], one["side"], one["reduceOnly"]) for one in waiting} == {
        (120, "sell", True),
        (190, "sell", True),
    }
    (position,) = exchange.fetch_positions([SOL])
    assert (position["side"], position["contracts"], position["entryPrice"]) == ("long", 2, order["average"])
    assert (position["stopLossPrice"], position["takeProfitPrice"]) == (120, 190)
    (trade,) = exchange.fetch_my_trades(SOL)
    assert (trade["order"], trade["amount"], trade["takerOrMaker"]) == (placed["id"], 2, "taker")
    assert trade["fee"]["cost"] == pytest.approx(trade["cost"] * 0.00055)

    exchange.create_order(SOL, "market", "sell", 2, None, {"reduceOnly": True})
    assert exchange.fetch_positions([SOL])[0]["contracts"] == 0
    assert exchange.fetch_open_orders(SOL) == []
    (ended,) = exchange.fetch_positions_history([SOL])
    lost = Decimal("10000") - Decimal(str(exchange.fetch_balance()["USDT"]["total"]))
    assert Decimal(str(ended["realizedPnl"])) == -lost


def test_a_resting_order_is_seen_and_cancelled(exchange: Any) -> None:
    price = round(exchange.fetch_ticker(ETH)["last"] * 0.97, 1)
    placed = exchange.create_order(ETH, "limit", "buy", 0.1, price)
    (resting,) = exchange.fetch_open_orders(ETH)
    assert (resting["id"], resting["price"], resting["status"]) == (placed["id"], price, "open")
    assert exchange.cancel_order(placed["id"], ETH)["id"] == placed["id"]
    assert exchange.fetch_open_orders(ETH) == []
    assert exchange.fetch_canceled_orders(ETH)[0]["id"] == placed["id"]


def test_refusals_are_known_to_it_by_their_codes(exchange: Any) -> None:
    with pytest.raises(ccxt.InsufficientFunds):
        exchange.create_order(SOL, "market", "buy", 20_000)
    with pytest.raises(ccxt.OrderNotFound):
        exchange.cancel_order("00000000-0000-4000-8000-000000000000", SOL)
    stranger = client_with_a_wrong_secret(exchange)
    with pytest.raises(ccxt.AuthenticationError):
        stranger.fetch_balance()


def client_with_a_wrong_secret(exchange: Any) -> Any:
    made = ccxt.bybit({"apiKey": exchange.apiKey, "secret": "guess"})
    made.urls["api"] = exchange.urls["api"]
    return made


def test_a_key_with_rsa_is_signed_for_as_well(served: Served) -> None:
    private, public = pems()
    exchange = client(served, "eve", private, rsaPublicKey=public)
    exchange.create_order(XRP, "market", "buy", 100)
    assert exchange.fetch_positions([XRP])[0]["contracts"] == 100
