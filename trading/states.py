"""The life of one revision of a ticket (EXECUTION 3) as one table; every change of a state goes through `after`."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from trading.errors import AssistantError


class State(StrEnum):
    PROPOSED = "PROPOSED"
    CONFIRMED = "CONFIRMED"
    SUBMITTING = "SUBMITTING"
    UNKNOWN = "UNKNOWN"
    ACKED = "ACKED"
    PARTIAL = "PARTIAL"
    FILLED = "FILLED"
    OPEN = "OPEN"
    UNPROTECTED = "UNPROTECTED"
    CLOSING = "CLOSING"
    DRIFT = "DRIFT"
    # ends
    SUPERSEDED = "SUPERSEDED"
    SKIPPED = "SKIPPED"
    EXPIRED = "EXPIRED"
    VOID = "VOID"
    NOT_PLACED = "NOT_PLACED"
    REFUSED = "REFUSED"
    CLOSED = "CLOSED"


class Event(StrEnum):
    CLAIMED = "claimed"  # a tap won
    REQUOTED = "requoted"  # the next revision takes its place
    SKIPPED = "skipped"
    EXPIRED = "expired"
    VOIDED = "voided"  # stop or target passed, paused, no reward left
    SENDING = "sending"  # guards hold; committed before the send
    GUARD_FAILED = "guard_failed"
    ACCEPTED = "accepted"
    REFUSED = "refused"  # by Bybit, documented
    NOT_SENT = "not_sent"  # surely not sent
    UNCERTAIN = "uncertain"  # no readable yes or no
    FOUND = "found"  # an unknown order is there
    ABSENT = "absent"  # proven; not to be sent again
    ABSENT_RETRY = "absent_retry"  # proven; the same id may go out again
    PART_FILLED = "part_filled"
    FILLED = "filled"  # final: all, or what filled before the rest was cancelled
    DRY = "dry"  # final without fills
    PROTECTED = "protected"  # the stop was read back
    STOP_MISSING = "stop_missing"
    CLOSE_SENT = "close_sent"
    CLOSE_FAILED = "close_failed"
    ADOPTED = "adopted"  # a change by hand, accepted
    DRIFTED = "drifted"
    GONE = "gone"  # executions seen and size 0


S, E = State, Event

TABLE: Mapping[tuple[State, Event], State] = MappingProxyType(
    {
        (S.PROPOSED, E.CLAIMED): S.CONFIRMED,
        (S.PROPOSED, E.REQUOTED): S.SUPERSEDED,
        (S.PROPOSED, E.SKIPPED): S.SKIPPED,
        (S.PROPOSED, E.EXPIRED): S.EXPIRED,
        (S.PROPOSED, E.VOIDED): S.VOID,
        (S.CONFIRMED, E.SENDING): S.SUBMITTING,
        (S.CONFIRMED, E.GUARD_FAILED): S.NOT_PLACED,
        (S.SUBMITTING, E.ACCEPTED): S.ACKED,
        (S.SUBMITTING, E.REFUSED): S.REFUSED,
        (S.SUBMITTING, E.NOT_SENT): S.NOT_PLACED,
        (S.SUBMITTING, E.UNCERTAIN): S.UNKNOWN,
        (S.UNKNOWN, E.FOUND): S.ACKED,
        (S.UNKNOWN, E.ABSENT): S.NOT_PLACED,
        (S.UNKNOWN, E.ABSENT_RETRY): S.CONFIRMED,
        (S.ACKED, E.PART_FILLED): S.PARTIAL,
        (S.ACKED, E.FILLED): S.FILLED,
        (S.ACKED, E.DRY): S.NOT_PLACED,
        (S.ACKED, E.GONE): S.CLOSED,
        (S.PARTIAL, E.FILLED): S.FILLED,
        (S.PARTIAL, E.PROTECTED): S.OPEN,
        (S.PARTIAL, E.STOP_MISSING): S.UNPROTECTED,
        (S.PARTIAL, E.GONE): S.CLOSED,
        (S.FILLED, E.PROTECTED): S.OPEN,
        (S.FILLED, E.STOP_MISSING): S.UNPROTECTED,
        (S.FILLED, E.GONE): S.CLOSED,
        (S.OPEN, E.STOP_MISSING): S.UNPROTECTED,
        (S.OPEN, E.CLOSE_SENT): S.CLOSING,
        (S.OPEN, E.ADOPTED): S.OPEN,
        (S.OPEN, E.DRIFTED): S.DRIFT,
        (S.OPEN, E.GONE): S.CLOSED,
        (S.UNPROTECTED, E.PROTECTED): S.OPEN,
        (S.UNPROTECTED, E.CLOSE_SENT): S.CLOSING,
        (S.UNPROTECTED, E.GONE): S.CLOSED,
        (S.CLOSING, E.CLOSE_FAILED): S.OPEN,
        (S.CLOSING, E.STOP_MISSING): S.UNPROTECTED,
        (S.CLOSING, E.GONE): S.CLOSED,
        (S.DRIFT, E.ADOPTED): S.OPEN,
        # Exits are never blocked, whatever a hand did to the position.
        (S.DRIFT, E.CLOSE_SENT): S.CLOSING,
        (S.DRIFT, E.GONE): S.CLOSED,
    }
)

# May hold a position or become one: counted against every limit.
LIVE = frozenset(
    {S.CONFIRMED, S.SUBMITTING, S.UNKNOWN, S.ACKED, S.PARTIAL, S.FILLED, S.OPEN, S.UNPROTECTED, S.CLOSING, S.DRIFT}
)
# Holds a position on Bybit.
HOLDING = frozenset({S.PARTIAL, S.FILLED, S.OPEN, S.UNPROTECTED, S.CLOSING, S.DRIFT})
ENDED = frozenset(State) - LIVE - {S.PROPOSED}


class IllegalTransition(AssistantError):
    """Nothing in the table leads from this state by this event: someone else was quicker, or a bug. Always alerts."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"{state} has no way out by {event}")
        self.state = state
        self.event = event


def after(state: State, event: Event) -> State:
    """The state that `event` leads to. Raises IllegalTransition where the table has no row."""
    try:
        return TABLE[state, event]
    except KeyError:
        raise IllegalTransition(state, event) from None
