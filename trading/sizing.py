"""How much, or refused and why (SPEC 5). Pure: Decimal in, a Plan or RiskRefused out."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TypeVar

from indicators.candles import FloatArray
from strategies.signal import Direction
from trading.errors import RiskRefused
from trading.model import Instrument, Plan, RiskTier
from trading.preferences import Preferences
from trading.reasons import Reason

STOP_SLIPPAGE = Decimal("0.0002")  # of the stop's price: what a triggered market order is expected to lose
MARGIN_USED = Decimal("0.95")  # of what is available; the rest is for fees and a moving mark price
LEVERAGE_ROOM = Decimal("0.7")  # the stop lies within this part of the way to 1/leverage of the entry
NOTIONAL_ROOM = Decimal("1.05")  # over Bybit's smallest order value, since the price may fall before the fill
LEAST_TICKS = 5
LEAST_SPREADS = 3
LEAST_REWARD = Decimal("0.8")  # net reward for 1 net risk


# Money for one ticket, floats for a whole past of signals.
Price = TypeVar("Price", Decimal, FloatArray)


@dataclass(frozen=True, slots=True)
class Levels:
    """Entry, its worst price `limit`, stop and target, all on the instrument's ticks."""

    entry: Decimal
    limit: Decimal
    stop: Decimal
    target: Decimal


@dataclass(frozen=True, slots=True)
class Purse:
    """What an account can put at risk: `risk` is the money a trade may lose, `available` is free margin, in USDT."""

    risk: Decimal
    available: Decimal
    taker_fee: Decimal


def to_step(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    """`value` on the grid of `step`, in the step's own digits."""
    return (value / step).to_integral_value(rounding) * step


def away(direction: Direction) -> str:
    """Rounding that moves a price away from a long entry downward, from a short one upward: a stop's."""
    return ROUND_FLOOR if direction is Direction.LONG else ROUND_CEILING


def band_edge(entry: Decimal, atr: Decimal, direction: Direction, preferences: Preferences, tick: Decimal) -> Decimal:
    """The worst price at which the entry is still taken, rounded toward the entry."""
    edge = entry + direction.sign * preferences.band_atr * atr
    return to_step(edge, tick, away(direction))


def bare_levels(entry: Price, distance: Price, sign: Price, target_r: Price) -> tuple[Price, Price]:
    """Stop and target before they are rounded: `distance` against the trade, `target_r` times as far along it.

    `sign` is 1 for long and -1 for short.
    """
    return entry - sign * distance, entry + sign * distance * target_r


def levels_of(
    entry: Decimal, atr: Decimal, direction: Direction, preferences: Preferences, instrument: Instrument
) -> Levels:
    """Stop and target in ATR and R from `entry`; the stop rounds away from it, the target toward it."""
    tick = instrument.tick
    distance = preferences.stop_atr * atr
    stop, target = bare_levels(entry, distance, Decimal(direction.sign), preferences.target_r)
    return Levels(
        entry=entry,
        limit=band_edge(entry, atr, direction, preferences, tick),
        stop=to_step(stop, tick, away(direction)),
        target=to_step(target, tick, away(direction)),
    )


def loss_per_unit(limit: Decimal, stop: Decimal, taker_fee: Decimal) -> Decimal:
    """What one unit of the base coin can lose: the way to the stop, both fees, and the slippage of the stop."""
    return abs(limit - stop) + taker_fee * (limit + stop) + STOP_SLIPPAGE * stop


def leverage_for(entry: Decimal, stop: Decimal, cap: int, tier: Decimal) -> int:
    """The largest whole leverage up to the cap that keeps the stop well before liquidation. Raises RiskRefused."""
    share = abs(entry - stop) / entry
    fits = int((LEVERAGE_ROOM / share).to_integral_value(ROUND_FLOOR))
    if fits < 1:
        raise RiskRefused(Reason.LEVERAGE)
    return max(1, min(fits, cap, int(tier)))


def size_ticket(
    levels: Levels,
    purse: Purse,
    preferences: Preferences,
    instrument: Instrument,
    tiers: Sequence[RiskTier],
    spread: Decimal,
) -> Plan:
    """The plan for these levels. Raises RiskRefused where a rule of SPEC 5 says no.

    `spread` is ask - bid now; `tiers` are the instrument's risk limits, lowest first.
    """
    direction = Direction.LONG if levels.target > levels.stop else Direction.SHORT
    entry, limit, stop, target = levels.entry, levels.limit, levels.stop, levels.target
    # Signed: after a price that ran through the stop there is no distance left at all.
    distance = direction.sign * (entry - stop)
    needed = max(LEAST_TICKS * instrument.tick, LEAST_SPREADS * spread)
    if distance < needed:
        raise RiskRefused(Reason.STOP_TOO_NEAR, distance=distance, needed=needed)
    if stop <= 0 or target <= 0:
        raise RiskRefused(Reason.LEVERAGE)
    unit = loss_per_unit(limit, stop, purse.taker_fee)
    leverage = leverage_for(entry, stop, preferences.leverage_cap, instrument.max_leverage)
    by_risk = purse.risk / unit
    size, bound_by = _smallest_of(
        (by_risk, "risk"),
        (leverage * purse.available * MARGIN_USED / max(entry, limit), "margin"),
        (instrument.largest_limit, "largest_order"),
        (_tier_limit(tiers, leverage) / max(entry, limit), "risk_tier"),
    )
    size = to_step(size, instrument.step, ROUND_FLOOR)
    smallest = _smallest_size(entry, limit, instrument)
    if size < smallest:
        if bound_by == "margin" and to_step(by_risk, instrument.step, ROUND_FLOOR) >= smallest:
            raise RiskRefused(
                Reason.NO_MARGIN,
                available=purse.available,
                needed=smallest * max(entry, limit) / leverage / MARGIN_USED,
            )
        raise RiskRefused(Reason.TOO_SMALL, smallest=smallest, risk_needed=smallest * unit)
    r = distance * size
    fees_at_target = purse.taker_fee * (entry + target) * size
    fees_at_stop = (purse.taker_fee * (entry + stop) + STOP_SLIPPAGE * stop) * size
    reward = direction.sign * (target - entry) * size - fees_at_target
    plan = Plan(
        entry=entry,
        limit=limit,
        stop=stop,
        target=target,
        size=size,
        leverage=leverage,
        notional=size * entry,
        risk=size * unit,
        r=r,
        costs=fees_at_target,
        net_reward=reward / r,
        net_loss=-(r + fees_at_stop) / r,
        bound_by=bound_by,
    )
    if plan.net_reward < LEAST_REWARD * -plan.net_loss:
        raise RiskRefused(Reason.NO_REWARD)
    return plan


def risk_of(average: Decimal, stop: Decimal, size: Decimal, direction: Direction, taker_fee: Decimal) -> Decimal:
    """What a position still has on the table: the loss from its average to its present stop, closing fee included."""
    loss = direction.sign * (average - stop) * size + taker_fee * stop * size
    return max(Decimal(0), loss)


def _smallest_of(*candidates: tuple[Decimal, str]) -> tuple[Decimal, str]:
    return min(candidates, key=lambda pair: pair[0])


def _tier_limit(tiers: Sequence[RiskTier], leverage: int) -> Decimal:
    """The largest position value in USDT at which this leverage is still allowed."""
    allowed = [tier.limit for tier in tiers if tier.max_leverage >= leverage]
    return max(allowed, default=Decimal("Infinity") if not tiers else Decimal(0))


def _smallest_size(entry: Decimal, limit: Decimal, instrument: Instrument) -> Decimal:
    by_value = instrument.smallest_notional * NOTIONAL_ROOM / min(entry, limit)
    return max(instrument.smallest, to_step(by_value, instrument.step, ROUND_CEILING))
