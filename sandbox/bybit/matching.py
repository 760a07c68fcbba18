"""The matching engine: orders against the market's price. It knows nothing of HTTP and never looks at a clock."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from sandbox.bybit.book import Level, asks, bids
from sandbox.bybit.fills import Fills
from sandbox.bybit.ledger import Ledger
from sandbox.bybit.margin import order_margin, tier_of
from sandbox.bybit.model import WHOLE, ZERO, Order, Refused
from sandbox.bybit.prices import Prices
from sandbox.bybit.rules import NewOrder, check_new_order, within_band
from sandbox.bybit.settlement import Settlement

MOST_STOPS, MOST_ACTIVE = 10, 500


class Matching:
    """Takes orders, fills what crosses the spread at once, and the rest when the price comes by."""

    def __init__(
        self, ledger: Ledger, prices: Prices, fills: Fills, settlement: Settlement, latency_ms: tuple[int, int]
    ) -> None:
        self._ledger = ledger
        self._latency_ms = latency_ms
        self._prices = prices
        self._fills = fills
        self._settlement = settlement

    def place(self, account: str, asked: NewOrder) -> Order:
        """Takes an order and matches it at once. Returns it as accepted. Raises Refused; then nothing has changed."""
        with self._ledger.change():
            order = self.accept(account, asked)
            self.carry_out(order)
            return order

    def accept(self, account: str, asked: NewOrder) -> Order:
        """Takes an order that the engine will take up a little later. Raises Refused; then nothing has changed."""
        order = self.checked(account, asked)
        least, most = self._latency_ms
        after_ms = least + int(order.order_id[:8], 16) % (most - least + 1)
        with self._ledger.change():
            return self._ledger.keep_order(replace(order, status="Created", due_ms=order.created_ms + after_ms))

    def checked(self, account: str, asked: NewOrder) -> Order:
        """The order as it would be accepted; nothing is kept of it. Raises Refused where it would not be."""
        if asked.link_id and self._ledger.store.has_link_id(account, asked.link_id):
            raise Refused(110072, "OrderLinkedID is duplicate")
        last = self._prices.last(asked.symbol)
        check_new_order(asked, self._prices.instruments[asked.symbol], last)
        order = self._accepted(account, asked, last)
        self._check_room(order)
        self.check_margin(order)
        return order

    def carry_out(self, accepted: Order) -> None:
        """The engine takes an accepted order up: it is matched, rests, waits for its trigger or has become void."""
        conditional = accepted.trigger_price is not None
        order = replace(accepted, status="Untriggered" if conditional else "New", updated_ms=self._ledger.time_ms)
        position = self._ledger.position(order.account, order.symbol)
        with self._ledger.change():
            if order.reduce_only and not conditional:
                if not position.size or position.side == order.side:
                    self._ledger.close_order(order, "CancelByReduceOnly")
                    return
                order = replace(order, qty=min(order.qty, position.size))
            self._ledger.keep_order(order)
            if not conditional:
                self.match(order)

    def cancel(self, account: str, order_id: str, link_id: str) -> Order:
        """Cancels an open order. Raises Refused where there is none."""
        order = self.open_order(account, order_id, link_id)
        with self._ledger.change():
            return self._ledger.close_order(order, "CancelByUser")

    def open_order(self, account: str, order_id: str, link_id: str) -> Order:
        """An open order by one of its ids; `order_id` goes first. Raises Refused where there is none."""
        for order in self._ledger.orders_of(account):
            if order.order_id == order_id or (not order_id and order.link_id == link_id):
                return order
        raise Refused(110001, "order not exists or too late to cancel")

    def set_leverage(self, account: str, symbol: str, leverage: Decimal) -> None:
        """Sets a symbol's leverage. Raises Refused where it is the same, out of range or would not be covered."""
        position, largest = self._ledger.position(account, symbol), self._prices.instruments[symbol].max_leverage
        if leverage < 1 or leverage != leverage.quantize(Decimal("0.01")):
            raise Refused(10001, "buy leverage invalid")
        if leverage > largest:
            raise Refused(110013, f"cannot set leverage [{leverage}] gt maxLeverage [{largest}] by risk limit")
        if leverage == position.leverage:
            raise Refused(110043, "leverage not modified")
        value = position.size * self._prices.last(symbol)
        if value / leverage - value / position.leverage > self._settlement.wallet(account).available:
            raise Refused(110044, "Available margin is insufficient")
        with self._ledger.change():
            self._ledger.keep_position(replace(position, leverage=leverage, updated_ms=self._ledger.time_ms))

    def pass_by(self, symbol: str, before: Decimal, now: Decimal, *, gap: bool) -> None:
        """The price went from `before` to `now`: all that waited in between is executed, the nearest first.

        Each at its own level, as the price traded through it; after a `gap` nothing traded there, so at `now`.
        """
        self._prices.see(symbol, now)
        self._trail(symbol, now)
        low, high = min(before, now), max(before, now)
        while waiting := self._reached(symbol, low, high) + [o for o in self._trailing(symbol) if o.is_hit(now)]:
            order = min(waiting, key=lambda o: abs(o.level - before))
            with self._ledger.change():
                if order.status == "Untriggered":
                    self._trigger(order, now if gap else min(max(order.level, low), high))
                else:
                    self._fills.fill(order, order.leaves_qty, order.price, maker=True)

    def _accepted(self, account: str, asked: NewOrder, last: Decimal) -> Order:
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
            status="New",
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
        )

    def _reducible(self, account: str, asked: NewOrder) -> Decimal:
        position = self._ledger.position(account, asked.symbol)
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
        if order.trigger_price is not None and sum(o.stop_order_type == "Stop" for o in others) >= MOST_STOPS:
            raise Refused(110009, "The number of stop orders exceeds the maximum allowable limit 10")
        if len(others) >= MOST_ACTIVE:
            raise Refused(110020, "Not allowed to have more than 500 active orders")

    def check_margin(self, order: Order, instead_of: Order | None = None) -> None:
        """Raises Refused where the margin is missing; only what opens or adds needs any.

        `instead_of` is the order that this one takes the place of.
        """
        if order.reduce_only or order.trigger_price is not None:
            return
        position = self._ledger.position(order.account, order.symbol)
        same_way = position.side in ("", order.side)
        adds = order.qty if same_way else max(ZERO, order.qty - position.size)
        price = order.price or self._prices.last(order.symbol)
        value = (adds + (position.size if same_way else ZERO)) * price
        tier = tier_of(value, self._prices.instruments[order.symbol])
        if tier is None or position.leverage > tier.max_leverage:
            raise Refused(110090, "Order placement failed as your position may exceed the max limit")
        needed = order_margin(replace(order, qty=adds, price=price), position.leverage)
        freed = ZERO if instead_of is None else order_margin(instead_of, position.leverage)
        if needed > self._settlement.wallet(order.account).available + freed:
            raise Refused(110007, "ab not enough for new order")

    def match(self, order: Order) -> None:
        """Fills what crosses the spread now; call it inside `ledger.change()`."""
        offers = self._offers(order)
        offered = sum((offer.qty for offer in offers), ZERO)
        if offers and order.time_in_force == "PostOnly":
            self._ledger.close_order(order, "UNKNOWN", "EC_PostOnlyWillTakeLiquidity")
        elif order.time_in_force == "FOK" and offered < order.leaves_qty:
            self._ledger.close_order(order, "UNKNOWN", "EC_CancelForNoFullFill")
        else:
            self._take(order, offers)

    def _offers(self, order: Order, last: Decimal | None = None) -> list[Level]:
        """What the book offers this order up to its price and as far as it wants, the best first."""
        instrument, offers, wanted = self._prices.instruments[order.symbol], [], order.leaves_qty
        touch = self._prices.touch(order.symbol, order.side, last)
        for level in (asks if order.side == "Buy" else bids)(instrument, touch):
            if wanted <= 0 or not _crosses(order, level.price):
                break
            offers.append(level)
            wanted -= level.qty
        return offers

    def _take(self, order: Order, offers: Iterable[Level]) -> None:
        """Fills an order level by level; what the book does not give rests, or ends where the order may not wait."""
        for offer in offers:
            order = self._fills.fill(order, min(offer.qty, order.leaves_qty), offer.price, maker=False)
            if not order.is_open:
                return
        if order.time_in_force in ("IOC", "FOK"):
            self._ledger.close_order(order, "UNKNOWN", "EC_NoImmediateQtyToFill")
        elif order.status == "Triggered":
            self._ledger.keep_order(replace(order, status="New"))

    def _trail(self, symbol: str, now: Decimal) -> None:
        """Trailing stops wake up at their active price and follow the price where it goes their way."""
        for order in self._trailing(symbol):
            followed = order.followed(now)
            if followed != order:
                with self._ledger.change():
                    self._ledger.keep_order(replace(followed, updated_ms=self._ledger.time_ms))

    def _trailing(self, symbol: str) -> list[Order]:
        return [o for o in self._ledger.open_orders.values() if o.symbol == symbol and o.trailing is not None]

    def _reached(self, symbol: str, low: Decimal, high: Decimal) -> list[Order]:
        return [o for o in self._ledger.open_orders.values() if o.symbol == symbol and o.is_reached(low, high)]

    def _trigger(self, order: Order, at: Decimal) -> None:
        """A conditional order wakes up: it becomes a market or limit order at once."""
        woken = replace(order, status="Triggered", updated_ms=self._ledger.time_ms)
        if order.reduce_only or order.close_on_trigger:
            position = self._ledger.position(order.account, order.symbol)
            if not position.size or position.side == order.side:
                self._ledger.close_order(order, "CancelByReduceOnly")
                return
            whole = order.stop_order_type in WHOLE or order.qty == 0
            woken = replace(woken, qty=position.size if whole else min(order.qty, position.size))
        self._take(woken, self._offers(woken, at))


def _crosses(order: Order, touch: Decimal) -> bool:
    if order.order_type == "Market":
        return True
    return order.price >= touch if order.side == "Buy" else order.price <= touch
