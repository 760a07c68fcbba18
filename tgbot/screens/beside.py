"""Short lines beside a ticket's card: a reply that rings, a toast with the price of the moment. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from tgbot.screens.card import end_reason, result_line
from tgbot.screens.figures import price, side
from tgbot.screens.position import standing_line
from tgbot.screens.screen import Screen, stacked
from tgbot.words import Words
from trading.endings import r_money
from trading.model import Position, Ticket
from trading.states import HOLDING, State


def ring_reply(ticket: Ticket, words: Words) -> Screen:
    """One short line with sound beside the card, for a fact that needs a person."""
    figures = {"symbol": ticket.symbol, "side": side(ticket.direction, words)}
    if ticket.state is State.CLOSED and ticket.revision.outcome is not None:
        ending = words(f"ending.{ticket.revision.outcome.ending}")
        return Screen(stacked(words("ring.closed", ending=ending, result=result_line(ticket, words), **figures)))
    if ticket.state is State.UNKNOWN:
        told = words("ticket.state.UNKNOWN.long")
    elif ticket.state is State.PROPOSED:
        told = words("ring.proposed")
    elif ticket.state in HOLDING:
        told = standing_line(ticket, words) or words("ring.card")
    else:
        told = end_reason(ticket, words) or words("ring.card")
    return Screen(stacked(words("ring.other", told=told, **figures)))


def live_line(ticket: Ticket, positions: Sequence[Position], words: Words) -> str:
    """How the position stands at this moment, for a toast: SOLUSDT 150.44 · +16.51 USDT · +0.40 R"""
    position = next((one for one in positions if one.symbol == ticket.symbol and one.size > 0), None)
    if position is None:
        return words("toast.flat", symbol=ticket.symbol)
    return words(
        "toast.live",
        symbol=ticket.symbol,
        price=price(position.mark, ticket, words),
        money=words.money(position.unrealised, signed=True),
        r=words.r(unrealised_r(ticket, position)),
    )


def unrealised_r(ticket: Ticket, position: Position) -> Decimal:
    """What the position would bring now, in R, before costs."""
    r = r_money(ticket.revision)
    return position.unrealised / r if r else Decimal(0)
