"""Margin of a unified account in cross mode, after Bybit's help pages. Pure; money in USDT."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sandbox.bybit.instruments import Instrument, Tier
from sandbox.bybit.model import ZERO, Account, Order, Position

TAKER_FEE = Decimal("0.00055")
MAKER_FEE = Decimal("0.0002")


@dataclass(frozen=True, slots=True)
class Wallet:
    """What an account is worth and how much of it is bound."""

    balance: Decimal
    open_result: Decimal
    position_margin: Decimal
    order_margin: Decimal
    maintenance: Decimal

    @property
    def equity(self) -> Decimal:
        """Balance and open results."""
        return self.balance + self.open_result

    @property
    def available(self) -> Decimal:
        """What new orders may bind, never below zero."""
        return max(ZERO, self.equity - self.position_margin - self.order_margin)


def wallet_of(
    account: Account,
    positions: Iterable[Position],
    orders: Iterable[Order],
    marks: Mapping[str, Decimal],
    instruments: Mapping[str, Instrument],
    leverages: Mapping[str, Decimal],
) -> Wallet:
    """The wallet with positions valued at `marks`; `leverages` are those of the symbols with orders."""
    held = list(positions)
    return Wallet(
        balance=account.wallet,
        open_result=sum((p.open_result(marks[p.symbol]) for p in held), ZERO),
        position_margin=sum((position_margin(p, marks[p.symbol]) for p in held), ZERO),
        order_margin=sum((order_margin(o, leverages[o.symbol]) for o in orders), ZERO),
        maintenance=sum((maintenance_of(p, marks[p.symbol], instruments[p.symbol]) for p in held), ZERO),
    )


def position_margin(position: Position, mark: Decimal) -> Decimal:
    """Initial margin by mark price, with the fee that closing it would cost."""
    value = position.size * mark
    return value / position.leverage + value * TAKER_FEE


def order_margin(order: Order, leverage: Decimal) -> Decimal:
    """What an open order binds: margin and the fees of opening and closing; a reducing or conditional one nothing."""
    if order.reduce_only or order.trigger_price is not None:
        return ZERO
    value = order.leaves_qty * (order.price or order.last_price_on_created or ZERO)
    return value / leverage + 2 * value * TAKER_FEE


def tier_of(value: Decimal, instrument: Instrument) -> Tier | None:
    """The risk limit tier that a position value falls in, None above the last."""
    return next((tier for tier in instrument.tiers() if value <= tier.limit), None)


def maintenance_of(position: Position, mark: Decimal, instrument: Instrument) -> Decimal:
    """Maintenance margin by mark price: value x the tier's rate - its deduction, and the fee of closing."""
    value = position.size * mark
    tier = tier_of(value, instrument) or instrument.tiers()[-1]
    return max(ZERO, value * tier.maintenance - tier.deduction) + value * TAKER_FEE


def liquidation_price(position: Position, wallet: Wallet, mark: Decimal, instrument: Instrument) -> Decimal | None:
    """Where this position alone would bring equity down to maintenance margin; None where no price does."""
    rate = (tier_of(position.size * mark, instrument) or instrument.tiers()[-1]).maintenance + TAKER_FEE
    others_result = wallet.open_result - position.open_result(mark)
    others_maintenance = wallet.maintenance - maintenance_of(position, mark, instrument)
    cushion = wallet.balance + others_result - others_maintenance
    if position.sign > 0:
        price = (position.size * position.avg_price - cushion) / (position.size * (1 - rate))
    else:
        price = (position.size * position.avg_price + cushion) / (position.size * (1 + rate))
    return price if price > 0 else None
