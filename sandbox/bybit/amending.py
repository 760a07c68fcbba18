"""Changes to an open order: its size, its price, its trigger and the levels that are attached to it. Pure."""

from dataclasses import replace
from decimal import Decimal

from sandbox.bybit.instruments import Instrument
from sandbox.bybit.model import Amendment, Order, Refused
from sandbox.bybit.rules import NewOrder, check_amended, within_band

UNCHANGED = "The order remains unchanged as the parameters entered match the existing ones."


def amended(order: Order, asked: Amendment, instrument: Instrument, last: Decimal) -> Order:
    """The open order as it would be.

    Raises Refused: 10001 nothing changes or a filter is broken, 110059 levels of an order that is filled in part,
    110064 a size that has filled already.
    """
    found = _changed(order, asked, instrument, last)
    if found == order:
        raise Refused(10001, UNCHANGED)
    if order.filled_qty and (asked.take_profit is not None or asked.stop_loss is not None):
        raise Refused(110059, "Not allowed to modify the TP/SL of a partially filled open order")
    check_amended(_as_new(found), instrument, last)
    if found.qty <= order.filled_qty:
        raise Refused(110064, "The modified contract quantity cannot be less than or equal to the filled quantity.")
    return found


def _changed(order: Order, asked: Amendment, instrument: Instrument, last: Decimal) -> Order:
    price = order.price
    if asked.price and order.order_type == "Limit":
        price = within_band(order.side, asked.price, last, instrument)
    if asked.trigger_price and order.trigger_price is None:
        raise Refused(10001, "params error: triggerPrice is for conditional orders only")
    take_profit = order.take_profit if asked.take_profit is None else asked.take_profit or None
    stop_loss = order.stop_loss if asked.stop_loss is None else asked.stop_loss or None
    return replace(
        order,
        qty=asked.qty or order.qty,
        price=price,
        trigger_price=asked.trigger_price or order.trigger_price,
        take_profit=take_profit,
        stop_loss=stop_loss,
        tp_trigger_by=(order.tp_trigger_by or "LastPrice") if take_profit else "",
        sl_trigger_by=(order.sl_trigger_by or "LastPrice") if stop_loss else "",
        tpsl_mode=order.tpsl_mode or ("Full" if take_profit or stop_loss else ""),
    )


def _as_new(order: Order) -> NewOrder:
    return NewOrder(
        symbol=order.symbol,
        side=order.side,
        order_type=order.order_type,
        qty=order.qty,
        price=order.price,
        reduce_only=order.reduce_only,
        close_on_trigger=order.close_on_trigger,
        take_profit=order.take_profit,
        stop_loss=order.stop_loss,
        tpsl_mode=order.tpsl_mode,
        tp_limit_price=order.tp_limit_price,
        sl_limit_price=order.sl_limit_price,
        trigger_price=order.trigger_price,
        trigger_direction=order.trigger_direction,
    )
