"""The price comes by: stops and targets wake up, and orders that rest in the book are filled bit by bit."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from sandbox.bybit.book import depth_between
from sandbox.bybit.fills import Fills
from sandbox.bybit.instruments import Instrument
from sandbox.bybit.ledger import Ledger
from sandbox.bybit.matching import Matching
from sandbox.bybit.model import ZERO, Order
from sandbox.bybit.prices import Prices

QUEUE_SHARE = Decimal("0.5")
"""Of what trades at an order's own price, what reaches it: others stood there before it."""
SECOND_MS = 1000

Supply = Callable[[Order], Decimal]
"""How much of what trades now an order that rests could get at most."""


class Passing:
    """Executes what waited where the price goes, the nearest first."""

    def __init__(self, ledger: Ledger, prices: Prices, fills: Fills, matching: Matching) -> None:
        self._ledger = ledger
        self._prices = prices
        self._fills = fills
        self._matching = matching

    def pass_by(self, symbol: str, before: Decimal, now: Decimal, *, gap: bool) -> None:
        """The price went from `before` to `now` by itself.

        Each conditional order wakes at its own level, as the price traded through it; after a `gap` nothing traded
        there, so at `now`. Resting orders get what traded in the second that ends now, after a gap what the book held.
        """
        supply = self._swept(symbol, before, now) if gap and before != now else self._traded(symbol, now, gap=gap)
        self._go(symbol, before, now, supply, gap=gap)

    def sweep(self, symbol: str, before: Decimal, now: Decimal) -> None:
        """Somebody drove the price from `before` to `now` at once, through all that stood in the book between."""
        self._go(symbol, before, now, self._swept(symbol, before, now), gap=False)

    def _go(self, symbol: str, before: Decimal, now: Decimal, supply: Supply, *, gap: bool) -> None:
        self._prices.see(symbol, now)
        self._trail(symbol, now)
        low, high = min(before, now), max(before, now)
        taken = {"Buy": ZERO, "Sell": ZERO}
        served: set[str] = set()
        while waiting := self._waiting(symbol, low, high, now, served):
            order = min(waiting, key=lambda o: _rank(o, before))
            with self._ledger.change():
                if order.status == "Untriggered":
                    self._matching.trigger(order, now if gap else min(max(order.level, low), high))
                else:
                    served.add(order.order_id)
                    taken[order.side] += self._serve(order, supply(order) - taken[order.side])

    def _waiting(self, symbol: str, low: Decimal, high: Decimal, now: Decimal, served: set[str]) -> list[Order]:
        open_orders = [o for o in self._ledger.open_orders.values() if o.symbol == symbol]
        return [o for o in open_orders if o.order_id not in served and (o.is_reached(low, high) or o.is_hit(now))]

    def _serve(self, order: Order, supplied: Decimal) -> Decimal:
        """Fills a resting order from what is supplied. Returns how much that was."""
        step = self._prices.instruments[order.symbol].step
        qty = min(order.leaves_qty, supplied // step * step)
        if qty <= 0:
            return ZERO
        self._fills.fill(order, qty, order.price, maker=True)
        return qty

    def _traded(self, symbol: str, now: Decimal, *, gap: bool) -> Supply:
        """Trades print once a second: all of the second's volume went through orders beyond the price."""
        # A whole second is looked at once, however often anybody looks at the clock.
        is_told = not gap and self._ledger.time_ms % SECOND_MS == 0
        volume = self._prices.traded(symbol) if is_told else ZERO
        instrument = self._prices.instruments[symbol]

        def supply(order: Order) -> Decimal:
            if order.price == now:
                return _at_least_a_step(volume * QUEUE_SHARE, instrument)
            is_beyond = now < order.price if order.side == "Buy" else now > order.price
            return _at_least_a_step(volume, instrument) if is_beyond else ZERO

        return supply

    def _swept(self, symbol: str, before: Decimal, now: Decimal) -> Supply:
        """What stood in the book from an order's price to where the price is now."""
        instrument = self._prices.instruments[symbol]

        def supply(order: Order) -> Decimal:
            falls = order.side == "Buy"
            begin = min(order.price, before) if falls else max(order.price, before)
            return depth_between(instrument, begin, now) if (begin >= now if falls else begin <= now) else ZERO

        return supply

    def _trail(self, symbol: str, now: Decimal) -> None:
        """Trailing stops wake up at their active price and follow the price where it goes their way."""
        for order in [o for o in self._ledger.open_orders.values() if o.symbol == symbol]:
            followed = order.followed(now) if order.trailing is not None else order
            if followed != order:
                with self._ledger.change():
                    self._ledger.keep_order(replace(followed, updated_ms=self._ledger.time_ms))


def _rank(order: Order, before: Decimal) -> tuple[Decimal, Decimal, int]:
    """Which order's turn is first: the nearest on the way, of resting ones the better price, then the older."""
    if order.status == "Untriggered":
        return abs(order.level - before), ZERO, order.created_ms
    falls = order.side == "Buy"
    far = before - order.price if falls else order.price - before
    return max(ZERO, far), -order.price if falls else order.price, order.created_ms


def _at_least_a_step(volume: Decimal, instrument: Instrument) -> Decimal:
    """Where anything traded at all, it was a step."""
    return max(volume, instrument.step) if volume > 0 else ZERO
