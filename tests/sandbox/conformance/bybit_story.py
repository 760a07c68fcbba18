"""One account's day at the practice Bybit, told over HTTP and WebSocket, in which every endpoint has something to say.

Requests are signed and sockets spoken to with nothing but `requests` and `websocket`, so that no client stands between.
"""

import contextlib
import hashlib
import hmac
import json
import pathlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import requests
import websocket

from sandbox.bybit.practice import PracticeBybit
from tests.sandbox.bybit.practice_world import NOON_MS, SHORT, STILL, Clock, Served

LINEAR = {"category": "linear"}
SOL = {**LINEAR, "symbol": "SOLUSDT"}
ETH = {**LINEAR, "symbol": "ETHUSDT"}
XRP = {**LINEAR, "symbol": "XRPUSDT"}
DOGE = {**LINEAR, "symbol": "DOGEUSDT"}
BEFORE_FUNDING_MS = NOON_MS + 4 * 3_600_000 - 60_000
"""2026-07-01 15:59:30 UTC, half a minute before funding is paid."""
PATIENCE_SECONDS = 10
PUBLIC = {
    "websocket/public/kline": "kline.1.SOLUSDT",
    "websocket/public/ticker": "tickers.SOLUSDT",
    "websocket/public/orderbook": "orderbook.50.SOLUSDT",
    "websocket/public/trade": "publicTrade.SOLUSDT",
}
PRIVATE = {f"websocket/private/{topic}": topic for topic in ("order", "execution", "position", "wallet")}


@dataclass
class Told:
    """What was answered and heard: envelopes of answers by path, messages by topic, answers of sockets by operation."""

    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    messages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)


class Client:
    """Signs as Bybit documents it (HMAC) and keeps every answer of `told`."""

    def __init__(self, served: Served, clock: Clock, told: Told, name: str = "ann", equity: str = "10000") -> None:
        account = served.lever("/sandbox/accounts", name=name, equity=equity)
        self.key, self._secret = account["apiKey"], account["secret"]
        self._url, self._clock, self._told = served.url, clock, told
        self._session = requests.Session()

    def close(self) -> None:
        """Ends the connection."""
        self._session.close()

    def damage(self, part: str) -> None:
        """From now on the `key` or the `secret` is a wrong one; "" damages nothing."""
        self.key = "nobody" if part == "key" else self.key
        self._secret = "guess" if part == "secret" else self._secret

    def signature(self, text: str) -> str:
        """The key's signature of a text."""
        return hmac.new(self._secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    def get(self, path: str, **params: Any) -> Any:
        """Asks, and gives the result."""
        query = urlencode(params)
        return self._kept(f"GET {path}", self._session.get(f"{self._url}{path}?{query}", headers=self._signed(query)))

    def post(self, path: str, **body: Any) -> Any:
        """Acts, and gives the result."""
        text = json.dumps(body)
        headers = {**self._signed(text), "Content-Type": "application/json"}
        return self._kept(f"POST {path}", self._session.post(self._url + path, data=text, headers=headers))

    def _signed(self, payload: str) -> dict[str, str]:
        now, window = str(self._clock()), "5000"
        return {
            "X-BAPI-API-KEY": self.key,
            "X-BAPI-TIMESTAMP": now,
            "X-BAPI-RECV-WINDOW": window,
            "X-BAPI-SIGN": self.signature(now + self.key + window + payload),
        }

    def _kept(self, subject: str, answered: requests.Response) -> Any:
        answer = answered.json()
        self._told.answers.setdefault(subject, []).append(answer)
        return answer["result"]


class Listener:
    """A connection to a stream that follows some topics; `until` reads on until a topic says what is waited for."""

    def __init__(self, served: Served, path: str, told: Told) -> None:
        address = served.url.replace("http", "ws") + path
        self._socket = websocket.create_connection(address, timeout=PATIENCE_SECONDS)
        self._told, self._path = told, path

    def close(self) -> None:
        """Ends the connection."""
        self._socket.close()

    def ask(self, op: str, **asked: Any) -> None:
        """Asks for an operation and keeps its answer."""
        self._socket.send(json.dumps({"op": op, **asked}))
        answer = json.loads(self._socket.recv())
        while "topic" in answer:
            self._keep(answer)
            answer = json.loads(self._socket.recv())
        self._told.operations[f"{self._path} {op}"] = answer

    def until(self, topic: str, kind: str = "", **wanted: Any) -> None:
        """Reads messages until one of this topic (and type) has a row with these values."""
        while True:
            message = json.loads(self._socket.recv())
            self._keep(message)
            rows = message["data"] if isinstance(message["data"], list) else [message["data"]]
            if message["topic"] != topic or message.get("type", "") != (kind or message.get("type", "")):
                continue
            if any(all(row.get(name) == value for name, value in wanted.items()) for row in rows):
                return

    def _keep(self, message: dict[str, Any]) -> None:
        self._told.messages.setdefault(message["topic"], []).append(message)


def tell(folder: pathlib.Path) -> Told:
    """The whole day, in a new world in `folder`."""
    told, clock = Told(), Clock()
    clock.now_ms = BEFORE_FUNDING_MS
    with contextlib.ExitStack() as kept:
        served = Served(PracticeBybit(folder / "world.db", time_ms=clock, character=SHORT, **STILL))
        kept.callback(served.stop)
        client = Client(served, clock, told)
        kept.callback(client.close)
        public, private = _followed(served, client, clock, told, kept)
        _trade(client, served, public, private)
        clock.forward(minutes=2)
        private.until("execution", execType="Funding")
        public.until("kline.1.SOLUSDT", confirm=True)
        _order(client)
        _ask(client)
        poor = Client(served, clock, told, "poor", "999")
        kept.callback(poor.close)
        poor.post("/v5/account/set-margin-mode", setMarginMode="PORTFOLIO_MARGIN")
        client.post("/v5/order/cancel-all", **ETH)
    return told


def _followed(
    served: Served, client: Client, clock: Clock, told: Told, kept: contextlib.ExitStack
) -> tuple[Listener, Listener]:
    """Both streams with all their topics."""
    public, private = (Listener(served, path, told) for path in ("/v5/public/linear", "/v5/private"))
    for listener in (public, private):
        kept.callback(listener.close)
        listener.ask("ping", req_id="p")
    expires = clock() + 5000
    private.ask("auth", req_id="a", args=[client.key, expires, client.signature(f"GET/realtime{expires}")])
    public.ask("subscribe", req_id="s", args=list(PUBLIC.values()))
    private.ask("subscribe", req_id="s", args=list(PRIVATE.values()))
    public.ask("subscribe", req_id="t", args=["tickers.DOGEUSDT"])
    public.ask("unsubscribe", req_id="u", args=["tickers.DOGEUSDT"])
    for topic in ("kline.1.SOLUSDT", "tickers.SOLUSDT", "orderbook.50.SOLUSDT"):
        if topic not in told.messages:
            public.until(topic, kind="snapshot")
    return public, private


def _trade(client: Client, served: Served, public: Listener, private: Listener) -> None:
    """A position with stops of every kind, a part of it closed by hand."""
    served.set_price("SOLUSDT", "150")
    client.post("/v5/position/set-leverage", **SOL, buyLeverage="5", sellLeverage="5")
    entry = {"side": "Buy", "orderType": "Market", "qty": "4", "orderLinkId": "x1-entry"}
    client.post("/v5/order/pre-check", **SOL, **entry)
    client.post("/v5/order/create", **SOL, **entry, stopLoss="120", takeProfit="200")
    client.post("/v5/position/trading-stop", **SOL, tpslMode="Full", positionIdx=0, stopLoss="125")
    partial = {"tpSize": "1", "slSize": "1", "takeProfit": "180", "stopLoss": "130"}
    client.post("/v5/position/trading-stop", **SOL, tpslMode="Partial", positionIdx=0, **partial)
    client.post("/v5/position/trading-stop", **SOL, tpslMode="Full", positionIdx=0, trailingStop="9", activePrice="170")
    served.lever("/sandbox/hand", account="ann", symbol="SOLUSDT", side="Sell", qty="1", reduceOnly=True)
    private.until("order", orderStatus="Filled", createType="CreateByClosing")
    private.until("wallet")
    served.set_price("SOLUSDT", "151")
    public.until("tickers.SOLUSDT", kind="delta", lastPrice="151.00")
    public.until("orderbook.50.SOLUSDT", kind="delta")
    public.until("publicTrade.SOLUSDT", p="151.00")


def _order(client: Client) -> None:
    """Orders that rest, wait for a trigger, were amended, cancelled and refused by the book."""
    last = float(client.get("/v5/market/tickers", **ETH)["list"][0]["lastPrice"])
    below, above = f"{last * 0.97:.1f}", f"{last * 1.03:.1f}"
    rest = {"side": "Buy", "orderType": "Limit", "qty": "0.1", "price": below}
    levels = {"stopLoss": f"{last * 0.9:.1f}", "takeProfit": above}
    client.post("/v5/order/create", **ETH, **rest, **levels, timeInForce="PostOnly", orderLinkId="x1-rests")
    client.post("/v5/order/amend", **ETH, orderLinkId="x1-rests", price=f"{last * 0.96:.1f}")
    client.post("/v5/order/create", **ETH, **{**rest, "price": above}, timeInForce="PostOnly", orderLinkId="x1-takes")
    client.post("/v5/order/create", **ETH, **rest, orderLinkId="x1-gone")
    client.post("/v5/order/cancel", **ETH, orderLinkId="x1-gone")
    trigger = {"triggerPrice": above, "triggerDirection": 1, "triggerBy": "LastPrice", "orderLinkId": "x1-waits"}
    client.post("/v5/order/create", **ETH, side="Buy", orderType="Market", qty="0.1", **trigger)


def _ask(client: Client) -> None:
    """Everything that can be asked for."""
    client.post("/v5/account/set-margin-mode", setMarginMode="REGULAR_MARGIN")
    client.post("/v5/position/switch-mode", **DOGE, mode=0)
    for path, params in QUESTIONS:
        client.get(path, **params)


MINUTES = {"interval": "1", "limit": 3}
QUESTIONS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("/v5/market/time", {}),
    ("/v5/market/instruments-info", LINEAR),
    ("/v5/market/kline", {**SOL, **MINUTES}),
    ("/v5/market/mark-price-kline", {**SOL, **MINUTES}),
    ("/v5/market/tickers", LINEAR),
    ("/v5/market/orderbook", SOL),
    ("/v5/market/price-limit", SOL),
    ("/v5/market/risk-limit", LINEAR),
    ("/v5/market/funding/history", SOL),
    ("/v5/account/info", {}),
    ("/v5/account/wallet-balance", {"accountType": "UNIFIED"}),
    ("/v5/account/fee-rate", LINEAR),
    ("/v5/account/transaction-log", {}),
    ("/v5/user/query-api", {}),
    ("/v5/position/list", {**LINEAR, "settleCoin": "USDT"}),
    ("/v5/position/list", XRP),
    ("/v5/position/closed-pnl", LINEAR),
    ("/v5/order/realtime", {**LINEAR, "settleCoin": "USDT"}),
    ("/v5/order/realtime", {**ETH, "openOnly": 1}),
    ("/v5/order/history", LINEAR),
    ("/v5/execution/list", LINEAR),
)


def of_subject(told: Told, subject: str, address: str) -> Iterator[Any]:
    """All that was told of a page of the documents: results of an endpoint, messages of a stream."""
    topic = {**PUBLIC, **PRIVATE}.get(subject)
    if topic is not None:
        yield from told.messages[topic]
    else:
        yield from (answer["result"] for answer in told.answers[address] if answer["retCode"] in ACCEPTED)


ACCEPTED = (0, 3400045)
"""3400045 is the one refusal with a result of its own: the reasons why a margin mode is not set."""
