"""News for open chat pages, and taps that wait for their answer."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

News = dict[str, Any]
FULL = 1000  # a page this far behind is cut off; it comes back and reads the chat anew


class Hub:
    """Hands each change of a chat to every page that shows it."""

    def __init__(self) -> None:
        self._pages: dict[int, set[asyncio.Queue[News | None]]] = {}
        self._closed = False

    @contextlib.contextmanager
    def listen(self, user_id: int) -> Iterator["asyncio.Queue[News | None]"]:
        """A queue of news for one page; None in it means that the page should go."""
        queue: asyncio.Queue[News | None] = asyncio.Queue()
        if self._closed:
            queue.put_nowait(None)
        pages = self._pages.setdefault(user_id, set())
        pages.add(queue)
        try:
            yield queue
        finally:
            pages.discard(queue)

    def tell(self, user_id: int, event: str, body: Any) -> None:
        """Sends `event` with a JSON body to the chat's pages."""
        for queue in self._pages.get(user_id, ()):
            if queue.qsize() < FULL:
                queue.put_nowait({"event": event, "body": body})
            elif queue.qsize() == FULL:
                queue.put_nowait(None)

    def tell_all(self, event: str, body: Any) -> None:
        """Sends `event` to the pages of every chat."""
        for user_id in list(self._pages):
            self.tell(user_id, event, body)

    def close(self) -> None:
        """Lets every page go, also those that come later."""
        self._closed = True
        for pages in self._pages.values():
            for queue in pages:
                queue.put_nowait(None)


class Taps:
    """Taps whose person still waits for what the bot shows."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[News | None]] = {}

    @contextlib.contextmanager
    def expect(self, query_id: str) -> Iterator["asyncio.Future[News | None]"]:
        """A future that becomes the answer to this query."""
        answer: asyncio.Future[News | None] = asyncio.get_running_loop().create_future()
        self._waiting[query_id] = answer
        try:
            yield answer
        finally:
            del self._waiting[query_id]

    def answer(self, query_id: str, shown: News) -> None:
        """Passes the bot's answer to whoever waits."""
        waiting = self._waiting.get(query_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(shown)

    def close(self) -> None:
        """Nobody needs to wait any longer."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(None)
