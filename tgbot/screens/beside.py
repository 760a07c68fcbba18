"""The short reply beside a ticket's card that rings. Pure."""

from tgbot.screens.card import end_reason, result_line
from tgbot.screens.figures import side
from tgbot.screens.position import standing_line
from tgbot.screens.screen import Screen, dotted, stacked
from tgbot.words import Words
from trading.model import Ticket
from trading.states import HOLDING, State


def ring_reply(ticket: Ticket, words: Words) -> Screen:
    """One short line with sound beside the card, for a fact that needs a person."""
    figures = {"symbol": ticket.symbol, "side": side(ticket.direction, words)}
    if ticket.state is State.CLOSED and ticket.revision.outcome is not None:
        ending = words(f"ending.{ticket.revision.outcome.ending}")
        return Screen(stacked(dotted(words("ring.closed", ending=ending, **figures)), result_line(ticket, words)))
    if ticket.state is State.UNKNOWN:
        told = words("ticket.state.UNKNOWN.long")
    elif ticket.state is State.PROPOSED:
        told = words("ring.proposed")
    elif ticket.state in HOLDING:
        told = standing_line(ticket, words) or words("ring.card")
    else:
        told = end_reason(ticket, words) or words("ring.card")
    return Screen(stacked(words("ring.other", told=told, **figures)))
