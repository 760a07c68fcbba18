"""Every documented refusal that our own code has an opinion on: made by the practice server, or listed with why not.

SOLUSDT stands at 150. A refusal is a code in Bybit's envelope at HTTP 200, unless it stands here otherwise.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import requests
from pybit.exceptions import FailedRequestError, InvalidRequestError
from pybit.unified_trading import HTTP

from exchange import codes
from exchange.codes import Meaning
from sandbox.bybit.model import KEY_LIVES_MS
from sandbox.bybit.practice import LATENCY_MS
from sandbox.bybit.rules import NewOrder
from tests.sandbox.bybit.practice_world import SHARED, Clock, Open, Served

ERROR_CODES = SHARED / "bybit" / "error_codes.json"
SOL = {"category": "linear", "symbol": "SOLUSDT"}
FULL = {**SOL, "tpslMode": "Full", "positionIdx": 0}
PARTIAL = {**SOL, "tpslMode": "Partial", "positionIdx": 0}
SOON = LATENCY_MS[1] / 1000


class World:
    """A practice Bybit with limits, on a clock that is turned a second before each act, so that no limit is met."""

    def __init__(self, served: Served, clock: Clock) -> None:
        self.served, self.clock = served, clock
        self.ann = self.account("ann")

    def account(self, name: str, equity: str = "10000", **wishes: Any) -> HTTP:
        told = self.served.lever("/sandbox/accounts", name=name, equity=equity, **wishes)
        made = HTTP(api_key=told["apiKey"], api_secret=told["secret"], retry_codes={-1}, max_retries=1)
        made.endpoint = self.served.url
        return made

    def order(self, client: HTTP | None = None, **wishes: Any) -> Any:
        wish = {**SOL, "side": "Buy", "orderType": "Market", "qty": "10", **wishes}
        answer = (client or self.ann).place_order(**wish)
        self.later()
        return answer

    def rest(self, **wishes: Any) -> Any:
        return self.order(**{"orderType": "Limit", "price": "140", "orderLinkId": "x1-rest", **wishes})

    def later(self) -> None:
        self.clock.forward(seconds=1)

    def faulty(self, kind: str) -> Any:
        self.served.lever("/sandbox/faults", seed=1, rules=[{"path": "/v5/order/create", "kind": kind}])
        return self.order()


Act = Callable[[World], Any]


def _late(world: World, by_ms: int) -> Any:
    """A request whose clock went wrong."""
    signed = world.ann._prepare_headers

    def wrong(payload: str, recv_window: int) -> Any:
        world.clock.now_ms += by_ms
        headers = signed(payload, recv_window)
        world.clock.now_ms -= by_ms
        return headers

    world.ann._prepare_headers = wrong
    return world.order()


def _with(client: HTTP, **changed: str) -> HTTP:
    for name, value in changed.items():
        setattr(client, name, value)
    return client


def _after_ninety_days(world: World) -> Any:
    world.clock.now_ms += KEY_LIVES_MS
    return world.order()


def _eleven(world: World) -> Any:
    for _ in range(11):
        world.ann.place_order(**SOL, side="Buy", orderType="Limit", qty="1", price="140")


def _many_stops(world: World) -> Any:
    for _ in range(11):
        world.order(triggerPrice="160", triggerDirection=1)


def _many_orders(world: World) -> Any:
    wish = NewOrder("SOLUSDT", "Buy", "Limit", Decimal("0.1"), Decimal(140))

    def fill_up() -> None:
        for number in range(500):
            world.served.practice.matching.place("ann", replace(wish, link_id=f"x1-{number}"))

    world.served.inside(fill_up)
    return world.rest(qty="0.1")


def _many_parts(world: World) -> Any:
    world.order()
    for _ in range(21):
        world.later()
        world.ann.set_trading_stop(**PARTIAL, stopLoss="140", slSize="0.1")


def _same_stop(world: World) -> Any:
    world.order(stopLoss="140")
    return world.ann.set_trading_stop(**FULL, stopLoss="140")


def _after(*acts: Act) -> Act:
    """Does one thing after another; the last is what is refused."""

    def act(world: World) -> Any:
        for one in acts[:-1]:
            one(world)
            world.later()
        return acts[-1](world)

    return act


def _when_filled_in_part(**wishes: str) -> Act:
    """A change of an order of which 500 of 600 are filled, before the clock ticks and the rest is too."""

    def act(world: World) -> Any:
        world.rest(qty="600")
        world.served.set_price("SOLUSDT", "140")
        return _amend(**wishes)(world)

    return act


def _leverage(buy: str, sell: str = "") -> Act:
    return lambda w: w.ann.set_leverage(**SOL, buyLeverage=buy, sellLeverage=sell or buy)


def _switch(mode: int) -> Act:
    return lambda w: w.ann.switch_position_mode(**SOL, mode=mode)


def _stop(**wishes: Any) -> Act:
    return lambda w: w.ann.set_trading_stop(**wishes)


def _closing_with_a_stop(world: World) -> Any:
    return world.order(side="Sell", reduceOnly=True, stopLoss="160")


def _four_large_ones(world: World) -> Any:
    rich = world.account("rich", "90000000")
    for _ in range(4):
        world.order(rich, qty="25000")


def _too_poor(world: World) -> Any:
    return world.account("poor", "999").set_margin_mode(setMarginMode="PORTFOLIO_MARGIN")


def _margin_mode(mode: str) -> Act:
    return lambda w: w.ann.set_margin_mode(setMarginMode=mode)


def _amend(**wishes: str) -> Act:
    return lambda w: w.ann.amend_order(**SOL, orderLinkId="x1-rest", **wishes)


def _cancel(world: World) -> Any:
    return world.ann.cancel_order(**SOL, orderLinkId="x1-rest")


MADE: tuple[tuple[int, str, Act], ...] = (
    (10000, "a fault", lambda w: w.faulty("10000")),
    (10001, "a stop on the wrong side", lambda w: w.order(stopLoss="151")),
    (10001, "a target on the wrong side", lambda w: w.order(takeProfit="149")),
    (10001, "a stop of nothing", _stop(**FULL, stopLoss="140")),
    (10001, "a moved stop on the wrong side", _after(World.order, _stop(**FULL, stopLoss="151"))),
    (10001, "a missing parameter", lambda w: w.ann.place_order(**SOL, side="Buy", orderType="Market")),
    (10001, "a size off its step", lambda w: w.order(qty="0.05")),
    (10001, "a price off its tick", lambda w: w.rest(price="140.005")),
    (10001, "a size that is too large", lambda w: w.order(qty="1000000")),
    (10001, "a side that is none", lambda w: w.order(side="Hold")),
    (10001, "an id that is too long", lambda w: w.order(orderLinkId="x" * 37)),
    (10001, "an id with odd letters", lambda w: w.order(orderLinkId="x1.a")),
    (10001, "an unknown symbol", lambda w: w.order(symbol="NOSUCHUSDT")),
    (10001, "a position index of the other mode", lambda w: w.order(positionIdx=1)),
    (10001, "slippage beside a stop", lambda w: w.order(slippageTolerance="5", stopLoss="140")),
    (10001, "a change to what is there", _after(World.rest, _amend(price="140"))),
    (10001, "more than seven days", lambda w: w.ann.get_executions(**SOL, startTime=1, endTime=8 * 86_400_000)),
    (10001, "leverage of two kinds", _leverage("3", "4")),
    (10001, "positions of nothing", lambda w: w.ann.get_positions(category="linear")),
    (10001, "orders of nothing", lambda w: w.ann.get_open_orders(category="linear")),
    (10002, "too late", lambda w: _late(w, -5001)),
    (10002, "too early", lambda w: _late(w, 1000)),
    (10003, "an unknown key", lambda w: w.order(_with(w.ann, api_key="nobody"))),
    (10004, "a wrong secret", lambda w: w.order(_with(w.ann, api_secret="guessed"))),
    (10005, "a key that reads only", lambda w: w.order(w.account("eve", readOnly=True))),
    (10005, "a key without the right", lambda w: w.order(w.account("eve", permissions=["Position"]))),
    (10006, "eleven in a second", _eleven),
    (10006, "a fault", lambda w: w.faulty("10006")),
    (10010, "another address", lambda w: w.order(w.account("eve", ips=["203.0.113.7"]))),
    (10016, "a fault", lambda w: w.faulty("10016")),
    (33004, "a key after its ninety days", _after_ninety_days),
    (34040, "the same stop", _same_stop),
    (34040, "no stop at all", _after(World.order, _stop(**FULL))),
    (110001, "cancelling nothing", _cancel),
    (110001, "amending nothing", _amend(price="141")),
    (110003, "a price out of all ranges", lambda w: w.rest(price="200000")),
    (110007, "a size beyond the money", lambda w: w.order(qty="700")),
    (110007, "a change beyond the money", _after(World.rest, _amend(qty="900"))),
    (110009, "an eleventh conditional order", _many_stops),
    (110013, "more leverage than there is", _leverage("101")),
    (110017, "reducing nothing", lambda w: w.order(reduceOnly=True)),
    (110017, "reducing upwards", _after(World.order, lambda w: w.order(reduceOnly=True))),
    (110020, "an order after 500", _many_orders),
    (110024, "hedge mode beside a position", _after(World.order, _switch(3))),
    (110025, "one-way mode again", _switch(0)),
    (110028, "hedge mode beside an order", _after(World.rest, _switch(3))),
    (110038, "leverage in portfolio margin", _after(_margin_mode("PORTFOLIO_MARGIN"), _leverage("3"))),
    (110043, "the same leverage", _leverage("10")),
    (110044, "leverage beyond the money", _after(lambda w: w.order(qty="600"), _leverage("1"))),
    (110046, "leverage that liquidates", _after(
        _margin_mode("ISOLATED_MARGIN"), _leverage("5"), World.order,
        lambda w: w.served.set_price("SOLUSDT", "130"), _leverage("20"),
    )),
    (110057, "a stop of what reduces", _after(World.order, _closing_with_a_stop)),
    (110058, "a part beyond the whole", _after(World.order, _stop(**PARTIAL, stopLoss="140", slSize="11"))),
    (110059, "levels of what is filled in part", _when_filled_in_part(stopLoss="120")),
    (110061, "a twenty-first part", _many_parts),
    (110064, "less than what is filled", _when_filled_in_part(qty="500")),
    (110072, "an id twice", _after(World.rest, World.rest)),
    (110077, "hedge mode in portfolio margin", _after(_margin_mode("PORTFOLIO_MARGIN"), _switch(3))),
    (110079, "a change of what is being cancelled", lambda w: (w.rest(), _cancel(w), _cancel(w))),
    (110090, "a position beyond the last tier", _four_large_ones),
    (110092, "a trigger above that is below", lambda w: w.order(triggerPrice="140", triggerDirection=1)),
    (110093, "a trigger below that is above", lambda w: w.order(triggerPrice="160", triggerDirection=2)),
    (110094, "an order of a few cents", lambda w: w.order(symbol="XRPUSDT", qty="1")),
    (110108, "a tolerance of no tick", lambda w: w.order(slippageToleranceType="TickSize", slippageTolerance="0")),
    (110109, "a tolerance of too much", lambda w: w.order(slippageToleranceType="Percent", slippageTolerance="10.01")),
    (3400045, "portfolio margin for little", _too_poor),
)  # fmt: skip

NOT_MADE: dict[str, tuple[int, ...]] = {
    "an account, a region, a contract or a permission of an institution that this world does not have": (
        *(10007, 10008, 10009, 10024, 10027, 10028, 10029, 110018, 110037, 110049, 110050, 110062, 110065, 110066),
        *(110067, 110068, 110069, 110070, 110071, 110080, 110087, 110088, 110119, 110123, 110124, 110125, 110131),
        *(110132, 110135, 110136, 110137),
    ),
    "contracts here are neither new, nor ending, nor restricted, nor inverse, nor spreads": (
        *(30228, 110021, 110022, 110023, 110042, 110063, 110074, 110082, 110083, 110095, 110096, 110097, 110098),
        *(110099, 110100, 110101, 110102, 110103, 110104, 110105, 110106, 110107, 110110, 110111, 110112, 110113),
        *(110114, 110115, 110116, 110117),
    ),
    "every contract here may be in hedge mode": (110029,),
    "a price beyond the band is moved to its edge, as Bybit does for who has not asked otherwise": (
        *(30208, 30209, 110120, 110121),
    ),
    "this world says 110007 or 110044 of whatever money is missing": (
        *(110004, 110006, 110012, 110014, 110045, 110051, 110052, 110053),
    ),
    "this world says 110001 of an order that has ended, and of an id that is none": (110008, 110010, 110019, 110032),
    "this world says 110090 beyond the risk limit": (110016, 110085, 110086, 110089, 3400139),
    "belongs to calls that the bot never makes: margin of a position, risk limit, modes of before": (
        *(110015, 110026, 110027, 110031, 110033, 110034, 110036, 110047, 110048, 110054, 110055, 110056, 110060),
        *(110073, 110075, 110076, 110078),
    ),
    "liquidation here is done at once and in one piece": (110005, 110011, 110035, 110039, 110040, 110041),
    "ids come from the server here, and the book is always deep enough": (110030, 110118),
}


@pytest.fixture
def world(open_world: Open, clock: Clock) -> World:
    made = World(open_world(latency_ms=LATENCY_MS, limits=True), clock)
    made.served.set_price("SOLUSDT", "150")
    return made


@pytest.mark.parametrize(("code", "what", "act"), MADE, ids=[f"{code} {what}" for code, what, _ in MADE])
def test_a_refusal_is_made_with_its_code_at_http_200(world: World, code: int, what: str, act: Act) -> None:
    statuses: list[int] = []
    sent = requests.Session.send

    def send(session: requests.Session, *args: Any, **wishes: Any) -> requests.Response:
        answer = sent(session, *args, **wishes)
        statuses.append(answer.status_code)
        return answer

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(requests.Session, "send", send)
        with pytest.raises(InvalidRequestError, check=lambda error: error.status_code == code):
            act(world)
    assert statuses[-1] == 200


class TestHttp:
    def test_a_private_question_without_a_signature_is_401(self, world: World) -> None:
        answer = requests.get(world.served.url + "/v5/position/list", params=SOL, timeout=20)
        assert (answer.status_code, answer.json()["retCode"]) == (401, 10001)

    def test_a_question_with_a_body_is_403(self, world: World) -> None:
        assert requests.get(world.served.url + "/v5/market/time", json={}, timeout=20).status_code == 403

    def test_an_address_that_asks_too_often_is_403(self, world: World) -> None:
        with requests.Session() as asking:
            statuses = [asking.get(world.served.url + "/v5/market/time", timeout=20).status_code for _ in range(602)]
        assert statuses[-1] == 403
        with pytest.raises(FailedRequestError, check=lambda error: error.status_code == 403):
            world.ann.get_positions(**SOL)

    def test_a_path_that_is_none_is_404(self, world: World) -> None:
        assert requests.get(world.served.url + "/v5/position/nosuch", timeout=20).status_code == 404

    def test_a_gateway_that_fails_is_502(self, world: World) -> None:
        with pytest.raises(FailedRequestError, check=lambda error: error.status_code == 502):
            world.faulty("5xx")


documents = pytest.mark.skipif(not ERROR_CODES.exists(), reason="../shared/bybit/error_codes.json is absent")


@documents
def test_every_documented_code_that_we_understand_is_made_or_listed_with_a_reason() -> None:
    documented = {e["code"] for e in json.loads(ERROR_CODES.read_text()) if e["section"] == "UTA"}
    understood = {code for code in documented if code and codes.meaning(200, code) is not Meaning.UNKNOWN}
    special = {codes.STOP_UNCHANGED, codes.LEVERAGE_UNCHANGED, codes.DUPLICATE_ORDER_LINK_ID, 110079, *codes.KEY_CODES}
    made, listed = {code for code, _, _ in MADE}, {code for reason in NOT_MADE.values() for code in reason}
    assert (understood | special) - made - listed == set()
    assert made & listed == set()
    assert listed <= documented
    assert special <= made | {10007}


@documents
def test_every_code_that_is_made_is_documented() -> None:
    documented = {entry["code"] for entry in json.loads(ERROR_CODES.read_text())}
    assert {code for code, _, _ in MADE} - documented == {3400045}  # which its own page documents
