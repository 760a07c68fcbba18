"""What a key may hear: the private stream asks for address, age and permission as every request does."""

import contextlib
from typing import Any

import pytest
from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP

from sandbox.bybit.model import KEY_LIVES_MS
from tests.sandbox.bybit.practice_world import Clock, Served
from tests.sandbox.bybit.private_stream import ask, auth_args, connect

SOL = {"category": "linear", "symbol": "SOLUSDT"}


def session(served: Served, **wishes: Any) -> HTTP:
    account = served.lever("/sandbox/accounts", name="eve", equity="10000", **wishes)
    made = HTTP(api_key=account["apiKey"], api_secret=account["secret"], retry_codes={-1})
    made.endpoint = served.url
    return made


def authenticated(served: Served, client: HTTP, clock: Clock, *topics: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The answers to `auth`, and to `subscribe` where that was successful."""
    with contextlib.closing(connect(served)) as socket:
        answer = ask(socket, op="auth", args=auth_args(client.api_key, client.api_secret, clock() + 5000))
        return answer, ask(socket, op="subscribe", args=list(topics)) if answer["success"] else {}


def refused(code: int) -> Any:
    return pytest.raises(InvalidRequestError, check=lambda error: error.status_code == code)


@pytest.mark.parametrize(("ips", "is_known"), [(["*"], True), (["127.0.0.1"], True), (["203.0.113.7"], False)])
def test_a_key_is_used_from_its_own_addresses_only(
    served: Served, clock: Clock, ips: list[str], is_known: bool
) -> None:
    client = session(served, ips=ips)
    answer, _ = authenticated(served, client, clock, "order")
    assert (answer["op"], answer["success"], "Unmatched IP" in answer["ret_msg"]) == ("auth", is_known, not is_known)
    with contextlib.nullcontext() if is_known else refused(10010):
        client.get_positions(**SOL)


def test_a_connection_that_was_refused_is_closed(served: Served, clock: Clock) -> None:
    client = session(served, ips=["203.0.113.7"])
    with contextlib.closing(connect(served)) as socket:
        ask(socket, op="auth", args=auth_args(client.api_key, client.api_secret, clock() + 5000))
        assert socket.recv() == ""


@pytest.mark.parametrize(
    ("permission", "topics", "is_granted"),
    [
        ("Order", ["order", "execution", "wallet"], True),
        ("Order", ["position"], False),
        ("Position", ["position.linear", "wallet"], True),
        ("Position", ["order"], False),
        ("Position", ["execution.linear"], False),
    ],
)
def test_a_key_hears_what_it_was_permitted(
    served: Served, clock: Clock, permission: str, topics: list[str], is_granted: bool
) -> None:
    _, answer = authenticated(served, session(served, permissions=[permission]), clock, *topics)
    assert (answer["op"], answer["success"], bool(answer["ret_msg"])) == ("subscribe", is_granted, not is_granted)


class TestAge:
    def test_a_key_without_an_address_lives_ninety_days(self, served: Served, clock: Clock) -> None:
        client = session(served)
        told = client.get_api_key_information()["result"]
        assert (told["ips"], told["deadlineDay"]) == (["*"], 90)
        clock.now_ms += KEY_LIVES_MS - 1
        client.get_positions(**SOL)
        clock.now_ms += 1
        with refused(33004):
            client.get_positions(**SOL)
        answer, _ = authenticated(served, client, clock, "order")
        assert (answer["success"], "expired" in answer["ret_msg"]) == (False, True)

    def test_a_key_with_an_address_has_no_end(self, served: Served, clock: Clock) -> None:
        client = session(served, ips=["127.0.0.1"])
        told = client.get_api_key_information()["result"]
        assert told["expiredAt"] < "2000"
        assert told["deadlineDay"] < 0
        clock.now_ms += 2 * KEY_LIVES_MS
        client.get_positions(**SOL)
