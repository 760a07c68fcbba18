"""Time passes: the path of the price is walked through and everything that waited on it happens in order."""

import heapq
from collections.abc import Sequence
from decimal import Decimal

from sandbox.bybit.engine import Engine
from sandbox.bybit.instruments import Instrument
from sandbox.bybit.ledger import Ledger
from sandbox.bybit.market import Market
from sandbox.bybit.prices import Prices
from sandbox.bybit.settlement import Settlement
from sandbox.bybit.source import HOUR_MS, MINUTE_MS

FUNDING_MS = 8 * HOUR_MS
LONGEST_STEP_MS = 4 * HOUR_MS
"""How much time one step walks at most, so that whoever shares the event loop is not kept waiting."""


class Walk:
    """Brings the ledger's time forward; hours and minutes that touch nothing that waits are passed in one look."""

    def __init__(self, market: Market, ledger: Ledger, prices: Prices, engine: Engine, settlement: Settlement) -> None:
        self._market = market
        self._ledger = ledger
        self._prices = prices
        self._engine = engine
        self._settlement = settlement

    def step(self, until_ms: int) -> bool:
        """Walks towards `until_ms`, one bounded step. True once it is reached."""
        begin, due_ms = self._ledger.time_ms, self._ledger.next_due_ms()
        end = until_ms if due_ms is None else min(until_ms, max(begin, due_ms))
        if self._ledger.waiting_symbols():
            end = min(end, begin + LONGEST_STEP_MS)
            while (now := self._ledger.time_ms) < end:
                self._piece(now, end)
        else:
            self._ledger.reach(end)
        self._engine.take_up_what_is_due()
        return self._ledger.time_ms >= until_ms

    def _piece(self, begin_ms: int, end_ms: int) -> None:
        """Walks a quiet hour or minute in one look, or else along the path to the end of the minute."""
        waiting = self._ledger.waiting_symbols()
        for span in (HOUR_MS, MINUTE_MS):
            if begin_ms % span == 0 and begin_ms + span <= end_ms and self._is_quiet(waiting, begin_ms, span):
                until_ms = begin_ms + span
                break
        else:
            until_ms = min(end_ms, (begin_ms // MINUTE_MS + 1) * MINUTE_MS)
            self._along_the_path(waiting, begin_ms, until_ms)
        self._ledger.reach(until_ms)
        self._prices.forget()
        if until_ms % FUNDING_MS == 0:
            self._settlement.pay_funding(funding_rates(self._market, until_ms))

    def _along_the_path(self, symbols: Sequence[str], begin_ms: int, until_ms: int) -> None:
        for symbol in symbols:
            self._prices.see(symbol, self._market.last(symbol, begin_ms))
        paths = [
            [(point.time_ms, number, point) for point in self._market.points(symbol, begin_ms, until_ms)]
            for number, symbol in enumerate(symbols)
        ]
        for time_ms, number, point in heapq.merge(*paths, key=lambda entry: entry[:2]):
            self._ledger.reach(time_ms)
            symbol = symbols[number]
            self._engine.pass_by(symbol, self._prices.last(symbol), point.price, gap=point.gap)
            self._settlement.liquidate_the_ruined()
        self._prices.forget()

    def _is_quiet(self, symbols: Sequence[str], begin_ms: int, span_ms: int) -> bool:
        """Nothing that waits lies within the candle of this span, and nobody could be ruined by its worst prices."""
        ranges = {symbol: self._range_of(symbol, begin_ms, span_ms) for symbol in symbols}
        if any(order.is_stirred(*ranges[order.symbol]) for order in self._ledger.open_orders.values()):
            return False
        return not any(
            self._settlement.could_be_ruined(account, ranges) for account in self._ledger.accounts_with_positions()
        )

    def _range_of(self, symbol: str, begin_ms: int, span_ms: int) -> tuple[Decimal, Decimal]:
        """The range of a span with a tick to spare on either side, as it comes as floats."""
        low, high = self._market.range_of(symbol, begin_ms // MINUTE_MS, span_ms // MINUTE_MS)
        tick = self._market.instruments[symbol].tick
        return Decimal(low) - tick, Decimal(high) + tick


def funding_rates(market: Market, time_ms: int) -> dict[str, Decimal]:
    """Each symbol's rate for the 8 h that end at or after a moment: small, by symbol and period, mostly positive."""
    return {symbol: funding_rate(instrument, time_ms) for symbol, instrument in market.instruments.items()}


def funding_rate(instrument: Instrument, time_ms: int) -> Decimal:
    """One symbol's rate for the 8 h that end at or after a moment."""
    period = -(-time_ms // FUNDING_MS)
    spread = (period * 7919 + instrument.number * 104_729) % 211
    return Decimal(spread - 70) / 1_000_000
