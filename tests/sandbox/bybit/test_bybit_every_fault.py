"""Every kind of fault: it shows, it ends, and the same seed brings the same run."""

import contextlib
import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import requests
from pybit.exceptions import FailedRequestError, InvalidRequestError
from pybit.unified_trading import HTTP

from sandbox.bybit.faults import KINDS, LASTING_KINDS, MESSAGE_KINDS, ORDER_KINDS, REQUEST_KINDS, Faults, Rule
from tests.sandbox.bybit.practice_world import Clock, Served
from tests.sandbox.bybit.private_stream import PrivateStream

SOL = {"category": "linear", "symbol": "SOLUSDT"}
CREATE, ORDERS = "/v5/order/create", "/v5/private/order"
TRIES = 12
DELAYS = ("delay", "delay_after")
COUNTED = [kind for kind in KINDS if kind not in DELAYS]
"""Delays show in time alone, so how often they strike is asked of the rules themselves."""


class Struck:
    """Tries something that a kind of fault may strike, and says whether it did."""

    def __init__(self, served: Served, client: HTTP, kind: str) -> None:
        self._served, self._client, self.kind = served, client, kind
        self._numbers = itertools.count()

    def rule(self, **more: Any) -> None:
        path = ORDERS if self.kind in MESSAGE_KINDS else CREATE
        lasts = {"seconds": 3600} if self.kind == "hide_order" else {}
        seed = more.pop("seed", 1)
        self._served.lever("/sandbox/faults", seed=seed, rules=[{"path": path, "kind": self.kind, **lasts, **more}])

    def end(self) -> None:
        assert requests.delete(self._served.url + "/sandbox/faults", timeout=20).json() == {"rules": 0}

    def run(self, tries: int) -> list[bool]:
        """Whether each of so many tries was struck."""
        if self.kind in MESSAGE_KINDS:
            return self._heard(tries)
        return [self._try() for _ in range(tries)]

    def _try(self) -> bool:
        link = f"x1-{next(self._numbers)}"
        if self.kind == "hide_order":
            self._order(link)
            return not self._client.get_order_history(**SOL, orderLinkId=link)["result"]["list"]
        if self.kind == "drop_stop":
            self._order(link, stopLoss="140")
            (held,) = self._client.get_positions(**SOL)["result"]["list"]
            self._served.lever(
                "/sandbox/hand", account="ann", symbol="SOLUSDT", side="Sell", qty=held["size"], reduceOnly=True
            )
            return not held["stopLoss"]
        met: Exception | None = None
        try:
            self._order(link)
        except (requests.ConnectionError, FailedRequestError, InvalidRequestError) as error:
            met = error
        is_struck = met is not None
        assert met is None or _is_met(self.kind, met), met
        is_kept = any(order["orderLinkId"] == link for order in self._served.ledger())
        assert is_kept == (not is_struck or self.kind.endswith("_after") or self.kind == "lose_answer")
        return is_struck

    def _heard(self, tries: int) -> list[bool]:
        """An order each, and then one without rules that ends the listening."""
        links = [f"x1-{next(self._numbers)}" for _ in range(tries)]
        usual = 1
        with contextlib.closing(PrivateStream(self._served, self._client, "order")) as stream:
            for link in links:
                self._order(link)
                self._served.inside(self._served.practice.catch_up)
            self.end()
            last = f"x1-last-{next(self._numbers)}"
            self._order(last)
            heard: Counter[str] = Counter()
            while not heard[last]:
                heard[stream.row("order")["orderLinkId"]] += 1
        return [heard[link] != usual for link in links]

    def _order(self, link: str, **wishes: Any) -> None:
        self._client.place_order(**SOL, side="Buy", orderType="Market", qty="1", orderLinkId=link, **wishes)


def _is_met(kind: str, met: Exception) -> bool:
    """A client meets this kind as this error."""
    name = kind.removesuffix("_after")
    if name in ("lose_request", "lose_answer"):
        return isinstance(met, requests.ConnectionError)
    if name in ("5xx", "bad_json"):
        return isinstance(met, FailedRequestError)
    return isinstance(met, InvalidRequestError) and met.status_code == int(name)


@pytest.fixture
def struck(served: Served, client: HTTP) -> Callable[[str], Struck]:
    served.set_price("SOLUSDT", "150")
    return lambda kind: Struck(served, client, kind)


def test_the_kinds_are_those_that_were_promised() -> None:
    promised = {
        *("lose_request", "lose_answer", "delay", "5xx", "bad_json", "10000", "10006", "10016"),
        *("5xx_after", "bad_json_after", "10000_after", "10006_after", "10016_after", "delay_after"),
        *("drop_message", "repeat_message", "hide_order", "drop_stop"),
    }
    assert set(KINDS) == promised == {*REQUEST_KINDS, *MESSAGE_KINDS, *ORDER_KINDS}


@pytest.mark.parametrize("kind", COUNTED)
def test_the_same_seed_strikes_the_same_tries(struck: Callable[[str], Struck], kind: str) -> None:
    made = struck(kind)
    runs = []
    for seed in (1, 1, 2):
        made.rule(seed=seed, p=0.5)
        runs.append(made.run(TRIES))
        made.end()
    first, again, other = runs
    assert first == again != other
    assert 0 < sum(first) < TRIES


@pytest.mark.parametrize("kind", COUNTED)
def test_it_ends_after_so_many_times(struck: Callable[[str], Struck], kind: str) -> None:
    made = struck(kind)
    made.rule(times=2)
    assert made.run(4) == [True, True, False, False]


@pytest.mark.parametrize("kind", COUNTED)
def test_it_ends_when_it_is_taken_away(struck: Callable[[str], Struck], kind: str) -> None:
    made = struck(kind)
    made.rule()
    assert made.run(2) == [True, True]
    made.end()
    assert made.run(2) == [False, False]


@pytest.mark.parametrize("kind", [kind for kind in COUNTED if kind not in LASTING_KINDS])
def test_it_ends_with_its_time(struck: Callable[[str], Struck], clock: Clock, kind: str) -> None:
    made = struck(kind)
    made.rule(seconds=5)
    assert made.run(1) == [True]
    made.rule(seconds=5)
    clock.forward(seconds=5)
    assert made.run(1) == [False]


def test_a_hidden_order_shows_when_its_time_is_over(served: Served, client: HTTP, clock: Clock) -> None:
    rule = {"path": CREATE, "kind": "hide_order", "seconds": 10}
    served.lever("/sandbox/faults", seed=1, rules=[rule])
    client.place_order(**SOL, side="Buy", orderType="Market", qty="1", orderLinkId="x1-a")
    for seconds, shown in ((9, 0), (1, 1)):
        clock.forward(seconds=seconds)
        assert len(client.get_open_orders(**SOL, orderLinkId="x1-a")["result"]["list"]) == shown
        assert len(client.get_order_history(**SOL, orderLinkId="x1-a")["result"]["list"]) == shown


@pytest.mark.parametrize("kind", KINDS)
def test_the_rules_throw_the_same_dice_for_the_same_seed(kind: str) -> None:
    runs = []
    for seed in (7, 7, 8):
        faults = Faults()
        faults.begin(seed, [Rule(CREATE, kind, p=0.5), Rule(CREATE, "5xx", p=0.0)], 0)
        runs.append([faults.strike(CREATE, KINDS, now_ms) is not None for now_ms in range(40)])
    assert runs[0] == runs[1] != runs[2]


def test_a_restart_forgets_all_rules(open_world: Any, served: Served, client: HTTP) -> None:
    served.lever("/sandbox/faults", seed=1, rules=[{"path": "", "kind": "10016"}])
    with pytest.raises(InvalidRequestError):
        client.get_positions(**SOL)
    served.stop()
    assert open_world().client().get_positions(**SOL)["retCode"] == 0
