"""Stops and targets of positions: conditional orders of their own, born with a fill or set later, that die with it."""

from dataclasses import dataclass, replace
from decimal import Decimal

from sandbox.bybit.faults import Faults
from sandbox.bybit.ledger import Ledger
from sandbox.bybit.model import WHOLE, ZERO, Order, Position
from sandbox.bybit.prices import Prices

CREATED_BY = {
    "StopLoss": "CreateByStopLoss",
    "TakeProfit": "CreateByTakeProfit",
    "TrailingStop": "CreateByTrailingStop",
    "PartialStopLoss": "CreateByPartialStopLoss",
    "PartialTakeProfit": "CreateByPartialTakeProfit",
}


@dataclass(frozen=True, slots=True)
class Level:
    """A stop or target to set: `kind` StopLoss or TakeProfit, for the whole position or a part of it."""

    kind: str
    price: Decimal
    trigger_by: str = "LastPrice"
    part: Decimal | None = None
    limit_price: Decimal | None = None
    parent_link_id: str | None = None
    """The entry that it was attached to; None where it is set by itself."""
    trailing: Decimal | None = None
    active_price: Decimal | None = None


class Stops:
    """Sets, moves and clears the stops of positions."""

    def __init__(self, ledger: Ledger, prices: Prices, faults: Faults) -> None:
        self._ledger = ledger
        self._faults = faults
        self._prices = prices

    def set(self, position: Position, level: Level) -> None:
        """Full: amends the one that stands, or replaces it where it belonged to another entry.

        Part: adds one; that of an entry which fills bit by bit grows with it.
        """
        if level.part is None:
            standing = self._standing(position, level.kind)
            if standing is not None and level.parent_link_id in (None, standing.parent_link_id):
                amended = replace(
                    standing,
                    trigger_price=level.price,
                    trigger_by=level.trigger_by,
                    qty=position.size,
                    updated_ms=self._ledger.time_ms,
                    trailing=level.trailing,
                    active_price=level.active_price,
                    best_price=self._first_best(position, level),
                )
                self._ledger.keep_order(amended)
                return
            if standing is not None:
                self.clear(standing)
        elif grown := self._same_entry(position, level):
            now = self._ledger.time_ms
            self._ledger.keep_order(replace(grown, qty=grown.qty + level.part, updated_ms=now))
            return
        self._ledger.keep_order(self._born(position, level))

    def clear(self, stop: Order) -> None:
        """Takes a stop or target away."""
        self._ledger.close_order(stop, "CancelByTpSlTsClear")

    def after_fill(self, order: Order, qty: Decimal, before: Position, after: Position) -> None:
        """Stops die with their position, follow its size, and are born with the first fill that carries them."""
        if before.side and after.side != before.side:
            self._bury(order)
        if not after.size:
            return
        if after.side == order.side and not order.reduce_only:
            for level in _attached(order, qty):
                if level.kind != "StopLoss" or not self._faults.drops_stop(order.order_id):
                    self.set(after, level)
        for stop in self._ledger.orders_of(order.account, order.symbol, order.idx):
            if stop.order_id == order.order_id:
                continue
            if stop.stop_order_type in WHOLE and stop.qty != after.size:
                self._ledger.keep_order(replace(stop, qty=after.size, updated_ms=self._ledger.time_ms))

    def _bury(self, order: Order) -> None:
        for stop in self._ledger.orders_of(order.account, order.symbol, order.idx):
            if stop.order_id == order.order_id:
                continue
            if stop.protects:
                self.clear(stop)
            elif stop.reduce_only:
                self._ledger.close_order(stop, "CancelByReduceOnly")

    def _standing(self, position: Position, kind: str) -> Order | None:
        stops = self._ledger.orders_of(position.account, position.symbol, position.idx)
        return next((order for order in stops if order.stop_order_type == kind), None)

    def _same_entry(self, position: Position, level: Level) -> Order | None:
        if not level.parent_link_id:
            return None
        stops = self._ledger.orders_of(position.account, position.symbol, position.idx)
        kind = f"Partial{level.kind}"
        same = (o for o in stops if o.stop_order_type == kind and o.parent_link_id == level.parent_link_id)
        return next(same, None)

    def _first_best(self, position: Position, level: Level) -> Decimal | None:
        """A trailing stop without an active price follows from the present price on; any other sleeps or stands."""
        if level.trailing is None or level.active_price is not None:
            return None
        return self._prices.last(position.symbol)

    def _born(self, position: Position, level: Level) -> Order:
        now = self._ledger.time_ms
        whole = level.part is None
        kind = level.kind if whole else f"Partial{level.kind}"
        falls = (position.side == "Buy") == (level.kind != "TakeProfit")
        return Order(
            order_id=self._ledger.new_id("order"),
            link_id="",
            account=position.account,
            symbol=position.symbol,
            side="Sell" if position.side == "Buy" else "Buy",
            order_type="Market" if level.limit_price is None else "Limit",
            qty=level.part or position.size,
            price=level.limit_price or ZERO,
            time_in_force="IOC" if level.limit_price is None else "GTC",
            status="Untriggered",
            created_ms=now,
            updated_ms=now,
            create_type=CREATED_BY[kind],
            reduce_only=True,
            close_on_trigger=True,
            tpsl_mode="Full" if whole else "Partial",
            stop_order_type=kind,
            trigger_price=level.price,
            trigger_direction=2 if falls else 1,
            trigger_by=level.trigger_by,
            parent_link_id=level.parent_link_id or "",
            last_price_on_created=self._prices.last(position.symbol),
            trailing=level.trailing,
            active_price=level.active_price,
            best_price=self._first_best(position, level),
            idx=position.idx,
        )


def _attached(order: Order, qty: Decimal) -> list[Level]:
    """The levels that a fill of `qty` of this order brings to its position."""
    part = qty if order.tpsl_mode == "Partial" else None
    levels = []
    if order.take_profit is not None:
        by, limit = order.tp_trigger_by, order.tp_limit_price
        levels.append(Level("TakeProfit", order.take_profit, by, part, limit, order.link_id))
    if order.stop_loss is not None:
        by, limit = order.sl_trigger_by, order.sl_limit_price
        levels.append(Level("StopLoss", order.stop_loss, by, part, limit, order.link_id))
    return levels
