"""How an account is set up: leverage, one-way or hedge mode for each symbol, and its margin mode."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from sandbox.bybit.ledger import Ledger
from sandbox.bybit.margin import is_used_up, position_margin
from sandbox.bybit.model import (
    CROSS,
    ISOLATED,
    LONG_SIDE,
    ONE_WAY,
    PORTFOLIO,
    SHORT_SIDE,
    ZERO,
    Account,
    Position,
    Refused,
)
from sandbox.bybit.prices import Prices
from sandbox.bybit.settlement import Settlement

MARGIN_MODES = (CROSS, ISOLATED, PORTFOLIO)
PORTFOLIO_EQUITY = Decimal(1000)


class Modes:
    """Changes how accounts are set up. What is refused changes nothing."""

    def __init__(self, ledger: Ledger, prices: Prices, settlement: Settlement) -> None:
        self._ledger = ledger
        self._prices = prices
        self._settlement = settlement

    def set_leverage(self, account: str, symbol: str, buy: Decimal, sell: Decimal) -> None:
        """Sets a symbol's leverage; both sides may differ only in hedge mode with isolated margin.

        Raises Refused where it is the same, out of range or would not be covered.
        """
        mode = self._ledger.accounts[account].margin_mode
        if mode == PORTFOLIO:
            raise Refused(110038, "You are not allowed to change leverage due to portfolio margin mode.")
        before = self._ledger.positions_of(account, symbol)
        if buy != sell and not (mode == ISOLATED and len(before) > 1):
            raise Refused(10001, "buy leverage not equal sell leverage")
        after = [replace(p, leverage=sell if p.idx == SHORT_SIDE else buy) for p in before]
        for position in after:
            self._check_leverage(position)
        if after == before:
            raise Refused(110043, "leverage not modified")
        self._check_covered(account, before, after)
        with self._ledger.change():
            for position in after:
                self._ledger.keep_position(replace(position, updated_ms=self._ledger.time_ms))

    def switch_position_mode(self, account: str, symbol: str, *, hedged: bool) -> None:
        """Puts one symbol into hedge or one-way mode.

        Raises Refused: 110025 it is in it, 110024 a position, 110028 an order, 110077 portfolio margin.
        """
        kept = self._ledger.accounts[account]
        if (symbol in kept.hedged) == hedged:
            raise Refused(110025, "Position mode is not modified")
        self._check_free_to_switch(kept, symbol, hedged=hedged)
        with self._ledger.change():
            self._switch(account, symbol, hedged=hedged)

    def switch_all_position_modes(self, account: str, *, hedged: bool) -> None:
        """Puts every symbol without a position or an order into hedge or one-way mode; the others stay as they are.

        Raises Refused where there is none to switch.
        """
        kept = self._ledger.accounts[account]
        others = [symbol for symbol in self._prices.instruments if (symbol in kept.hedged) != hedged]
        if not others:
            raise Refused(110025, "Position mode is not modified")
        free, refusal = [], None
        for symbol in others:
            try:
                self._check_free_to_switch(kept, symbol, hedged=hedged)
                free.append(symbol)
            except Refused as refused:
                refusal = refused
        if not free and refusal is not None:
            raise refusal
        with self._ledger.change():
            for symbol in free:
                self._switch(account, symbol, hedged=hedged)

    def set_margin_mode(self, account: str, mode: str) -> None:
        """Sets the account's margin mode; the one it has is fine. Raises Refused with Bybit's reasons in its result."""
        kept = self._ledger.accounts[account]
        if mode not in MARGIN_MODES:
            raise Refused(10001, "params error: setMarginMode invalid")
        if mode == kept.margin_mode:
            return
        reasons = self._reasons_against(kept, mode)
        if reasons:
            told = [{"reasonCode": code, "reasonMsg": text} for code, text in reasons]
            raise Refused(3400045, "Set margin mode failed", {"reasons": told})
        hedged = () if mode == PORTFOLIO else kept.hedged
        with self._ledger.change():
            self._ledger.keep_account(replace(kept, margin_mode=mode, hedged=hedged, updated_ms=self._ledger.time_ms))

    def _check_leverage(self, position: Position) -> None:
        leverage, instrument = position.leverage, self._prices.instruments[position.symbol]
        if leverage < 1 or leverage != leverage.quantize(Decimal("0.01")):
            raise Refused(10001, "buy leverage invalid")
        if leverage > instrument.max_leverage:
            text = f"cannot set leverage [{leverage}] gt maxLeverage [{instrument.max_leverage}] by risk limit"
            raise Refused(110013, text)

    def _check_covered(self, account: str, before: Sequence[Position], after: Sequence[Position]) -> None:
        mode, mark = self._ledger.accounts[account].margin_mode, self._prices.last(after[0].symbol)
        bound = [sum((position_margin(p, mark, mode) for p in held), ZERO) for held in (before, after)]
        if bound[1] - bound[0] > self._settlement.wallet(account).available:
            raise Refused(110044, "Available margin is insufficient")
        instrument = self._prices.instruments[after[0].symbol]
        if mode == ISOLATED and any(p.size and is_used_up(p, mark, instrument) for p in after):
            raise Refused(110046, "Liquidation will be triggered immediately by this adjustment.")

    def _check_free_to_switch(self, account: Account, symbol: str, *, hedged: bool) -> None:
        if hedged and account.margin_mode == PORTFOLIO:
            raise Refused(110077, "Pm mode cannot support")
        if any(position.symbol == symbol for position in self._ledger.held(account.name)):
            raise Refused(110024, "You have an existing position, so the position mode cannot be switched.")
        orders = [*self._ledger.orders_of(account.name), *self._ledger.accepted_of(account.name)]
        if any(order.symbol == symbol for order in orders):
            raise Refused(110028, "You have existing open orders, so the position mode cannot be switched.")

    def _switch(self, account: str, symbol: str, *, hedged: bool) -> None:
        """Leverage goes over from the mode before."""
        leverage = self._ledger.positions_of(account, symbol)[0].leverage
        kept = self._ledger.accounts[account]
        others = tuple(name for name in kept.hedged if name != symbol)
        self._ledger.keep_account(replace(kept, hedged=(*others, symbol) if hedged else others))
        for idx in (LONG_SIDE, SHORT_SIDE) if hedged else (ONE_WAY,):
            position = self._ledger.position(account, symbol, idx)
            self._ledger.keep_position(replace(position, leverage=leverage, updated_ms=self._ledger.time_ms))

    def _reasons_against(self, account: Account, mode: str) -> list[tuple[str, str]]:
        """Why the account cannot have this margin mode: Bybit's reason codes and texts."""
        held, found = self._ledger.held(account.name), []
        if mode == PORTFOLIO:
            if self._settlement.wallet(account.name).equity < PORTFOLIO_EQUITY:
                found.append(("3400000", "Equity needs to be equal to or greater than 1000 USDC"))
            if any(p.idx != ONE_WAY for p in held):
                found.append(("3400208", "You have unclosed hedge mode or isolated mode USDT perpetual positions"))
            orders = [*self._ledger.orders_of(account.name), *self._ledger.accepted_of(account.name)]
            if any(order.idx != ONE_WAY for order in orders):
                found.append(("3400054", "You have uncancelled USDT perpetual orders"))
        if mode == ISOLATED:
            wallet = replace(self._settlement.wallet(account.name), mode=mode)
            marks = {p.symbol: self._prices.last(p.symbol) for p in held}
            isolated = sum((position_margin(p, marks[p.symbol], mode) for p in held), ZERO)
            lost = any(is_used_up(p, marks[p.symbol], self._prices.instruments[p.symbol]) for p in held)
            if lost or replace(wallet, position_margin=isolated).unbound < 0:
                found.append(("3400071", "The net asset is not satisfied"))
        return found
