"""Orders, executions and positions in Bybit's own fields."""

from decimal import Decimal

from sandbox.bybit.instruments import Instrument
from sandbox.bybit.margin import TAKER_FEE, maintenance_of, position_margin, tier_of
from sandbox.bybit.model import PORTFOLIO, ZERO, Execution, Order, Position, plain
from sandbox.bybit.rest.call import Result
from sandbox.bybit.rules import max_price

CENT = Decimal("0.00000001")


def fine(amount: Decimal) -> str:
    """Money and averages: up to 8 decimals."""
    return plain(amount.quantize(CENT))


def level(price: Decimal | None) -> str:
    """A price level, "" where there is none."""
    return "" if price is None else plain(price)


def order_fields(order: Order) -> Result:
    """An order as realtime, history and the ledger show it."""
    price = order.price or order.avg_price or ZERO
    return {
        "orderId": order.order_id,
        "orderLinkId": order.link_id,
        "parentOrderLinkId": order.parent_link_id,
        "blockTradeId": "",
        "symbol": order.symbol,
        "price": plain(order.price),
        "qty": plain(order.qty),
        "side": order.side,
        "isLeverage": "",
        "positionIdx": order.idx,
        "orderStatus": order.status,
        "createType": order.create_type,
        "cancelType": order.cancel_type,
        "rejectReason": order.reject_reason,
        "avgPrice": "" if order.avg_price is None else fine(order.avg_price),
        "leavesQty": plain(order.leaves_qty),
        "leavesValue": fine(order.leaves_qty * price),
        "cumExecQty": plain(order.filled_qty),
        "cumExecValue": fine(order.filled_value),
        "cumExecFee": fine(order.fee),
        "timeInForce": order.time_in_force,
        "orderType": order.order_type,
        "stopOrderType": order.stop_order_type,
        "orderIv": "",
        "marketUnit": "",
        "slippageToleranceType": order.slippage_type or "UNKNOWN",
        "slippageTolerance": level(order.slippage),
        "triggerPrice": level(order.trigger_price),
        "takeProfit": level(order.take_profit),
        "stopLoss": level(order.stop_loss),
        "tpslMode": order.tpsl_mode,
        "ocoTriggerBy": "OcoTriggerByUnknown",
        "tpLimitPrice": level(order.tp_limit_price),
        "slLimitPrice": level(order.sl_limit_price),
        "tpTriggerBy": order.tp_trigger_by,
        "slTriggerBy": order.sl_trigger_by,
        "triggerDirection": order.trigger_direction,
        "triggerBy": order.trigger_by,
        "lastPriceOnCreated": level(order.last_price_on_created),
        "basePrice": "",
        "reduceOnly": order.reduce_only,
        "closeOnTrigger": order.close_on_trigger,
        "placeType": "",
        "smpType": "None",
        "smpGroup": 0,
        "smpOrderId": "",
        "createdTime": str(order.created_ms),
        "updatedTime": str(order.updated_ms),
        "extraFees": "",
        "cumFeeDetail": {"USDT": fine(order.fee)} if order.filled_qty else {},
        "rpiTakerAccess": False,
        "rpiMatchedQty": "0",
    }


def execution_fields(execution: Execution) -> Result:
    """A fill or funding payment as the execution list shows it."""
    return {
        "symbol": execution.symbol,
        "orderId": execution.order_id,
        "orderLinkId": execution.link_id,
        "side": execution.side,
        "orderPrice": plain(execution.order_price),
        "orderQty": plain(execution.order_qty),
        "leavesQty": plain(execution.leaves_qty),
        "createType": execution.create_type,
        "orderType": execution.order_type,
        "stopOrderType": execution.stop_order_type,
        "execFee": fine(execution.fee),
        "execFeeV2": "",
        "execId": execution.exec_id,
        "execPrice": plain(execution.price),
        "execQty": plain(execution.qty),
        "execType": execution.exec_type,
        "execValue": fine(execution.value),
        "execTime": str(execution.time_ms),
        "feeCurrency": "",
        "isMaker": execution.is_maker,
        "feeRate": plain(execution.fee_rate),
        "tradeIv": "",
        "markIv": "",
        "markPrice": plain(execution.mark_price),
        "indexPrice": "",
        "underlyingPrice": "",
        "blockTradeId": "",
        "closedSize": plain(execution.closed_size),
        "seq": execution.sequence,
        "extraFees": "",
    }


def position_fields(
    position: Position,
    stops: list[Order],
    mark: Decimal,
    mode: str,
    liquidation: Decimal | None,
    instrument: Instrument,
) -> Result:
    """A position, or a flat symbol's row, as the position list shows it; `mode` is the account's margin mode."""
    held, is_portfolio = position.size > 0, mode == PORTFOLIO
    margin = fine(position_margin(position, mark, mode)) if held and not is_portfolio else ""
    maintenance = fine(maintenance_of(position, mark, instrument)) if held and not is_portfolio else ""
    mine = [o for o in stops if (o.symbol, o.idx) == (position.symbol, position.idx)]
    levels = {o.stop_order_type: o.trigger_price for o in mine}
    trailing = next((o.trailing for o in mine if o.trailing is not None), ZERO)
    tier = tier_of(position.size * mark, instrument) or instrument.tiers()[-1]
    return {
        "positionIdx": position.idx,
        "riskId": 0 if is_portfolio else tier.number,
        "riskLimitValue": "0" if is_portfolio else plain(tier.limit),
        "symbol": position.symbol,
        "side": position.side,
        "size": plain(position.size),
        "avgPrice": fine(position.avg_price) if held else "0",
        "positionValue": fine(position.size * position.avg_price) if held else "",
        "autoAddMargin": 0,
        "positionStatus": "Normal",
        "leverage": "" if is_portfolio else plain(position.leverage),
        "breakEvenPrice": fine(break_even(position)) if held else "",
        "markPrice": plain(mark),
        "liqPrice": _within_prices(liquidation, instrument),
        "positionIM": margin,
        "positionIMByMp": margin,
        "positionMM": maintenance,
        "positionMMByMp": maintenance,
        "takeProfit": level(levels.get("TakeProfit")),
        "stopLoss": level(levels.get("StopLoss")),
        "trailingStop": plain(trailing),
        "sessionAvgPrice": "",
        "delta": "",
        "gamma": "",
        "vega": "",
        "theta": "",
        "unrealisedPnl": fine(position.open_result(mark)) if held else "",
        "curRealisedPnl": fine(position.current_realised) if held else "0",
        "cumRealisedPnl": fine(position.all_realised),
        "adlRankIndicator": 2 if held else 0,
        "createdTime": str(position.created_ms),
        "updatedTime": str(position.updated_ms),
        "openTime": position.opened_ms,
        "seq": position.sequence or -1,
        "isReduceOnly": False,
        "mmrSysUpdatedTime": "",
        "leverageSysUpdatedTime": "",
        "tpslMode": "Full",
        "bustPrice": "",
        "positionBalance": "" if is_portfolio else margin or "0",
        "tradeMode": 0,
    }


def _within_prices(price: Decimal | None, instrument: Instrument) -> str:
    """A liquidation price on its tick; "" where none is or it lies outside the prices that may be written."""
    if price is None or not instrument.tick < price < max_price(instrument):
        return ""
    return plain(price // instrument.tick * instrument.tick)


def break_even(position: Position) -> Decimal:
    """Where closing at the taker fee gives back all that the present holding cost."""
    cost = position.avg_price * position.size - position.sign * position.current_realised
    return cost / (position.size * (1 - position.sign * TAKER_FEE))
