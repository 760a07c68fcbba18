"""From candles to tickets, at each close of the stream and at each tick. Scores are computed once for the market."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter

from indicators.cache import ColumnCache
from indicators.candles import SLOW_FRAMES, Candles
from strategies.running_firings import Pair
from strategies.signal import Signal
from trading.context import Context
from trading.dial import Dial
from trading.fired import nearest_of, pair_of, signals_of
from trading.gathering import Gathering
from trading.history import newest_closed
from trading.judge import Judge, Verdict
from trading.live_judge import Close, LiveJudge
from trading.model import Account
from trading.offers import Offers
from trading.people import Person
from trading.preferences import Preferences
from trading.reasons import Reason
from trading.status import Nearest, Threshold, TickReport
from trading.tickets import Own
from trading.universe import DAY_MS

# What fired further back than this is history: after a long gap only the last candles are told of.
TOLD_CANDLES = 24
# The candles that people look at through the caches: the columns are warm long before the newest of them.
LOOKED_AT = 240
# Prices of so many symbols come by stream; of more, the tick's question for all of them is enough.
PRICED = 50
CHECKED_EACH_MS = 3_600_000


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

    @property
    def pair(self) -> Pair:
        return pair_of(self.threshold, self.person.preferences)


class Scanner:
    """Fires the strategies for every newly closed candle and offers what fired to those who listen."""

    def __init__(self, context: Context, judge: Judge, live: LiveJudge, dial: Dial, offers: Offers, own: Own) -> None:
        self._context = context
        self._judge = judge
        self._live = live
        self._dial = dial
        self._offers = offers
        self._own = own
        self._turn = asyncio.Lock()
        self._closes: dict[int, list[Close]] = {}  # by timeframe: all of its newest close
        self._looked: dict[int, int] = {}  # by timeframe: the close that the caches hold
        self._is_called = False
        self.gathering = Gathering(context.feed, self._call)
        self.report: TickReport | None = None
        self.differs = ""  # what the last check found
        self._checked_at = context.clock.now()

    # --- one look

    async def scan(self) -> str:
        """One tick: prices, what is late, and whatever has closed. Raises ExchangeError where not even prices could be
        had; the next tick tries again.

        Returns what the candles ran into, as a text that is safe to show; "" where all went well.
        """
        context = self._context
        await context.universe.refresh()
        listeners = await self.listeners()
        wanted = _frames(listeners)
        watched = {symbol for symbols in wanted.values() for symbol in symbols}
        self.gathering.want(wanted)
        context.stream.follow(wanted, watched if len(watched) <= PRICED else ())
        trouble = await context.feed.refresh(wanted)
        took = await self._judge_closes(listeners)
        await self._fill_caches(sorted({listener.minutes for listener in listeners}))
        self.report = TickReport(context.clock.now(), took, len(watched))
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

    async def check_each_hour(self) -> None:
        """The running columns against a recompute; what differs begins anew, and is said until a check finds none."""
        now = self._context.clock.now()
        if now - self._checked_at >= CHECKED_EACH_MS:
            self._checked_at = now
            self.differs = await self._live.check(self._turn)

    # --- a close

    def _call(self) -> None:
        """The stream brought a close: it is looked at now, not at the next tick."""
        if not self._is_called:
            self._is_called = True
            self._own(self._look_now(), "close")

    async def _look_now(self) -> None:
        self._is_called = False
        await self._judge_closes(await self.listeners())

    async def _judge_closes(self, listeners: tuple[Listener, ...]) -> float:
        """Offers what fired; gives the ms of computing."""
        fast: dict[int, set[str]] = defaultdict(set)
        pairs: dict[int, set[Pair]] = defaultdict(set)
        for listener in listeners:
            fast[listener.minutes].update(listener.symbols)
            pairs[listener.minutes].add(listener.pair)
        async with self._turn:
            began = perf_counter()
            closes = await self._live.advance(fast, pairs)
            took = (perf_counter() - began) * 1000
            for close in closes:
                self._remember(close)
                if close.open_time > self._last_told(close.minutes):
                    await self._tell(close, [one for one in listeners if one.minutes == close.minutes])
        return took

    def _last_told(self, minutes: int) -> int:
        newest = newest_closed(self._context.exchange.bybit_time(), minutes)
        return newest - TOLD_CANDLES * minutes * 60_000

    def _remember(self, close: Close) -> None:
        known = self._closes.get(close.minutes, [])
        if known and known[0].open_time > close.open_time:
            return
        same = [one for one in known if one.open_time == close.open_time]
        self._closes[close.minutes] = [*same, close]

    async def _tell(self, close: Close, listeners: list[Listener]) -> None:
        for listener in listeners:
            signals = signals_of(close, listener.person.preferences, listener.symbols, listener.pair)
            await self._offer(listener, signals)

    async def _offer(self, listener: Listener, signals: list[Signal]) -> None:
        left = await self._left_today(listener) if signals else None
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

    # --- what people look at

    @property
    def column_caches(self) -> Mapping[str, ColumnCache]:
        """By name, for whoever shows their hits."""
        return self._judge.processor.caches

    def nearest(self, preferences: Preferences, symbols: tuple[str, ...], threshold: Threshold) -> Nearest | None:
        """The strongest score of the last close that did not fire for this person."""
        closes = self._closes.get(preferences.minutes, ())
        return nearest_of(closes, preferences, symbols, pair_of(threshold, preferences))

    def nearest_few(
        self, preferences: Preferences, symbols: tuple[str, ...], threshold: Threshold, count: int
    ) -> tuple[Nearest, ...]:
        """Of each symbol the strongest score of the last close that did not fire, the strongest symbols first."""
        closes, pair = self._closes.get(preferences.minutes, ()), pair_of(threshold, preferences)
        each = (nearest_of(closes, preferences, (symbol,), pair) for symbol in symbols)
        found = [nearest for nearest in each if nearest is not None]
        return tuple(sorted(found, key=lambda nearest: -nearest.strength)[:count])

    async def forming(self, symbol: str, minutes: int) -> tuple[Candles, Verdict] | None:
        """What would be said if the candle that is forming closed as it stands; None where nothing is known of it."""
        async with self._turn:
            return self._live.forming(symbol, minutes)

    async def look(self, minutes: int) -> tuple[Candles, Verdict] | None:
        """What every strategy says of the newest close of a timeframe, through the caches; None before the first."""
        feed, caches = self._context.feed, self._context.caches
        closes = self._closes.get(minutes)
        if not closes:
            return None
        newest, slow_minutes = closes[0].open_time, SLOW_FRAMES[minutes]
        slow_newest = newest_closed(newest + minutes * 60_000, slow_minutes)
        symbols = tuple(
            symbol
            for symbol in sorted({symbol for close in closes for symbol in close.fast.symbols})
            if feed.newest(symbol, minutes) == newest and feed.newest(symbol, slow_minutes) == slow_newest
        )
        if not symbols:
            return None

        async def block(length: int) -> Candles:
            return feed.block(symbols, length, LOOKED_AT)

        fast = await caches.market_data_cache.get((symbols, minutes, newest), lambda: block(minutes))
        slow = await caches.market_data_cache.get((symbols, slow_minutes, slow_newest), lambda: block(slow_minutes))
        verdict = await caches.strategy_results_cache.get(
            (symbols, minutes, newest), lambda: self._judge.verdict(fast, slow)
        )
        return fast, verdict

    async def _fill_caches(self, frames: list[int]) -> None:
        """After a close what people will look at is made ready by the tick, when the cards are on their way."""
        for minutes in frames:
            closes = self._closes.get(minutes)
            if closes and self._looked.get(minutes) != closes[0].open_time:
                self._looked[minutes] = closes[0].open_time
                await self.look(minutes)


def _frames(listeners: tuple[Listener, ...]) -> dict[int, frozenset[str]]:
    """Every frame that somebody needs, slow frames included: minutes -> symbols."""
    wanted: dict[int, set[str]] = defaultdict(set)
    for listener in listeners:
        wanted[listener.minutes].update(listener.symbols)
        wanted[SLOW_FRAMES[listener.minutes]].update(listener.symbols)
    return {minutes: frozenset(symbols) for minutes, symbols in wanted.items()}
