"""What Bybit refuses before an order exists, with its codes. Pure: a wish, an instrument and prices in."""

import re
from dataclasses import dataclass
from decimal import Decimal

from sandbox.bybit.instruments import Instrument
from sandbox.bybit.model import ONE_WAY, ZERO, Refused

LINK_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")
TIMES_IN_FORCE = ("GTC", "IOC", "FOK", "PostOnly")
TRIGGERS = ("LastPrice", "IndexPrice", "MarkPrice")
CENT = Decimal("0.01")
PRICE_BAND = Decimal("0.05")
"""How far beyond the market a limit price may stand before it is moved to the edge."""


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as it was asked for. `qty` 0 with reduce_only and close_on_trigger closes the whole position."""

    symbol: str
    side: str
    order_type: str
    qty: Decimal
    price: Decimal = ZERO
    time_in_force: str = "GTC"
    link_id: str = ""
    reduce_only: bool = False
    close_on_trigger: bool = False
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    tpsl_mode: str = ""
    tp_trigger_by: str = "LastPrice"
    sl_trigger_by: str = "LastPrice"
    tp_limit_price: Decimal | None = None
    sl_limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    trigger_direction: int = 0
    trigger_by: str = ""
    create_type: str = "CreateByUser"
    idx: int = ONE_WAY
    slippage_type: str = ""
    slippage: Decimal | None = None

    @property
    def closes_all(self) -> bool:
        """It asks for the whole position to be closed."""
        return self.qty == 0 and self.reduce_only and self.close_on_trigger


def check_new_order(order: NewOrder, instrument: Instrument, last: Decimal) -> None:
    """Raises Refused where the order breaks a filter of the instrument or a rule on its levels."""
    _check_words(order)
    if not order.closes_all:
        _check_quantity(order, instrument)
    if order.order_type == "Limit":
        check_price(order.price, instrument, "price")
    if order.trigger_price is not None:
        _check_trigger(order, instrument, last)
    _check_levels(order, instrument, last)
    _check_slippage(order)
    if not order.reduce_only:
        price = order.price if order.order_type == "Limit" else last
        if order.qty * price < instrument.min_notional:
            raise Refused(110094, f"Order does not meet minimum order value {instrument.min_notional}USDT")


def check_amended(order: NewOrder, instrument: Instrument, last: Decimal) -> None:
    """Raises Refused where an open order, as it would be after an amendment, breaks a filter or a rule on its levels.

    A stop or target of a position goes with the position's size, so its own is not looked at.
    """
    if not (order.reduce_only and order.trigger_price is not None):
        _check_quantity(order, instrument)
    if order.order_type == "Limit":
        check_price(order.price, instrument, "price")
    if order.trigger_price is not None:
        _check_trigger(order, instrument, last)
    _check_levels(order, instrument, last)


def check_price(price: Decimal, instrument: Instrument, name: str) -> None:
    """Raises Refused where a price is not on the instrument's ticks or out of its range."""
    if price <= 0:
        raise Refused(10001, f"params error: {name} invalid")
    if price % instrument.tick:
        raise Refused(10001, f"params error: {name} must be a multiple of {instrument.tick}")
    if price > max_price(instrument) or price < instrument.tick:
        raise Refused(110003, "Order price exceeds the allowable range.")


def max_price(instrument: Instrument) -> Decimal:
    """The highest price that may be written."""
    return instrument.tick * 19_999_998


def check_protection(side: str, level: Decimal, base: Decimal, *, target: bool) -> None:
    """Raises Refused where a stop or target of a position of this side stands on the wrong side of `base`."""
    above = (side == "Buy") == target
    if (level > base) == above and level != base:
        return
    name, relation = "TakeProfit" if target else "StopLoss", "higher" if above else "lower"
    text = f"{name}:{level} set for {side} position should be {relation} than base_price:{base}??LastPrice"
    raise Refused(10001, text)


def within_band(side: str, price: Decimal, last: Decimal, instrument: Instrument) -> Decimal:
    """The limit price as Bybit takes it: one beyond the price band is moved to its edge."""
    if side == "Buy":
        edge = last * (1 + PRICE_BAND)
        return price if price <= edge else edge - edge % instrument.tick
    edge = last * (1 - PRICE_BAND)
    return price if price >= edge else edge - edge % instrument.tick + instrument.tick


def _check_words(order: NewOrder) -> None:
    if order.side not in ("Buy", "Sell"):
        raise Refused(10001, "Side invalid")
    if order.order_type not in ("Market", "Limit"):
        raise Refused(10001, "params error: orderType invalid")
    if order.time_in_force not in TIMES_IN_FORCE:
        raise Refused(10001, "params error: timeInForce invalid")
    if order.link_id and not LINK_ID.fullmatch(order.link_id):
        raise Refused(10001, "params error: OrderLinkId invalid")
    if order.tpsl_mode not in ("", "Full", "Partial"):
        raise Refused(10001, "params error: tpslMode invalid")
    if any(by not in ("", *TRIGGERS) for by in (order.tp_trigger_by, order.sl_trigger_by, order.trigger_by)):
        raise Refused(10001, "params error: trigger price type invalid")


def _check_quantity(order: NewOrder, instrument: Instrument) -> None:
    largest = instrument.max_market_qty if order.order_type == "Market" else instrument.max_limit_qty
    if order.qty <= 0 or order.qty % instrument.step:
        raise Refused(10001, "Qty invalid")
    if order.qty < instrument.step:
        raise Refused(10001, "The number of contracts exceeds minimum limit allowed")
    if order.qty > largest:
        raise Refused(10001, f"The number of contracts exceeds maximum limit allowed: too large, order_qty:{order.qty}")


def _check_trigger(order: NewOrder, instrument: Instrument, last: Decimal) -> None:
    assert order.trigger_price is not None
    check_price(order.trigger_price, instrument, "triggerPrice")
    if order.trigger_direction not in (1, 2):
        raise Refused(10001, "TriggerDirection invalid")
    if order.trigger_direction == 1 and order.trigger_price <= last:
        raise Refused(110092, f"expect Rising, but trigger_price[{order.trigger_price}] <= current[{last}]??laste")
    if order.trigger_direction == 2 and order.trigger_price >= last:
        raise Refused(110093, f"expect Falling, but trigger_price[{order.trigger_price}] >= current[{last}]??last")


def _check_slippage(order: NewOrder) -> None:
    if order.slippage is None:
        return
    has_levels = order.take_profit is not None or order.stop_loss is not None
    if order.order_type != "Market" or has_levels or order.trigger_price is not None:
        raise Refused(10001, "params error: slippageTolerance is for market orders without TP/SL only")
    if order.slippage_type not in ("TickSize", "Percent"):
        raise Refused(10001, "params error: slippageToleranceType invalid")
    if order.slippage_type == "TickSize" and (not 1 <= order.slippage <= 10_000 or order.slippage % 1):
        raise Refused(110108, "Allowable range: 1 to 10000 tick size")
    if order.slippage_type == "Percent" and (not CENT <= order.slippage <= 10 or order.slippage % CENT):
        raise Refused(110109, "Allowable range: 0.01% to 10%")


def _check_levels(order: NewOrder, instrument: Instrument, last: Decimal) -> None:
    if order.take_profit is None and order.stop_loss is None:
        return
    if order.reduce_only:
        raise Refused(110057, "Conditional order or limit order contains TP/SL related params")
    if order.tpsl_mode != "Partial" and (order.tp_limit_price is not None or order.sl_limit_price is not None):
        raise Refused(10001, "params error: tpslMode Full supports market orders only")
    base = order.price if order.order_type == "Limit" else order.trigger_price or last
    for level, target in ((order.take_profit, True), (order.stop_loss, False)):
        if level is not None:
            check_price(level, instrument, "takeProfit" if target else "stopLoss")
            check_protection(order.side, level, base, target=target)
