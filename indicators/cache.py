"""Caches of columns: sized, timed, and computing each thing once however many threads ask."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from threading import Condition

from cachetools import TTLCache

from indicators.candles import FloatArray


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a column is kept (seconds) and how many at once."""

    seconds: float
    entries: int


# "sma" holds every moving average and window of one series: SMA, EMA, the volume ratio, the range's edges.
LIFETIMES: Mapping[str, Lifetime] = {
    "vwap": Lifetime(30, 50),
    "rsi": Lifetime(60, 100),
    "atr": Lifetime(60, 100),
    "sma": Lifetime(120, 200),
}


class ColumnCache:
    """Columns by key. `hits` and `misses` count the questions; waiting for another thread's answer is a hit."""

    def __init__(self, lifetime: Lifetime, timer: Callable[[], float]) -> None:
        self._kept: TTLCache[Hashable, FloatArray] = TTLCache(lifetime.entries, lifetime.seconds, timer)
        self._changed = Condition()
        self._computing: set[Hashable] = set()
        self.hits = 0
        self.misses = 0

    def get(self, key: Hashable, compute: Callable[[], FloatArray]) -> FloatArray:
        """The column kept under `key`, or what `compute` gives, read-only.

        Threads that miss the same key together compute it once. What `compute` raises reaches the thread that
        computed; one of those that waited tries again.
        """
        with self._changed:
            self._changed.wait_for(lambda: key not in self._computing)
            kept = self._kept.get(key)
            if kept is not None:
                self.hits += 1
                return kept
            self.misses += 1
            self._computing.add(key)
        try:
            column = compute()
            column.flags.writeable = False
            with self._changed:
                self._kept[key] = column
        finally:
            with self._changed:
                self._computing.discard(key)
                self._changed.notify_all()
        return column

    def expire(self) -> int:
        """Let go of what is too old; gives how many went."""
        with self._changed:
            return len(self._kept.expire())

    def __len__(self) -> int:
        with self._changed:
            return len(self._kept)
