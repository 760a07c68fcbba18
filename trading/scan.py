"""One tick: candles -> scores -> signals -> tickets. Scores are computed once for the market, whoever watches."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from indicators.candles import SLOW_FRAMES, BoolArray, Candles, FloatArray
from strategies.firing import fires
from strategies.model import DIRECTIONS, Scores
from strategies.signal import Direction, Factor, Signal
from trading.context import Context
from trading.dial import Dial
from trading.feed import newest_closed
from trading.judge import Judge, Verdict
from trading.model import Account
from trading.offers import Offers
from trading.people import Person
from trading.reasons import Reason
from trading.status import Nearest, Threshold, TickReport
from trading.universe import DAY_MS


@dataclass(frozen=True, slots=True)
class Listener:
    """Someone with an account, and what they watch under which threshold."""

    person: Person
    account: Account
    symbols: tuple[str, ...]
    threshold: Threshold

    @property
    def minutes(self) -> int:
        return self.person.preferences.minutes


@dataclass(frozen=True, slots=True)
class _Close:
    """What just closed in one timeframe: every strategy's scores, with the candles they judge."""

    fast: Candles
    verdict: Verdict


class Scanner:
    """Fires the strategies for every newly closed candle and offers what fired to those who listen."""

    def __init__(self, context: Context, judge: Judge, dial: Dial, offers: Offers) -> None:
        self._context = context
        self._judge = judge
        self._dial = dial
        self._offers = offers
        self._judged: dict[tuple[str, int], int] = {}  # (symbol, minutes) -> open time of the newest judged candle
        self._nearest: dict[int, Nearest | None] = {}
        self.report: TickReport | None = None

    async def scan(self) -> str:
        """One tick. Raises ExchangeError where not even prices could be had; the next tick tries again.

        Returns what the candles ran into, as a text that is safe to show; "" where all went well.
        """
        began = self._context.clock.now()
        await self._context.universe.refresh()
        listeners = await self.listeners()
        wanted = _frames(listeners)
        trouble = await self._context.feed.refresh(wanted)
        for minutes in sorted({listener.minutes for listener in listeners}):
            due = self._due(minutes, wanted[minutes])
            if due:
                close = await self._close(minutes, due)
                await self._tell(close, [one for one in listeners if one.minutes == minutes])
                self._judged.update({(symbol, minutes): int(close.fast.open_times[-1]) for symbol in due})
        now = self._context.clock.now()
        self.report = TickReport(now, float(now - began), len({s for symbols in wanted.values() for s in symbols}))
        return trouble

    async def listeners(self) -> tuple[Listener, ...]:
        """Everyone who has an account and has not blocked the bot."""
        found = []
        for person in await self._context.people.everyone():
            account = await self._context.people.account_of(person.id)
            if account is not None and not person.blocked:
                symbols = self._context.universe.watchlist(person.preferences)
                found.append(Listener(person, account, symbols, self._dial.threshold(person.preferences, symbols)))
        return tuple(found)

    async def prepare(self) -> None:
        """Reads the dial's history for all who use the dial; until it is there their fixed threshold holds."""
        wanted: dict[int, set[str]] = defaultdict(set)
        for listener in await self.listeners():
            if listener.person.preferences.per_day is not None:
                wanted[listener.minutes].update(listener.symbols)
        await self._dial.fill({minutes: sorted(symbols) for minutes, symbols in wanted.items()})

    def nearest(self, minutes: int) -> Nearest | None:
        """The strongest score of the last close that nobody's signal came from."""
        return self._nearest.get(minutes)

    def _due(self, minutes: int, symbols: frozenset[str]) -> tuple[str, ...]:
        """Symbols whose newest candle is here and not judged yet, together with the slow candle that it needs.

        All of them end at the same candle: a symbol that lags is judged at a later tick, when it has caught up.
        """
        newest = newest_closed(self._context.exchange.bybit_time(), minutes)
        slow = SLOW_FRAMES[minutes]
        slow_newest = newest_closed(newest + minutes * 60_000, slow)
        return tuple(
            sorted(
                symbol
                for symbol in symbols
                if self._context.feed.newest(symbol, minutes) == newest
                and self._context.feed.newest(symbol, slow) == slow_newest
                and self._judged.get((symbol, minutes)) != newest
            )
        )

    async def _close(self, minutes: int, symbols: tuple[str, ...]) -> _Close:
        feed, caches = self._context.feed, self._context.caches
        slow_minutes = SLOW_FRAMES[minutes]
        newest = feed.newest(symbols[0], minutes)

        async def block(length: int) -> Candles:
            return feed.block(symbols, length)

        fast = await caches.market_data_cache.get((symbols, minutes, newest), lambda: block(minutes))
        slow_newest = feed.newest(symbols[0], slow_minutes)
        slow = await caches.market_data_cache.get((symbols, slow_minutes, slow_newest), lambda: block(slow_minutes))
        verdict = await caches.strategy_results_cache.get(
            (symbols, minutes, newest), lambda: self._judge.verdict(fast, slow)
        )
        return _Close(fast, verdict)

    async def _tell(self, close: _Close, listeners: list[Listener]) -> None:
        fired: dict[tuple[float, int, str], BoolArray] = {}
        heard = {strategy for listener in listeners for strategy in listener.person.preferences.strategies_on}
        judged = tuple(scores for scores in close.verdict.scores if scores.strategy in heard)
        for listener in listeners:
            for scores in judged:
                key = (float(listener.threshold.value), listener.person.preferences.confluence, scores.strategy)
                if key not in fired:
                    fired[key] = fires(scores, key[0], key[1])[:, :, -1]
        self._nearest[close.fast.minutes] = _nearest(judged, fired)
        for listener in listeners:
            signals = self._signals(close, listener, fired)
            await self._offer(listener, signals)

    def _signals(
        self, close: _Close, listener: Listener, fired: Mapping[tuple[float, int, str], BoolArray]
    ) -> list[Signal]:
        """What fired for one person, strongest first; one signal for each symbol and direction."""
        preferences = listener.person.preferences
        found: dict[tuple[str, Direction], list[Signal]] = defaultdict(list)
        for scores, raw in zip(close.verdict.scores, close.verdict.raw, strict=True):
            if scores.strategy not in preferences.strategies_on:
                continue
            now = fired[float(listener.threshold.value), preferences.confluence, scores.strategy]
            for way, place in np.argwhere(now):
                symbol = close.fast.symbols[place]
                if symbol in listener.symbols:
                    found[symbol, DIRECTIONS[way]].append(_signal(close, scores, raw, int(way), int(place)))
        strongest = []
        for signals in found.values():
            first, *others = sorted(signals, key=lambda signal: (-signal.strength, signal.strategy))
            strongest.append(replace(first, also=tuple(other.strategy for other in others)))
        strongest.sort(key=lambda signal: (-signal.strength, signal.symbol))
        return [replace(signal, rank=rank, of=len(strongest)) for rank, signal in enumerate(strongest, 1)]

    async def _offer(self, listener: Listener, signals: list[Signal]) -> None:
        left = await self._left_today(listener)
        for signal in signals:
            full = left is not None and left <= 0
            await self._offers.offer(listener.person, listener.account, signal, Reason.DAY_FULL if full else None)
            left = None if left is None else left - 1

    async def _left_today(self, listener: Listener) -> int | None:
        """How many more cards the dial allows today where even its highest threshold gives too many; else None."""
        if not listener.threshold.exceeded:
            return None
        midnight = self._context.clock.now() // DAY_MS * DAY_MS
        heard = await self._context.journal.heard_since(listener.person.id, midnight)
        return (listener.person.preferences.per_day or 0) - heard


def _frames(listeners: tuple[Listener, ...]) -> dict[int, frozenset[str]]:
    """Every frame that somebody needs, slow frames included: minutes -> symbols."""
    wanted: dict[int, set[str]] = defaultdict(set)
    for listener in listeners:
        wanted[listener.minutes].update(listener.symbols)
        wanted[SLOW_FRAMES[listener.minutes]].update(listener.symbols)
    return {minutes: frozenset(symbols) for minutes, symbols in wanted.items()}


def _signal(close: _Close, scores: Scores, raw: FloatArray, way: int, place: int) -> Signal:
    fast = close.fast
    first, second, third = (
        Factor(name, round(float(value), 6), float(measure))
        for name, value, measure in zip(
            scores.factor_names, scores.factors[way, :, place, -1], raw[:, place], strict=True
        )
    )
    return Signal(
        symbol=fast.symbols[place],
        strategy=scores.strategy,
        minutes=fast.minutes,
        direction=DIRECTIONS[way],
        open_time=int(fast.open_times[-1]),
        factors=(first, second, third),
        strength=float(scores.strength[way, place, -1]),
        confluence=int(scores.confluence[way, place, -1]),
        close=float(fast.close[place, -1]),
        atr=float(close.verdict.atr[place]),
    )


def _nearest(scores: tuple[Scores, ...], fired: Mapping[tuple[float, int, str], BoolArray]) -> Nearest | None:
    best: Nearest | None = None
    for one in scores:
        any_fired = np.logical_or.reduce([now for (_, _, strategy), now in fired.items() if strategy == one.strategy])
        strength = np.where(any_fired, 0.0, one.strength[:, :, -1])
        way, place = np.unravel_index(int(np.argmax(strength)), strength.shape)
        value = float(strength[way, place])
        if value > 0 and (best is None or value > best.strength):
            best = Nearest(one.symbols[int(place)], DIRECTIONS[int(way)], value)
    return best
