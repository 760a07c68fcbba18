"""What people look at, kept for a short time (SPEC 2). Sizing at a tap, the watchdog and reconcile never read these."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from cachetools import TTLCache

from indicators.candles import Candles
from trading.judge import Verdict
from trading.model import AccountId, Balance, Position

Value = TypeVar("Value")


class AsyncCache(Generic[Value]):
    """A TTL cache for one event loop; coroutines that miss the same key together compute it once."""

    def __init__(self, seconds: float, entries: int, timer: Callable[[], float]) -> None:
        self._kept: TTLCache[Hashable, Value] = TTLCache(entries, seconds, timer)
        self._pending: dict[Hashable, asyncio.Future[Value]] = {}
        self.hits = 0
        self.misses = 0

    async def get(self, key: Hashable, compute: Callable[[], Awaitable[Value]]) -> Value:
        """The value kept under `key`, or what `compute` gives. What it raises reaches all who wait for it."""
        try:
            # One look: between asking whether it is there and taking it, it may expire.
            kept = self._kept[key]
        except KeyError:
            return await self._read(key, compute)
        self.hits += 1
        return kept

    async def _read(self, key: Hashable, compute: Callable[[], Awaitable[Value]]) -> Value:
        pending = self._pending.get(key)
        if pending is None:
            self.misses += 1
            pending = self._pending[key] = asyncio.ensure_future(compute())
            pending.add_done_callback(lambda done: self._settle(key, done))
        else:
            self.hits += 1
        # Shielded: one reader that gives up does not take the answer from the others.
        return await asyncio.shield(pending)

    def _settle(self, key: Hashable, done: "asyncio.Future[Value]") -> None:
        # A value that was dropped while it was being read is already out of date: it is given, not kept.
        wanted = self._pending.get(key) is done
        if wanted:
            del self._pending[key]
        if not done.cancelled() and done.exception() is None and wanted:
            self._kept[key] = done.result()

    def drop(self, key: Hashable) -> None:
        """Forgets one entry, also one that is being read right now."""
        self._kept.pop(key, None)
        self._pending.pop(key, None)

    def expire(self) -> int:
        """Lets go of what is too old; gives how many went."""
        return len(self._kept.expire())

    def __len__(self) -> int:
        return len(self._kept)


class Caches:
    """The four caches of trading with their sizes and lifetimes; `timer` gives seconds."""

    def __init__(self, timer: Callable[[], float]) -> None:
        self.market_data_cache: AsyncCache[Candles] = AsyncCache(300, 10, timer)
        self.strategy_results_cache: AsyncCache[Verdict] = AsyncCache(180, 50, timer)
        self.balance_cache: AsyncCache[Balance] = AsyncCache(60, 20, timer)
        self.position_cache: AsyncCache[tuple[Position, ...]] = AsyncCache(120, 20, timer)

    def forget_account(self, account: AccountId) -> None:
        """At once when an order changes the account."""
        self.balance_cache.drop(account)
        self.position_cache.drop(account)

    def expire(self) -> int:
        return (
            self.market_data_cache.expire()
            + self.strategy_results_cache.expire()
            + self.balance_cache.expire()
            + self.position_cache.expire()
        )
