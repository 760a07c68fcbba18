"""Ways to stop an assistant in the middle of its work."""

import asyncio
from collections.abc import Callable
from typing import Any

from tests.trading.world import World


async def run_owned(world: World, until: Callable[[], bool]) -> None:
    """Lets owned tasks go on until something has happened."""
    for _ in range(10_000):
        if until():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never happened")


class Gate:
    """Holds up the next order before it reaches Bybit."""

    def __init__(self, world: World) -> None:
        self._open, self._reached = asyncio.Event(), asyncio.Event()
        self._place = world.exchange.place
        world.exchange.place = self._wait  # type: ignore[method-assign]

    async def _wait(self, *order: Any) -> str:
        self._reached.set()
        await self._open.wait()
        return await self._place(*order)

    async def reached(self) -> None:
        await self._reached.wait()

    def open(self) -> None:
        self._open.set()
