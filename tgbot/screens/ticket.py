"""A ticket's card: one message from offer to end. Pure."""

from tgbot.screens.card import NEEDS_YOU, OVER, context_line, end_reason, named, result_line, state_sign
from tgbot.screens.figures import base_of, price
from tgbot.screens.glance import Glance
from tgbot.screens.offer import offer_card, order_rows
from tgbot.screens.position import WAITING, position_card
from tgbot.screens.screen import Button, Screen, heading, stacked, table, wrapped
from tgbot.words import Words
from trading.model import Ticket
from trading.states import ENDED, HOLDING, State


def ticket_card(
    ticket: Ticket, environment: str, words: Words, now: int, *, asking: bool = False, seen: Glance | None = None
) -> Screen:
    """The card as the ticket stands now; `asking`: whether to close it, once more before it is done.

    `seen`: how the position stood when somebody looked, for a card that holds one.
    """
    if ticket.state is State.PROPOSED:
        return offer_card(ticket, environment, words, now)
    if ticket.state is State.CLOSED and ticket.revision.outcome is not None:
        return _closed(ticket, environment, words)
    if ticket.state in ENDED:
        return _nothing_placed(ticket, environment, words)
    if ticket.state in HOLDING:
        return position_card(ticket, environment, words, asking, seen)
    return _under_way(ticket, environment, words, now)


def _under_way(ticket: Ticket, environment: str, words: Words, now: int) -> Screen:
    plan, sign = ticket.revision.plan, state_sign(ticket, now)
    late = ticket.state is State.UNKNOWN and sign == NEEDS_YOU
    key = f"ticket.state.{ticket.state}" + (".long" if late else "")
    text = stacked(
        heading(f"{sign} {named(ticket, words)} · {words('ticket.risk', risk=words.money(plan.risk))}"),
        words(key),
        context_line(ticket.signal, environment, words),
        table(order_rows(ticket, plan, words)),
    )
    waiting = WAITING.get(ticket.state)
    return Screen(text, ((Button(words(waiting)),),) if waiting else ())


def _closed(ticket: Ticket, environment: str, words: Words) -> Screen:
    revision, outcome, fill = ticket.revision, ticket.revision.outcome, ticket.revision.fill
    assert outcome is not None, "asked for a closed ticket"
    opened_at = revision.signed_at or ticket.created_at
    rows = [(words("ticket.exit"), price(outcome.exit, ticket, words))]
    if fill is not None:
        moved = words.percent(outcome.exit / fill.average - 1, signed=True)
        rows = [
            (words("ticket.entry"), price(fill.average, ticket, words)),
            (words("ticket.exit"), f"{price(outcome.exit, ticket, words)}  {moved}"),
            (words("ticket.size"), f"{words.exact(fill.size)} {base_of(ticket.symbol)}"),
        ]
    rows.append((words("ticket.held"), words.span(outcome.closed_at - opened_at)))
    head = " · ".join(
        (
            f"{OVER} {named(ticket, words)}",
            words(f"ending.{outcome.ending}"),
            result_line(ticket, words),
        )
    )
    text = stacked(
        heading(head),
        context_line(ticket.signal, environment, words),
        table(rows),
        words("made_up") if environment == "sandbox" else None,
    )
    return Screen(text)


def _nothing_placed(ticket: Ticket, environment: str, words: Words) -> Screen:
    reason = end_reason(ticket, words)
    text = stacked(
        heading(f"{OVER} {named(ticket, words)} · {words(f'ticket.state.{ticket.state}')}"),
        wrapped(reason) if reason else None,
        words("ticket.nothing") if ticket.state in (State.NOT_PLACED, State.REFUSED) else None,
        context_line(ticket.signal, environment, words),
    )
    return Screen(text)
