"""What a fill does: an execution, money, the position, the order, and the stops that belong to what is held then."""

from dataclasses import dataclass, replace
from decimal import Decimal

from sandbox.bybit.ledger import Ledger
from sandbox.bybit.margin import MAKER_FEE, TAKER_FEE
from sandbox.bybit.model import ZERO, Execution, Order, Position
from sandbox.bybit.prices import Prices
from sandbox.bybit.stops import Stops


@dataclass(frozen=True, slots=True)
class Effect:
    """What one fill does to a position: how much it closed, with what result before fees, and what is held after it."""

    closed: Decimal
    result: Decimal
    entry_fee: Decimal
    after: Position


def effect_of(before: Position, side: str, qty: Decimal, price: Decimal, fee: Decimal) -> Effect:
    """A fill first closes what stands against it; the rest of it opens or adds. Its fee is shared out by quantity."""
    closed = min(qty, before.size) if before.side not in ("", side) else ZERO
    result = (price - before.avg_price) * closed * before.sign
    entry_fee = before.entry_fees * closed / before.size if closed else ZERO
    kept, opened = before.size - closed, qty - closed
    gained = result - fee
    if not kept and not opened:
        flat = Position(before.account, before.symbol, before.leverage, created_ms=before.created_ms, idx=before.idx)
        return Effect(closed, result, entry_fee, replace(flat, all_realised=before.all_realised + gained))
    opening_fee = fee * opened / qty
    size = kept + opened
    after = replace(
        before,
        side=side if opened else before.side,
        size=size,
        avg_price=(before.avg_price * kept + price * opened) / size,
        entry_fees=(before.entry_fees - entry_fee if kept else ZERO) + opening_fee,
        current_realised=before.current_realised + gained if kept else -opening_fee,
        all_realised=before.all_realised + gained,
        opened_ms=before.opened_ms if kept else 0,
    )
    return Effect(closed, result, entry_fee, after)


class Fills:
    """Executes orders at a price that somebody else found. Call it inside `ledger.change()`."""

    def __init__(self, ledger: Ledger, prices: Prices, stops: Stops) -> None:
        self._ledger = ledger
        self._prices = prices
        self._stops = stops

    def fill(self, order: Order, qty: Decimal, price: Decimal, *, maker: bool, exec_type: str = "Trade") -> Order:
        """Fills `qty` of an order, less where it may only reduce a smaller position, and returns the order."""
        position = self._ledger.position(order.account, order.symbol, order.idx)
        if order.reduce_only:
            qty = min(qty, position.size) if position.side not in ("", order.side) else ZERO
        if not qty:
            return self._ledger.close_order(order, "CancelByReduceOnly")
        rate = MAKER_FEE if maker else TAKER_FEE
        fee = qty * price * rate
        effect = effect_of(position, order.side, qty, price, fee)
        filled = order.filled_qty + qty
        changed = replace(
            order,
            filled_qty=filled,
            filled_value=order.filled_value + qty * price,
            fee=order.fee + fee,
            status="Filled" if filled == order.qty else "PartiallyFilled",
            updated_ms=self._ledger.time_ms,
        )
        self._ledger.keep_order(changed)
        self._ledger.keep_execution(self._execution(changed, qty, price, fee, rate, maker, exec_type, position, effect))
        self._ledger.pay(order.account, effect.result - fee)
        self._keep_position(effect.after)
        self._stops.after_fill(changed, qty, position, effect.after)
        return changed

    def _keep_position(self, position: Position) -> None:
        now = self._ledger.time_ms
        opened = position.opened_ms or now
        self._ledger.keep_position(
            replace(
                position,
                created_ms=position.created_ms or now,
                opened_ms=opened if position.size else 0,
                updated_ms=now,
                sequence=self._ledger.next_sequence(),
            )
        )

    def _execution(
        self,
        order: Order,
        qty: Decimal,
        price: Decimal,
        fee: Decimal,
        rate: Decimal,
        maker: bool,
        exec_type: str,
        before: Position,
        effect: Effect,
    ) -> Execution:
        return Execution(
            exec_id=self._ledger.new_id("execution"),
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
            mark_price=self._prices.last(order.symbol),
            closed_size=effect.closed,
            result=effect.result,
            entry_price=before.avg_price if effect.closed else ZERO,
            entry_fee=effect.entry_fee,
            leverage=before.leverage,
            time_ms=self._ledger.time_ms,
            sequence=self._ledger.next_sequence(),
            size_after=effect.after.size * effect.after.sign,
            balance_after=self._ledger.accounts[order.account].wallet + effect.result - fee,
        )
