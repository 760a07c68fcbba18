"""What the account holds, ours and foreign. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from aiogram.utils.formatting import Bold

from tgbot.screens.card import NEEDS_YOU, state_sign
from tgbot.screens.figures import price_digits, side
from tgbot.screens.glance import unrealised_r
from tgbot.screens.screen import BLUE, Button, Line, Row, Screen, dotted, heading, stacked
from tgbot.taps import ForeignAction, ForeignTap, Page, PageTap, TicketAction, TicketTap
from tgbot.words import Words, decimals_of
from trading.portfolio import Held

_FOREIGN = "⚪"


def positions_screen(held: Sequence[Held], has_account: bool, environment: str, words: Words, now: int) -> Screen:
    """Each position with its result so far, its stop and its target; buttons lead to the cards of ours."""
    lines: list[Line] = [Bold(dotted(words("positions.head"), words(f"env.{environment}")))]
    for one in held:
        lines += ["", *_position_lines(one, words, now)]
    if not held:
        lines.append(words("positions.none" if has_account else "positions.no_account"))
    elif environment == "sandbox":
        lines += ["", words("made_up")]
    cards = tuple((_way_on(one, words),) for one in held)
    return Screen(stacked(*lines), (*cards, _leave(words)))


def silent_screen(words: Words) -> Screen:
    """Bybit did not answer: not knowing is not the same as nothing."""
    return Screen(stacked(words("positions.silent")), (_leave(words),))


def _leave(words: Words) -> Row:
    return (
        Button(words("button.refresh"), PageTap(page=Page.POSITIONS)),
        Button(words("button.status"), PageTap(page=Page.STATUS)),
    )


def _way_on(held: Held, words: Words) -> Button:
    """To the card of ours; what is not ours may be taken over once it has a stop, and until then has an alarm."""
    position = held.position
    if held.ticket is None:
        bare = position.stop is None
        action = ForeignAction.ALARM if bare else ForeignAction.ADOPT
        told = words("stop.to_alarm" if bare else "adopt.button.of", symbol=position.symbol)
        return Button(told, ForeignTap(symbol=position.symbol, index=position.index, action=action), BLUE)
    number = held.ticket.revision.number
    tap = TicketTap(ticket=held.ticket.id, revision=number, action=TicketAction.MOVE)
    return Button(words("positions.card", symbol=held.position.symbol), tap)


def _position_lines(held: Held, words: Words, now: int) -> tuple[Line, ...]:
    position, ticket = held.position, held.ticket
    sign = NEEDS_YOU if position.stop is None else state_sign(ticket, now) if ticket else _FOREIGN

    # What stands on the instrument's ticks tells its digits; an average does not.
    levels_known = [one for one in (position.mark, position.stop, position.target) if one is not None]
    digits = price_digits(ticket) if ticket else decimals_of(*levels_known)

    def told(value: Decimal) -> str:
        return words.number(value, digits)

    which = side(position.direction, words) if position.direction else ""
    result = words("ticket.usdt", money=words.money(position.unrealised, signed=True))
    in_r = words.r(unrealised_r(ticket, position.unrealised)) if ticket else ""
    levels = [
        words("positions.stop", price=told(position.stop)) if position.stop is not None else words("positions.no_stop"),
        words("positions.target", price=told(position.target)) if position.target is not None else "",
        words("positions.liquidation", price=told(position.liquidation)) if position.liquidation is not None else "",
    ]
    return (
        heading(f"{sign} {position.symbol} {which} {words.exact(position.size)} @ {told(position.average)}"),
        dotted(result, in_r, words("positions.now", price=told(position.mark))),
        dotted(*levels),
        *(() if ticket else (words("positions.foreign"),)),
    )
