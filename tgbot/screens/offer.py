"""A ticket while it is offered: the reasons, the figures, one green button. Pure."""

from decimal import Decimal
from itertools import product

from aiogram.utils.formatting import Text

from strategies.signal import Signal
from tgbot.screens.card import OFFERED, context_line, named, ticket_tap
from tgbot.screens.figures import base_of, factor_rows, price, price_digits
from tgbot.screens.screen import (
    GREEN,
    NODE,
    Button,
    Screen,
    countdown,
    dotted,
    fits,
    heading,
    moment,
    stacked,
    table,
    woven,
)
from tgbot.taps import TicketAction
from tgbot.words import Words
from trading.model import Plan, Ticket
from trading.reasons import Reason

Rows = tuple[tuple[str, str], ...]
# Beside the size the value is only a measure of it: from so many USDT on without its cents.
_ROUND_FROM = 1000
# Sizes have steps, so the same risk comes out a little smaller now and then.
_SAME_RISK = Decimal("0.95")


def offer_card(ticket: Ticket, environment: str, words: Words, now: int) -> Screen:
    """What will be bought, why, what it can lose, and until when it may be taken."""
    plan, signal = ticket.revision.plan, ticket.signal
    text = stacked(
        heading(f"{OFFERED} {named(ticket, words)} · {words('ticket.risk', risk=words.money(plan.risk))}"),
        _requoted(ticket, words),
        context_line(signal, environment, words),
        _close_line(signal, words),
        "",
        dotted(
            words("ticket.strength", strength=words.number(signal.strength)),
            words("ticket.confluence", present=signal.confluence),
        ),
        table(factor_rows(signal, words)),
        "",
        table(plan_rows(ticket, plan, words)),
        words(f"ticket.bound.{plan.bound_by}") if plan.bound_by != "risk" else None,
        woven(
            words("ticket.ends", at=NODE, left=NODE),
            moment(ticket.revision.expires_at, words),
            countdown(ticket.revision.expires_at, now, words),
        ),
    )
    return Screen(
        text,
        (
            (Button(_confirm(ticket, words), ticket_tap(ticket, TicketAction.CONFIRM), GREEN),),
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


def _requoted(ticket: Ticket, words: Words) -> str | None:
    """What is new since the revision before. Only the first entry is known later: it is the signal's close."""
    number, plan = ticket.revision.number, ticket.revision.plan
    if number == 1:
        return None
    old, new = price(Decimal(repr(ticket.signal.close)), ticket, words), price(plan.entry, ticket, words)
    key = "ticket.moved.again" if number > 2 else "ticket.renewed" if old == new else "ticket.moved"
    key = "ticket.away" if ticket.revision.reason is Reason.AWAY else key
    kept = words("ticket.kept" if plan.risk >= ticket.first_risk * _SAME_RISK else "ticket.kept.less")
    return words(key, old=old, new=new, kept=kept, size=words.exact(plan.size), base=base_of(ticket.symbol))


def _confirm(ticket: Ticket, words: Words) -> str:
    plan = ticket.revision.plan
    if ticket.revision.number == 1:
        return words("ticket.button.confirm", risk=words.money(plan.risk))
    edge = words(f"ticket.limit.{ticket.direction}")
    return words("ticket.button.confirm.again", edge=edge, limit=price(plan.limit, ticket, words))


def plan_rows(ticket: Ticket, plan: Plan, words: Words) -> Rows:
    """Prices first, aligned; then size, money and what is left in R."""
    costs = words("ticket.costs.figure", costs=words.money(plan.costs), r=_unsigned_r(plan.costs, plan.r, words))
    net = words("ticket.net.figure", reward=words.r(plan.net_reward), loss=words.r(plan.net_loss))
    return order_rows(ticket, plan, words, ((words("ticket.costs"), costs), (words("ticket.net"), net)))


def order_rows(ticket: Ticket, plan: Plan, words: Words, more: Rows = ()) -> Rows:
    """Entry with its limit, stop, target, size with its value, and `more` rows below.

    The limit stands beside the entry and the value beside the size where a phone is wide enough, else below them.
    """
    digits = price_digits(ticket)
    levels = {level: words.number(level, digits) for level in (plan.entry, plan.limit, plan.stop, plan.target)}
    room = max(map(len, levels.values()))

    def aligned(level: Decimal) -> str:
        return levels[level].rjust(room)

    def away(level: Decimal) -> str:
        return f"{aligned(level)}  {words.percent(level / plan.entry - 1, signed=True)}"

    entry, edge = aligned(plan.entry), words(f"ticket.limit.{ticket.direction}")
    beside = f"({edge} {levels[plan.limit]})"
    entries: tuple[Rows, ...] = (
        ((words("ticket.entry"), f"{entry}  {beside}"),),
        ((words("ticket.entry"), f"{entry} {beside}"),),
        ((words("ticket.entry"), entry), (edge, aligned(plan.limit))),
    )
    stops = ((words("ticket.stop"), away(plan.stop)), (words("ticket.target"), away(plan.target)))
    for first, size in product(entries, _sizes(ticket, plan, words)):
        rows = (*first, *stops, *size, *more)
        if fits(rows):
            break
    return rows


def _sizes(ticket: Ticket, plan: Plan, words: Words) -> tuple[Rows, ...]:
    """The size and its value in one row, or in two."""
    size = f"{words.exact(plan.size)} {base_of(ticket.symbol)}"
    rounded = words.number(plan.notional, 0) if plan.notional >= _ROUND_FROM else words.money(plan.notional)
    exact = words("ticket.value.figure", value=words.money(plan.notional), leverage=plan.leverage)
    together = f"{size} = {words('ticket.value.figure', value=rounded, leverage=plan.leverage)}"
    return ((words("ticket.size"), together),), ((words("ticket.size"), size), (words("ticket.value"), exact))


def _unsigned_r(money: Decimal, r: Decimal, words: Words) -> str:
    return words.r(money / r).lstrip("+") if r else words.r(Decimal(0))
