"""One connection to a stream: what it asks for, and what it is sent, in order and when it is due."""

import asyncio
import contextlib
import json
import uuid
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.bybit.rest.call import Result

ANSWER_AFTER_SECONDS = 0.02
"""pybit registers a subscription after it has sent it, so on a loopback an answer must not come at once."""


class Session:
    """Sends messages one after another, each no sooner than its delay.

    `path` is where it connected, `address` from where.
    """

    def __init__(self, socket: web.WebSocketResponse, path: str, address: str) -> None:
        self.path = path
        self.address = address
        self.id = str(uuid.uuid4())
        self._socket = socket
        self._waiting: asyncio.Queue[tuple[float, str]] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()

    async def asked(self) -> Result | None:
        """The next thing the client asks for, None once it is gone. What is no JSON object comes as {}."""
        while True:
            message = await self._socket.receive()
            if message.type == WSMsgType.TEXT:
                return _object(message.data)
            if message.type not in (WSMsgType.PING, WSMsgType.PONG, WSMsgType.BINARY):
                return None

    def send(self, message: Result, after_seconds: float = 0.0) -> None:
        """Lays a message in the queue."""
        self._waiting.put_nowait((self._loop.time() + after_seconds, json.dumps(message)))

    async def write(self) -> None:
        """Sends what lies in the queue until the connection is gone."""
        with contextlib.suppress(ConnectionError):
            while True:
                due, text = await self._waiting.get()
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                await self._socket.send_str(text)

    async def close(self) -> None:
        """Ends the connection."""
        await self._socket.close()


def _object(text: str) -> Result:
    try:
        asked: Any = json.loads(text)
    except ValueError:
        return {}
    return asked if isinstance(asked, dict) else {}
