"""Acts that the practice Bybit refuses, each with its code. SOLUSDT stands at 150."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pybit.unified_trading import HTTP

from sandbox.bybit.model import KEY_LIVES_MS
from sandbox.bybit.rules import NewOrder
from tests.sandbox.bybit.practice_world import Clock, Served

SOL = {"category": "linear", "symbol": "SOLUSDT"}
FULL = {**SOL, "tpslMode": "Full", "positionIdx": 0}
PARTIAL = {**SOL, "tpslMode": "Partial", "positionIdx": 0}


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
