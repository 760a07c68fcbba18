"""All columns of all symbols in one pass."""

from collections.abc import Callable, Mapping
from functools import partial
from time import monotonic

from indicators.cache import LIFETIMES, ColumnCache
from indicators.candles import Candles
from indicators.column import Column, Columns, chosen

__all__ = ["BatchIndicatorProcessor", "Columns"]


class BatchIndicatorProcessor:
    """Computes the columns of candles, or finds them in its caches. Threads may share one.

    `timer` gives seconds for the caches; `periods` replaces an indicator's own periods, by its name:
    `{"ema": (12, 26)}`. `caches` are open to whoever shows their hits.
    """

    def __init__(
        self,
        timer: Callable[[], float] = monotonic,
        periods: Mapping[str, tuple[int, ...]] | None = None,
        columns: tuple[Column, ...] | None = None,
    ) -> None:
        self._columns = chosen(columns, periods)
        self.caches = {name: ColumnCache(lifetime, timer) for name, lifetime in LIFETIMES.items()}

    def calculate_batch_core_indicators(self, candles: Candles) -> Columns:
        """Every column for every symbol: name (`ema_12`, `vwap_96`) -> read-only array of shape (symbols, candles).

        Warm-up is NaN and counts from a symbol's first candle; a candle added on the right changes none before it.
        Kept by symbols, timeframe, first and newest candle, and where each symbol begins.
        """
        if not len(candles):
            return {name: candles.close for name, _, _ in self._columns}
        times = candles.open_times
        of = (candles.symbols, candles.minutes, int(times[0]), int(times[-1]), candles.starts.tobytes())
        return {
            name: self.caches[column.cache].get((column.name, period, *of), partial(column.of, candles, period))
            for name, column, period in self._columns
        }

    def expire(self) -> int:
        """Let go of columns that are too old; gives how many went."""
        return sum(cache.expire() for cache in self.caches.values())
