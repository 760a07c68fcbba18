"""Pieces that several screens share: bars, factors, prices with the instrument's own digits. Pure."""

import math
from decimal import Decimal

from strategies.signal import Factor, Signal
from tgbot.words import Words, decimals_of
from trading.model import Ticket

BAR = 8
_HALF = "▌"
_LONGEST_LABEL = 8


def bar(share: float, length: int = BAR) -> str:
    """A share 0..1 as a bar, to half a column, in a field of `length` columns."""
    halves = round(min(1.0, max(0.0, share)) * length * 2)
    return ("█" * (halves // 2) + _HALF * (halves % 2)).ljust(length)


def price_digits(ticket: Ticket) -> int:
    """The instrument's digits, as its plan's prices show them (they stand on its ticks)."""
    plan = ticket.revision.plan
    return decimals_of(plan.entry, plan.limit, plan.stop, plan.target)


def price(value: Decimal | float, ticket: Ticket, words: Words) -> str:
    """A price of the ticket's symbol."""
    return words.number(value, price_digits(ticket))


def base_of(symbol: str) -> str:
    """The coin that is bought: SOL of SOLUSDT."""
    return symbol.removesuffix("USDT")


def strategy_name(strategy: str, words: Words) -> str:
    """What people call it; a strategy without words keeps its id."""
    return words.either(f"strategy.{strategy}", strategy)


def factor_label(factor: Factor, words: Words) -> str:
    """A factor's short name; one without words is made from its own name."""
    own = factor.name.replace("_", " ").capitalize()[:_LONGEST_LABEL]
    return words.either(f"factor.{factor.name}", own)


def factor_figure(factor: Factor, words: Words) -> str:
    """The raw measure in words: 2.9 x usual, 3.2 ATR above.

    A factor's words choose how it is told, by the key they stand under: `factor.<name>.raw` as it is, `.percent` as a
    share, `.above` and `.below` (or `.above_percent`, `.below_percent`) without the sign that they say; `.none` where
    it is not known.
    """
    key, figure = f"factor.{factor.name}", factor.raw
    if math.isnan(figure):
        return words.either(f"{key}.none", words("factor.unknown"))
    side = "above" if figure >= 0 else "below"
    for told, value, digits in (
        ("raw", figure, 1),
        ("percent", figure * 100, 0),
        (side, abs(figure), 1),
        (f"{side}_percent", abs(figure) * 100, 0),
    ):
        if f"{key}.{told}" in words.keys:
            return words(f"{key}.{told}", x=words.number(value, digits))
    return words.number(figure, 2)


def factor_rows(signal: Signal, words: Words) -> tuple[tuple[str, str], ...]:
    """(label, bar and figure) of each factor, in the strategy's order."""
    return tuple(
        (factor_label(factor, words), f"{bar(factor.score)} {factor_figure(factor, words)}")
        for factor in signal.factors
    )


def side(direction: str, words: Words) -> str:
    """Long or Short."""
    return words(f"side.{direction}")
