"""An event loop on virtual time: nothing waits, nothing races, and the same program takes the same steps again."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple

from tests.proof.life import WHOSE, MortalWork

Found = TypeVar("Found")
Given = TypeVarTuple("Given")

# A float sum may end a hair before the moment that was waited for; without this the loop would turn on the spot.
SLACK_SECONDS = 1e-6


class Stuck(AssertionError):
    """Everybody waits, and nothing will ever happen."""


class _Leap:
    """Stands where a loop's selector does: instead of waiting it lets that time have passed."""

    def __init__(self) -> None:
        self.now = 0.0

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise Stuck("everybody waits for ever")
        if timeout > 0:
            self.now += timeout + SLACK_SECONDS
        return []


class VirtualLoop(asyncio.BaseEventLoop):
    """Seconds from 0 on. What is given to another thread is done at once, in this one.

    A task that is created where `WHOSE` names a life belongs to it and dies with it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Leap()
        self.set_task_factory(_made)

    def time(self) -> float:
        return self._selector.now

    def _process_events(self, event_list: list[Any]) -> None:
        """There are no files to hear from."""

    def _write_to_self(self) -> None:
        """Nobody sleeps who would have to be woken."""

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Given], Found], *args: *Given
    ) -> asyncio.Future[Found]:
        done: asyncio.Future[Found] = self.create_future()
        try:
            found = func(*args)
        except Exception as failure:
            done.set_exception(failure)
        else:
            done.set_result(found)
        return done


def _made(
    loop: asyncio.AbstractEventLoop, work: Any, *, name: str | None = None, context: Context | None = None
) -> "asyncio.Task[Any]":
    life = WHOSE.get() if context is None else context.get(WHOSE)
    if life is None:
        return asyncio.Task(work, loop=loop, name=name, context=context)
    task = asyncio.Task(MortalWork(work, life), loop=loop, name=name, context=context)
    life.tasks.add(task)
    return task


def run(work: Coroutine[Any, Any, Found]) -> Found:
    """What `work` gives, on a loop of its own."""
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(work)
    finally:
        asyncio.set_event_loop(None)
        loop.close()
