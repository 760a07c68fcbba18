"""The matching engine: orders against the market's book. It knows nothing of HTTP and never looks at a clock."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from sandbox.bybit.admission import Admission
from sandbox.bybit.book import Level, asks, bids
from sandbox.bybit.fills import Fills
from sandbox.bybit.instruments import Instrument
from sandbox.bybit.ledger import Ledger
from sandbox.bybit.model import WHOLE, ZERO, Order, Refused
from sandbox.bybit.prices import Prices
from sandbox.bybit.rules import NewOrder


class Matching:
    """Takes orders, and fills what crosses the spread when the engine takes them up."""

    def __init__(
        self, ledger: Ledger, prices: Prices, fills: Fills, admission: Admission, latency_ms: tuple[int, int]
    ) -> None:
        self._ledger = ledger
        self._latency_ms = latency_ms
        self._prices = prices
        self._fills = fills
        self._admission = admission

    def place(self, account: str, asked: NewOrder) -> Order:
        """Takes an order and matches it at once. Returns it as accepted. Raises Refused; then nothing has changed."""
        with self._ledger.change():
            order = self.accept(account, asked)
            self.carry_out(order)
            return order

    def accept(self, account: str, asked: NewOrder) -> Order:
        """Takes an order that the engine will take up a little later. Raises Refused; then nothing has changed."""
        order = self.checked(account, asked)
        due_ms = order.created_ms + self.delay_ms(order.order_id)
        with self._ledger.change():
            return self._ledger.keep_order(replace(order, status="Created", due_ms=due_ms))

    def checked(self, account: str, asked: NewOrder) -> Order:
        """The order as it would be accepted; nothing is kept of it. Raises Refused where it would not be."""
        return self._admission.order_of(account, asked)

    def delay_ms(self, name: str) -> int:
        """How long after its acceptance what has this id is taken up."""
        least, most = self._latency_ms
        return least + int(name[:8], 16) % (most - least + 1)

    def carry_out(self, accepted: Order) -> None:
        """The engine takes an accepted order up: it is matched, rests, waits for its trigger or has become void.

        Margin that is gone since the order was accepted rejects it.
        """
        conditional = accepted.is_conditional
        order = replace(accepted, status="Untriggered" if conditional else "New", updated_ms=self._ledger.time_ms)
        position = self._ledger.position(order.account, order.symbol, order.idx)
        with self._ledger.change():
            if order.reduce_only and not conditional:
                if not position.size or position.side == order.side:
                    self._ledger.close_order(order, "CancelByReduceOnly")
                    return
                order = replace(order, qty=min(order.qty, position.size))
            if not self._is_covered(order, bound_by=accepted):
                self._ledger.keep_order(replace(order, status="Rejected", reject_reason="EC_Others"))
                return
            self._ledger.keep_order(order)
            if not conditional:
                self.match(order)

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

    def trigger(self, order: Order, at: Decimal) -> None:
        """A conditional order wakes up at a price and becomes a market or limit order at once.

        Call it inside `ledger.change()`. One that opens and has no margin then is cancelled.
        """
        woken = replace(order, status="Triggered", updated_ms=self._ledger.time_ms)
        if order.reduce_only or order.close_on_trigger:
            position = self._ledger.position(order.account, order.symbol, order.idx)
            if not position.size or position.side == order.side:
                self._ledger.close_order(order, "CancelByReduceOnly")
                return
            whole = order.stop_order_type in WHOLE or order.qty == 0
            woken = replace(woken, qty=position.size if whole else min(order.qty, position.size))
        elif not self._is_covered(woken, bound_by=None):
            self._ledger.close_order(woken, "UNKNOWN", "EC_Others")
            return
        self._take(woken, self._offers(woken, at))

    def _is_covered(self, order: Order, bound_by: Order | None) -> bool:
        """Its margin is there; that of `bound_by` is its own already."""
        try:
            self._admission.check_margin(order, instead_of=bound_by)
        except Refused:
            return False
        return True

    def _offers(self, order: Order, last: Decimal | None = None) -> list[Level]:
        """What the book offers this order up to its price and as far as it wants, the best first."""
        instrument, offers, wanted = self._prices.instruments[order.symbol], [], order.leaves_qty
        touch = self._prices.touch(order.symbol, order.side, last)
        worst = _worst_price(order, touch, instrument)
        for level in (asks if order.side == "Buy" else bids)(instrument, touch):
            if wanted <= 0 or not _crosses(order.side, worst, level.price):
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


def _worst_price(order: Order, touch: Decimal, instrument: Instrument) -> Decimal | None:
    """The last price that an order takes, None where it takes any; a tolerance is measured from the best price."""
    if order.order_type == "Limit":
        return order.price
    if order.slippage is None:
        return None
    step = instrument.tick if order.slippage_type == "TickSize" else touch / 100
    return touch + order.slippage * step * (1 if order.side == "Buy" else -1)


def _crosses(side: str, worst: Decimal | None, price: Decimal) -> bool:
    if worst is None:
        return True
    return worst >= price if side == "Buy" else worst <= price
