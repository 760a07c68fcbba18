"""Time passes: the path of the price is walked through and everything that waited on it happens in order."""

import heapq
from collections.abc import Iterable, Mapping
from decimal import Decimal

from sandbox.bybit.ledger import Ledger
from sandbox.bybit.market import Market
from sandbox.bybit.matching import Matching
from sandbox.bybit.model import Order
from sandbox.bybit.source import HOUR_MS, MINUTE_MS

FUNDING_MS = 8 * HOUR_MS
LONGEST_STEP_MS = 6 * HOUR_MS
"""How much time one step walks at most, so that whoever shares the event loop is not kept waiting."""


class Walk:
    """Brings the ledger's time forward. Minutes whose candle touches nothing that waits are passed in one look."""

    def __init__(self, market: Market, ledger: Ledger, matching: Matching) -> None:
        self._market = market
        self._ledger = ledger
        self._matching = matching
        self._prices: dict[str, Decimal] = {}

    def step(self, until_ms: int) -> bool:
        """Walks towards `until_ms`, one bounded step. True once it is reached."""
        begin = self._ledger.time_ms
        if until_ms <= begin:
            return True
        end = min(until_ms, begin + LONGEST_STEP_MS)
        waiting = [symbol for symbol in self._market.instruments if self._matching.is_waiting(symbol)]
        if waiting:
            while (now := self._ledger.time_ms) < end:
                self._piece(min(end, (now // MINUTE_MS + 1) * MINUTE_MS))
        self._ledger.reach(end)
        self._matching.forget_prices()
        self._prices.clear()
        return end >= until_ms

    def _piece(self, until_ms: int) -> None:
        """Walks to a moment inside this minute or to its end."""
        begin = self._ledger.time_ms
        waiting = [symbol for symbol in self._market.instruments if self._matching.is_waiting(symbol)]
        whole = until_ms - begin == MINUTE_MS
        if not (whole and self._is_quiet(waiting, begin // MINUTE_MS)):
            self._along_the_path(waiting, begin, until_ms)
        self._ledger.reach(until_ms)
        if until_ms % FUNDING_MS == 0 and waiting:
            self._matching.forget_prices()
            self._matching.pay_funding(funding_rates(self._market, until_ms))

    def _along_the_path(self, symbols: Iterable[str], begin_ms: int, until_ms: int) -> None:
        self._matching.forget_prices()
        for symbol in symbols:
            self._prices.setdefault(symbol, self._market.last(symbol, begin_ms))
        paths = [
            [(point.time_ms, number, symbol, point) for point in self._market.points(symbol, begin_ms, until_ms)]
            for number, symbol in enumerate(symbols)
        ]
        for time_ms, _, symbol, point in heapq.merge(*paths, key=lambda entry: entry[:2]):
            self._ledger.time_ms = max(self._ledger.time_ms, time_ms)
            before, self._prices[symbol] = self._prices[symbol], point.price
            self._matching.look(symbol, before, point.price, gap=point.gap)
            self._matching.liquidate_the_ruined()

    def _is_quiet(self, symbols: Iterable[str], minute: int) -> bool:
        """Nothing that waits lies within this minute's candle, and no account could be ruined by its worst prices."""
        ranges = {symbol: self._market.range_of(symbol, minute) for symbol in symbols}
        if any(_touches(order, ranges[order.symbol]) for order in self._ledger.open_orders.values()):
            return False
        self._prices.clear()
        return not self._could_be_ruined(ranges)

    def _could_be_ruined(self, ranges: Mapping[str, tuple[float, float]]) -> bool:
        for account in {p.account for p in self._ledger.positions.values() if p.size > 0}:
            for position in self._ledger.held(account):
                low, high = ranges[position.symbol]
                worst = low if position.side == "Buy" else high
                self._matching.see(position.symbol, Decimal(str(worst)))
            wallet = self._matching.wallet(account)
            if wallet.equity <= wallet.maintenance:
                return True
        return False


def funding_rates(market: Market, time_ms: int) -> dict[str, Decimal]:
    """The rate of each symbol for the 8 h that end at or after a moment: small, by symbol and period, mostly positive."""
    period = -(-time_ms // FUNDING_MS)
    rates = {}
    for symbol, instrument in market.instruments.items():
        spread = (period * 7919 + instrument.number * 104_729) % 211
        rates[symbol] = Decimal(spread - 70) / 1_000_000
    return rates


def _touches(order: Order, span: tuple[float, float]) -> bool:
    level = order.trigger_price if order.status == "Untriggered" and order.trigger_price is not None else order.price
    return span[0] <= float(level) <= span[1] or _is_beyond(order, float(level), span)


def _is_beyond(order: Order, level: float, span: tuple[float, float]) -> bool:
    """The price is already past the level, as after a gap."""
    rises = order.trigger_direction == 1 if order.status == "Untriggered" else order.side == "Sell"
    return span[1] >= level if rises else span[0] <= level
