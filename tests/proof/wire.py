"""The wire between our client and the practice Bybit: requests' own adapter interface, with no socket behind it.

Every request runs through the application's own middlewares, routes, signature checks and faults.
"""

import asyncio
import contextvars
import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import requests
from aiohttp import StreamReader, web
from aiohttp.http_parser import RawRequestMessage
from aiohttp.http_writer import HttpVersion11
from multidict import CIMultiDict, CIMultiDictProxy
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from sqlalchemy.util.concurrency import await_
from yarl import URL

HOST = "http://127.0.0.1"
LIMIT = 2**16


@dataclass(frozen=True)
class Heard:
    """An answer as it came over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Lost(Exception):
    """The server let go of the connection without a word."""


class _Connection:
    """What aiohttp asks of its protocol, transport and writer."""

    ssl_context = None
    peername = sockname = ("127.0.0.1", 1)
    _reading_paused = False

    def __init__(self) -> None:
        self.is_lost = False
        self.transport = self

    def abort(self) -> None:
        self.is_lost = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self, *, resume_parser: bool = True) -> None:
        pass


class Server:
    """One practice application, called as its web server would. `log` keeps what came and what was answered."""

    def __init__(self, app: web.Application) -> None:
        app.freeze()
        self._app = app

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Heard:
        """Raises Lost."""
        loop, connection = asyncio.get_running_loop(), _Connection()
        payload = StreamReader(connection, LIMIT, loop=loop)  # type: ignore[arg-type]
        payload.feed_data(body)
        payload.feed_eof()
        kept = CIMultiDictProxy(CIMultiDict({**headers, "Host": "localhost"}))
        message = RawRequestMessage(method, path, HttpVersion11, kept, (), False, None, False, False, URL(path))
        request = web.Request(
            message,
            payload,
            connection,  # type: ignore[arg-type]
            connection,  # type: ignore[arg-type]
            asyncio.current_task(),  # type: ignore[arg-type]
            loop,
        )
        try:
            answer = await self._app._handle(request)
        except web.HTTPException as refusal:
            answer = refusal
        if connection.is_lost:
            raise Lost
        assert isinstance(answer, web.Response)
        return Heard(answer.status, dict(answer.headers), bytes(answer.body or b""))  # type: ignore[arg-type]

    async def lever(self, method: str, path: str, **asked: Any) -> Any:
        """One of the levers; raises ValueError with what it says where it refuses."""
        heard = await self.ask(method, path, {}, json.dumps(asked).encode() if asked else b"")
        told = json.loads(heard.body)
        if heard.status != 200:
            raise ValueError(f"{path}: {told}")
        return told


class Wire(BaseAdapter):
    """Mounts on the session of pybit's client. A request that has left arrives, whatever becomes of its sender.

    Travelling takes `travel_ms` (least, most) each way, in virtual time.
    """

    def __init__(
        self, server: Server, random: Random, outside: contextvars.Context, travel_ms: tuple[int, int]
    ) -> None:
        super().__init__()
        self._server = server
        self._random = random
        self._outside = outside
        self._travel_ms = travel_ms
        self.log: list[str] = []
        self._under_way: set[asyncio.Task[Heard]] = set()

    async def come_to_rest(self) -> None:
        """Awaits whatever still travels."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def send(
        self, request: requests.PreparedRequest, stream: bool = False, timeout: Any = None, *_: Any, **__: Any
    ) -> requests.Response:
        """To be called inside a greenlet of the loop (`LoopExecutor`)."""
        heard: Heard = await_(self._carried(request, timeout[1]))
        response = requests.Response()
        response.status_code = heard.status
        response.headers = CaseInsensitiveDict(heard.headers)
        response._content = heard.body
        response.encoding = "utf-8"
        response.url, response.request = str(request.url), request
        return response

    def close(self) -> None:
        """There is nothing to let go of."""

    async def _carried(self, request: requests.PreparedRequest, patience: float) -> Heard:
        there = asyncio.get_running_loop().create_task(self._there_and_back(request), context=self._outside)
        self._under_way.add(there)
        there.add_done_callback(self._under_way.discard)
        there.add_done_callback(lambda ended: ended.exception())
        try:
            async with asyncio.timeout(patience):
                return await asyncio.shield(there)
        except TimeoutError:
            raise requests.ReadTimeout from None
        except Lost:
            raise requests.ConnectionError from None

    async def _there_and_back(self, request: requests.PreparedRequest) -> Heard:
        path = str(request.path_url)
        body = request.body or b""
        await self._travel()
        try:
            heard = await self._server.ask(
                str(request.method), path, dict(request.headers), body.encode() if isinstance(body, str) else body
            )
        except Lost:
            self.log.append(f"{asyncio.get_running_loop().time():.3f} {request.method} {path} lost")
            raise
        self.log.append(
            f"{asyncio.get_running_loop().time():.3f} {request.method} {path} {heard.status} {_code(heard)}"
        )
        await self._travel()
        return heard

    async def _travel(self) -> None:
        await asyncio.sleep(self._random.randint(*self._travel_ms) / 1000)


def _code(heard: Heard) -> object:
    try:
        return json.loads(heard.body).get("retCode")
    except ValueError:
        return "unreadable"
