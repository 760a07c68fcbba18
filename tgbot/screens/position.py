"""A ticket that holds a position on Bybit. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from aiogram.utils.formatting import Text

from tgbot.screens.card import context_line, held, size_held, state_sign, ticket_tap
from tgbot.screens.figures import base_of, price
from tgbot.screens.glance import Glance, unrealised_r
from tgbot.screens.reasons import reason_sentence
from tgbot.screens.screen import BLUE, GREEN, NODE, RED, Button, Row, Screen, heading, moment, stacked, table, woven
from tgbot.taps import TicketAction
from tgbot.words import Words
from trading.endings import r_money
from trading.model import Fill, Ticket
from trading.reasons import Reason
from trading.states import State

# Reasons that a person should read on the card of a position; the others explain an end or a refusal.
_TOLD_WHILE_HELD = frozenset(
    {
        Reason.STOP_NEVER_SET,
        Reason.STOP_REMOVED,
        Reason.CLOSE_REFUSED,
        Reason.LARGER_BY_HAND,
        Reason.TURNED_BY_HAND,
        Reason.SMALLER_BY_HAND,
        Reason.LEVELS_BY_HAND,
        Reason.STOP_AGAIN,
    }
)
WAITING: Mapping[State, str] = MappingProxyType(
    {
        State.CONFIRMED: "ticket.button.sending",
        State.SUBMITTING: "ticket.button.sending",
        State.UNKNOWN: "ticket.button.asking",
        State.ACKED: "ticket.button.asking",
        State.PARTIAL: "ticket.button.stop",
        State.FILLED: "ticket.button.stop",
        State.CLOSING: "ticket.button.closing",
    }
)


def position_card(ticket: Ticket, environment: str, words: Words, asking: bool, seen: Glance | None) -> Screen:
    """What is held, its stop and target, and a way out; `asking`: whether to close it, once more before it is done.

    `seen`: its price and result when somebody last looked.
    """
    revision, plan = ticket.revision, ticket.revision.plan
    fill = revision.fill or Fill(plan.size, plan.entry, Decimal(0))  # until the executions are counted
    head = f"{state_sign(ticket, revision.changed_at)} {held(ticket, fill, words)}"
    if ticket.state is State.OPEN:
        head += " · " + words("ticket.protected", stop=price(revision.stop_now, ticket, words))
    question = words("ticket.ask_close", size=words.exact(size_held(ticket)), base=base_of(ticket.symbol))
    text = stacked(
        heading(head),
        standing_line(ticket, words),
        _seen_line(ticket, seen, words) if seen is not None else None,
        context_line(ticket.signal, environment, words),
        table(_position_rows(ticket, fill, seen, words)),
        question if asking else None,
    )
    return Screen(text, _position_buttons(ticket, words, asking))


def standing_line(ticket: Ticket, words: Words) -> str | None:
    """What the head does not say: what is under way, what is wrong, what was changed by hand."""
    revision = ticket.revision
    if revision.reason in _TOLD_WHILE_HELD:
        return reason_sentence(revision.reason, words, detail=revision.detail)
    return None if ticket.state is State.OPEN else words(f"ticket.state.{ticket.state}")


def _seen_line(ticket: Ticket, seen: Glance, words: Words) -> Text:
    money, r = words.money(seen.unrealised, signed=True), words.r(unrealised_r(ticket, seen.unrealised))
    return woven(words("ticket.seen", money=money, r=r, at=NODE), moment(seen.at, words))


def _position_rows(ticket: Ticket, fill: Fill, seen: Glance | None, words: Words) -> tuple[tuple[str, str], ...]:
    revision = ticket.revision
    levels = {
        "ticket.stop": revision.stop_now,
        "ticket.target": revision.target_now,
        "ticket.now": seen.mark if seen is not None else None,
    }
    told = {key: price(level, ticket, words) for key, level in levels.items() if level is not None}
    room = max(map(len, told.values()))
    rows = [
        (words(key), f"{told[key].rjust(room)}  {words.percent(level / fill.average - 1, signed=True)}")
        for key, level in levels.items()
        if level is not None
    ]
    rows.append((words("ticket.risk_now"), words("ticket.usdt", money=words.money(revision.risk_now))))
    if fill.size < revision.plan.size:
        label = words("ticket.filled" if ticket.direction.sign > 0 else "ticket.sold")
        figures = {"filled": words.exact(fill.size), "size": words.exact(revision.plan.size)}
        rows.append((label, words("ticket.filled.figure", base=base_of(ticket.symbol), **figures)))
    rows.append((words("ticket.one_r"), words("ticket.usdt", money=words.money(r_money(revision)))))
    return tuple(rows)


def _position_buttons(ticket: Ticket, words: Words, asking: bool) -> tuple[Row, ...]:
    if ticket.state in WAITING:
        return ((Button(words(WAITING[ticket.state])),),)
    if asking:
        return (
            (Button(words("ticket.button.close.yes"), ticket_tap(ticket, TicketAction.CLOSE), RED),),
            (Button(words("ticket.button.keep"), ticket_tap(ticket, TicketAction.KEEP)),),
        )
    adopt = (Button(words("ticket.button.adopt"), ticket_tap(ticket, TicketAction.ADOPT), BLUE),)
    again = words("stop.again", stop=price(ticket.revision.stop_now, ticket, words))
    bare = ticket.state is State.UNPROTECTED and ticket.revision.reason is Reason.STOP_REMOVED
    return (
        *((adopt,) if ticket.state is State.DRIFT else ()),
        *(((Button(again, ticket_tap(ticket, TicketAction.SET_STOP), GREEN),),) if bare else ()),
        (
            Button(words("ticket.button.close"), ticket_tap(ticket, TicketAction.ASK_CLOSE), RED),
            Button(words("button.refresh"), ticket_tap(ticket, TicketAction.REFRESH)),
        ),
    )
