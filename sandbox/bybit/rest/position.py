"""Positions: what is held, its leverage, its stops and how it ended."""

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.bybit.model import ONE_WAY, ZERO, Execution, Order, Position, Refused, plain
from sandbox.bybit.rest.call import Call, Endpoint, Result, page
from sandbox.bybit.rest.words import fine, position_fields
from sandbox.bybit.rules import check_price, check_protection
from sandbox.bybit.stops import Level

if TYPE_CHECKING:
    from sandbox.bybit.practice import PracticeBybit

MOST_PARTIAL = 20


def positions(call: Call) -> Result:
    """A symbol's rows even when it is flat, two in hedge mode, or all that is held."""
    call.linear()
    ledger = call.bybit.ledger
    if call.text("symbol"):
        wanted = ledger.positions_of(call.name, call.instrument().symbol)
    elif call.text("settleCoin"):
        wanted = ledger.held(call.name) if call.text("settleCoin") == "USDT" else []
    else:
        raise Refused(10001, "params error: symbol or settleCoin is required")
    rows, cursor = page([position_row(call.bybit, position) for position in wanted], call, 20, 200)
    return {"category": "linear", "list": rows, "nextPageCursor": cursor}


def position_row(bybit: "PracticeBybit", position: Position) -> Result:
    """A position as the position list shows it now."""
    return position_fields(
        position,
        bybit.ledger.orders_of(position.account, position.symbol),
        bybit.prices.last(position.symbol),
        bybit.ledger.accounts[position.account].margin_mode,
        bybit.settlement.liquidation_price(position),
        bybit.market.instruments[position.symbol],
    )


def trading_stop(call: Call) -> Result:
    """Full sets, amends or ("0") removes the stops of the whole position; Partial only ever adds."""
    call.linear()
    instrument, idx = call.instrument(), call.number("positionIdx", ONE_WAY)
    if idx not in call.bybit.ledger.indexes(call.name, instrument.symbol):
        raise Refused(10001, "position idx not match position mode")
    position = call.bybit.ledger.position(call.name, instrument.symbol, idx)
    if not position.size:
        raise Refused(10001, "can not set tp/sl/ts for zero position")
    mode = call.text("tpslMode", "Full")
    if mode not in ("Full", "Partial"):
        raise Refused(10001, "params error: tpslMode invalid")
    levels = {"TakeProfit": call.amount("takeProfit"), "StopLoss": call.amount("stopLoss")}
    last = call.bybit.prices.last(instrument.symbol)
    for kind, level in levels.items():
        if level:
            check_price(level, instrument, kind)
            check_protection(position.side, level, last, target=kind == "TakeProfit")
    by = {"TakeProfit": call.text("tpTriggerBy", "LastPrice"), "StopLoss": call.text("slTriggerBy", "LastPrice")}
    wanted = [Level(kind, level, by[kind]) for kind, level in levels.items() if level is not None]
    trailing = _trailing(call, position, last)
    if mode == "Full":
        _set_full(call, position, wanted + trailing)
    else:
        if wanted or not trailing:
            _add_partial(call, position, [_with_limit(call, level) for level in wanted if level.price])
        if trailing:
            _set_full(call, position, trailing)
    return {}


def _trailing(call: Call, position: Position, last: Decimal) -> list[Level]:
    """The trailing stop that is asked for, if one is; a distance of 0 takes it away."""
    distance, active = call.amount("trailingStop"), call.amount("activePrice") or None
    if distance is None:
        return []
    if not distance:
        return [Level("TrailingStop", ZERO)]
    check_price(distance, call.instrument(), "trailingStop")
    if active is not None:
        check_price(active, call.instrument(), "activePrice")
        check_protection(position.side, active, last, target=True)
    return [Level("TrailingStop", active or last, trailing=distance, active_price=active)]


def _with_limit(call: Call, level: Level) -> Level:
    """A partial stop or target whose order is a limit order once it is triggered, where that is asked for."""
    short = "tp" if level.kind == "TakeProfit" else "sl"
    if call.text(f"{short}OrderType", "Market") == "Market":
        return level
    price = call.amount(f"{short}LimitPrice")
    if not price:
        raise Refused(10001, f"params error: {short}LimitPrice is required")
    check_price(price, call.instrument(), f"{short}LimitPrice")
    return replace(level, limit_price=price)


def closed_pnl(call: Call) -> Result:
    """The result of each order that closed something, fees included."""
    call.linear()
    first, last = call.window()
    found = call.bybit.ledger.store.executions(
        call.name, symbol=call.text("symbol"), closing_only=True, after_ms=first, before_ms=last
    )
    fills_of: dict[str, list[Execution]] = {}
    for fill in found:  # those of two orders may lie between one another
        fills_of.setdefault(fill.order_id, []).append(fill)
    rows = [_closed(fills) for fills in fills_of.values()]
    rows, cursor = page(rows, call, 50, 100)
    return {"category": "linear", "list": rows, "nextPageCursor": cursor}


def _set_full(call: Call, position: Position, wanted: list[Level]) -> None:
    ledger = call.bybit.ledger
    standing = {o.stop_order_type: o for o in ledger.orders_of(call.name, position.symbol, position.idx)}
    if all(_is_set(standing.get(level.kind), level) for level in wanted):
        raise Refused(34040, "not modified")
    with ledger.change():
        for level in wanted:
            order = standing.get(level.kind)
            if level.price:
                call.bybit.stops.set(position, level)
            elif order is not None:
                call.bybit.stops.clear(order)


def _is_set(standing: Order | None, level: Level) -> bool:
    if standing is None:
        return level.price == 0
    if level.kind == "TrailingStop":
        return (standing.trailing, standing.active_price) == (level.trailing, level.active_price)
    return standing.trigger_price == level.price


def _add_partial(call: Call, position: Position, wanted: list[Level]) -> None:
    sizes = {"TakeProfit": call.amount("tpSize"), "StopLoss": call.amount("slSize")}
    if not wanted:
        raise Refused(34040, "not modified")
    parts = {sizes[level.kind] for level in wanted}
    part = parts.pop()
    if parts:
        raise Refused(10001, "params error: tpSize and slSize must be equal")
    if not part or part > position.size or part % call.instrument().step:
        raise Refused(110058, "You can't set take profit and stop loss due to insufficient size of remaining position")
    orders = call.bybit.ledger.orders_of(call.name, position.symbol, position.idx)
    standing = [o for o in orders if o.tpsl_mode == "Partial"]
    if len(standing) + len(wanted) > MOST_PARTIAL:
        raise Refused(110061, "Not allowed to have more than 20 TP/SLs under Partial tpSlMode")
    with call.bybit.ledger.change():
        for level in wanted:
            call.bybit.stops.set(position, replace(level, part=part))


def _closed(fills: list[Execution]) -> Result:
    newest, oldest = fills[0], fills[-1]
    size = sum((f.closed_size for f in fills), ZERO)
    entry = sum((f.entry_price * f.closed_size for f in fills), ZERO)
    gained = sum((f.result for f in fills), ZERO)
    exit_value = sum((f.price * f.closed_size for f in fills), ZERO)
    open_fee = sum((f.entry_fee for f in fills), ZERO)
    close_fee = sum((f.fee * f.closed_size / f.qty for f in fills), ZERO)
    return {
        "symbol": newest.symbol,
        "orderId": newest.order_id,
        "side": newest.side,
        "qty": plain(newest.order_qty),
        "orderPrice": plain(newest.order_price),
        "orderType": newest.order_type,
        "execType": newest.exec_type,
        "closedSize": plain(size),
        "cumEntryValue": fine(entry),
        "avgEntryPrice": fine(entry / size),
        "cumExitValue": fine(exit_value),
        "avgExitPrice": fine(exit_value / size),
        "closedPnl": fine(gained - open_fee - close_fee),
        "fillCount": str(len(fills)),
        "leverage": plain(newest.leverage),
        "openFee": fine(open_fee),
        "closeFee": fine(close_fee),
        "createdTime": str(oldest.time_ms),
        "updatedTime": str(newest.time_ms),
    }


ENDPOINTS = (
    Endpoint("GET", "/v5/position/list", positions, needs="Position"),
    Endpoint("POST", "/v5/position/trading-stop", trading_stop, a_second=10, needs="Position"),
    Endpoint("GET", "/v5/position/closed-pnl", closed_pnl, needs="Position"),
)
