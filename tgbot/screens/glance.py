"""How a position stands at one moment, for a toast and for its card. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tgbot.screens.figures import price
from tgbot.words import Words
from trading.endings import r_money
from trading.model import Position, Ticket


@dataclass(frozen=True, slots=True)
class Glance:
    """What somebody saw who looked at `at` (ms): the price, and the open result in USDT before the cost of closing."""

    mark: Decimal
    unrealised: Decimal
    at: int


def glance_at(ticket: Ticket, positions: Sequence[Position], now: int) -> Glance | None:
    """None where Bybit holds no such position."""
    position = next((one for one in positions if one.symbol == ticket.symbol and one.size > 0), None)
    return None if position is None else Glance(position.mark, position.unrealised, now)


def live_line(ticket: Ticket, seen: Glance | None, words: Words) -> str:
    """SOLUSDT 150.44 · +16.51 USDT · +0.40 R"""
    if seen is None:
        return words("toast.flat", symbol=ticket.symbol)
    return words(
        "toast.live",
        symbol=ticket.symbol,
        price=price(seen.mark, ticket, words),
        money=words.money(seen.unrealised, signed=True),
        r=words.r(unrealised_r(ticket, seen.unrealised)),
    )


def unrealised_r(ticket: Ticket, unrealised: Decimal) -> Decimal:
    """An open result in R, before the cost of closing."""
    r = r_money(ticket.revision)
    return unrealised / r if r else Decimal(0)
