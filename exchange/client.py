"""pybit's HTTP client with its surprises taken out: one call is one request, and nothing of it is ever shown."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from pybit.unified_trading import HTTP
from requests.adapters import BaseAdapter, HTTPAdapter

from exchange.signing import Signer
from trading.ports import RECV_WINDOW_MS

CONNECT_SECONDS = 3.0
READ_SECONDS = 8.0
CONNECTIONS = 16  # kept open for each key: as many as there are threads to use them


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What came over the wire. `body` is None where it was no JSON; times are ms of our clock around the call.

    `headers` finds a name in any case.
    """

    http_status: int
    body: object
    headers: Mapping[str, str]
    sent_at: int
    received_at: int


class _OneHopSession(requests.Session):
    """Follows no redirect: a 307 would send an order twice, and a key to another host."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        kwargs["allow_redirects"] = False
        return super().send(request, **kwargs)


class Client(HTTP):  # type: ignore[misc]  # pybit ships without types
    """One key's way to Bybit, or the public one where `signer` is None. Safe to share between threads.

    pybit itself is given neither key nor secret: the signer keeps them. Its retries never happen, because
    `max_retries=1` ends its loop after one request and every answer is handed up as it came.
    """

    def __init__(
        self,
        environment: str,
        base_url: str | None,
        signer: Signer | None,
        *,
        now: Callable[[], int],
        bybit_time: Callable[[], int],
        adapter: BaseAdapter | None = None,
        timeout: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
    ) -> None:
        with _no_new_handlers(logging.getLogger("pybit._http_manager")):
            super().__init__(
                testnet=environment == "testnet",
                demo=environment == "demo",
                timeout=timeout,
                recv_window=RECV_WINDOW_MS,
                max_retries=1,
            )
        if base_url is not None:
            self.endpoint = base_url.rstrip("/")
        self.client = _session(adapter or HTTPAdapter(pool_connections=2, pool_maxsize=CONNECTIONS))
        self._signer = signer
        self._now = now
        self._bybit_time = bybit_time
        self._signing = threading.local()

    def __repr__(self) -> str:
        return f"Client({self.endpoint})"

    def send(self, endpoint: str, params: Mapping[str, object], signed_at: int | None = None) -> RawAnswer:
        """Blocks until pybit's method named `endpoint` has its answer; signs with `signed_at`, else with Bybit's time.

        Whatever pybit, requests or urllib3 raise comes out as it is: it may hold the body, so let it go no further.
        """
        self._signing.at = signed_at
        sent_at = self._now()
        response: requests.Response = getattr(self, endpoint)(**params)
        return RawAnswer(response.status_code, _json_of(response), response.headers, sent_at, self._now())

    def shows(self, text: str) -> bool:
        """Whether `text` quotes this client's key, as Bybit's own refusals of a signature do."""
        return self._signer is not None and self._signer.api_key.reveal() in text

    def close(self) -> None:
        self.client.close()

    # --- what pybit calls

    def _prepare_headers(
        self, payload: str, recv_window: int, content_type: str = "application/json"
    ) -> dict[str, str]:
        if self._signer is None:
            raise PermissionError("the public client has no key")
        signed_at: int | None = self._signing.at
        timestamp = str(self._bybit_time() if signed_at is None else signed_at)
        key = self._signer.api_key.reveal()
        return {
            "Content-Type": content_type,
            "X-BAPI-API-KEY": key,
            "X-BAPI-SIGN": self._signer.sign(f"{timestamp}{key}{recv_window}{payload}"),
            "X-BAPI-SIGN-TYPE": "2",
            "X-BAPI-TIMESTAMP": timestamp,
            "X-BAPI-RECV-WINDOW": str(recv_window),
        }

    def _check_status_code(self, response: requests.Response, *_: object) -> None:
        """Nothing: pybit would put the request's body into an exception and the answer's into a log."""

    def _handle_response(self, response: requests.Response, *_: object) -> requests.Response:
        return response


@contextmanager
def _no_new_handlers(logger: logging.Logger) -> Iterator[None]:
    """pybit gives its logger a handler of its own where the root has none; ours decides what is printed."""
    before = list(logger.handlers)
    yield
    for handler in logger.handlers[:]:
        if handler not in before:
            logger.removeHandler(handler)


def _session(adapter: BaseAdapter) -> requests.Session:
    session = _OneHopSession()
    session.trust_env = False  # neither proxies nor .netrc of the machine may see an order
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers.update({"Content-Type": "application/json", "Accept": "application/json"})
    return session


def _json_of(response: requests.Response) -> object:
    try:
        body: object = response.json()
    except ValueError:
        return None
    return body
