"""Orders and executions."""

from collections.abc import Callable

from sandbox.bybit.ledger import CLOSED_IN_MEMORY
from sandbox.bybit.model import ONE_WAY, ZERO, Amendment, Order, Refused
from sandbox.bybit.rest.call import Call, Endpoint, Result, page
from sandbox.bybit.rest.words import execution_fields, order_fields
from sandbox.bybit.rules import NewOrder
from sandbox.bybit.source import DAY_MS

CREATE = "/v5/order/create"
MOST_CANCELLED = 500
"""Orders that one request to cancel all takes away."""


def create(call: Call) -> Result:
    """Takes an order; the answer says that it was accepted, not what becomes of it a little later."""
    placed = call.bybit.matching.accept(call.name, asked_order(call))
    call.bybit.faults.meet_order(CREATE, placed.order_id, call.now_ms)
    return {"orderId": placed.order_id, "orderLinkId": placed.link_id}


def asked_order(call: Call) -> NewOrder:
    """The order that a request to create or to check one asks for. Raises Refused where it cannot be read."""
    call.linear()
    symbol = call.instrument().symbol
    qty = call.amount("qty")
    if qty is None:
        raise Refused(10001, "params error: qty is required")
    market_order = call.required("orderType") == "Market"
    slippage = call.amount("slippageTolerance")
    return NewOrder(
        symbol=symbol,
        side=call.required("side"),
        order_type=call.required("orderType"),
        qty=qty,
        price=(None if market_order else call.amount("price")) or ZERO,
        time_in_force=call.text("timeInForce", "GTC"),
        link_id=call.text("orderLinkId"),
        reduce_only=call.flag("reduceOnly"),
        close_on_trigger=call.flag("closeOnTrigger"),
        take_profit=call.amount("takeProfit") or None,
        stop_loss=call.amount("stopLoss") or None,
        tpsl_mode=call.text("tpslMode"),
        tp_trigger_by=call.text("tpTriggerBy", "LastPrice"),
        sl_trigger_by=call.text("slTriggerBy", "LastPrice"),
        tp_limit_price=call.amount("tpLimitPrice") or None,
        sl_limit_price=call.amount("slLimitPrice") or None,
        trigger_price=call.amount("triggerPrice") or None,
        trigger_direction=call.number("triggerDirection", 0),
        trigger_by=call.text("triggerBy"),
        idx=call.number("positionIdx", ONE_WAY),
        slippage_type="" if slippage is None else call.text("slippageToleranceType"),
        slippage=slippage,
    )


def amend(call: Call) -> Result:
    """Accepts a change of an open order, which is made a little later."""
    call.linear()
    call.instrument()
    order_id, link_id = _ids(call)
    asked = Amendment(
        qty=call.amount("qty"),
        price=call.amount("price"),
        trigger_price=call.amount("triggerPrice"),
        take_profit=call.amount("takeProfit"),
        stop_loss=call.amount("stopLoss"),
    )
    order = call.bybit.instructions.amend(call.name, order_id, link_id, asked)
    return {"orderId": order.order_id, "orderLinkId": order.link_id}


def cancel(call: Call) -> Result:
    """Accepts that one open order is to be cancelled, which it is a little later unless it was filled."""
    call.linear()
    call.instrument()
    order_id, link_id = _ids(call)
    order = call.bybit.instructions.cancel(call.name, order_id, link_id)
    return {"orderId": order.order_id, "orderLinkId": order.link_id}


def cancel_all(call: Call) -> Result:
    """Accepts that all open orders of a symbol, a base coin or USDT are to be cancelled.

    Of all kinds, stops and targets of positions too, unless `orderFilter` names one; of StopOrder `stopOrderType` Stop
    spares those.
    """
    call.linear()
    wanted, kind = _scope(call), call.text("orderFilter")
    if kind not in ("", "Order", "StopOrder", "OpenOrder"):
        raise Refused(10001, "params error: orderFilter invalid")
    orders = [o for o in call.bybit.ledger.orders_of(call.name) if wanted(o)]
    if kind in ("Order", "StopOrder"):
        orders = [o for o in orders if _is_kind(o, kind)]
    if kind == "StopOrder" and call.text("stopOrderType") == "Stop":
        orders = [o for o in orders if not o.protects]
    gone = call.bybit.instructions.cancel_each(orders[:MOST_CANCELLED])
    return {"list": [{"orderId": o.order_id, "orderLinkId": o.link_id} for o in gone], "success": "1"}


def realtime(call: Call) -> Result:
    """Open orders; by id also the last 500 closed ones, whatever `openOnly` says, unless a restart forgot them."""
    call.linear()
    wanted = _scope(call)
    ledger = call.bybit.ledger
    order_id, link_id, symbol = call.text("orderId"), call.text("orderLinkId"), call.text("symbol")
    if order_id or link_id:
        found = ledger.store.orders(call.name, symbol=symbol, order_id=order_id, link_id=link_id)
    elif call.number("openOnly", 0, 0, 2) == 1:
        found = ledger.store.orders(call.name, symbol=symbol, closed_only=True, most=CLOSED_IN_MEMORY)
    else:
        found = ledger.orders_of(call.name, symbol)[::-1]
    return _orders_page([o for o in found if ledger.is_in_memory(o) and wanted(o) and _passes(o, call)], call)


def history(call: Call) -> Result:
    """Closed orders of a window of at most seven days, the last seven by default."""
    call.linear()
    first, last = call.window()
    found = call.bybit.ledger.store.orders(
        call.name,
        symbol=call.text("symbol"),
        order_id=call.text("orderId"),
        link_id=call.text("orderLinkId"),
        closed_only=True,
        after_ms=first,
        before_ms=last,
    )
    return _orders_page([o for o in found if _is_remembered(o, call.now_ms) and _passes(o, call)], call)


def executions(call: Call) -> Result:
    """Fills and funding of a window of at most seven days, the last seven by default."""
    call.linear()
    first, last = call.window()
    found = call.bybit.ledger.store.executions(
        call.name,
        symbol=call.text("symbol"),
        order_id=call.text("orderId"),
        link_id=call.text("orderLinkId"),
        exec_type=call.text("execType"),
        after_ms=first,
        before_ms=last,
    )
    coin = call.text("baseCoin")
    wanted = [e for e in found if coin in ("", e.symbol.removesuffix("USDT"))] if _is_usdt(call) else []
    rows, cursor = page([execution_fields(execution) for execution in wanted], call, 50, 100)
    return {"category": "linear", "list": rows, "nextPageCursor": cursor}


def _ids(call: Call) -> tuple[str, str]:
    order_id, link_id = call.text("orderId"), call.text("orderLinkId")
    if not order_id and not link_id:
        raise Refused(10001, "params error: orderId or orderLinkId is required")
    return order_id, link_id


def _is_kind(order: Order, kind: str) -> bool:
    return kind == "" or (kind == "StopOrder") == (order.trigger_price is not None)


def _is_usdt(call: Call) -> bool:
    return call.text("settleCoin", "USDT") == "USDT"


def _passes(order: Order, call: Call) -> bool:
    """The filters on kind, coin and status; a fault may hide a new order for a while."""
    if call.bybit.faults.is_hidden(order.order_id, call.now_ms):
        return False
    if not _is_kind(order, call.text("orderFilter")):
        return False
    if not _is_usdt(call):
        return False
    if call.text("baseCoin") and order.symbol != call.text("baseCoin") + "USDT":
        return False
    return call.text("orderStatus") in ("", order.status)


def _scope(call: Call) -> Callable[[Order], bool]:
    """Which orders a symbol, base coin or settle coin means; one of them must be given."""
    if call.text("symbol"):
        symbol = call.instrument().symbol
        return lambda order: order.symbol == symbol
    base_coin, settle_coin = call.text("baseCoin"), call.text("settleCoin")
    if not base_coin and not settle_coin:
        raise Refused(10001, "params error: symbol, settleCoin or baseCoin is required")
    return lambda order: base_coin in ("", order.symbol.removesuffix("USDT")) and settle_coin in ("", "USDT")


def _is_remembered(order: Order, now_ms: int) -> bool:
    """Without fills a closed order is forgotten after a day."""
    return bool(order.filled_qty) or now_ms - order.updated_ms <= DAY_MS


def _orders_page(orders: list[Order], call: Call) -> Result:
    rows, cursor = page([order_fields(order) for order in orders], call, 20, 50)
    return {"category": "linear", "list": rows, "nextPageCursor": cursor}


ENDPOINTS = (
    Endpoint("POST", CREATE, create, a_second=10, needs="Order"),
    Endpoint("POST", "/v5/order/amend", amend, a_second=10, needs="Order"),
    Endpoint("POST", "/v5/order/cancel", cancel, a_second=10, needs="Order"),
    Endpoint("POST", "/v5/order/cancel-all", cancel_all, a_second=10, needs="Order"),
    Endpoint("GET", "/v5/order/realtime", realtime, needs="Order"),
    Endpoint("GET", "/v5/order/history", history, needs="Order"),
    Endpoint("GET", "/v5/execution/list", executions, needs="Order"),
)
