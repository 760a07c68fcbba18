"""A practice world in a process of its own, and accounts of it that sign as Bybit documents."""

import hashlib
import hmac
import json
import pathlib
import signal
import socket
import subprocess
import sys
import time
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import requests

EQUITY = 1_000_000
MINUTE_MS = 60_000


class World:
    """A practice world's process and what is asked of it, on a clock that is `ahead` seconds."""

    def __init__(self, database: pathlib.Path, ahead: int = 0) -> None:
        ports = {name: str(_free_port()) for name in ("bybit", "telegram")}
        command = [sys.executable, "-m", "tests.sandbox.bybit.late_world", str(ahead), "--database", str(database)]
        command += [part for name, port in ports.items() for part in (f"--{name}-port", port)]
        self._child = subprocess.Popen(command, text=True, stdout=subprocess.PIPE)
        self._ahead_ms = ahead * 1000
        self.telegram = f"http://127.0.0.1:{ports['telegram']}"
        self._url = f"http://127.0.0.1:{ports['bybit']}"
        assert self._child.stdout is not None
        assert json.loads(self._child.stdout.readline())["ready"] is True

    def kill(self) -> None:
        """Ends it without a word."""
        self._child.send_signal(signal.SIGKILL)
        self._child.wait(30)
        assert self._child.stdout is not None
        self._child.stdout.close()

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self._ahead_ms

    def lever(self, path: str, **body: Any) -> Any:
        answer = requests.post(f"{self._url}/sandbox/{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ledger(self) -> dict[str, list[dict[str, Any]]]:
        told: dict[str, list[dict[str, Any]]] = requests.get(f"{self._url}/sandbox/ledger", timeout=120).json()
        return told

    def public(self, path: str, **params: Any) -> Any:
        return requests.get(f"{self._url}/v5/market/{path}", {"category": "linear", **params}, timeout=60).json()[
            "result"
        ]

    def last(self, symbol: str) -> Decimal:
        return Decimal(self.public("tickers", symbol=symbol)["list"][0]["lastPrice"])

    def candles(self, symbol: str, start: int) -> list[list[str]]:
        """Closed 1m candles from a time on, the oldest first."""
        rows = self.public("kline", symbol=symbol, interval="1", start=start, limit=1000)["list"][::-1]
        return [row for row in rows if int(row[0]) + MINUTE_MS <= self.now_ms()]


class Account:
    """One account of a world, asked with signatures as Bybit documents them."""

    def __init__(self, world: World, name: str) -> None:
        told = world.lever("accounts", name=name, equity=EQUITY)
        self.name, self._world = name, world
        self._key, self._secret = told["apiKey"], told["secret"]

    def get(self, path: str, **params: Any) -> Any:
        query = urlencode({"category": "linear", **params})
        answer = requests.get(f"{self._world._url}/v5/{path}?{query}", headers=self._signed(query), timeout=60).json()
        assert answer["retCode"] == 0, answer
        return answer["result"]

    def rows(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Every row of all pages, the oldest first."""
        found, cursor = [], ""
        while True:
            page = self.get(path, limit=50, **params, **({"cursor": cursor} if cursor else {}))
            found += page["list"]
            cursor = page["nextPageCursor"]
            if not cursor:
                return found[::-1]

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        text = json.dumps({"category": "linear", **body})
        answer = requests.post(f"{self._world._url}/v5/{path}", data=text, headers=self._signed(text), timeout=60)
        told: dict[str, Any] = answer.json()
        return told

    def order(self, symbol: str, link: str, qty: str, **wishes: Any) -> dict[str, Any]:
        wish = {"symbol": symbol, "side": "Buy", "orderType": "Market", "qty": qty, "orderLinkId": link, **wishes}
        return self.post("order/create", **wish)

    def _signed(self, payload: str) -> dict[str, str]:
        now = str(self._world.now_ms())
        text = now + self._key + "5000" + payload
        return {
            "X-BAPI-API-KEY": self._key,
            "X-BAPI-TIMESTAMP": now,
            "X-BAPI-RECV-WINDOW": "5000",
            "X-BAPI-SIGN": hmac.new(self._secret.encode(), text.encode(), hashlib.sha256).hexdigest(),
        }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
