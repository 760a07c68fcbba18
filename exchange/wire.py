"""pybit's WebSocket with its surprises taken out: it lives once, never reconnects by itself, and nothing kills it."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import websocket
from pybit.unified_trading import WebSocket

from exchange.fields import Row

_log = logging.getLogger(__name__)

PING_SECONDS = 20
PONG_SECONDS = 10
# pybit counts its last try as failed even where it connected, so one honest try needs two.
_TRIES = 2

Hear = Callable[[Row], None]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a stream is: `url` takes the place of the host that belongs to the environment. `channel` is pybit's word
    for what is streamed: linear, private."""

    channel: str
    testnet: bool = False
    demo: bool = False
    url: str | None = None


class Wire(WebSocket):  # type: ignore[misc]  # pybit ships without types
    """One connection. Made and used in a thread that may wait; `hear` is called in pybit's thread with each message
    that is a JSON object, pongs included, and `on_end` once when the connection is gone, for whatever reason.

    Raises WebSocketException or OSError where it can not connect.
    """

    def __init__(self, address: Address, hear: Hear, on_end: Callable[[], None], **keys: object) -> None:
        self._address = address
        self._hear = hear
        self._on_end = on_end
        # A host that swallows packets must not hold a thread for minutes; pybit has no setting for it.
        websocket.setdefaulttimeout(PONG_SECONDS)
        super().__init__(
            address.channel,
            testnet=address.testnet,
            demo=address.demo,
            callback_function=hear,
            ping_interval=PING_SECONDS,
            ping_timeout=PONG_SECONDS,
            retries=_TRIES,
            restart_on_error=False,
            **keys,
        )

    def send(self, message: Mapping[str, object]) -> None:
        """Raises WebSocketException or OSError where the connection is gone."""
        self.ws.send(json.dumps(message))

    def end(self, patience: float) -> None:
        """Says goodbye, waits at most `patience` seconds for the answer, and as long again for pybit's thread."""
        self.exited = True
        self._stop_custom_ping_timer()
        self.ws.close(timeout=patience)
        self.wst.join(patience)

    # --- what pybit calls

    def _connect(self, url: str) -> None:
        # pybit takes its addresses from module constants.
        super()._connect(self._address.url or url)

    def _on_open(self) -> None:
        # websocket-client looks at each byte in Python to see whether a text is one, and decodes it right after: half
        # of what a message costs (measured), five hundred times at each close.
        self.ws.sock.frame_buffer.skip_utf8_validation = True

    def _on_message(self, message: Any) -> None:
        try:
            heard = json.loads(message)
        except ValueError:
            _log.warning("a stream said something that is no JSON")
            return
        if isinstance(heard, dict):
            self._hear(heard)

    def _on_error(self, error: BaseException) -> None:
        """pybit would raise here, or connect again without a pause."""
        _log.info("a stream broke: %s", type(error).__name__)
        self._on_end()

    def _on_close(self) -> None:
        self._on_end()
