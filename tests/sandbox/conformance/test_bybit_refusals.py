"""Every refusal that our own code knows by its number is one that the documents name and the practice server makes."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from exchange import codes
from sandbox.bybit.practice import PracticeBybit
from tests.sandbox.bybit.practice_world import NOON_MS, SHORT, STILL, Clock, Served
from tests.sandbox.conformance.bybit_contract import BYBIT
from tests.sandbox.conformance.bybit_story import SOL, Client, Told
from trading.standing import DEAD_KEY

ERROR_CODES = BYBIT / "error_codes.json"
pytestmark = pytest.mark.skipif(not ERROR_CODES.exists(), reason="Bybit's error_codes.json is not here")

BUY = {**SOL, "side": "Buy", "orderType": "Market", "qty": "1"}
CREATE, LEVERAGE, STOP = "/v5/order/create", "/v5/position/set-leverage", "/v5/position/trading-stop"
FULL = {**SOL, "tpslMode": "Full", "positionIdx": 0}


@dataclass(frozen=True)
class Act:
    """A POST, by an account opened with `wishes`, whose clock goes wrong by `late_ms` or whose key is `changed`."""

    path: str
    body: dict[str, Any]
    late_ms: int = 0
    changed: str = ""
    wishes: tuple[tuple[str, Any], ...] = ()


ORDER = Act(CREATE, BUY)
REFUSED: dict[int, Act] = {
    10001: Act(CREATE, {**BUY, "qty": "0.01"}),
    10002: replace(ORDER, late_ms=-60_000),
    10003: replace(ORDER, changed="key"),
    10004: replace(ORDER, changed="secret"),
    10005: replace(ORDER, wishes=(("readOnly", True),)),
    10010: replace(ORDER, wishes=(("ips", ["203.0.113.7"]),)),
    34040: Act(STOP, {**FULL, "stopLoss": "120"}),
    110001: Act("/v5/order/cancel", {**SOL, "orderLinkId": "x1-nobody"}),
    110007: Act(CREATE, {**BUY, "qty": "5000"}),
    110013: Act(LEVERAGE, {**SOL, "buyLeverage": "101", "sellLeverage": "101"}),
    110017: Act(CREATE, {**BUY, "reduceOnly": True}),
    110043: Act(LEVERAGE, {**SOL, "buyLeverage": "10", "sellLeverage": "10"}),
    110072: Act(CREATE, {**BUY, "orderLinkId": "x1-held"}),
    110094: Act(CREATE, {**BUY, "symbol": "XRPUSDT", "qty": "0.1"}),
}
BY_HAND = {
    10006: "needs eleven calls in a second, and has a test beside the keys",
    33004: "needs ninety days, and has a test beside the keys",
}
"""Numbers that our code knows and that no single request here brings about."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    clock, file = Clock(), tmp_path_factory.mktemp("refusals") / "world.db"
    made = Served(PracticeBybit(file, time_ms=clock, character=SHORT, **STILL))
    made.set_price("SOLUSDT", "150")
    yield made
    made.stop()


def refusal(served: Served, act: Act, name: str) -> tuple[int, str]:
    """Code and text that answer the act of an account which holds a position with a stop at 120, as x1-held."""
    clock, told = Clock(), Told()
    served.lever("/sandbox/accounts", name=name, equity="10000", **dict(act.wishes))
    with contextlib.closing(Client(served, clock, told, name)) as client:
        client.post(CREATE, **BUY, stopLoss="120", orderLinkId="x1-held")
        clock.now_ms = NOON_MS + act.late_ms
        client.damage(act.changed)
        client.post(act.path, **act.body)
    last = told.answers[f"POST {act.path}"][-1]
    return last["retCode"], last["retMsg"]


@pytest.mark.parametrize("code", REFUSED)
def test_a_refusal_that_we_rely_on_is_made(served: Served, code: int) -> None:
    made, text = refusal(served, REFUSED[code], f"ann-{code}")
    assert made == code
    assert text


def test_every_refusal_is_documented() -> None:
    documented = {entry["code"] for entry in json.loads(ERROR_CODES.read_text())}
    assert [code for code in (*REFUSED, *BY_HAND) if code not in documented] == []


def test_every_number_that_our_code_knows_is_looked_at() -> None:
    known = {codes.TOO_MANY_VISITS, codes.DUPLICATE_ORDER_LINK_ID, codes.LEVERAGE_UNCHANGED, codes.STOP_UNCHANGED}
    assert known | DEAD_KEY <= {*REFUSED, *BY_HAND}
