"""Caches: one computation for many readers, and nothing kept that was dropped meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.trading.world import ACCOUNT
from trading.caches import AsyncCache, Caches
from trading.errors import OutcomeUnknown


class Timer:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def slow(value: int, gate: asyncio.Event, calls: list[int]) -> Callable[[], Awaitable[int]]:
    async def compute() -> int:
        calls.append(value)
        await gate.wait()
        return value

    return compute


async def test_readers_that_miss_together_compute_once() -> None:
    cache: AsyncCache[int] = AsyncCache(60, 5, Timer())
    gate, calls = asyncio.Event(), list[int]()
    readers = [asyncio.ensure_future(cache.get("k", slow(1, gate, calls))) for _ in range(20)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*readers) == [1] * 20
    assert calls == [1]
    assert (cache.misses, cache.hits) == (1, 19)


async def test_a_value_dropped_while_it_is_read_is_given_but_not_kept() -> None:
    cache: AsyncCache[int] = AsyncCache(60, 5, Timer())
    first, second, calls = asyncio.Event(), asyncio.Event(), list[int]()
    old = asyncio.ensure_future(cache.get("k", slow(1, first, calls)))
    await asyncio.sleep(0)
    cache.drop("k")
    new = asyncio.ensure_future(cache.get("k", slow(2, second, calls)))
    await asyncio.sleep(0)
    second.set()
    assert await new == 2
    first.set()
    assert await old == 1
    assert await cache.get("k", slow(3, first, calls)) == 2
    assert calls == [1, 2]


async def test_an_entry_lives_for_its_time_and_expire_lets_go_of_it() -> None:
    timer = Timer()
    cache: AsyncCache[int] = AsyncCache(60, 5, timer)
    gate, calls = asyncio.Event(), list[int]()
    gate.set()
    await cache.get("k", slow(1, gate, calls))
    timer.at = 59.9
    await cache.get("k", slow(2, gate, calls))
    assert calls == [1]
    timer.at = 60.1
    assert cache.expire() == 1
    assert len(cache) == 0
    assert await cache.get("k", slow(3, gate, calls)) == 3


async def test_an_entry_may_expire_at_the_very_moment_it_is_asked_for() -> None:
    ticking = iter(n * 1.0 for n in range(1_000))
    cache: AsyncCache[int] = AsyncCache(1.5, 5, lambda: next(ticking))
    gate, calls = asyncio.Event(), list[int]()
    gate.set()
    for value in range(20):
        await cache.get("k", slow(value, gate, calls))
    assert len(calls) > 1


async def test_a_failure_reaches_all_who_wait_and_is_not_kept() -> None:
    cache: AsyncCache[int] = AsyncCache(60, 5, Timer())

    async def fail() -> int:
        await asyncio.sleep(0)
        raise OutcomeUnknown("silent")

    answers = await asyncio.gather(*(cache.get("k", fail) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(answer, OutcomeUnknown) for answer in answers)
    gate = asyncio.Event()
    gate.set()
    assert await cache.get("k", slow(1, gate, [])) == 1


async def test_one_reader_that_gives_up_does_not_take_the_answer_from_the_others() -> None:
    cache: AsyncCache[int] = AsyncCache(60, 5, Timer())
    gate, calls = asyncio.Event(), list[int]()
    hasty = asyncio.ensure_future(cache.get("k", slow(1, gate, calls)))
    patient = asyncio.ensure_future(cache.get("k", slow(2, gate, calls)))
    await asyncio.sleep(0)
    hasty.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hasty
    gate.set()
    assert await patient == 1


async def test_an_account_that_an_order_changed_is_forgotten_whole() -> None:
    caches = Caches(Timer())
    gate = asyncio.Event()
    gate.set()
    asked: list[int] = []
    for cache in (caches.balance_cache, caches.position_cache):
        await cache.get(ACCOUNT, slow(1, gate, asked))  # type: ignore[arg-type]
    caches.forget_account(ACCOUNT)
    assert (len(caches.balance_cache), len(caches.position_cache)) == (0, 0)
    assert caches.expire() == 0
