"""The market judged candle by candle: what closed is pushed once, scored once, and fires under every pair in use."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from indicators.candles import MINUTE_MS, SLOW_FRAMES, BoolArray, Candles
from indicators.live import Bars
from indicators.roster import NONE_YET
from strategies.running_firings import KEPT_SCORES, Pair, RunningFirings
from trading.feed import Feed
from trading.feed_news import CandleNews
from trading.history import newest_closed
from trading.judge import Frame, Judge, Verdict
from trading.live_frame import LiveFrame, Step

log = logging.getLogger(__name__)

# So many symbols' whole histories are worked out at once: it bounds the memory that takes.
AT_ONCE = 40
TOLERANCE = 1e-9

Wanted = Mapping[int, Collection[str]]


@dataclass(frozen=True, slots=True, eq=False)
class Close:
    """What closed in one timeframe: `fast` holds that one candle of each symbol that is judged by it.

    `fired` tells for each (pair, strategy) where it fired, shape (2 directions, symbols).
    """

    fast: Candles
    verdict: Verdict
    fired: Mapping[tuple[Pair, str], BoolArray]

    @property
    def minutes(self) -> int:
        return self.fast.minutes

    @property
    def open_time(self) -> int:
        return int(self.fast.open_times[-1])


class LiveJudge:
    """Follows the feed. Belongs to the event loop; its calls that wait are made one after another."""

    def __init__(self, feed: Feed, judge: Judge) -> None:
        self._feed = feed
        self._judge = judge
        self._frames: dict[int, LiveFrame] = {}
        self._firings: dict[int, tuple[RunningFirings, ...]] = {}  # by fast frame, in the order of the strategies
        self._scored: dict[int, dict[str, int]] = {}  # by fast frame and symbol: the newest open time that was scored
        self._told: dict[int, dict[str, int]] = {}  # the same of what was given as a Close

    async def advance(self, fast: Wanted, pairs: Mapping[int, Collection[Pair]]) -> list[Close]:
        """Takes in what the feed has, oldest first, and gives every close that can be judged now, each once.

        `fast`: minutes -> symbols to judge; `pairs`: minutes -> what is used there.
        """
        self._arrange(fast)
        for minutes, used in pairs.items():
            for firings in self._firings[minutes]:
                firings.keep(used)
        await self._begin(fast)
        closes = self._ready(pairs)
        steps = [step for frame in self._frames.values() for step in frame.steps(self._feed)]
        # A slow candle goes before the fast one that ends with it.
        steps.sort(key=lambda step: (step.closed_at, -step.minutes))
        for place, step in enumerate(steps):
            self._lose_holes(step)
            self._frames[step.minutes].push(step)
            if place + 1 == len(steps) or steps[place + 1].closed_at != step.closed_at:
                closes += self._ready(pairs)
        return closes

    # --- which symbols there are

    def _arrange(self, fast: Wanted) -> None:
        wanted: dict[int, set[str]] = {}
        for minutes, symbols in fast.items():
            wanted.setdefault(minutes, set()).update(symbols)
            wanted.setdefault(SLOW_FRAMES[minutes], set()).update(symbols)
        for minutes in self._frames.keys() - wanted.keys():
            del self._frames[minutes]
        for minutes in self._firings.keys() - fast.keys():
            del self._firings[minutes]
        for minutes, symbols in wanted.items():
            self._keep(minutes, tuple(sorted(symbols)), minutes in fast)
        for known in (self._scored, self._told):
            for minutes in known.keys() - fast.keys():
                del known[minutes]
            for minutes in fast:
                kept = known.setdefault(minutes, {})
                for symbol in kept.keys() - wanted[minutes]:
                    del kept[symbol]

    def _keep(self, minutes: int, symbols: tuple[str, ...], is_fast: bool) -> None:
        frame = self._frames.get(minutes)
        if frame is None:
            frame = self._frames[minutes] = LiveFrame(symbols, minutes, self._judge.settings)
        elif frame.symbols != symbols:
            order = frame.keep(symbols)
            for firings in self._firings.get(minutes, ()):
                firings.arrange(order)
        if is_fast and minutes not in self._firings:
            self._firings[minutes] = tuple(RunningFirings(len(symbols)) for _ in self._judge.ids)
            frame.lose(symbols)  # scores of the past come with a filling

    # --- beginning

    async def _begin(self, fast: Wanted) -> None:
        for minutes, frame in self._frames.items():
            strangers = frame.strangers(self._feed)
            if minutes in fast:
                slow = SLOW_FRAMES[minutes]
                await self._begin_fast(minutes, [s for s in strangers if self._feed.newest(s, slow) is not None])
                continue
            for candles in self._histories(minutes, strangers):
                await asyncio.to_thread(frame.fill, candles, self._fillings(minutes, candles.symbols))

    async def _begin_fast(self, minutes: int, symbols: Collection[str]) -> None:
        """All but the newest candle: that one is a step like any later one, judged when its slow one is here too."""
        for candles in self._histories(minutes, symbols):
            for slow in self._histories(SLOW_FRAMES[minutes], candles.symbols):
                past = candles.only(slow.symbols).until(len(candles) - 1)
                fillings = self._fillings(minutes, past.symbols)
                await asyncio.to_thread(self._fill, past, slow, fillings)
                newest = self._frames[minutes].newest(past.symbols)
                self._scored[minutes].update(zip(past.symbols, newest, strict=True))

    def _fill(self, past: Candles, slow: Candles, fillings: list[int]) -> None:
        frame = self._frames[past.minutes]
        frame.fill(past, fillings)
        verdict = self._judge.of(self._judge.whole(past), self._judge.whole(slow)) if len(past) else None
        rows, kept = frame.rows(past.symbols), slice(-KEPT_SCORES, None)
        for place, firings in enumerate(self._firings[past.minutes]):
            if verdict is None:
                firings.forget(rows)
            else:
                scores = verdict.scores[place]
                firings.fill(rows, scores.strength[..., kept], scores.confluence[..., kept])

    def _fillings(self, minutes: int, symbols: Iterable[str]) -> list[int]:
        return [self._feed.fillings[symbol, minutes] for symbol in symbols]

    def _histories(self, minutes: int, symbols: Iterable[str]) -> Iterator[Candles]:
        """Whole histories, of not too many symbols at once, those together that end together."""
        groups: dict[int, list[str]] = {}
        for symbol in symbols:
            newest = self._feed.newest(symbol, minutes)
            if newest is not None:
                groups.setdefault(newest, []).append(symbol)
        for group in groups.values():
            for first in range(0, len(group), AT_ONCE):
                yield self._feed.block(tuple(group[first : first + AT_ONCE]), minutes)

    # --- moving on

    def _lose_holes(self, step: Step) -> None:
        """A candle that was never scored, because its slow one came too late, leaves a hole in what fires."""
        if step.minutes in self._firings:
            frame = self._frames[step.minutes]
            newest = zip(step.symbols, frame.newest(step.symbols), strict=True)
            scored = self._scored[step.minutes]
            holes = [symbol for symbol, at in newest if at != NONE_YET and scored.get(symbol) != at]
            if holes:
                frame.lose(holes)

    def _ready(self, pairs: Mapping[int, Collection[Pair]]) -> list[Close]:
        """Every newest candle that was not scored yet and has its slow one is scored; what was not told is given."""
        closes = []
        for minutes in self._firings:
            for (open_time, is_told), symbols in self._unscored(minutes).items():
                close = self._score(minutes, tuple(symbols), open_time, pairs.get(minutes, ()))
                if not is_told:
                    self._told[minutes] |= dict.fromkeys(symbols, open_time)
                    closes.append(close)
        return closes

    def _unscored(self, minutes: int) -> dict[tuple[int, bool], list[str]]:
        frame, slow_frame = self._frames[minutes], self._frames[SLOW_FRAMES[minutes]]
        found: dict[tuple[int, bool], list[str]] = {}
        scored, told = self._scored[minutes], self._told[minutes]
        slow_newest = slow_frame.newest(frame.symbols)
        for symbol, at, slow_at in zip(frame.symbols, frame.newest(frame.symbols), slow_newest, strict=True):
            if at == NONE_YET or scored.get(symbol, NONE_YET) >= at:
                continue
            if slow_at == newest_closed(at + minutes * MINUTE_MS, slow_frame.minutes):
                found.setdefault((at, told.get(symbol, NONE_YET) >= at), []).append(symbol)
        return found

    def _score(self, minutes: int, symbols: tuple[str, ...], open_time: int, pairs: Collection[Pair]) -> Close:
        slow_frame = self._frames[SLOW_FRAMES[minutes]]
        slow_at = newest_closed(open_time + minutes * MINUTE_MS, slow_frame.minutes)
        frame = self._frames[minutes]
        fast = frame.at_newest(symbols, open_time)
        verdict = self._judge.of(fast, slow_frame.at_newest(symbols, slow_at))
        fired: dict[tuple[Pair, str], BoolArray] = {}
        rows = frame.rows(symbols)
        for firings, scores in zip(self._firings[minutes], verdict.scores, strict=True):
            firings.push(rows, scores.strength[:, :, -1], scores.confluence[:, :, -1])
            fired |= {(pair, scores.strategy): firings.fired(rows, pair) for pair in pairs}
        self._scored[minutes] |= dict.fromkeys(symbols, open_time)
        return Close(fast.candles, verdict, fired)

    # --- what people look at

    def forming(self, symbol: str, minutes: int) -> tuple[Candles, Verdict] | None:
        """What would be said if the candle that is forming closed as it stands; None where nothing is known of it."""
        news, slow_minutes = self._feed.forming(symbol, minutes), SLOW_FRAMES[minutes]
        frame, slow_frame = self._frames.get(minutes), self._frames.get(slow_minutes)
        if news is None or frame is None or slow_frame is None:
            return None
        if symbol not in frame.symbols or frame.newest((symbol,)) != [news.open_time - minutes * MINUTE_MS]:
            return None
        slow_due = newest_closed(news.open_time + minutes * MINUTE_MS, slow_minutes)
        if slow_frame.newest((symbol,)) == [slow_due]:
            slow = slow_frame.at_newest((symbol,), slow_due)
        else:
            slow_news = self._feed.forming(symbol, slow_minutes)
            if slow_news is None or slow_news.open_time != slow_due:
                return None
            slow = slow_frame.as_if((symbol,), slow_due, _bars(slow_news))
        fast = frame.as_if((symbol,), news.open_time, _bars(news))
        return fast.candles, self._judge.of(fast, slow)

    # --- the check

    async def check(self, turn: asyncio.Lock) -> str:
        """Every column worked out anew from the kept candles; what differs begins anew. A text of it, "" if none.

        `turn` is held for a few symbols at a time: a candle that closes meanwhile does not wait for all of them.
        """
        differs: list[str] = []
        for minutes, symbols in [(minutes, frame.symbols) for minutes, frame in self._frames.items()]:
            for first in range(0, len(symbols), AT_ONCE):
                async with turn:
                    differs += await self._check_some(minutes, symbols[first : first + AT_ONCE])
        if not differs:
            return ""
        log.error("running columns differ from a recompute and begin anew: %s", ", ".join(differs[:20]))
        return differs[0]

    async def _check_some(self, minutes: int, symbols: Collection[str]) -> list[str]:
        frame = self._frames.get(minutes)
        if frame is None:
            return []
        differs = []
        for candles in self._histories(minutes, [symbol for symbol in symbols if symbol in set(frame.symbols)]):
            at = int(candles.open_times[-1])
            newest = zip(candles.symbols, frame.newest(candles.symbols), strict=True)
            asked = candles.only([symbol for symbol, mine in newest if mine == at])
            if asked.symbols:
                live = frame.at_newest(asked.symbols, at)
                wrong = await asyncio.to_thread(_differing, self._judge, asked, live)
                frame.lose({symbol for symbol, _ in wrong})
                differs += [f"{symbol} {minutes}m {column}" for symbol, column in wrong]
        return differs


def _bars(news: CandleNews) -> Bars:
    return Bars(*(np.array([value]) for value in news.values))


def _differing(judge: Judge, candles: Candles, live: Frame) -> list[tuple[str, str]]:
    """(symbol, column) where the newest value is another one than a recompute gives."""
    whole = judge.whole(candles).columns
    found = []
    for name, column in live.columns.items():
        # An average that has decayed to nothing is equal to nothing.
        nothing = np.abs(candles.close[:, -1]) * 1e-12
        anew, mine = whole[name][:, -1], column[:, -1]
        size = np.fmax(np.abs(anew), np.abs(mine))
        close = np.abs(anew - mine) <= np.maximum(TOLERANCE * size, nothing)
        equal = close | (np.isnan(anew) & np.isnan(mine))
        found += [(candles.symbols[place], name) for place in np.flatnonzero(~equal)]
    return found
