"""Each fault shows as pybit would meet it, and ends."""

import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from pybit.exceptions import FailedRequestError, InvalidRequestError
from pybit.unified_trading import HTTP

from tests.sandbox.bybit.practice_world import Clock, Served

SOL = {"category": "linear", "symbol": "SOLUSDT"}
CREATE = "/v5/order/create"


@pytest.fixture(autouse=True)
def at_150(served: Served) -> None:
    served.set_price("SOLUSDT", "150")


def rule(served: Served, kind: str, path: str = CREATE, **more: Any) -> None:
    served.lever("/sandbox/faults", seed=7, rules=[{"path": path, "kind": kind, **more}])


def buy(client: HTTP, link: str, **wishes: Any) -> dict[str, Any]:
    wish = {**SOL, "side": "Buy", "orderType": "Market", "qty": "1", "orderLinkId": link, **wishes}
    answer: dict[str, Any] = client.place_order(**wish)
    return answer


def accepted(served: Served) -> list[str]:
    return [order["orderLinkId"] for order in served.ledger() if not order["stopOrderType"]]


BROKEN = requests.exceptions.ConnectionError
UNREADABLE = FailedRequestError


def code(number: int) -> Any:
    return pytest.raises(InvalidRequestError, check=lambda error: error.status_code == number)


@pytest.mark.parametrize(
    ("kind", "meets", "is_done"),
    [
        ("lose_request", lambda: pytest.raises(BROKEN), False),
        ("lose_answer", lambda: pytest.raises(BROKEN), True),
        ("5xx", lambda: pytest.raises(UNREADABLE), False),
        ("5xx_after", lambda: pytest.raises(UNREADABLE), True),
        ("bad_json", lambda: pytest.raises(UNREADABLE), False),
        ("bad_json_after", lambda: pytest.raises(UNREADABLE), True),
        ("10000", lambda: code(10000), False),
        ("10000_after", lambda: code(10000), True),
        ("10006", lambda: code(10006), False),
        ("10006_after", lambda: code(10006), True),
        ("10016", lambda: code(10016), False),
        ("10016_after", lambda: code(10016), True),
        ("delay", contextlib.nullcontext, True),
        ("delay_after", contextlib.nullcontext, True),
    ],
)
def test_a_request_meets_its_fault_once_and_the_next_one_does_not(
    served: Served, client: HTTP, kind: str, meets: Callable[[], Any], is_done: bool
) -> None:
    rule(served, kind, times=1, **({"seconds": 0.2} if kind.startswith("delay") else {}))
    begin = time.monotonic()
    with meets():
        buy(client, "x1-struck")
    assert not kind.startswith("delay") or time.monotonic() - begin >= 0.2
    assert accepted(served) == (["x1-struck"] if is_done else [])
    buy(client, "x1-next")
    assert accepted(served)[-1] == "x1-next"


def test_a_request_that_was_delayed_beyond_its_window_is_refused(served: Served, client: HTTP, clock: Clock) -> None:
    rule(served, "delay", seconds=0.5)
    sent = client.client.send

    def send(*args: Any, **wishes: Any) -> Any:
        clock.forward(seconds=6)
        return sent(*args, **wishes)

    client.client.send = send
    with code(10002):
        buy(client, "x1-late")
    assert accepted(served) == []


def test_only_the_path_of_a_rule_is_struck(served: Served, client: HTTP) -> None:
    rule(served, "10016", path="/v5/position")
    buy(client, "x1-a")
    with code(10016):
        client.get_positions(**SOL)


def struck(served: Served, seed: int) -> list[bool]:
    """Which of forty requests meet with a fault of even odds."""
    served.lever("/sandbox/faults", seed=seed, rules=[{"path": "/v5/market/time", "kind": "5xx", "p": 0.5}])
    return [requests.get(served.url + "/v5/market/time", timeout=20).status_code == 502 for _ in range(40)]


def test_the_same_seed_strikes_the_same_requests(served: Served) -> None:
    first, again, other = struck(served, 1), struck(served, 1), struck(served, 2)
    assert first == again != other
    assert 8 < sum(first) < 32


def test_a_rule_ends_with_its_time_and_all_end_when_taken_away(served: Served, client: HTTP, clock: Clock) -> None:
    rule(served, "10016", seconds=5)
    with code(10016):
        buy(client, "x1-a")
    clock.forward(seconds=5)
    buy(client, "x1-b")
    rule(served, "10016")
    with code(10016):
        buy(client, "x1-c")
    assert requests.delete(served.url + "/sandbox/faults", timeout=20).json() == {"rules": 0}
    buy(client, "x1-d")
    assert accepted(served) == ["x1-b", "x1-d"]


def shown(client: HTTP, link: str) -> tuple[int, int]:
    """How often realtime and history show an order."""
    realtime = client.get_open_orders(**SOL, orderLinkId=link)["result"]["list"]
    return len(realtime), len(client.get_order_history(**SOL, orderLinkId=link)["result"]["list"])


def test_a_new_order_is_hidden_for_a_while(served: Served, client: HTTP, clock: Clock) -> None:
    buy(client, "x1-old")
    rule(served, "hide_order", times=1, seconds=10)
    buy(client, "x1-a")
    buy(client, "x1-b")
    assert [shown(client, link) for link in ("x1-old", "x1-a", "x1-b")] == [(1, 1), (0, 0), (1, 1)]
    assert client.get_positions(**SOL)["result"]["list"][0]["size"] == "3"
    clock.forward(seconds=10)
    assert shown(client, "x1-a") == (1, 1)


def test_an_attached_stop_may_be_dropped_while_its_target_stands(served: Served, client: HTTP) -> None:
    rule(served, "drop_stop", times=1)
    buy(client, "x1-a", stopLoss="140", takeProfit="160")
    held = client.get_positions(**SOL)["result"]["list"][0]
    assert (held["size"], held["stopLoss"], held["takeProfit"]) == ("1", "", "160")
    buy(client, "x1-b", stopLoss="141")
    assert client.get_positions(**SOL)["result"]["list"][0]["stopLoss"] == "141"


@pytest.mark.parametrize(
    "body",
    [
        {"seed": 1, "rules": [{"path": "", "kind": "earthquake"}]},
        {"seed": 1, "rules": [{"path": "", "kind": "5xx", "p": 1.5}]},
        {"seed": 1, "rules": [{"path": "", "kind": "5xx", "times": 0}]},
        {"seed": 1, "rules": [{"path": "", "kind": "delay", "seconds": -1}]},
        {"seed": 1, "rules": "all"},
        {"seed": "x", "rules": []},
    ],
)
def test_rules_that_make_no_sense_are_refused(served: Served, body: Any) -> None:
    answer = served.post("/sandbox/faults", body)
    assert answer.status_code == 400
    assert answer.json()["error"]
