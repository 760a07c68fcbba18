"""Keys: RSA beside HMAC, what a key may do, where it may be used from, and how often."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
import websocket
from pybit._http_manager import generate_signature
from pybit.exceptions import FailedRequestError, InvalidRequestError
from pybit.unified_trading import HTTP

from sandbox.bybit.rest.limits import BANNED_MS
from tests.sandbox.bybit.keys import pems
from tests.sandbox.bybit.practice_world import Clock, Open, Served

SOL = {"category": "linear", "symbol": "SOLUSDT"}


def session(served: Served, *, private: str = "", **wishes: Any) -> HTTP:
    account = served.lever("/sandbox/accounts", name="eve", equity="10000", **wishes)
    secret, with_rsa = private or account["secret"], bool(private)
    made = HTTP(api_key=account["apiKey"], api_secret=secret, rsa_authentication=with_rsa, retry_codes={-1})
    made.endpoint = served.url
    return made


def refused(code: int) -> Any:
    return pytest.raises(InvalidRequestError, check=lambda error: error.status_code == code)


def test_a_key_with_rsa_trades_as_any_other(served: Served) -> None:
    private, public = pems()
    client = session(served, private=private, rsaPublicKey=public)
    client.place_order(**SOL, side="Buy", orderType="Market", qty="1")
    assert client.get_positions(**SOL)["result"]["list"][0]["size"] == "1"
    assert client.get_api_key_information()["result"]["rsaPublicKey"] == public


def test_a_key_with_rsa_opens_the_private_stream(served: Served, clock: Clock) -> None:
    private, public = pems()
    account = served.lever("/sandbox/accounts", name="eve", equity="10000", rsaPublicKey=public)
    expires = clock() + 1000
    signature = generate_signature(True, private, f"GET/realtime{expires}")
    with contextlib.closing(websocket.create_connection(served.url.replace("http", "ws") + "/v5/private")) as socket:
        for args, is_known in (([account["apiKey"], expires, signature], True), (["x", expires, signature], False)):
            socket.send(json.dumps({"op": "auth", "args": args}))
            assert json.loads(socket.recv())["success"] is is_known


def test_another_rsa_key_is_a_wrong_signature(served: Served) -> None:
    _, public = pems()
    other, _ = pems()
    client = session(served, private=other, rsaPublicKey=public)
    with refused(10004):
        client.get_positions(**SOL)


def test_what_is_no_rsa_key_is_refused_at_once(served: Served) -> None:
    answer = served.post("/sandbox/accounts", {"name": "eve", "rsaPublicKey": "guess"})
    assert (answer.status_code, "rsaPublicKey" in answer.json()["error"]) == (400, True)


def test_a_read_only_key_reads_and_acts_on_nothing(served: Served) -> None:
    client = session(served, readOnly=True)
    assert client.get_positions(**SOL)["result"]["list"][0]["size"] == "0"
    assert client.get_api_key_information()["result"]["readOnly"] == 1
    for act in (
        lambda: client.place_order(**SOL, side="Buy", orderType="Market", qty="1"),
        lambda: client.set_leverage(**SOL, buyLeverage="3", sellLeverage="3"),
    ):
        with refused(10005):
            act()


@pytest.mark.parametrize(
    ("permission", "may", "may_not"),
    [
        ("Order", lambda c: c.get_open_orders(**SOL), lambda c: c.get_positions(**SOL)),
        ("Position", lambda c: c.get_positions(**SOL), lambda c: c.get_open_orders(**SOL)),
    ],
)
def test_a_key_may_do_what_it_was_permitted(
    served: Served, permission: str, may: Callable[[HTTP], Any], may_not: Callable[[HTTP], Any]
) -> None:
    client = session(served, permissions=[permission])
    may(client)
    with refused(10005):
        may_not(client)
    permissions = client.get_api_key_information()["result"]["permissions"]
    assert permissions["ContractTrade"] == [permission]


def test_a_key_bound_to_another_address_is_refused(served: Served) -> None:
    client = session(served, ips=["203.0.113.7"])
    with refused(10010):
        client.get_positions(**SOL)
    assert session(served).api_key == client.api_key


@pytest.fixture
def limited(open_world: Open) -> Served:
    return open_world(limits=True)


def test_the_eleventh_act_of_a_second_is_one_too_many(limited: Served, clock: Clock) -> None:
    client = session(limited)
    client.return_response_headers = True
    for _ in range(10):
        with refused(110001):
            client.cancel_order(**SOL, orderLinkId="x1-a")
    with refused(10006) as told:
        client.cancel_order(**SOL, orderLinkId="x1-a")
    assert told.value.resp_headers["X-Bapi-Limit-Status"] == "0"
    assert int(told.value.resp_headers["X-Bapi-Limit-Reset-Timestamp"]) == clock() // 1000 * 1000 + 1000
    clock.forward(seconds=1)
    with refused(110001):
        client.cancel_order(**SOL, orderLinkId="x1-a")


def test_limits_are_counted_for_each_endpoint_and_account(limited: Served) -> None:
    client = session(limited)
    for _ in range(50):
        client.get_positions(**SOL)
    client.get_open_orders(**SOL)
    limited.client("bob").get_positions(**SOL)
    with refused(10006):
        client.get_positions(**SOL)


def test_an_address_that_asks_601_times_in_5_seconds_is_banned_for_10_minutes(limited: Served, clock: Clock) -> None:
    client = session(limited)
    with requests.Session() as asking:
        codes = [asking.get(limited.url + "/v5/market/time", timeout=20).status_code for _ in range(601)]
    assert codes == [200] * 600 + [403]
    with pytest.raises(FailedRequestError, check=lambda error: error.status_code == 403):
        client.get_positions(**SOL)
    clock.forward(seconds=BANNED_MS / 1000)
    client.get_positions(**SOL)
