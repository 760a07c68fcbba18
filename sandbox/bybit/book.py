"""The practice market's order book: levels around the quotes, a tick apart, made from the instrument alone. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sandbox.bybit.instruments import Instrument

MOST_LEVELS = 1000


@dataclass(frozen=True, slots=True)
class Level:
    """What stands at one price."""

    price: Decimal
    qty: Decimal


def bids(instrument: Instrument, best: Decimal) -> Iterator[Level]:
    """Buyers from the best bid downwards, as many as Bybit shows at most."""
    for depth in range(MOST_LEVELS):
        price = best - depth * instrument.tick
        if price <= 0:
            return
        yield Level(price, _size(instrument, depth))


def asks(instrument: Instrument, best: Decimal) -> Iterator[Level]:
    """Sellers from the best ask upwards, as many as Bybit shows at most."""
    for depth in range(MOST_LEVELS):
        yield Level(best + depth * instrument.tick, _size(instrument, depth))


def best_size(instrument: Instrument) -> Decimal:
    """What stands at the best bid and ask."""
    return _size(instrument, 0)


def depth_between(instrument: Instrument, begin: Decimal, end: Decimal) -> Decimal:
    """What stands from one price to another, both included, as far as the book is deep."""
    levels = min(MOST_LEVELS, int(abs(end - begin) / instrument.tick) + 1)
    return sum((_size(instrument, depth) for depth in range(levels)), Decimal(0))


def _size(instrument: Instrument, depth: int) -> Decimal:
    size = instrument.max_market_qty / 50 * (1 + depth % 7)
    return max(instrument.step, size // instrument.step * instrument.step)
