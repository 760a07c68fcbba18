"""From the threads of the streams into the event loop: everything once, in order, with one wake-up for many."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Crossing(Generic[Item]):
    """Hands what threads `put` to `take`, which runs in the event loop. What is put after the loop's end is dropped."""

    def __init__(self, loop: asyncio.AbstractEventLoop, take: Callable[[Item], None]) -> None:
        self._loop = loop
        self._take = take
        self._waiting: deque[Item] = deque()
        self._lock = threading.Lock()
        self._called = False

    def put(self, item: Item) -> None:
        """From any thread; never waits, never raises."""
        with self._lock:
            self._waiting.append(item)
            if self._called:
                return
            self._called = True
        self._call()

    def _call(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is there to hear
            self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        try:
            while True:
                with self._lock:
                    if not self._waiting:
                        self._called = False
                        return
                    item = self._waiting.popleft()
                self._take(item)
        except BaseException:
            # What follows is not lost with the one that could not be taken.
            self._call()
            raise
