"""Prices at the ledger's time: the market's own, or those of the moment that is being walked through."""

from decimal import Decimal

from sandbox.bybit.instruments import Instrument
from sandbox.bybit.ledger import Ledger
from sandbox.bybit.market import Market


class Prices:
    """Last prices and quotes for matching, margin and stops."""

    def __init__(self, market: Market, ledger: Ledger) -> None:
        self.instruments = market.instruments
        self._market = market
        self._ledger = ledger
        self._seen: dict[str, Decimal] = {}

    def last(self, symbol: str) -> Decimal:
        """The last traded price."""
        return self._seen.get(symbol) or self._market.last(symbol, self._ledger.time_ms)

    def traded(self, symbol: str) -> Decimal:
        """What traded in the second that ends now, in the base coin."""
        return self._market.traded(symbol, self._ledger.time_ms)

    def see(self, symbol: str, price: Decimal) -> None:
        """While time is walked through: the price of a symbol at the moment that is looked at."""
        self._seen[symbol] = price

    def forget(self) -> None:
        """The walk is over; prices are the market's own again."""
        self._seen.clear()

    def quotes(self, symbol: str, last: Decimal | None = None) -> tuple[Decimal, Decimal]:
        """Best bid and ask around the last price, or around another one."""
        return quotes_around(last or self.last(symbol), self.instruments[symbol])

    def touch(self, symbol: str, side: str, last: Decimal | None = None) -> Decimal:
        """What a taker of this side pays or gets: the ask for a buyer, the bid for a seller."""
        bid, ask = self.quotes(symbol, last)
        return ask if side == "Buy" else bid


def quotes_around(last: Decimal, instrument: Instrument) -> tuple[Decimal, Decimal]:
    """Best bid and ask around a last price: the instrument's spread, split, the odd tick above."""
    bid = max(instrument.tick, last - instrument.spread_ticks // 2 * instrument.tick)
    return bid, bid + instrument.spread_ticks * instrument.tick
