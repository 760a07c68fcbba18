"""A Bybit that misbehaves on purpose, over real sockets, and a Bybit of ours that speaks to it."""

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from exchange.bybit import Bybit
from tests.doubles_clock import VirtualClock
from trading.model import AccountId
from trading.secret import Credentials, Secret

ACCOUNT = AccountId("sandbox", "7")
KEY = "canary-key-5e1f"
SECRET = "canary-secret-90ab"


@dataclass(frozen=True)
class Heard:
    """One request as it arrived."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: str


Reply = Callable[[BaseHTTPRequestHandler], None]


def answer(body: object, status: int = 200, **headers: str) -> Reply:
    """Sends `body`: bytes as they are, anything else as JSON."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(sent)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(sent)

    return reply


def code(ret_code: object, text: str = "", **headers: str) -> Reply:
    return answer({"retCode": ret_code, "retMsg": text, "result": {}, "time": 1}, 200, **headers)


def result(found: object) -> Reply:
    return answer({"retCode": 0, "retMsg": "OK", "result": found, "time": 1_767_225_600_123})


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Closes the connection with a reset: the request was read, no answer comes."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def cut_in_the_middle(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "500")
    handler.end_headers()
    handler.wfile.write(b'{"retCode": 0')
    handler.close_connection = True


def drip(handler: BaseHTTPRequestHandler) -> None:
    """A good answer, a byte now and then: no single read of the socket takes long enough to time out."""
    sent = b'{"retCode": 0, "result": {}}'
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(sent)))
    handler.end_headers()
    for byte in sent:
        handler.wfile.write(bytes([byte]))
        time.sleep(0.02)


@dataclass
class FaultyServer:
    """`replies` are used up in order, `usual` after them; `heard` is what arrived."""

    url: str = ""
    usual: Reply = field(default_factory=lambda: result({}))
    replies: list[Reply] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def silence(self, handler: BaseHTTPRequestHandler) -> None:
        """Says nothing until the test ends."""
        self.held.wait(60)
        handler.close_connection = True

    async def hears(self, requests: int = 1) -> None:
        """Waits until so many more requests have arrived."""
        for _ in range(requests):
            await asyncio.to_thread(self.arrived.acquire, timeout=5)

    def asked(self, path: str) -> list[Heard]:
        return [heard for heard in self.heard if heard.path == path]


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    faulty = FaultyServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            path, _, query = self.path.partition("?")
            faulty.heard.append(Heard(self.command, path, query, dict(self.headers), body))
            faulty.arrived.release()
            reply = faulty.replies.pop(0) if faulty.replies else faulty.usual
            reply(self)

        def log_message(self, *_: Any) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            return  # cut connections are meant

    listening = Server(("127.0.0.1", 0), Handler)
    faulty.url = f"http://127.0.0.1:{listening.server_address[1]}"
    threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
    yield faulty
    faulty.held.set()
    listening.shutdown()
    listening.server_close()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def bybit(server: FaultyServer, clock: VirtualClock) -> Iterator[Bybit]:
    """Connected with a canary key; reads are asked once and patience is short."""
    ours = Bybit("sandbox", clock, base_url=server.url, read_attempts=1, timeout=(1.0, 0.25))
    ours.connect(ACCOUNT, Credentials(Secret(KEY), secret=Secret(SECRET)))
    yield ours
    ours.close()
