"""Changes to an open order: its size, its price, its trigger and the levels that are attached to it."""

from dataclasses import dataclass, replace
from decimal import Decimal

from sandbox.bybit.ledger import Ledger
from sandbox.bybit.matching import Matching
from sandbox.bybit.model import Order, Refused
from sandbox.bybit.prices import Prices
from sandbox.bybit.rules import NewOrder, check_amended, within_band

UNCHANGED = "The order remains unchanged as the parameters entered match the existing ones."


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is to become of an order; None leaves a part as it is, a level of 0 is taken away."""

    qty: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None


class Amending:
    """Amends orders that rest or wait for their trigger."""

    def __init__(self, ledger: Ledger, prices: Prices, matching: Matching) -> None:
        self._ledger = ledger
        self._prices = prices
        self._matching = matching

    def amend(self, account: str, order_id: str, link_id: str, asked: Amendment) -> Order:
        """Amends an open order and matches it where it crosses now.

        Raises Refused: 110001 no such order, 10001 nothing changes or a filter is broken, 110007 no margin for it.
        """
        order = self._matching.open_order(account, order_id, link_id)
        amended = self._amended(order, asked)
        if amended == order:
            raise Refused(10001, UNCHANGED)
        last = self._prices.last(order.symbol)
        check_amended(_as_new(amended), self._prices.instruments[order.symbol], last)
        if amended.qty <= order.filled_qty:
            raise Refused(10001, "params error: qty must exceed what is filled")
        self._matching.check_margin(amended, instead_of=order)
        with self._ledger.change():
            kept = self._ledger.keep_order(replace(amended, updated_ms=self._ledger.time_ms))
            if kept.status != "Untriggered":
                self._matching.match(kept)
            return kept

    def _amended(self, order: Order, asked: Amendment) -> Order:
        instrument, last = self._prices.instruments[order.symbol], self._prices.last(order.symbol)
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
