"""Whether a position is what we think it is, and has its stop. Pure: a ticket and a position in, a finding out."""

from dataclasses import dataclass, replace
from decimal import Decimal

from trading.limits import DEFAULT_TAKER_FEE
from trading.model import Instrument, Position, Ticket
from trading.ports import Facts
from trading.reasons import Reason
from trading.sizing import risk_of
from trading.states import Event


def is_protected(ticket: Ticket, position: Position, tick: Decimal) -> bool:
    """SPEC 4: size > 0, and the position's stop at most one tick from ours."""
    if position.size <= 0 or position.direction is not ticket.direction or position.stop is None:
        return False
    return abs(position.stop - ticket.revision.stop_now) <= tick


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at an open position asks for; `rings` where a person is needed."""

    event: Event
    facts: Facts
    rings: bool


def finding(ticket: Ticket, position: Position, instrument: Instrument | None) -> Finding | None:
    """How an OPEN ticket's position differs from the journal; None where all is as it should be."""
    revision = ticket.revision
    tick = instrument.tick if instrument else Decimal(0)
    if position.direction is not ticket.direction:
        return Finding(Event.DRIFTED, Facts(reason=Reason.TURNED_BY_HAND), rings=True)
    if position.size > revision.size_now:
        return Finding(Event.DRIFTED, Facts(reason=Reason.LARGER_BY_HAND), rings=True)
    if position.stop is None:
        return Finding(Event.STOP_MISSING, Facts(reason=Reason.STOP_REMOVED), rings=True)
    if position.size < revision.size_now:
        return Finding(Event.ADOPTED, as_it_is(ticket, position, Reason.SMALLER_BY_HAND), rings=True)
    moved = abs(position.stop - revision.stop_now) > tick or _differ(position.target, revision.target_now, tick)
    if moved:
        return Finding(Event.ADOPTED, as_it_is(ticket, position, Reason.LEVELS_BY_HAND), rings=False)
    return None


def as_it_is(ticket: Ticket, position: Position, reason: Reason | None = None) -> Facts:
    """The position's present size, stop, target and risk, as the journal keeps them."""
    stop = position.stop if position.stop is not None else ticket.revision.stop_now
    return Facts(
        reason=reason,
        size_now=position.size,
        stop_now=stop,
        target_now=position.target,
        target_gone=position.target is None,
        risk_now=risk_of(position.average, stop, position.size, ticket.direction, DEFAULT_TAKER_FEE),
    )


def stop_as_it_is(ticket: Ticket, position: Position) -> Facts:
    """A stop set by hand is taken; a size that grew beside it is not, so that the next look finds the drift."""
    facts = as_it_is(ticket, position, Reason.LEVELS_BY_HAND)
    grown = position.size > ticket.revision.size_now
    return replace(facts, size_now=ticket.revision.size_now) if grown else facts


def _differ(one: Decimal | None, other: Decimal | None, tick: Decimal) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one - other) > tick
