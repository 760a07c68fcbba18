"""Candles of all watched symbols: filled by REST, moved on by the stream, REST again for what is late (SPEC 2)."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from math import inf

import numpy as np

from indicators.candle_window import CandleWindow
from indicators.candles import MINUTE_MS, CandleError, Candles
from indicators.live import Bars
from trading.errors import ExchangeError
from trading.feed_news import CandleNews, MarketStream, NoStream
from trading.history import newest_closed, read_history
from trading.ports import CandleRows, Clock, Exchange
from trading.status import Rest

log = logging.getLogger(__name__)

KEPT = 2_000
AT_ONCE = 16
# Whole histories are begun so many at once, and no more of them in one tick once it took so long: prices must be
# asked for again before they are stale.
FILLS_AT_ONCE = 50
FILLING_MS = 4_000
TRIES_AT_A_GAP = 3
REST_MS = 600_000
LATE_MS = 3_000
TICKER_STALE_MS = 10_000
CANDLE_STALE_MS = 20_000
# Up to so many candles are added one by one; more are laid down again together with what was there.
_FEW = 8

Frame = tuple[str, int]  # (symbol, minutes)


class Feed:
    """Keeps the newest 2,000 closed candles of each frame in use; a frame nobody wants is let go.

    Belongs to the event loop. `fillings` counts, for each frame, how often its history was begun anew: whoever keeps
    something that was worked out of it begins anew too.
    """

    def __init__(self, exchange: Exchange, clock: Clock, stream: MarketStream | None = None) -> None:
        self._exchange = exchange
        self._clock = clock
        self._stream = stream or NoStream()
        self._windows: dict[int, CandleWindow] = {}
        self._newest: dict[Frame, int] = {}
        self._heard_at: dict[Frame, int] = {}
        self._waiting: dict[tuple[int, int], dict[str, CandleNews]] = defaultdict(dict)  # (open time, minutes)
        self._forming: dict[Frame, CandleNews] = {}
        self._missed: set[Frame] = set()  # the stream left candles out, or told one that can not be
        self._gaps: dict[Frame, int] = {}
        self._resting: dict[Frame, tuple[Rest, int]] = {}
        self._places = asyncio.Semaphore(AT_ONCE)
        self._on_closed: Callable[[CandleNews], None] = lambda news: None
        self.fillings: dict[Frame, int] = {}
        self.begun = 0  # histories begun in all

    def tell(self, on_closed: Callable[[CandleNews], None]) -> None:
        """`on_closed` is called with each candle of the stream that moved a frame on."""
        self._on_closed = on_closed

    # --- what is wanted

    def want(self, wanted: Mapping[int, Iterable[str]]) -> None:
        """From now on these frames and no others: minutes -> symbols."""
        frames = {(symbol, minutes) for minutes, symbols in wanted.items() for symbol in symbols}
        known: Iterable[dict[Frame, object]] = (
            self._newest, self._heard_at, self._forming, self._gaps, self._resting, self.fillings,
        )  # type: ignore[assignment]  # fmt: skip
        for kept in known:
            for frame in kept.keys() - frames:
                del kept[frame]
        self._missed &= frames
        self.settle()
        for minutes in self._windows.keys() - wanted.keys():
            del self._windows[minutes]
        for minutes, symbols in wanted.items():
            ordered = tuple(sorted(symbols))
            if minutes not in self._windows:
                self._windows[minutes] = CandleWindow(ordered, minutes, KEPT)
            elif self._windows[minutes].symbols != ordered:
                self._windows[minutes].keep(ordered)

    @property
    def progress(self) -> tuple[int, int]:
        """Frames whose history is here (or rests), of all that are wanted."""
        wanted = sum(len(window.symbols) for window in self._windows.values())
        return len(self._newest.keys() | self._resting.keys()), wanted

    # --- what the stream brings

    def hear(self, news: CandleNews) -> None:
        """One candle of the stream: a closed one moves its frame on if it follows, a forming one is kept aside."""
        frame = news.symbol, news.minutes
        newest = self._newest.get(frame)
        if newest is None or news.open_time <= newest:
            return
        if not _is_sound(news):
            self._missed.add(frame)
        elif not news.closed:
            self._forming[frame] = news
        elif news.open_time == newest + news.minutes * MINUTE_MS:
            self._newest[frame] = news.open_time
            self._heard_at[frame] = self._clock.now()
            self._waiting[news.open_time, news.minutes][news.symbol] = news
            self._on_closed(news)
        else:
            self._missed.add(frame)

    def settle(self) -> None:
        """Lays down what the stream brought since the last time, all candles of one close at once."""
        for (open_time, minutes), waiting in sorted(self._waiting.items()):
            window = self._windows.get(minutes)
            if window is None:
                continue
            symbols = tuple(symbol for symbol in window.symbols if symbol in waiting)
            if symbols:
                values = np.array([waiting[symbol].values for symbol in symbols]).T
                window.append(window.rows(symbols), np.full(len(symbols), open_time), Bars(*values))
        self._waiting.clear()

    # --- what is asked for

    async def refresh(self, wanted: Mapping[int, Iterable[str]]) -> str:
        """Asks for every candle that has closed and does not come by itself. `wanted`: minutes -> symbols.

        A frame that can not be had is left as it is and asked again at the next tick; one with gaps rests. Returns
        what one of them ran into, as a text that is safe to show; "" where all went well.
        """
        self.want(wanted)
        now = self._exchange.bybit_time()
        frames = [(symbol, minutes) for minutes, window in self._windows.items() for symbol in window.symbols]
        due = sorted(frame for frame in frames if self._is_due(frame, now))
        told = await self._extend_all([frame for frame in due if frame in self._newest])
        empty = [frame for frame in due if frame not in self._newest]
        began = self._clock.now()
        for first in range(0, len(empty), FILLS_AT_ONCE):
            if self._clock.now() - began > FILLING_MS:
                break
            told += await self._extend_all(empty[first : first + FILLS_AT_ONCE])
        return next((text for text in told if text), "")

    async def _extend_all(self, frames: Iterable[Frame]) -> list[str]:
        return await asyncio.gather(*(self._extend(frame) for frame in frames))

    def _is_due(self, frame: Frame, now: int) -> bool:
        if frame in self._resting:
            if now < self._resting[frame][1]:
                return False
            del self._resting[frame]
        newest, (symbol, minutes) = self._newest.get(frame), frame
        if newest is None or frame in self._missed:
            return True
        if newest >= newest_closed(now, minutes):
            return False
        missing_closed = newest + 2 * minutes * MINUTE_MS
        return now - missing_closed > LATE_MS or not self._stream.covers(symbol, minutes)

    async def _extend(self, frame: Frame) -> str:
        """One frame brought up to date; a text where it could not be."""
        symbol, minutes = frame
        async with self._places:
            newest = self._newest.get(frame)
            since = None if newest is None else newest + minutes * MINUTE_MS
            try:
                rows = await self.history(symbol, minutes, KEPT, since)
                self._lay(frame, rows)
            except ExchangeError as error:
                return error.text
            except CandleError as error:
                return self._stumble(frame, error)
        return ""

    def _lay(self, frame: Frame, rows: CandleRows) -> None:
        """What REST gave goes behind what is here by now. Raises CandleError where it does not fit."""
        symbol, minutes = frame
        window = self._windows.get(minutes)
        if window is None or symbol not in window.symbols:
            return  # nobody wants it any more
        self.settle()
        newest = self._newest.get(frame)
        fresh = slice(None) if newest is None else rows.open_times > newest
        times, values = rows.open_times[fresh], rows.values[:, fresh]
        self._missed.discard(frame)
        if not len(times):
            return
        if newest is None:
            window.fill(symbol, times, values)
            self.fillings[frame] = self.fillings.get(frame, 0) + 1
            self.begun += 1
        elif len(times) > _FEW:
            before = window.block((symbol,))
            fields = (before.open, before.high, before.low, before.close, before.volume)
            known = np.stack([field[0] for field in fields])
            window.fill(symbol, np.concatenate((before.open_times, times)), np.concatenate((known, values), axis=1))
        else:
            row = window.rows((symbol,))
            for place, at in enumerate(times):
                window.append(row, np.array([at]), Bars(*(values[:, place : place + 1])))
                self._newest[frame] = int(at)
        self._newest[frame] = int(times[-1])
        self._heard_at[frame] = self._clock.now()
        self._gaps.pop(frame, None)

    def _stumble(self, frame: Frame, error: CandleError) -> str:
        """A gap or an impossible candle: from the start again, three times, then the symbol rests."""
        symbol, minutes = frame
        self.settle()
        window = self._windows.get(minutes)
        if window is not None and symbol in window.symbols:
            window.forget(np.array([window.symbols.index(symbol)]))
        self._newest.pop(frame, None)
        self._missed.discard(frame)
        self._gaps[frame] = self._gaps.get(frame, 0) + 1
        if self._gaps[frame] >= TRIES_AT_A_GAP:
            self._gaps.pop(frame)
            log.warning("%s %sm rests: %s", symbol, minutes, error)
            why = Rest.GAP if error.reason.startswith("opens at") else Rest.BROKEN
            self._resting[frame] = (why, self._exchange.bybit_time() + REST_MS)
        return str(error)

    async def history(self, symbol: str, minutes: int, count: int, since: int | None = None) -> CandleRows:
        """At most `count` newest closed candles, oldest first, opened at or after `since` (ms), page by page."""
        return await read_history(self._exchange, symbol, minutes, count, since)

    # --- what is here

    def newest(self, symbol: str, minutes: int) -> int | None:
        """Open time of the newest closed candle that is here."""
        return self._newest.get((symbol, minutes))

    def heard_at(self, symbol: str, minutes: int) -> int | None:
        """When (ms) the newest candle reached us."""
        return self._heard_at.get((symbol, minutes))

    def forming(self, symbol: str, minutes: int) -> CandleNews | None:
        """The candle that follows the newest closed one, as it stood when the stream told of it last."""
        news, newest = self._forming.get((symbol, minutes)), self.newest(symbol, minutes)
        follows = news is not None and newest is not None and news.open_time == newest + minutes * MINUTE_MS
        return news if follows else None

    def block(self, symbols: tuple[str, ...], minutes: int, latest: int | None = None) -> Candles:
        """These symbols' newest `latest` candles (all unless told) side by side, copied; they must end together."""
        self.settle()
        return self._windows[minutes].block(symbols, latest)

    def is_stale(self, symbol: str, minutes: int, tickers_at: int) -> bool:
        """No price for 10 s, or a candle 20 s late: no entries (SPEC 2)."""
        if self._clock.now() - tickers_at > TICKER_STALE_MS:
            return True
        now = self._exchange.bybit_time()
        newest = self.newest(symbol, minutes)
        return newest is None or newest < newest_closed(now - CANDLE_STALE_MS, minutes)

    @property
    def resting(self) -> tuple[tuple[str, str], ...]:
        """(symbol and minutes, why) of what rests."""
        return tuple((f"{symbol} {minutes}m", why) for (symbol, minutes), (why, _) in sorted(self._resting.items()))


def _is_sound(news: CandleNews) -> bool:
    """Whether the candle keeps the rules of `candles_from`; no comparison with NaN does."""
    opened, high, low, close, volume = news.values
    return 0.0 < low <= min(opened, close) and max(opened, close) <= high < inf and 0.0 <= volume < inf
