"""What happens to accounts by themselves: their wallet at present prices, funding, liquidation."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from sandbox.bybit.fills import Fills
from sandbox.bybit.ledger import Ledger
from sandbox.bybit.margin import Wallet, wallet_of
from sandbox.bybit.model import ZERO, Execution, Order, Position
from sandbox.bybit.prices import Prices


class Settlement:
    """Values accounts and settles what nobody asked for."""

    def __init__(self, ledger: Ledger, prices: Prices, fills: Fills) -> None:
        self._ledger = ledger
        self._prices = prices
        self._fills = fills

    def wallet(self, account: str) -> Wallet:
        """The account's wallet at present prices."""
        held = self._ledger.held(account)
        orders = [*self._ledger.orders_of(account), *self._ledger.accepted_of(account)]
        marks = {p.symbol: self._prices.last(p.symbol) for p in held}
        leverages = {o.symbol: self._ledger.position(account, o.symbol).leverage for o in orders}
        kept = self._ledger.accounts[account]
        return wallet_of(kept, held, orders, marks, self._prices.instruments, leverages)

    def is_ruined(self, account: str) -> bool:
        """Its equity fell to its maintenance margin."""
        wallet = self.wallet(account)
        return wallet.maintenance > 0 and wallet.equity <= wallet.maintenance

    def liquidate_the_ruined(self) -> None:
        """Closes everything of accounts whose equity fell to their maintenance margin."""
        for account in self._ledger.accounts_with_positions():
            if self.is_ruined(account):
                with self._ledger.change():
                    self._liquidate(account)

    def pay_funding(self, rates: Mapping[str, Decimal]) -> None:
        """Longs pay shorts `rate` of the position's value, or the other way round where it is negative."""
        with self._ledger.change():
            for account in self._ledger.accounts_with_positions():
                for position in self._ledger.held(account):
                    self._pay_funding(position, rates[position.symbol])

    def _liquidate(self, account: str) -> None:
        for order in [*self._ledger.orders_of(account), *self._ledger.accepted_of(account)]:
            self._ledger.close_order(order, "CancelByPrepareLiq")
        for position in self._ledger.held(account):
            order = self._closing_order(position)
            price = self._prices.touch(position.symbol, order.side)
            self._fills.fill(order, position.size, price, maker=False, exec_type="BustTrade")
        ruined = self._ledger.accounts[account]
        if ruined.wallet < 0:  # the insurance fund pays what the account cannot
            self._ledger.pay(account, -ruined.wallet)

    def _closing_order(self, position: Position) -> Order:
        now = self._ledger.time_ms
        return Order(
            order_id=self._ledger.new_id("order"),
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
            create_type="CreateByLiq",
            reduce_only=True,
            close_on_trigger=True,
        )

    def _pay_funding(self, position: Position, rate: Decimal) -> None:
        price = self._prices.last(position.symbol)
        paid = rate * position.size * price * position.sign
        self._ledger.keep_execution(
            Execution(
                exec_id=self._ledger.new_id("execution"),
                account=position.account,
                symbol=position.symbol,
                order_id=self._ledger.new_id("order"),
                link_id="",
                side=position.side,
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
                time_ms=self._ledger.time_ms,
                sequence=self._ledger.next_sequence(),
                size_after=position.size * position.sign,
                balance_after=self._ledger.accounts[position.account].wallet - paid,
            )
        )
        self._ledger.pay(position.account, -paid)
        self._ledger.keep_position(
            replace(
                position,
                current_realised=position.current_realised - paid,
                all_realised=position.all_realised - paid,
                updated_ms=self._ledger.time_ms,
            )
        )
