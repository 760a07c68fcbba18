"""The limits that an entry is held against (SPEC 5). Exits never come here."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trading.endings import ZERO
from trading.errors import RiskRefused
from trading.model import Position, Ticket
from trading.ports import ClaimLimits
from trading.preferences import Preferences
from trading.reasons import Reason
from trading.sizing import risk_of

DEFAULT_TAKER_FEE = Decimal("0.00055")  # what Bybit documents for a linear contract without VIP level
# Told to the person once when it begins and once when it is over.
TOLD = frozenset({Reason.OPEN_POSITIONS, Reason.RISK_ON_TABLE, Reason.KEY_DEAD})


@dataclass(frozen=True, slots=True)
class Load:
    """What an account has at risk: ours (live tickets) and foreign positions, as counts and USDT."""

    open: int
    risk: Decimal
    foreign_open: int
    foreign_risk: Decimal


def foreign_risk(position: Position, taker_fee: Decimal = DEFAULT_TAKER_FEE) -> Decimal:
    """A position that is not ours counts with its stop, without one with its margin."""
    if position.stop is None or position.direction is None:
        return position.margin
    return risk_of(position.average, position.stop, position.size, position.direction, taker_fee)


def load_of(live: Sequence[Ticket], positions: Sequence[Position]) -> Load:
    """Ours and foreign side by side; a position whose symbol has a live ticket is ours."""
    ours = {ticket.symbol for ticket in live}
    foreign = [position for position in positions if position.size > 0 and position.symbol not in ours]
    return Load(
        open=len(live),
        risk=sum((ticket.revision.risk_now for ticket in live), ZERO),
        foreign_open=len(foreign),
        foreign_risk=sum((foreign_risk(position) for position in foreign), ZERO),
    )


def claim_limits(preferences: Preferences, equity: Decimal, load: Load) -> ClaimLimits:
    """What the claim's own transaction sums our live tickets against."""
    return ClaimLimits(
        max_open=preferences.max_open,
        max_risk=preferences.table_share * equity,
        foreign_open=load.foreign_open,
        foreign_risk=load.foreign_risk,
    )


def check_offer(
    symbol: str, risk: Decimal, limits: ClaimLimits, live: Sequence[Ticket], positions: Sequence[Position]
) -> None:
    """Refuses a signal that a tap would be refused for anyway. Raises RiskRefused."""
    load = load_of(live, positions)
    held = {ticket.symbol for ticket in live} | {p.symbol for p in positions if p.size > 0}
    if symbol in held:
        raise RiskRefused(Reason.POSITION_HERE, symbol=symbol)
    open_now = load.open + load.foreign_open
    if open_now >= limits.max_open:
        raise RiskRefused(Reason.OPEN_POSITIONS, open=open_now, limit=limits.max_open)
    on_table = load.risk + load.foreign_risk
    if on_table + risk > limits.max_risk:
        raise RiskRefused(Reason.RISK_ON_TABLE, risk=on_table + risk, limit=limits.max_risk)
