"""What Bybit lets an account order: the order as it is kept, its room among the others, and its margin."""

from dataclasses import replace
from decimal import Decimal

from sandbox.bybit.ledger import Ledger
from sandbox.bybit.margin import order_margin, tier_of
from sandbox.bybit.model import LONG_SIDE, ONE_WAY, ZERO, Order, Refused
from sandbox.bybit.prices import Prices
from sandbox.bybit.rules import NewOrder, check_new_order, within_band
from sandbox.bybit.settlement import Settlement

MOST_STOPS, MOST_ACTIVE = 10, 500


class Admission:
    """Turns wishes into orders, or refuses them. It keeps nothing."""

    def __init__(self, ledger: Ledger, prices: Prices, settlement: Settlement) -> None:
        self._ledger = ledger
        self._prices = prices
        self._settlement = settlement

    def order_of(self, account: str, asked: NewOrder) -> Order:
        """The order as it would be accepted. Raises Refused."""
        self.check_index(account, asked.symbol, asked.idx)
        if asked.link_id and self._ledger.store.has_link_id(account, asked.link_id):
            raise Refused(110072, "OrderLinkedID is duplicate")
        if asked.idx != ONE_WAY and (asked.side == "Buy") != (asked.idx == LONG_SIDE):
            asked = replace(asked, reduce_only=True)  # one side of hedge mode is never turned into the other
        last = self._prices.last(asked.symbol)
        check_new_order(asked, self._prices.instruments[asked.symbol], last)
        order = self._made(account, asked, last)
        self._check_room(order)
        self.check_margin(order)
        return order

    def check_index(self, account: str, symbol: str, idx: int) -> None:
        """Raises Refused where a position index does not go with the symbol's position mode."""
        if idx not in self._ledger.indexes(account, symbol):
            raise Refused(10001, "position idx not match position mode")

    def check_margin(self, order: Order, instead_of: Order | None = None) -> None:
        """Raises Refused where the margin is missing; only what opens or adds needs any.

        `instead_of` is the order that this one takes the place of, or that has bound its margin already.
        """
        if order.reduce_only or order.is_conditional:
            return
        position = self._ledger.position(order.account, order.symbol, order.idx)
        same_way = position.side in ("", order.side)
        adds = order.qty if same_way else max(ZERO, order.qty - position.size)
        price = order.price or self._prices.last(order.symbol)
        value = (adds + (position.size if same_way else ZERO)) * price
        tier = tier_of(value, self._prices.instruments[order.symbol])
        if tier is None or position.leverage > tier.max_leverage:
            raise Refused(110090, "Order placement failed as your position may exceed the max limit")
        needed = order_margin(replace(order, qty=adds, price=price), position.leverage)
        freed = ZERO if instead_of is None else order_margin(instead_of, position.leverage)
        if needed > self._settlement.wallet(order.account).unbound + freed:
            raise Refused(110007, "ab not enough for new order")

    def _made(self, account: str, asked: NewOrder, last: Decimal) -> Order:
        """The order as it is kept: quantity cut to what it may reduce, price moved into the band."""
        now, market_order = self._ledger.time_ms, asked.order_type == "Market"
        conditional = asked.trigger_price is not None
        has_levels = asked.take_profit is not None or asked.stop_loss is not None
        price = ZERO if market_order else asked.price
        if not market_order and not conditional:
            price = within_band(asked.side, price, last, self._prices.instruments[asked.symbol])
        return Order(
            order_id=self._ledger.new_id("order"),
            link_id=asked.link_id,
            account=account,
            symbol=asked.symbol,
            side=asked.side,
            order_type=asked.order_type,
            qty=self._reducible(account, asked) if asked.reduce_only and not conditional else asked.qty,
            price=price,
            time_in_force="IOC" if market_order else asked.time_in_force,
            status="Untriggered" if conditional else "New",
            created_ms=now,
            updated_ms=now,
            create_type=asked.create_type,
            reduce_only=asked.reduce_only,
            close_on_trigger=asked.close_on_trigger,
            take_profit=asked.take_profit,
            stop_loss=asked.stop_loss,
            tpsl_mode=(asked.tpsl_mode or "Full") if has_levels else "",
            tp_trigger_by=asked.tp_trigger_by if asked.take_profit is not None else "",
            sl_trigger_by=asked.sl_trigger_by if asked.stop_loss is not None else "",
            tp_limit_price=asked.tp_limit_price,
            sl_limit_price=asked.sl_limit_price,
            stop_order_type="Stop" if conditional else "",
            trigger_price=asked.trigger_price,
            trigger_direction=asked.trigger_direction if conditional else 0,
            trigger_by=(asked.trigger_by or "LastPrice") if conditional else "",
            last_price_on_created=last,
            idx=asked.idx,
            slippage_type=asked.slippage_type,
            slippage=asked.slippage,
        )

    def _reducible(self, account: str, asked: NewOrder) -> Decimal:
        position = self._ledger.position(account, asked.symbol, asked.idx)
        if not position.size:
            raise Refused(110017, "current position is zero, cannot fix reduce-only order qty")
        if position.side == asked.side:
            raise Refused(110017, "reduce-only order has same side with current position")
        if asked.closes_all:
            return min(position.size, self._prices.instruments[asked.symbol].max_market_qty)
        return min(asked.qty, position.size)

    def _check_room(self, order: Order) -> None:
        accepted = [o for o in self._ledger.accepted_of(order.account) if o.symbol == order.symbol]
        others = self._ledger.orders_of(order.account, order.symbol) + accepted
        if order.is_conditional and sum(o.stop_order_type == "Stop" for o in others) >= MOST_STOPS:
            raise Refused(110009, "The number of stop orders exceeds the maximum allowable limit 10")
        if len(others) >= MOST_ACTIVE:
            raise Refused(110020, "Not allowed to have more than 500 active orders")
