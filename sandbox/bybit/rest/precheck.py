"""What an order would do to the account's margin, before it exists."""

from dataclasses import replace
from decimal import Decimal

from sandbox.bybit.margin import maintenance_of, position_margin
from sandbox.bybit.model import ZERO, Order, Position
from sandbox.bybit.rest.call import Call, Endpoint, Result
from sandbox.bybit.rest.order import asked_order

PER_TEN_THOUSAND = 10_000


def pre_check(call: Call) -> Result:
    """The account's margin rates as they are and as they would be once the whole order was filled, in 1/10,000.

    Refused with the code with which placing the order would be refused. No order comes of it.
    """
    order = call.bybit.matching.checked(call.name, asked_order(call))
    instrument = call.bybit.market.instruments[order.symbol]
    wallet = call.bybit.settlement.wallet(call.name)
    before = call.bybit.ledger.position(call.name, order.symbol, order.idx)
    after, mark = filled(before, order), call.bybit.prices.last(order.symbol)
    bound = wallet.position_margin + wallet.order_margin
    bound_after = bound - position_margin(before, mark, wallet.mode) + position_margin(after, mark, wallet.mode)
    kept = wallet.maintenance
    kept_after = kept - maintenance_of(before, mark, instrument) + maintenance_of(after, mark, instrument)
    return {
        "orderId": order.order_id,
        "orderLinkId": order.link_id,
        "preImrE4": _rate(bound, wallet.equity),
        "preMmrE4": _rate(kept, wallet.equity),
        "postImrE4": _rate(bound_after, wallet.equity),
        "postMmrE4": _rate(kept_after, wallet.equity),
    }


def filled(position: Position, order: Order) -> Position:
    """The position's side and size once the order was filled; an order that waits for a trigger changes nothing."""
    if order.trigger_price is not None:
        return position
    size = position.size * position.sign + (order.qty if order.side == "Buy" else -order.qty)
    side = "Buy" if size > 0 else "Sell" if size < 0 else ""
    return replace(position, side=side, size=abs(size))


def _rate(part: Decimal, equity: Decimal) -> int:
    return int(part / equity * PER_TEN_THOUSAND) if equity > ZERO else 0


ENDPOINTS = (Endpoint("POST", "/v5/order/pre-check", pre_check, a_second=10, needs="Order"),)
