"""What happens to accounts by themselves: their wallet at present prices, funding, liquidation."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from sandbox.bybit.fills import Fills
from sandbox.bybit.ledger import Ledger
from sandbox.bybit.margin import (
    Wallet,
    bankruptcy_price,
    is_used_up,
    isolated_liquidation_price,
    liquidation_price,
    wallet_of,
)
from sandbox.bybit.model import ISOLATED, PORTFOLIO, ZERO, Execution, Order, Position
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
        leverages = {(o.symbol, o.idx): self._ledger.position(account, o.symbol, o.idx).leverage for o in orders}
        kept = self._ledger.accounts[account]
        return wallet_of(kept, held, orders, marks, self._prices.instruments, leverages)

    def liquidation_price(self, position: Position) -> Decimal | None:
        """Where a position would be liquidated; None where it is flat, no price does it or portfolio margin rules."""
        mode = self._ledger.accounts[position.account].margin_mode
        if not position.size or mode == PORTFOLIO:
            return None
        mark, instrument = self._prices.last(position.symbol), self._prices.instruments[position.symbol]
        if mode == ISOLATED:
            return isolated_liquidation_price(position, mark, instrument)
        both = [p for p in self._ledger.positions_of(position.account, position.symbol) if p.size]
        return liquidation_price(position, both, self.wallet(position.account), mark, instrument)

    def ruined(self, account: str) -> list[Position]:
        """What is to be liquidated: in isolated mode each position whose own margin is used up, else all or nothing."""
        held = self._ledger.held(account)
        if self._ledger.accounts[account].margin_mode == ISOLATED:
            instruments = self._prices.instruments
            return [p for p in held if is_used_up(p, self._prices.last(p.symbol), instruments[p.symbol])]
        wallet = self.wallet(account)
        return held if wallet.maintenance > 0 and wallet.equity <= wallet.maintenance else []

    def could_be_ruined(self, account: str, ranges: Mapping[str, tuple[Decimal, Decimal]]) -> bool:
        """Something would be liquidated at the worst prices of these ranges, lowest and highest of each symbol."""
        held = self._ledger.held(account)
        has_both_sides = len({position.symbol for position in held}) < len(held)
        for positions in (held, held[::-1]) if has_both_sides else (held,):
            for position in positions:  # of two sides of a symbol the last one decides which end is the worst
                low, high = ranges[position.symbol]
                self._prices.see(position.symbol, low if position.side == "Buy" else high)
            ruined = self.ruined(account)
            self._prices.forget()
            if ruined:
                return True
        return False

    def liquidate_the_ruined(self) -> None:
        """Closes what cannot be kept any longer."""
        for account in self._ledger.accounts_with_positions():
            if ruined := self.ruined(account):
                with self._ledger.change():
                    self._liquidate(account, ruined)

    def pay_funding(self, rates: Mapping[str, Decimal]) -> None:
        """Longs pay shorts `rate` of the position's value, or the other way round where it is negative."""
        with self._ledger.change():
            for account in self._ledger.accounts_with_positions():
                for position in self._ledger.held(account):
                    self._pay_funding(position, rates[position.symbol])

    def _liquidate(self, account: str, ruined: list[Position]) -> None:
        isolated = self._ledger.accounts[account].margin_mode == ISOLATED
        touched = {(p.symbol, p.idx) for p in ruined}
        for order in [*self._ledger.orders_of(account), *self._ledger.accepted_of(account)]:
            if not isolated or (order.symbol, order.idx) in touched:
                self._ledger.close_order(order, "CancelByPrepareLiq")
        for position in ruined:
            order = self._closing_order(position)
            price = self._prices.touch(position.symbol, order.side)
            if isolated:  # no more is lost than its own margin
                price = max(price * position.sign, bankruptcy_price(position) * position.sign) * position.sign
            self._fills.fill(order, position.size, price, maker=False, exec_type="BustTrade")
        left = self._ledger.accounts[account]
        if left.wallet < 0:  # the insurance fund pays what the account cannot
            self._ledger.pay(account, -left.wallet)

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
            idx=position.idx,
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
