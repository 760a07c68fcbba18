"""The matching engine: orders against the market's price, and what a fill does to position, money and stops."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from sandbox.bybit.instruments import Instrument
from sandbox.bybit.ledger import Ledger
from sandbox.bybit.margin import MAKER_FEE, TAKER_FEE, Wallet, order_margin, tier_of, wallet_of
from sandbox.bybit.market import Market
from sandbox.bybit.model import ZERO, Execution, Order, Position, Refused
from sandbox.bybit.rules import NewOrder, check_new_order, within_band

BY_TRIGGER = {
    "StopLoss": "CreateByStopLoss",
    "TakeProfit": "CreateByTakeProfit",
    "PartialStopLoss": "CreateByPartialStopLoss",
    "PartialTakeProfit": "CreateByPartialTakeProfit",
}
MOST_STOPS, MOST_ACTIVE, MOST_PARTIAL = 10, 500, 20
Price = Callable[[str], Decimal]


class Matching:
    """Places, fills and closes. It reads prices through `price` at the ledger's time and never looks at a clock."""

    def __init__(self, market: Market, ledger: Ledger) -> None:
        self.market = market
        self.ledger = ledger
        self._marks: dict[str, Decimal] = {}

    # prices

    def price(self, symbol: str) -> Decimal:
        """The last price at the ledger's time."""
        return self._marks.get(symbol) or self.market.last(symbol, self.ledger.time_ms)

    def see(self, symbol: str, price: Decimal) -> None:
        """While time is walked through: the price of a symbol at the moment that is looked at."""
        self._marks[symbol] = price

    def forget_prices(self) -> None:
        """The walk is over; prices are the market's own again."""
        self._marks.clear()

    def quotes(self, symbol: str, last: Decimal | None = None) -> tuple[Decimal, Decimal]:
        """Best bid and ask around the last price."""
        return quotes_around(last or self.price(symbol), self.market.instruments[symbol])

    # what an account is asked for

    def wallet(self, account: str) -> Wallet:
        """The account's wallet at present prices."""
        held, orders = self.ledger.held(account), self.ledger.orders_of(account)
        marks = {p.symbol: self.price(p.symbol) for p in held}
        leverages = {o.symbol: self.ledger.position(account, o.symbol).leverage for o in orders}
        kept = self.ledger.accounts[account]
        return wallet_of(kept, held, orders, marks, self.market.instruments, leverages)

    def place(self, account: str, asked: NewOrder) -> Order:
        """Takes an order and matches it. Raises Refused, and then nothing has changed."""
        instrument = self.market.instruments[asked.symbol]
        if asked.link_id and self.ledger.store.orders(account, link_id=asked.link_id):
            raise Refused(110072, "OrderLinkedID is duplicate")
        last = self.price(asked.symbol)
        check_new_order(asked, instrument, last)
        order = self._accepted(account, asked, last)
        self._check_room(order)
        self._check_margin(order)
        with self.ledger.change():
            self.ledger.keep_order(order)
            if order.status == "New":
                self._match_new(order)
            return order

    def cancel(self, account: str, order_id: str, link_id: str) -> Order:
        """Cancels an open order. Raises Refused where there is none."""
        for order in self.ledger.orders_of(account):
            if order.order_id == order_id or (not order_id and order.link_id == link_id):
                with self.ledger.change():
                    return self._close_order(order, "CancelByUser")
        raise Refused(110001, "order not exists or too late to cancel")

    def set_leverage(self, account: str, symbol: str, leverage: Decimal) -> None:
        """Sets a symbol's leverage. Raises Refused where it is the same, out of range or would not be covered."""
        position, instrument = self.ledger.position(account, symbol), self.market.instruments[symbol]
        if leverage < 1 or leverage != leverage.quantize(Decimal("0.01")):
            raise Refused(10001, "buy leverage invalid")
        if leverage > instrument.max_leverage:
            raise Refused(
                110013, f"cannot set leverage [{leverage}] gt maxLeverage [{instrument.max_leverage}] by risk limit"
            )
        if leverage == position.leverage:
            raise Refused(110043, "leverage not modified")
        value = position.size * self.price(symbol)
        extra = value / leverage - value / position.leverage
        if extra > self.wallet(account).available:
            raise Refused(110044, "Available margin is insufficient")
        with self.ledger.change():
            self.ledger.keep_position(replace(position, leverage=leverage, updated_ms=self.ledger.time_ms))

    # what time does

    def look(self, symbol: str, before: Decimal, now: Decimal, *, gap: bool) -> None:
        """The price went from `before` to `now`: everything that waited in between is executed, the nearest first."""
        self.see(symbol, now)
        while waiting := self._reached(symbol, before, now):
            order = min(waiting, key=lambda o: (abs(_level(o) - before), o.stop_order_type == "TakeProfit"))
            at = now if gap else _level(order)
            with self.ledger.change():
                if order.trigger_price is not None and order.status == "Untriggered":
                    self._trigger(order, at)
                else:
                    self._fill(order, order.leaves_qty, order.price, maker=True)

    def liquidate_the_ruined(self) -> None:
        """Closes everything of accounts whose equity fell to their maintenance margin."""
        for account in {p.account for p in self.ledger.positions.values() if p.size > 0}:
            wallet = self.wallet(account)
            if wallet.maintenance > 0 and wallet.equity <= wallet.maintenance:
                self._liquidate(account)

    def pay_funding(self, rates: dict[str, Decimal]) -> None:
        """Longs pay shorts `rate` of the position's value (or the other way round where it is negative)."""
        for position in [p for p in self.ledger.positions.values() if p.size > 0]:
            with self.ledger.change():
                self._pay_funding(position, rates[position.symbol])

    def is_waiting(self, symbol: str) -> bool:
        """Something of this symbol depends on its price: an open order or a position."""
        orders, positions = self.ledger.open_orders.values(), self.ledger.positions.values()
        return any(o.symbol == symbol for o in orders) or any(p.symbol == symbol and p.size > 0 for p in positions)

    # inside

    def _accepted(self, account: str, asked: NewOrder, last: Decimal) -> Order:
        """The order as it is kept: quantity cut to what it may reduce, price moved into the band."""
        now, market_order = self.ledger.time_ms, asked.order_type == "Market"
        conditional = asked.trigger_price is not None
        has_levels = asked.take_profit is not None or asked.stop_loss is not None
        instrument = self.market.instruments[asked.symbol]
        price = ZERO if market_order else asked.price
        if not market_order and not conditional:
            price = within_band(asked.side, price, last, instrument)
        return Order(
            order_id=self.ledger.new_id("order"),
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
        )

    def _reducible(self, account: str, asked: NewOrder) -> Decimal:
        position = self.ledger.position(account, asked.symbol)
        if not position.size:
            raise Refused(110017, "current position is zero, cannot fix reduce-only order qty")
        if position.side == asked.side:
            raise Refused(110017, "reduce-only order has same side with current position")
        largest = self.market.instruments[asked.symbol].max_market_qty
        if asked.closes_all:
            return min(position.size, largest)
        return min(asked.qty, position.size)

    def _check_room(self, order: Order) -> None:
        others = self.ledger.orders_of(order.account, order.symbol)
        if order.trigger_price is not None and sum(o.stop_order_type == "Stop" for o in others) >= MOST_STOPS:
            raise Refused(110009, "The number of stop orders exceeds the maximum allowable limit 10")
        if len(others) >= MOST_ACTIVE:
            raise Refused(110020, "Not allowed to have more than 500 active orders")

    def _check_margin(self, order: Order) -> None:
        """Only what opens or adds needs margin."""
        if order.reduce_only or order.trigger_price is not None:
            return
        position = self.ledger.position(order.account, order.symbol)
        adds = order.qty if position.side in ("", order.side) else max(ZERO, order.qty - position.size)
        price = order.price or self.price(order.symbol)
        kept = position.size if position.side in ("", order.side) else ZERO
        tier = tier_of((kept + adds) * price, self.market.instruments[order.symbol])
        if tier is None or position.leverage > tier.max_leverage:
            raise Refused(110090, "Order placement failed as your position may exceed the max limit")
        needed = order_margin(replace(order, qty=adds, price=price), position.leverage)
        if needed > self.wallet(order.account).available:
            raise Refused(110007, "ab not enough for new order")

    def _match_new(self, order: Order) -> None:
        bid, ask = self.quotes(order.symbol)
        touch = ask if order.side == "Buy" else bid
        crosses = order.order_type == "Market" or (order.price >= ask if order.side == "Buy" else order.price <= bid)
        if crosses and order.time_in_force == "PostOnly":
            self._close_order(order, "UNKNOWN", "EC_PostOnlyWillTakeLiquidity")
        elif crosses:
            self._fill(order, order.qty, touch, maker=False)
        elif order.time_in_force in ("IOC", "FOK"):
            self._close_order(order, "UNKNOWN", "EC_NoImmediateQtyToFill")

    def _reached(self, symbol: str, before: Decimal, now: Decimal) -> list[Order]:
        low, high = min(before, now), max(before, now)
        return [o for o in self.ledger.open_orders.values() if o.symbol == symbol and _is_reached(o, low, high)]

    def _trigger(self, order: Order, at: Decimal) -> None:
        """A conditional order wakes up: it becomes a market or limit order at once."""
        position = self.ledger.position(order.account, order.symbol)
        woken = replace(order, status="Triggered", updated_ms=self.ledger.time_ms)
        if order.reduce_only or order.close_on_trigger:
            if not position.size or position.side == order.side:
                self._close_order(order, "CancelByReduceOnly")
                return
            whole = order.stop_order_type in ("StopLoss", "TakeProfit") or order.qty == 0
            woken = replace(woken, qty=position.size if whole else min(order.qty, position.size))
        bid, ask = self.quotes(order.symbol, at)
        touch = ask if order.side == "Buy" else bid
        if order.order_type == "Market" or (order.price >= ask if order.side == "Buy" else order.price <= bid):
            self._fill(woken, woken.qty, touch, maker=False)
        else:
            self.ledger.keep_order(replace(woken, status="New"))

    def _fill(self, order: Order, qty: Decimal, price: Decimal, *, maker: bool, exec_type: str = "Trade") -> Order:
        """One fill: execution, money, position, order; then the stops that belong to what is held now."""
        position = self.ledger.position(order.account, order.symbol)
        if order.reduce_only:
            qty = min(qty, position.size) if position.side not in ("", order.side) else ZERO
        if not qty:
            return self._close_order(order, "CancelByReduceOnly")
        rate = MAKER_FEE if maker else TAKER_FEE
        fee = qty * price * rate
        closed = min(qty, position.size) if position.side not in ("", order.side) else ZERO
        result = (price - position.avg_price) * closed * position.sign
        entry_fee = position.entry_fees * closed / position.size if closed else ZERO
        filled = order.filled_qty + qty
        changed = replace(
            order,
            filled_qty=filled,
            filled_value=order.filled_value + qty * price,
            fee=order.fee + fee,
            status="Filled" if filled == order.qty else "PartiallyFilled",
            updated_ms=self.ledger.time_ms,
        )
        self.ledger.keep_order(changed)
        self._keep_fill(changed, qty, price, fee, rate, maker, exec_type, closed, result, position, entry_fee)
        self._move_money(order.account, result - fee, fee)
        after = position_after(position, order.side, qty, price, fee, result, closed, entry_fee)
        self.ledger.keep_position(
            replace(
                after,
                created_ms=after.created_ms or self.ledger.time_ms,
                opened_ms=self.ledger.time_ms if after.opened_ms == 0 and after.size else after.opened_ms,
                updated_ms=self.ledger.time_ms,
                sequence=self.ledger.next_sequence(),
            )
        )
        self._tend_stops(changed, qty, position, after)
        return changed

    def _keep_fill(
        self,
        order: Order,
        qty: Decimal,
        price: Decimal,
        fee: Decimal,
        rate: Decimal,
        maker: bool,
        exec_type: str,
        closed: Decimal,
        result: Decimal,
        before: Position,
        entry_fee: Decimal,
    ) -> None:
        self.ledger.keep_execution(
            Execution(
                exec_id=self.ledger.new_id("execution"),
                account=order.account,
                symbol=order.symbol,
                order_id=order.order_id,
                link_id=order.link_id,
                side=order.side,
                order_price=order.price,
                order_qty=order.qty,
                leaves_qty=order.qty - order.filled_qty,
                create_type=order.create_type,
                order_type=order.order_type,
                stop_order_type=order.stop_order_type,
                price=price,
                qty=qty,
                fee=fee,
                fee_rate=rate,
                exec_type=exec_type,
                is_maker=maker,
                mark_price=self.price(order.symbol),
                closed_size=closed,
                result=result,
                entry_price=before.avg_price if closed else ZERO,
                entry_fee=entry_fee,
                leverage=before.leverage,
                time_ms=self.ledger.time_ms,
                sequence=self.ledger.next_sequence(),
            )
        )

    def _move_money(self, account: str, amount: Decimal, fee: Decimal) -> None:
        kept = self.ledger.accounts[account]
        self.ledger.keep_account(replace(kept, wallet=kept.wallet + amount, realised=kept.realised + amount))

    def _tend_stops(self, order: Order, qty: Decimal, before: Position, after: Position) -> None:
        """Stops die with their position, follow its size, and are born with the first fill that carries them."""
        if before.side and after.side != before.side:
            for stop in self.ledger.orders_of(order.account, order.symbol):
                if stop.order_id != order.order_id and (stop.protects or stop.reduce_only):
                    self._close_order(stop, "CancelByTpSlTsClear" if stop.protects else "CancelByReduceOnly")
        if not after.size:
            return
        opened = after.side == order.side and not order.reduce_only
        for level, kind in ((order.take_profit, "TakeProfit"), (order.stop_loss, "StopLoss")):
            if level is not None and opened:
                self.protect(after, kind, level, order, qty if order.tpsl_mode == "Partial" else None)
        for stop in self.ledger.orders_of(order.account, order.symbol):
            if stop.stop_order_type in ("StopLoss", "TakeProfit") and stop.qty != after.size:
                self.ledger.keep_order(replace(stop, qty=after.size, updated_ms=self.ledger.time_ms))

    def protect(
        self, position: Position, kind: str, level: Decimal, parent: Order | None, part: Decimal | None = None
    ) -> None:
        """Sets a position's stop or target (`kind` StopLoss or TakeProfit): the whole one, amending what is there, or a part."""
        by = "LastPrice"
        if parent is not None:
            by = (parent.tp_trigger_by if kind == "TakeProfit" else parent.sl_trigger_by) or by
        falls = (position.side == "Buy") == (kind == "StopLoss")
        now = self.ledger.time_ms
        stops = self.ledger.orders_of(position.account, position.symbol)
        standing = next((o for o in stops if o.stop_order_type == kind), None)
        if part is None and standing is not None and (parent is None or parent.link_id == standing.parent_link_id):
            self.ledger.keep_order(replace(standing, trigger_price=level, qty=position.size, updated_ms=now))
            return
        if part is None and standing is not None:
            self._close_order(standing, "CancelByTpSlTsClear")
        stop_order_type = kind if part is None else f"Partial{kind}"
        limit = None
        if parent is not None:
            limit = parent.tp_limit_price if kind == "TakeProfit" else parent.sl_limit_price
        self.ledger.keep_order(
            Order(
                order_id=self.ledger.new_id("order"),
                link_id="",
                account=position.account,
                symbol=position.symbol,
                side="Sell" if position.side == "Buy" else "Buy",
                order_type="Market" if limit is None else "Limit",
                qty=position.size if part is None else part,
                price=limit or ZERO,
                time_in_force="IOC" if limit is None else "GTC",
                status="Untriggered",
                created_ms=now,
                updated_ms=now,
                create_type=BY_TRIGGER[stop_order_type],
                reduce_only=True,
                close_on_trigger=True,
                tpsl_mode="Full" if part is None else "Partial",
                stop_order_type=stop_order_type,
                trigger_price=level,
                trigger_direction=2 if falls else 1,
                trigger_by=by,
                parent_link_id=parent.link_id if parent is not None else "",
                last_price_on_created=self.price(position.symbol),
            )
        )

    def unprotect(self, stop: Order) -> None:
        """Takes a stop or target away."""
        self._close_order(stop, "CancelByTpSlTsClear")

    def _close_order(self, order: Order, cancel_type: str, reason: str = "EC_NoError") -> Order:
        status = "Deactivated" if order.status == "Untriggered" else "Cancelled"
        return self.ledger.keep_order(
            replace(order, status=status, cancel_type=cancel_type, reject_reason=reason, updated_ms=self.ledger.time_ms)
        )

    def _liquidate(self, account: str) -> None:
        with self.ledger.change():
            for order in self.ledger.orders_of(account):
                self._close_order(order, "CancelByPrepareLiq")
            for position in self.ledger.held(account):
                bid, ask = self.quotes(position.symbol)
                self._fill(
                    self._closing_order(position, "CreateByLiq"),
                    position.size,
                    bid if position.side == "Buy" else ask,
                    maker=False,
                    exec_type="BustTrade",
                )
            ruined = self.ledger.accounts[account]
            if ruined.wallet < 0:  # the insurance fund pays what the account cannot
                self.ledger.keep_account(replace(ruined, wallet=ZERO, realised=ruined.realised - ruined.wallet))

    def _closing_order(self, position: Position, create_type: str) -> Order:
        now = self.ledger.time_ms
        return Order(
            order_id=self.ledger.new_id("order"),
            link_id="",
            account=position.account,
            symbol=position.symbol,
            side="Sell" if position.side == "Buy" else "Buy",
            order_type="Market",
            qty=position.size,
            price=ZERO,
            time_in_force="IOC",
            status="New",
            created_ms=now,
            updated_ms=now,
            create_type=create_type,
            reduce_only=True,
            close_on_trigger=True,
        )

    def _pay_funding(self, position: Position, rate: Decimal) -> None:
        price = self.price(position.symbol)
        paid = rate * position.size * price * position.sign
        side = position.side
        self.ledger.keep_execution(
            Execution(
                exec_id=self.ledger.new_id("execution"),
                account=position.account,
                symbol=position.symbol,
                order_id=self.ledger.new_id("order"),
                link_id="",
                side=side,
                order_price=ZERO,
                order_qty=ZERO,
                leaves_qty=ZERO,
                create_type="",
                order_type="UNKNOWN",
                stop_order_type="UNKNOWN",
                price=price,
                qty=position.size,
                fee=paid,
                fee_rate=rate,
                exec_type="Funding",
                is_maker=False,
                mark_price=price,
                closed_size=ZERO,
                result=ZERO,
                entry_price=ZERO,
                entry_fee=ZERO,
                leverage=position.leverage,
                time_ms=self.ledger.time_ms,
                sequence=self.ledger.next_sequence(),
            )
        )
        self._move_money(position.account, -paid, ZERO)
        self.ledger.keep_position(
            replace(
                position,
                current_realised=position.current_realised - paid,
                all_realised=position.all_realised - paid,
                updated_ms=self.ledger.time_ms,
            )
        )


def quotes_around(last: Decimal, instrument: Instrument) -> tuple[Decimal, Decimal]:
    """Best bid and ask around a last price: the instrument's spread, split, the odd tick above."""
    bid = max(instrument.tick, last - instrument.spread_ticks // 2 * instrument.tick)
    return bid, bid + instrument.spread_ticks * instrument.tick


def position_after(
    before: Position,
    side: str,
    qty: Decimal,
    price: Decimal,
    fee: Decimal,
    result: Decimal,
    closed: Decimal,
    entry_fee: Decimal,
) -> Position:
    """The position after a fill of `qty` that closed `closed` of it; what is left of the fill opens or adds."""
    opened = qty - closed
    opening_fee = fee * opened / qty
    gained = result - fee
    kept = before.size - closed
    if not kept and not opened:
        return replace(
            before,
            side="",
            size=ZERO,
            avg_price=ZERO,
            entry_fees=ZERO,
            current_realised=ZERO,
            all_realised=before.all_realised + gained,
            opened_ms=0,
        )
    fresh = not kept
    size = kept + opened
    average = (before.avg_price * kept + price * opened) / size
    return replace(
        before,
        side=side if opened else before.side,
        size=size,
        avg_price=average,
        entry_fees=(ZERO if fresh else before.entry_fees - entry_fee) + opening_fee,
        current_realised=-opening_fee if fresh else before.current_realised + gained,
        all_realised=before.all_realised + gained,
        opened_ms=0 if fresh else before.opened_ms,
    )


def _level(order: Order) -> Decimal:
    """The price an open order waits for."""
    return order.trigger_price if order.status == "Untriggered" and order.trigger_price is not None else order.price


def _is_reached(order: Order, low: Decimal, high: Decimal) -> bool:
    if order.status == "Untriggered" and order.trigger_price is not None:
        return high >= order.trigger_price if order.trigger_direction == 1 else low <= order.trigger_price
    if order.status in ("New", "PartiallyFilled"):
        return low <= order.price if order.side == "Buy" else high >= order.price
    return False
