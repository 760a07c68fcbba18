"""A process that can be killed between any two steps of any of its tasks, as SIGKILL would."""

import asyncio
import inspect
import sqlite3
from collections.abc import Coroutine, Generator
from contextvars import ContextVar
from typing import Any


class Killed(BaseException):
    """The process is gone: nothing of it acts or writes any more."""


class Life:
    """Ends at the `at`-th step (a step: one task runs from one await to the next); never where `at` is None."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.steps = 0
        self.is_over = False
        self.ended = asyncio.Event()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.roots: list[asyncio.Task[Any]] = []
        self.connections: list[sqlite3.Connection] = []

    def step(self) -> None:
        """One more; the last one ends it."""
        self.steps += 1
        if self.steps == self.at:
            self.end()

    def end(self) -> None:
        """Every task of it is woken, only to find out."""
        self.is_over = True
        self.ended.set()
        for task in self.tasks:
            task.cancel()

    async def buried(self) -> None:
        """Awaits that all of it has come down. Raises what any work of its own (`roots`) had failed with before."""
        while self.tasks:
            tasks, self.tasks = self.tasks, set()
            await asyncio.gather(*tasks, return_exceptions=True)
        for connection in self.connections:
            connection.close()  # as the system does for a process that is gone
        for root in self.roots:
            failure = None if root.cancelled() else root.exception()
            if isinstance(failure, Exception):
                raise failure


WHOSE: ContextVar[Life | None] = ContextVar("whose", default=None)
"""The process that the running task belongs to, None for the world around it."""


class MortalWork(Coroutine[Any, Any, Any]):
    """Runs `work` step by step, as the loop wants it. Once its life is over it is thrown out where it stands: what it
    holds is let go of (a transaction is rolled back), and nothing else is done any more."""

    __slots__ = ("_life", "_may_die", "_work")

    def __init__(self, work: Coroutine[Any, Any, Any], life: Life) -> None:
        self._work = work
        self._life = life
        # What is begun by somebody who is on the way out belongs to that: it is let through.
        self._may_die = not life.is_over

    def send(self, value: Any) -> Any:
        return self._work.throw(Killed()) if self._is_due() else self._work.send(value)

    def throw(self, typ: Any, val: Any = None, tb: Any = None) -> Any:
        return self._work.throw(Killed()) if self._is_due() else self._work.throw(typ if val is None else val)

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Generator[Any, None, Any]:
        raise TypeError("only the loop runs this")

    def _is_due(self) -> bool:
        if not self._life.is_over:
            self._life.step()
        if self._may_die and self._life.is_over:
            self._may_die = False
            return True
        return False


class Mortal:
    """A port as one process has it: whoever still comes after its end is turned away at the door."""

    def __init__(self, real: Any, life: Life) -> None:
        self._real = real
        self._life = life

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._real, name)
        if not inspect.iscoroutinefunction(value):
            return value

        async def call(*args: Any, **named: Any) -> Any:
            if self._life.is_over:
                raise Killed
            return await value(*args, **named)

        return call
