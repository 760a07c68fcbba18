"""pybit, Bybit's own client, unchanged: one story over HTTP and WebSocket, with a secret (HMAC) and with RSA."""

import queue
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pybit import unified_trading
from pybit.unified_trading import HTTP, WebSocket

from tests.sandbox.bybit.keys import pems
from tests.sandbox.bybit.practice_world import Served

SOL = {"category": "linear", "symbol": "SOLUSDT"}
TOPICS = ("order", "execution", "position", "wallet")
PATIENCE_SECONDS = 10


@dataclass(frozen=True)
class Key:
    """What pybit is given to sign with."""

    api_key: str
    api_secret: str
    rsa_authentication: bool

    def http(self, served: Served) -> HTTP:
        made = HTTP(**vars(self), retry_codes={-1}, max_retries=1)
        made.endpoint = served.url
        return made

    def private(self) -> WebSocket:
        return WebSocket(testnet=False, channel_type="private", **vars(self))


@pytest.fixture(params=["hmac", "rsa"])
def key(request: pytest.FixtureRequest, served: Served) -> Key:
    private, public = pems() if request.param == "rsa" else ("", "")
    account = served.lever("/sandbox/accounts", name="eve", equity="10000", rsaPublicKey=public)
    return Key(account["apiKey"], private or account["secret"], request.param == "rsa")


@pytest.fixture
def addresses(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """pybit takes the addresses of its streams from two constants."""
    address = served.url.replace("http", "ws")
    monkeypatch.setattr(unified_trading, "PUBLIC_WSS", address + "/v5/public/{CHANNEL_TYPE}")
    monkeypatch.setattr(unified_trading, "PRIVATE_WSS", address + "/v5/private")


@pytest.fixture
def heard(addresses: None, key: Key, served: Served) -> Iterator[dict[str, queue.Queue[dict[str, Any]]]]:
    """The rows of all private topics as they come."""
    rows: dict[str, queue.Queue[dict[str, Any]]] = {topic: queue.Queue() for topic in TOPICS}
    stream = key.private()
    for topic in TOPICS:
        take = rows[topic].put
        getattr(stream, f"{topic}_stream")(lambda message, take=take: [take(row) for row in message["data"]])
    while served.inside(served.practice.streams.followed) < len(TOPICS):
        pass
    yield rows
    stream.exit()


def test_an_order_is_placed_heard_of_protected_and_closed(
    key: Key, served: Served, heard: dict[str, queue.Queue[dict[str, Any]]]
) -> None:
    client = key.http(served)
    served.set_price("SOLUSDT", "150")
    client.set_leverage(**SOL, buyLeverage="5", sellLeverage="5")
    wish = {**SOL, "side": "Buy", "orderType": "Market", "qty": "2", "orderLinkId": "x1-pybit"}
    assert client.pre_check_order(**wish)["result"]["postImrE4"] > 0
    placed = client.place_order(**wish, stopLoss="140", takeProfit="170")["result"]["orderId"]
    assert _next(heard, "order", orderId=placed)["orderStatus"] == "Filled"
    assert _next(heard, "execution", orderId=placed)["execQty"] == "2"
    assert _next(heard, "position", size="2")["stopLoss"] == "140"
    (wallet,) = client.get_wallet_balance(accountType="UNIFIED")["result"]["list"]
    assert _next(heard, "wallet", totalWalletBalance=wallet["totalWalletBalance"])["coin"][0]["coin"] == "USDT"

    client.set_trading_stop(**SOL, tpslMode="Full", positionIdx=0, stopLoss="145")
    assert _next(heard, "position", stopLoss="145")["size"] == "2"
    client.place_order(**SOL, side="Sell", orderType="Market", qty="0", reduceOnly=True, closeOnTrigger=True)
    assert _next(heard, "position", size="0")["side"] == ""
    assert client.get_open_orders(**SOL)["result"]["list"] == []
    assert client.get_closed_pnl(**SOL)["result"]["list"][0]["closedSize"] == "2"


def test_a_resting_order_is_amended_and_cancelled(
    key: Key, served: Served, heard: dict[str, queue.Queue[dict[str, Any]]]
) -> None:
    client = key.http(served)
    served.set_price("SOLUSDT", "150")
    client.place_order(**SOL, side="Buy", orderType="Limit", qty="1", price="145", orderLinkId="x1-rests")
    client.amend_order(**SOL, orderLinkId="x1-rests", price="144")
    assert _next(heard, "order", price="144")["orderStatus"] == "New"
    client.cancel_order(**SOL, orderLinkId="x1-rests")
    assert _next(heard, "order", orderStatus="Cancelled")["cancelType"] == "CancelByUser"


def _next(heard: dict[str, queue.Queue[dict[str, Any]]], topic: str, **wanted: Any) -> dict[str, Any]:
    """The next row of a topic with these values."""
    while True:
        row = heard[topic].get(timeout=PATIENCE_SECONDS)
        if all(row[name] == value for name, value in wanted.items()):
            return row
