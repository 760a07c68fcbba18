"""The latest signals with their factors and what became of them. Pure."""

from collections.abc import Sequence

from aiogram.utils.formatting import Bold

from tgbot.screens.card import end_reason, state_sign, ticket_tap
from tgbot.screens.figures import base_of, factor_label, side, strategy_name
from tgbot.screens.reasons import reason_sentence
from tgbot.screens.screen import NODE, Button, Line, Row, Screen, dotted, heading, moment, stacked, woven
from tgbot.taps import Page, PageTap, TicketAction
from tgbot.words import Words
from trading.model import Ticket
from trading.ports import Heard
from trading.states import ENDED, HOLDING, LIVE, State

SHOWN = 8
CARDS_A_ROW = 3


def signals_screen(heard: Sequence[Heard], environment: str, words: Words, now: int) -> Screen:
    """At most `SHOWN`, newest first; buttons lead to the cards of those that are not over."""
    lines: list[Line] = [Bold(words("signals.head"))]
    for one in heard[:SHOWN]:
        lines += ["", *_signal_lines(one, words, now)]
    if not heard:
        lines.append(words("signals.none"))
    elif environment == "sandbox":
        lines += ["", words("made_up")]
    back = Button(words("button.status"), PageTap(page=Page.STATUS))
    cards = _card_buttons(heard[:SHOWN], now)
    return Screen(stacked(*lines), (*cards, (Button(words("button.refresh"), PageTap(page=Page.SIGNALS)), back)))


def _card_buttons(heard: Sequence[Heard], now: int) -> tuple[Row, ...]:
    alive = [one.ticket for one in heard if one.ticket is not None and one.ticket.state not in ENDED]
    buttons = [
        Button(f"{state_sign(ticket, now)} {base_of(ticket.symbol)}", ticket_tap(ticket, TicketAction.MOVE))
        for ticket in alive
    ]
    return tuple(tuple(buttons[first : first + CARDS_A_ROW]) for first in range(0, len(buttons), CARDS_A_ROW))


def _signal_lines(heard: Heard, words: Words, now: int) -> tuple[Line, ...]:
    signal, ticket = heard.signal, heard.ticket
    sign = state_sign(ticket, now) if ticket else "⚪"
    name = f"{sign} {signal.symbol} {side(signal.direction, words)}"
    strength = words("ticket.strength", strength=words.number(signal.strength)).lower()
    names = " + ".join(strategy_name(strategy, words) for strategy in (signal.strategy, *signal.also))
    context = words("signals.context", context=f"{names} {words.frame(signal.minutes)}", at=NODE)
    factors = [f"{factor_label(factor, words)} {words.number(factor.score, 1)}" for factor in signal.factors]
    return (
        heading(f"{name} · {strength}"),
        woven(context, moment(signal.closed_at, words)),
        dotted(*factors),
        "→ " + _became(heard, words),
    )


def _became(heard: Heard, words: Words) -> str:
    if heard.ticket is not None:
        return _ticket_became(heard.ticket, words)
    assert heard.refused is not None, "a signal became a ticket or was refused"
    return words("signals.listed", reason=reason_sentence(heard.refused, words))


def _ticket_became(ticket: Ticket, words: Words) -> str:
    outcome = ticket.revision.outcome
    if outcome is not None:
        money = words.money(outcome.net, signed=True)
        return words("signals.closed", ending=words(f"ending.{outcome.ending}"), r=words.r(outcome.r), money=money)
    if ticket.state is State.PROPOSED:
        return words("signals.offered")
    if ticket.state in HOLDING:
        return words("signals.live")
    if ticket.state in LIVE:
        return words("signals.under_way")
    reason = end_reason(ticket, words)
    state = words.either(f"ticket.state.{ticket.state}", ticket.state.value.lower())
    return f"{state}: {reason}" if reason else state
