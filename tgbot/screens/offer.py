"""A ticket while it is offered: the reasons, the figures, one green button. Pure."""

from decimal import Decimal

from aiogram.utils.formatting import Text

from strategies.signal import Signal
from tgbot.screens.card import OFFERED, context_line, named, ticket_tap
from tgbot.screens.figures import base_of, factor_rows, price, price_digits
from tgbot.screens.screen import (
    GREEN,
    NODE,
    Button,
    Line,
    Screen,
    countdown,
    dotted,
    heading,
    moment,
    stacked,
    table,
    woven,
)
from tgbot.taps import TicketAction
from tgbot.words import Words
from trading.model import Plan, Ticket


def offer_card(ticket: Ticket, environment: str, words: Words, now: int) -> Screen:
    """What will be bought, why, what it can lose, and until when it may be taken."""
    plan, signal = ticket.revision.plan, ticket.signal
    text = stacked(
        heading(f"{OFFERED} {named(ticket, words)} · {words('ticket.risk', risk=words.money(plan.risk))}"),
        context_line(signal, environment, words),
        _close_line(signal, words),
        *_requoted(ticket, words),
        "",
        dotted(
            words("ticket.strength", strength=words.number(signal.strength)),
            words("ticket.confluence", present=signal.confluence),
        ),
        table(factor_rows(signal, words)),
        table(plan_rows(ticket, plan, words)),
        words(f"ticket.bound.{plan.bound_by}") if plan.bound_by != "risk" else None,
        woven(
            words("ticket.ends", at=NODE, left=NODE),
            moment(ticket.revision.expires_at, words),
            countdown(ticket.revision.expires_at, now, words),
        ),
    )
    confirm = words("ticket.button.confirm", risk=words.money(plan.risk))
    return Screen(
        text,
        (
            (Button(confirm, ticket_tap(ticket, TicketAction.CONFIRM), GREEN),),
            (Button(words("ticket.button.skip"), ticket_tap(ticket, TicketAction.SKIP)),),
        ),
    )


def _close_line(signal: Signal, words: Words) -> Text:
    if signal.of == 1:
        said = words("ticket.only", at=NODE)
    elif signal.rank == 1:
        said = words("ticket.best", of=signal.of, at=NODE)
    else:
        said = words("ticket.ranked", rank=signal.rank, of=signal.of, at=NODE)
    return woven(said, moment(signal.closed_at, words))


def _requoted(ticket: Ticket, words: Words) -> tuple[Line, ...]:
    if ticket.revision.number == 1:
        return ()
    plan, before = ticket.revision.plan, Decimal(repr(ticket.signal.close))
    old, new = price(before, ticket, words), price(plan.entry, ticket, words)
    size = {"size": words.exact(plan.size), "base": base_of(ticket.symbol)}
    said = words("ticket.renewed", new=new, **size) if old == new else words("ticket.moved", old=old, new=new, **size)
    return ("", said)


def plan_rows(ticket: Ticket, plan: Plan, words: Words) -> tuple[tuple[str, str], ...]:
    """Prices first, aligned; then size, money and what is left in R."""
    digits = price_digits(ticket)
    levels = {level: words.number(level, digits) for level in (plan.entry, plan.limit, plan.stop, plan.target)}
    room = max(map(len, levels.values()))

    def aligned(level: Decimal) -> str:
        return levels[level].rjust(room)

    def away(level: Decimal) -> str:
        return f"{aligned(level)}  {words.percent(level / plan.entry - 1, signed=True)}"

    return (
        (words("ticket.entry"), aligned(plan.entry)),
        (words(f"ticket.limit.{ticket.direction}"), aligned(plan.limit)),
        (words("ticket.stop"), away(plan.stop)),
        (words("ticket.target"), away(plan.target)),
        (words("ticket.size"), f"{words.exact(plan.size)} {base_of(ticket.symbol)}"),
        (
            words("ticket.value"),
            words("ticket.value.figure", value=words.money(plan.notional), leverage=plan.leverage),
        ),
        (
            words("ticket.costs"),
            words("ticket.costs.figure", costs=words.money(plan.costs), r=_unsigned_r(plan.costs, plan.r, words)),
        ),
        (
            words("ticket.net"),
            words("ticket.net.figure", reward=words.r(plan.net_reward), loss=words.r(plan.net_loss)),
        ),
    )


def _unsigned_r(money: Decimal, r: Decimal, words: Words) -> str:
    return words.r(money / r).lstrip("+") if r else words.r(Decimal(0))
