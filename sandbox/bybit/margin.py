"""Margin of a unified account in cross and isolated mode, after Bybit's help pages. Pure; money in USDT.

Portfolio margin is counted as cross: Bybit's scenarios are not made up here, and its rules on what is told are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sandbox.bybit.instruments import Instrument, Tier
from sandbox.bybit.model import CROSS, ISOLATED, ZERO, Account, Order, Position

TAKER_FEE = Decimal("0.00055")
MAKER_FEE = Decimal("0.0002")


@dataclass(frozen=True, slots=True)
class Wallet:
    """What an account is worth and how much of it is bound, by its margin mode."""

    balance: Decimal
    open_result: Decimal
    position_margin: Decimal
    order_margin: Decimal
    maintenance: Decimal
    mode: str = CROSS

    @property
    def equity(self) -> Decimal:
        """Balance and open results."""
        return self.balance + self.open_result

    @property
    def unbound(self) -> Decimal:
        """What is left after all margin, below zero where that is more than there is.

        In isolated mode open results stay with their positions.
        """
        base = self.balance if self.mode == ISOLATED else self.equity
        return base - self.position_margin - self.order_margin

    @property
    def available(self) -> Decimal:
        """What new orders may bind, never below zero."""
        return max(ZERO, self.unbound)


def wallet_of(
    account: Account,
    positions: Iterable[Position],
    orders: Iterable[Order],
    marks: Mapping[str, Decimal],
    instruments: Mapping[str, Instrument],
    leverages: Mapping[tuple[str, int], Decimal],
) -> Wallet:
    """The wallet with positions valued at `marks`; `leverages` are those of the positions that the orders change."""
    held, mode = list(positions), account.margin_mode
    return Wallet(
        balance=account.wallet,
        open_result=sum((p.open_result(marks[p.symbol]) for p in held), ZERO),
        position_margin=sum((position_margin(p, marks[p.symbol], mode) for p in held), ZERO),
        order_margin=sum((order_margin(o, leverages[o.symbol, o.idx]) for o in orders), ZERO),
        maintenance=sum((maintenance_of(p, marks[p.symbol], instruments[p.symbol]) for p in held), ZERO),
        mode=mode,
    )


def position_margin(position: Position, mark: Decimal, mode: str = CROSS) -> Decimal:
    """Initial margin with the fee that closing would cost: by mark price in cross mode, by entry in isolated."""
    value = position.size * (position.avg_price if mode == ISOLATED else mark)
    return value / position.leverage + value * TAKER_FEE


def order_margin(order: Order, leverage: Decimal) -> Decimal:
    """What an open order binds: margin and the fees of opening and closing; a reducing or conditional one nothing."""
    if order.reduce_only or order.is_conditional:
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


def is_used_up(position: Position, mark: Decimal, instrument: Instrument) -> bool:
    """An isolated position whose own margin and open result fell to its maintenance margin."""
    left = position_margin(position, mark, ISOLATED) + position.open_result(mark)
    return left <= maintenance_of(position, mark, instrument)


def bankruptcy_price(position: Position) -> Decimal:
    """Where the margin of an isolated position is gone."""
    share = position.sign / position.leverage
    return max(ZERO, position.avg_price * (1 - share))


def isolated_liquidation_price(position: Position, mark: Decimal, instrument: Instrument) -> Decimal | None:
    """Where an isolated position's margin and open result equal its maintenance margin; None where no price does."""
    cushion = position_margin(position, mark, ISOLATED)
    return _falls_to_maintenance([position], cushion, mark, instrument)


def liquidation_price(
    position: Position, both: list[Position], wallet: Wallet, mark: Decimal, instrument: Instrument
) -> Decimal | None:
    """Where this symbol alone would bring equity down to maintenance margin; None where no price does.

    `both` are all positions of the symbol: in hedge mode two, of which the smaller one has no such price.
    """
    others_result = wallet.open_result - sum((p.open_result(mark) for p in both), ZERO)
    others_maintenance = wallet.maintenance - sum((maintenance_of(p, mark, instrument) for p in both), ZERO)
    price = _falls_to_maintenance(both, wallet.balance + others_result - others_maintenance, mark, instrument)
    if price is None or len(both) == 1:
        return price
    return price if (price < mark) == (position.sign > 0) else None


def _falls_to_maintenance(
    held: list[Position], cushion: Decimal, mark: Decimal, instrument: Instrument
) -> Decimal | None:
    """The price at which `cushion` and the results of positions of one symbol equal their maintenance margin.

    Solves cushion + sum (price - entry) x size x sign = sum price x size x rate - deduction.
    """
    slope = fixed = ZERO
    for position in held:
        tier = tier_of(position.size * mark, instrument) or instrument.tiers()[-1]
        slope += position.size * (position.sign - tier.maintenance - TAKER_FEE)
        fixed += position.size * position.avg_price * position.sign - tier.deduction
    price = (fixed - cushion) / slope if slope else ZERO
    return price if price > 0 else None
