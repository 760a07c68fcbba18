"""When a close is looked at: as soon as all its candles are here, or a short time after the first of them came."""

import asyncio
from collections.abc import Callable, Collection, Mapping

from indicators.candles import MINUTE_MS
from trading.feed import Feed
from trading.feed_news import CandleNews

PATIENCE_SECONDS = 0.1


class Gathering:
    """Hears of each candle that closed and calls `go` for a close; what comes later makes it call once more."""

    def __init__(self, feed: Feed, go: Callable[[], None], patience: float = PATIENCE_SECONDS) -> None:
        self._feed = feed
        self._go = go
        self._patience = patience
        self._wanted: Mapping[int, Collection[str]] = {}
        self._missing: dict[int, set[tuple[str, int]]] = {}  # by the moment of the close
        self._timer: asyncio.TimerHandle | None = None

    def want(self, wanted: Mapping[int, Collection[str]]) -> None:
        """The frames that are looked at: minutes -> symbols."""
        self._wanted = wanted

    def arrived(self, news: CandleNews) -> None:
        """A closed candle moved its frame on."""
        closed_at = news.open_time + news.minutes * MINUTE_MS
        if closed_at not in self._missing:
            self._missing[closed_at] = self._missing_at(closed_at)
        self._missing[closed_at].discard((news.symbol, news.minutes))
        if not any(self._missing.values()):
            self._fire()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._patience, self._fire)

    def close(self) -> None:
        """Nothing is called any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _missing_at(self, closed_at: int) -> set[tuple[str, int]]:
        """Frames that are followed, end at that moment and have not got there."""
        found = set()
        for minutes, symbols in self._wanted.items():
            opened = closed_at - minutes * MINUTE_MS
            if opened % (minutes * MINUTE_MS) == 0:
                for symbol in symbols:
                    newest = self._feed.newest(symbol, minutes)
                    if newest is not None and newest < opened:
                        found.add((symbol, minutes))
        return found

    def _fire(self) -> None:
        self.close()
        self._missing.clear()
        self._go()
