"""What the ticket's card says in every state: its signs, its name, where it runs. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from strategies.signal import Signal
from tgbot.screens.figures import price, side, strategy_name
from tgbot.screens.reasons import reason_sentence
from tgbot.screens.screen import dotted
from tgbot.taps import TicketAction, TicketTap
from tgbot.words import Words
from trading.model import ADOPTED, Fill, Ticket
from trading.states import ENDED, State

OFFERED, UNDER_WAY, SAFE, NEEDS_YOU, OVER = "🟡", "⏳", "🟢", "🔴", "⚪"
# An unknown outcome is nothing special for so long; then it is red and says what not to do (SPEC 4).
UNKNOWN_IS_RED_MS = 15_000

_SIGNS: Mapping[State, str] = MappingProxyType(
    {
        State.PROPOSED: OFFERED,
        State.OPEN: SAFE,
        State.UNPROTECTED: NEEDS_YOU,
        State.DRIFT: NEEDS_YOU,
        **dict.fromkeys(ENDED, OVER),
    }
)


def state_sign(ticket: Ticket, now: int) -> str:
    """One emoji for each state: offered, under way, safe, needs you, over."""
    if ticket.state is State.UNKNOWN and now - ticket.revision.changed_at >= UNKNOWN_IS_RED_MS:
        return NEEDS_YOU
    return _SIGNS.get(ticket.state, UNDER_WAY)


def named(ticket: Ticket, words: Words) -> str:
    """SOLUSDT Long"""
    return f"{ticket.symbol} {side(ticket.direction, words)}"


def held(ticket: Ticket, fill: Fill, words: Words) -> str:
    """SOLUSDT Long 7.9 @ 148.35"""
    return f"{named(ticket, words)} {words.exact(size_held(ticket))} @ {price(fill.average, ticket, words)}"


def size_held(ticket: Ticket) -> Decimal:
    """How much is held now. Bybit shows a position before its executions: until then, what was asked for."""
    revision = ticket.revision
    return revision.size_now or (revision.fill.size if revision.fill else revision.plan.size)


def context_line(signal: Signal, environment: str, words: Words) -> str:
    """Where it runs and who says so: PRACTICE · VolumeVWAP + MultiTF 1m"""
    names = " + ".join(strategy_name(strategy, words) for strategy in (signal.strategy, *signal.also))
    found = names if signal.strategy == ADOPTED else f"{names} {words.frame(signal.minutes)}"
    return dotted(words(f"env.{environment}"), found)


def result_line(ticket: Ticket, words: Words) -> str:
    """+1.45 R (+60.25 USDT) net"""
    outcome = ticket.revision.outcome
    assert outcome is not None, "only a closed ticket has a result"
    return words("ticket.result", r=words.r(outcome.r), money=words.money(outcome.net, signed=True))


def end_reason(ticket: Ticket, words: Words) -> str | None:
    """Why nothing was placed, where the state alone does not say it."""
    revision = ticket.revision
    if revision.reason is None or revision.state in (State.SKIPPED, State.EXPIRED):
        return None
    return reason_sentence(revision.reason, words, detail=revision.detail)


def ticket_tap(ticket: Ticket, action: TicketAction) -> TicketTap:
    """What a button of this card carries."""
    return TicketTap(ticket=ticket.id, revision=ticket.revision.number, action=action)
