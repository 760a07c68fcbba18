"""Cancelling and amending: accepted at once where it can be done, and done a little later, if it still can be."""

from dataclasses import replace

from sandbox.bybit.admission import Admission
from sandbox.bybit.amending import amended
from sandbox.bybit.ledger import Ledger
from sandbox.bybit.matching import Matching
from sandbox.bybit.model import Amendment, Instruction, Order, Refused
from sandbox.bybit.prices import Prices


class Instructions:
    """Takes changes of open orders and carries them out when they are due."""

    def __init__(self, ledger: Ledger, prices: Prices, admission: Admission, matching: Matching) -> None:
        self._ledger = ledger
        self._prices = prices
        self._admission = admission
        self._matching = matching

    def cancel(self, account: str, order_id: str, link_id: str) -> Order:
        """Accepts that an open order is to be cancelled. Raises Refused: 110001 none, 110079 one is under way."""
        return self._accept(self._free_order(account, order_id, link_id), None)

    def cancel_each(self, orders: list[Order]) -> list[Order]:
        """Accepts that these open orders are to be cancelled; one that is being changed already is left out."""
        busy = {told.order_id for told in self._ledger.instructions.values()}
        return [self._accept(order, None) for order in orders if order.order_id not in busy]

    def amend(self, account: str, order_id: str, link_id: str, asked: Amendment) -> Order:
        """Accepts a change of an open order.

        Raises Refused: 110001 no such order, 110079 one is under way, 10001 nothing changes or a filter is broken,
        110064 a size that has filled already, 110007 no margin for it.
        """
        order = self._free_order(account, order_id, link_id)
        self._admission.check_margin(self._amended(order, asked), instead_of=order)
        return self._accept(order, asked)

    def carry_out(self, told: Instruction) -> None:
        """What was accepted is done, unless the order has closed or no longer allows it; then nothing happens."""
        with self._ledger.change():
            self._ledger.drop_instruction(told)
            order = self._ledger.open_orders.get(told.order_id)
            if order is None:
                return
            if told.amendment is None:
                self._ledger.close_order(order, "CancelByUser")
            else:
                self._carry_out_amendment(order, told.amendment)

    def _carry_out_amendment(self, order: Order, asked: Amendment) -> None:
        try:
            found = self._amended(order, asked)
            self._admission.check_margin(found, instead_of=order)
        except Refused:
            return
        kept = self._ledger.keep_order(replace(found, updated_ms=self._ledger.time_ms))
        if kept.status != "Untriggered":
            self._matching.match(kept)

    def _amended(self, order: Order, asked: Amendment) -> Order:
        return amended(order, asked, self._prices.instruments[order.symbol], self._prices.last(order.symbol))

    def _accept(self, order: Order, asked: Amendment | None) -> Order:
        with self._ledger.change():
            due_ms = self._ledger.time_ms + self._matching.delay_ms(self._ledger.new_id("instruction"))
            self._ledger.keep_instruction(order.account, order.order_id, due_ms, asked)
        return order

    def _free_order(self, account: str, order_id: str, link_id: str) -> Order:
        """An open order that nothing else is under way for, by one of its ids; `order_id` goes first."""
        for order in self._ledger.orders_of(account):
            if order.order_id == order_id or (not order_id and order.link_id == link_id):
                break
        else:
            raise Refused(110001, "order not exists or too late to cancel")
        if any(told.order_id == order.order_id for told in self._ledger.instructions.values()):
            raise Refused(110079, "The order is processing and can not be operated, please try again later")
        return order
