"""What the program gives to threads, done in the loop's own thread instead: SQLite's work, and requests to Bybit."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, TypeVar
from unittest import mock

from sqlalchemy.util.concurrency import greenlet_spawn

from tests.proof.life import WHOSE

Found = TypeVar("Found")


class _NoThread:
    """aiosqlite's thread, which has nothing to do."""

    daemon = True

    def __init__(self, **_: object) -> None:
        pass

    def start(self) -> None:
        pass


class _DoneAtOnce:
    """aiosqlite's queue: what is put in is done on the spot, and told at the loop's next turn."""

    def put_nowait(self, job: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        future, work = job
        try:
            found = work()
            if isinstance(found, sqlite3.Connection) and (life := WHOSE.get()) is not None:
                life.connections.append(found)
        except Exception as failure:
            _tell(future, asyncio.Future.set_exception, failure)
        else:
            _tell(future, asyncio.Future.set_result, found)


def _tell(future: asyncio.Future[Any] | None, word: Callable[[asyncio.Future[Any], Any], None], what: Any) -> None:
    if future is not None:
        future.get_loop().call_soon(lambda: None if future.done() else word(future, what))


class _Released(sqlite3.Connection):
    """Lets go of its transaction when it is closed, whoever still holds a cursor of it: as when its process ends."""

    def close(self) -> None:
        with contextlib.suppress(sqlite3.ProgrammingError):  # closed before
            if self.in_transaction:
                self.rollback()
        super().close()


@contextlib.contextmanager
def sqlite_at_once() -> Iterator[None]:
    """Connections that are opened meanwhile have no thread of their own."""
    connect = partial(sqlite3.connect, factory=_Released)
    with (
        mock.patch.multiple("aiosqlite.core", Thread=_NoThread, SimpleQueue=_DoneAtOnce),
        mock.patch("aiosqlite.core.sqlite3.connect", connect),
    ):
        yield


class LoopExecutor(Executor):
    """Runs blocking work as a task of the loop; where it waits for the wire, the loop goes on meanwhile."""

    def submit(self, fn: Callable[..., Found], /, *args: Any, **kwargs: Any) -> Future[Found]:
        future: Future[Found] = Future()
        asyncio.get_running_loop().create_task(_worked(future, lambda: fn(*args, **kwargs)))
        return future


async def _worked(future: Future[Found], work: Callable[[], Found]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        found = await greenlet_spawn(work)
    except Exception as failure:
        future.set_exception(failure)
    else:
        future.set_result(found)
