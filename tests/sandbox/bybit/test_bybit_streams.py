"""The streams as pybit's own WebSocket client, unchanged, hears them; odd things are asked over a bare socket."""

import contextlib
import json
import queue
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import websocket
from pybit import unified_trading
from pybit.unified_trading import HTTP, WebSocket

from tests.sandbox.bybit.practice_world import Clock, Served
from tests.sandbox.conformance.bybit_contract import CONTRACT, MISSING, check, due

SOL = {"category": "linear", "symbol": "SOLUSDT"}
PATIENCE_SECONDS = 10


class Heard:
    """Messages of a stream in the order they came."""

    def __init__(self) -> None:
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue()

    def __call__(self, message: dict[str, Any]) -> None:
        self._queue.put(message)

    def next(self, fits: Callable[[dict[str, Any]], bool] = lambda message: True) -> dict[str, Any]:
        while True:
            message = self._queue.get(timeout=PATIENCE_SECONDS)
            if fits(message):
                return message

    def row(self, **wanted: Any) -> dict[str, Any]:
        """The next row with these values; `data` of a stream is a list of rows."""
        fits = lambda row: all(row[name] == value for name, value in wanted.items())  # noqa: E731
        message = self.next(lambda message: any(fits(row) for row in message["data"]))
        return next(row for row in message["data"] if fits(row))


@pytest.fixture
def streams(served: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., WebSocket]]:
    address = served.url.replace("http", "ws")
    monkeypatch.setattr(unified_trading, "PUBLIC_WSS", address + "/v5/public/{CHANNEL_TYPE}")
    monkeypatch.setattr(unified_trading, "PRIVATE_WSS", address + "/v5/private")
    opened: list[WebSocket] = []

    def connect(**wishes: Any) -> WebSocket:
        opened.append(WebSocket(testnet=False, **wishes))
        return opened[-1]

    yield connect
    for stream in opened:
        stream.exit()


@pytest.fixture
def public(streams: Callable[..., WebSocket]) -> WebSocket:
    return streams(channel_type="linear")


@pytest.fixture
def private(streams: Callable[..., WebSocket], client: HTTP) -> WebSocket:
    return streams(channel_type="private", api_key=client.api_key, api_secret=client.api_secret)


@pytest.fixture
def bare(served: Served) -> Iterator[Callable[..., websocket.WebSocket]]:
    """A socket of its own, spoken to in JSON: `socket = bare("/v5/private")`."""
    with contextlib.ExitStack() as kept:

        def connect(path: str) -> websocket.WebSocket:
            socket = websocket.create_connection(served.url.replace("http", "ws") + path, timeout=PATIENCE_SECONDS)
            kept.callback(socket.close)
            return socket

        yield connect


def ask(socket: websocket.WebSocket, **asked: Any) -> dict[str, Any]:
    socket.send(json.dumps(asked))
    answer: dict[str, Any] = json.loads(socket.recv())
    return answer


documents = pytest.mark.skipif(not CONTRACT.exists(), reason=MISSING)


@documents
def test_every_public_topic_has_its_documented_fields(public: WebSocket, served: Served, clock: Clock) -> None:
    candles, tickers, books, trades = Heard(), Heard(), Heard(), Heard()
    public.kline_stream(1, "SOLUSDT", candles)
    public.ticker_stream("SOLUSDT", tickers)
    public.orderbook_stream(50, "SOLUSDT", books)
    public.trade_stream("SOLUSDT", trades)
    told = {
        "websocket/public/kline": candles.next(),
        "websocket/public/ticker": tickers.next(),
        "websocket/public/orderbook": books.next(),
    }
    served.set_price("SOLUSDT", "150")
    told["websocket/public/trade"] = trades.next()
    for subject, message in told.items():
        assert check(subject, message) == due(subject)


def test_a_candle_is_told_once_more_when_it_is_closed(
    public: WebSocket, served: Served, client: HTTP, clock: Clock
) -> None:
    heard = Heard()
    public.kline_stream(1, "SOLUSDT", heard)
    running = heard.row(confirm=False)
    clock.forward(minutes=2)
    rows = [heard.row(confirm=True), heard.row(confirm=True), heard.row(confirm=False)]
    assert [row["start"] - running["start"] for row in rows] == [0, 60_000, 120_000]
    assert running["end"] == running["start"] + 59_999
    asked = client.get_kline(**SOL, interval="1", start=running["start"], limit=2)["result"]["list"][::-1]
    names = ("open", "high", "low", "close", "volume", "turnover")
    assert [[str(row["start"]), *(row[name] for name in names)] for row in rows[:2]] == asked


def test_ticker_deltas_add_up_to_what_is_asked(public: WebSocket, served: Served, client: HTTP) -> None:
    heard = Heard()
    public.ticker_stream("SOLUSDT", heard)
    heard.next()
    served.set_price("SOLUSDT", "151.25")
    told = heard.next(lambda message: message["data"]["lastPrice"] == "151.25")["data"]
    asked = client.get_tickers(**SOL)["result"]["list"][0]
    assert {name: told[name] for name in asked} == asked
    assert told["tickDirection"] in ("PlusTick", "MinusTick")


def test_book_deltas_add_up_to_what_is_asked(public: WebSocket, served: Served, client: HTTP) -> None:
    heard = Heard()
    public.orderbook_stream(50, "SOLUSDT", heard)
    first = heard.next()["data"]["u"]
    served.set_price("SOLUSDT", "151.25")
    told = heard.next()["data"]
    asked = client.get_orderbook(**SOL, limit=50)["result"]
    for side in ("b", "a"):
        assert dict(told[side]) == dict(asked[side])
    assert told["u"] == first + 1


def test_trades_tell_where_the_price_went(public: WebSocket, served: Served) -> None:
    heard = Heard()
    served.set_price("SOLUSDT", "150")
    public.trade_stream("SOLUSDT", heard)
    bare_patience = Heard()
    public.ticker_stream("SOLUSDT", bare_patience)
    bare_patience.next()
    served.set_price("SOLUSDT", "151")
    up = heard.row(p="151.00")
    served.set_price("SOLUSDT", "149")
    down = heard.row(p="149.00")
    assert [(t["L"], t["S"]) for t in (up, down)] == [("PlusTick", "Buy"), ("MinusTick", "Sell")]
    assert Decimal(up["v"]) > 0


@documents
def test_an_order_is_told_in_all_four_private_topics_with_their_documented_fields(
    private: WebSocket, client: HTTP, served: Served
) -> None:
    heard = {topic: Heard() for topic in ("order", "execution", "position", "wallet")}
    private.order_stream(heard["order"])
    private.execution_stream(heard["execution"])
    private.position_stream(heard["position"])
    private.wallet_stream(heard["wallet"])
    follow_all(served, 4)
    served.set_price("SOLUSDT", "150")
    client.place_order(**SOL, side="Buy", orderType="Market", qty="10", stopLoss="145", orderLinkId="x1-a")
    told = {topic: one.next() for topic, one in heard.items()}
    for topic, message in told.items():
        assert check(f"websocket/private/{topic}", message) == due(f"websocket/private/{topic}")
    (fill,) = told["execution"]["data"]
    assert (fill["orderLinkId"], fill["execPrice"], fill["execQty"]) == ("x1-a", "150.01", "10")
    assert {o["stopOrderType"] for o in told["order"]["data"]} == {"", "StopLoss"}
    (held,) = told["position"]["data"]
    assert (held["side"], held["size"], held["entryPrice"], held["stopLoss"]) == ("Buy", "10", "150.01", "145")
    assert told["wallet"]["data"][0]["totalWalletBalance"] == "9999.174945"


def test_a_closed_order_tells_what_it_gained(private: WebSocket, client: HTTP, served: Served) -> None:
    orders = Heard()
    private.order_stream(orders)
    follow_all(served, 1)
    served.set_price("SOLUSDT", "150")
    client.place_order(**SOL, side="Buy", orderType="Market", qty="10", stopLoss="145")
    served.set_price("SOLUSDT", "144")
    stopped = orders.row(stopOrderType="StopLoss", orderStatus="Filled")
    (closed,) = client.get_closed_pnl(category="linear")["result"]["list"]
    assert stopped["closedPnl"] == closed["closedPnl"]
    assert Decimal(stopped["closedPnl"]) < -50


def test_nobody_hears_of_the_orders_of_another(private: WebSocket, client: HTTP, served: Served) -> None:
    orders = Heard()
    private.order_stream(orders)
    follow_all(served, 1)
    other = served.client("bob")
    for session in (other, client):
        session.place_order(**SOL, side="Buy", orderType="Market", qty="1", orderLinkId=f"x1-{session is client}")
    assert orders.next()["data"][0]["orderLinkId"] == "x1-True"


def follow_all(served: Served, topics: int) -> None:
    """Waits until the server follows so many private topics: pybit does not wait for its answer."""
    waited = websocket.create_connection(served.url.replace("http", "ws") + "/v5/public/linear", timeout=10)
    with contextlib.closing(waited):
        while served.inside(served.practice.streams.followed) < topics:
            ask(waited, op="ping")


class TestAnswers:
    def test_a_ping_is_answered_on_both_addresses(self, bare: Callable[..., websocket.WebSocket]) -> None:
        public = ask(bare("/v5/public/linear"), op="ping", req_id="7")
        assert (public["success"], public["ret_msg"], public["op"], public["req_id"]) == (True, "pong", "ping", "7")
        private = ask(bare("/v5/private"), op="ping", req_id="7")
        assert (private["op"], private["req_id"], len(private["args"])) == ("pong", "7", 1)

    def test_a_subscription_is_answered_with_its_request_id(self, bare: Callable[..., websocket.WebSocket]) -> None:
        answer = ask(bare("/v5/public/linear"), op="subscribe", req_id="a", args=["tickers.BTCUSDT"])
        assert answer.pop("conn_id")
        assert answer == {"success": True, "ret_msg": "", "op": "subscribe", "req_id": "a"}

    @pytest.mark.parametrize(
        ("topic", "said"),
        [
            ("tickers.NOSUCH", "Invalid symbol :[tickers.NOSUCH]"),
            ("kline.7.BTCUSDT", "error:handler not found,topic:kline.7.BTCUSDT"),
            ("orderbook.3.BTCUSDT", "error:handler not found,topic:orderbook.3.BTCUSDT"),
            ("order", "error:handler not found,topic:order"),
        ],
    )
    def test_an_unknown_topic_is_refused(self, bare: Callable[..., websocket.WebSocket], topic: str, said: str) -> None:
        answer = ask(bare("/v5/public/linear"), op="subscribe", args=["tickers.BTCUSDT", topic])
        assert (answer["success"], answer["ret_msg"]) == (False, said)

    def test_a_private_topic_needs_a_signature(self, bare: Callable[..., websocket.WebSocket]) -> None:
        socket = bare("/v5/private")
        assert ask(socket, op="subscribe", args=["order"])["success"] is False

    @pytest.mark.parametrize("args", [["nobody", 9_999_999_999_999, "00"], ["nobody"], []])
    def test_a_wrong_signature_ends_the_connection(
        self, bare: Callable[..., websocket.WebSocket], args: list[Any]
    ) -> None:
        socket = bare("/v5/private")
        answer = ask(socket, op="auth", args=args)
        assert (answer["success"], answer["op"]) == (False, "auth")
        assert socket.recv() == ""

    def test_what_is_no_json_is_refused_and_the_connection_stays(
        self, bare: Callable[..., websocket.WebSocket]
    ) -> None:
        socket = bare("/v5/public/linear")
        socket.send("{")
        assert json.loads(socket.recv())["success"] is False
        assert ask(socket, op="ping")["ret_msg"] == "pong"

    def test_after_an_unsubscription_nothing_comes(
        self, bare: Callable[..., websocket.WebSocket], served: Served
    ) -> None:
        socket = bare("/v5/public/linear")
        ask(socket, op="subscribe", args=["tickers.SOLUSDT"])
        assert json.loads(socket.recv())["type"] == "snapshot"
        assert ask(socket, op="unsubscribe", args=["tickers.SOLUSDT"])["success"] is True
        served.set_price("SOLUSDT", "150")
        served.inside(lambda: served.practice.streams.publish(served.practice.now_ms()))
        assert ask(socket, op="ping")["ret_msg"] == "pong"


def test_messages_are_dropped_and_repeated_by_rule_and_then_no_more(
    private: WebSocket, client: HTTP, served: Served
) -> None:
    orders = Heard()
    private.order_stream(orders)
    follow_all(served, 1)
    rules = [{"path": "/v5/private/order", "kind": kind, "times": 1} for kind in ("drop_message", "repeat_message")]
    served.lever("/sandbox/faults", seed=1, rules=rules)
    for number in range(3):
        client.place_order(**SOL, side="Buy", orderType="Market", qty="1", orderLinkId=f"x1-{number}")
        served.inside(served.practice.catch_up)
    heard = [orders.next()["data"][0]["orderLinkId"] for _ in range(3)]
    assert heard == ["x1-1", "x1-1", "x1-2"]
