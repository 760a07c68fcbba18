"""A private stream spoken to over a bare socket, so that a test hears exactly what was sent, in order."""

import hashlib
import hmac
import json
from typing import Any

import websocket
from pybit.unified_trading import HTTP

from tests.sandbox.bybit.practice_world import Served

PATIENCE_SECONDS = 10
TOPICS = ("order", "execution", "position", "wallet")


def ask(socket: websocket.WebSocket, **asked: Any) -> dict[str, Any]:
    """Asks for an operation and gives its answer."""
    socket.send(json.dumps(asked))
    answer: dict[str, Any] = json.loads(socket.recv())
    return answer


def auth_args(key: str, secret: str, expires_ms: int) -> list[Any]:
    """What `auth` takes, signed with HMAC."""
    signature = hmac.new(secret.encode(), f"GET/realtime{expires_ms}".encode(), hashlib.sha256)
    return [key, expires_ms, signature.hexdigest()]


def connect(served: Served, path: str = "/v5/private") -> websocket.WebSocket:
    """A connection that nothing was asked of yet."""
    return websocket.create_connection(served.url.replace("http", "ws") + path, timeout=PATIENCE_SECONDS)


class PrivateStream:
    """Follows topics of an account from its making on."""

    def __init__(self, served: Served, client: HTTP, *topics: str) -> None:
        self._socket = connect(served)
        expires = int(served.practice.now_ms()) + 10_000
        assert ask(self._socket, op="auth", args=auth_args(client.api_key, client.api_secret, expires))["success"]
        assert ask(self._socket, op="subscribe", args=list(topics or TOPICS))["success"]

    def close(self) -> None:
        """Ends the connection."""
        self._socket.close()

    def row(self, topic: str, **wanted: Any) -> dict[str, Any]:
        """The next row of a topic with these values; what was heard before it is passed over."""
        while True:
            message = json.loads(self._socket.recv())
            for row in message["data"] if message["topic"] == topic else []:
                if all(row[name] == value for name, value in wanted.items()):
                    found: dict[str, Any] = row
                    return found
