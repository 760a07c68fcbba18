"""Who may ask: signatures, the time window, unknown paths, limits, and the levers' own refusals."""

import hashlib
import hmac
from typing import Any

import pytest
import requests
from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP

from tests.sandbox.bybit.practice_world import Clock, Served


def signed(served: Served, clock: Clock, *, query: str = "accountType=UNIFIED", **changes: str) -> dict[str, Any]:
    """A wallet request signed by hand, with parts of it changed; Bybit's answer."""
    account = served.lever("/sandbox/accounts", name="ann", equity=10000)
    parts = {"key": account["apiKey"], "at": str(clock()), "window": "5000", "secret": account["secret"], **changes}
    text = parts["at"] + parts["key"] + parts["window"] + query
    headers = {
        "X-BAPI-API-KEY": parts["key"],
        "X-BAPI-TIMESTAMP": parts["at"],
        "X-BAPI-RECV-WINDOW": parts["window"],
        "X-BAPI-SIGN": hmac.new(parts["secret"].encode(), text.encode(), hashlib.sha256).hexdigest(),
    }
    answer = requests.get(f"{served.url}/v5/account/wallet-balance?{query}", headers=headers, timeout=20)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def test_a_request_signed_as_documented_is_answered(served: Served, clock: Clock) -> None:
    assert signed(served, clock)["retCode"] == 0
    assert signed(served, clock, query="accountType=UNIFIED&coin=USDT%2CUSDC")["retCode"] == 0


def test_an_unknown_key_is_10003_and_a_wrong_secret_10004(served: Served, clock: Clock) -> None:
    assert signed(served, clock, key="nobody")["retCode"] == 10003
    assert signed(served, clock, secret="guessed")["retCode"] == 10004


def test_a_request_without_headers_is_refused(served: Served) -> None:
    answer = requests.get(f"{served.url}/v5/position/list?category=linear&symbol=BTCUSDT", timeout=20).json()
    assert (answer["retCode"], answer["result"]) == (10001, {})


@pytest.mark.parametrize(
    ("late_ms", "code"),
    [(0, 0), (5000, 0), (5001, 10002), (-999, 0), (-1000, 10002)],
)
def test_the_time_window_is_the_documented_one(served: Served, clock: Clock, late_ms: int, code: int) -> None:
    assert signed(served, clock, at=str(clock() - late_ms))["retCode"] == code


def test_a_changed_body_breaks_its_signature(served: Served, client: HTTP) -> None:
    sent = client.client.send

    def forge(request: requests.PreparedRequest, **wishes: Any) -> requests.Response:
        request.body = request.body.replace(b'"7"', b'"9"') if isinstance(request.body, bytes) else request.body
        if isinstance(request.body, str):
            request.body = request.body.replace('"7"', '"9"')
        return sent(request, **wishes)

    client.client.send = forge
    with pytest.raises(InvalidRequestError, check=lambda error: error.status_code == 10004):
        client.set_leverage(category="linear", symbol="BTCUSDT", buyLeverage="7", sellLeverage="7")


def test_an_unknown_path_is_404(served: Served) -> None:
    assert requests.get(f"{served.url}/v5/market/nosuch", timeout=20).status_code == 404
    assert requests.post(f"{served.url}/v5/market/time", timeout=20).status_code == 405


def test_a_private_answer_tells_what_is_left_of_its_limit(client: HTTP) -> None:
    client.return_response_headers = True
    left = [client.get_account_info()[2]["X-Bapi-Limit-Status"] for _ in range(2)]
    assert left == ["49", "48"]


def test_a_body_that_is_no_json_is_refused_in_the_envelope(served: Served, client: HTTP) -> None:
    client.prepare_payload = lambda method, parameters: "{"
    with pytest.raises(InvalidRequestError, check=lambda error: error.status_code == 10001):
        client.set_leverage(category="linear", symbol="BTCUSDT", buyLeverage="7", sellLeverage="7")


def test_an_account_is_the_same_for_the_same_name(served: Served) -> None:
    ann, again = (served.lever("/sandbox/accounts", name="ann", equity=equity) for equity in (5000, 9000))
    bob = served.lever("/sandbox/accounts", name="bob", equity="2500.5")
    assert ann == again
    assert set(ann) == {"account", "apiKey", "secret"}
    assert (ann["account"], bob["account"]) == ("ann", "bob")
    assert ann["apiKey"] != bob["apiKey"]
    balance = served.client("bob").get_wallet_balance(accountType="UNIFIED", coin="USDT")["result"]["list"][0]
    assert balance["coin"][0]["equity"] == "2500.5"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sandbox/accounts", {"equity": 1}),
        ("/sandbox/accounts", {"name": "ann", "equity": "much"}),
        ("/sandbox/accounts", {"name": "ann", "equity": -1}),
        ("/sandbox/price", {"symbol": "NOSUCH", "price": "1"}),
        ("/sandbox/price", {"symbol": "BTCUSDT", "price": "0"}),
        ("/sandbox/price", {"symbol": "BTCUSDT"}),
        ("/sandbox/hand", {"account": "nobody", "symbol": "BTCUSDT", "side": "Buy", "qty": "1"}),
        ("/sandbox/price", ["BTCUSDT", 1]),
    ],
)
def test_a_lever_pulled_wrongly_says_why(served: Served, path: str, body: Any) -> None:
    answer = served.post(path, body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_foreign_page_pulls_no_lever(served: Served) -> None:
    body = {"symbol": "BTCUSDT", "price": "50000"}
    before = served.last("BTCUSDT")
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        answer = requests.post(f"{served.url}/sandbox/price", json=body, headers=headers, timeout=20)
        assert answer.status_code == 403
    assert served.last("BTCUSDT") == before
