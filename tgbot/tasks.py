"""The owner of every background task: it names them, logs what fails in them, and awaits them at the end."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)


class Tasks:
    """Work that outlives the tap or the tick that began it."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._running)

    def own(self, work: Coroutine[Any, Any, object], name: str) -> asyncio.Task[Any]:
        """Begins `work` at once. Its failure is logged; awaiting the task raises it too.

        Raises RuntimeError once everything is closed: nobody would await it then.
        """
        if self._closed:
            work.close()
            raise RuntimeError(f"{name} came after the end")
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self, patience: float) -> None:
        """Awaits all that runs, and what that begins meanwhile, at most `patience` seconds; then ends the rest."""
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        while self._running and loop.time() < until:
            await asyncio.wait(self._running, timeout=until - loop.time(), return_when=asyncio.FIRST_COMPLETED)
        self._closed = True
        late = tuple(self._running)
        for task in late:
            log.warning("ended before it was done", task=task.get_name())
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("failed", task=task.get_name(), exc_info=error)
