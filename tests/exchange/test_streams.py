"""The public streams against the practice Bybit's own, and against servers that misbehave: every trap of pybit's."""

import asyncio
import json
import random
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from exchange.crossing import Crossing
from exchange.fields import Row
from exchange.market_stream import PublicStreams, candles_in, public_address
from exchange.streams import TOPICS_AT_ONCE, Budget, Event, Stream, Timing, Told
from exchange.wire import Address
from sandbox.bybit.faults import Rule
from tests.exchange.streams_world import QUICK, Cable, Ears, streams_to, until
from tests.sandbox.bybit.practice_world import Clock
from trading.errors import OutcomeUnknown
from trading.feed_news import CandleNews

BTC, ETH = "BTCUSDT", "ETHUSDT"


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    cable = Cable(tmp_path / "world.db", Clock())
    yield cable
    cable.close()


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
async def streams(cable: Cable, ears: Ears) -> AsyncIterator[PublicStreams]:
    streams = streams_to(cable.url, ears)
    yield streams
    await streams.close()


def fault(cable: Cable, kind: str) -> None:
    """From now on the practice Bybit does this to every message of its streams."""
    cable.inside(lambda: cable.practice.faults.begin(7, [Rule("/v5/public", kind)], cable.clock.now_ms))


def stream_threads() -> list[str]:
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith("stream-") or "run_forever" in name or "_connect" in name]


# --- what is told


async def test_forming_and_closed_candles_and_prices_are_told_in_our_words(
    cable: Cable, ears: Ears, streams: PublicStreams
) -> None:
    streams.follow({1: [BTC], 5: [BTC]}, [BTC])
    await until(lambda: streams.state.is_whole)
    assert streams.covers(BTC, 1)
    assert not streams.covers(ETH, 1)
    forming = await until(lambda: next((one for one in ears.candles if one.minutes == 1), None))
    assert not forming.closed
    assert forming.open_time == cable.clock.now_ms // 60_000 * 60_000
    ticker = await until(lambda: ears.tickers)
    assert (ticker[0].symbol, ticker[0].bid < ticker[0].ask) == (BTC, True)
    cable.clock.forward(minutes=1)
    (closed,) = await until(lambda: ears.closed(BTC))
    assert closed.open_time == forming.open_time
    opened, high, low, close, volume = closed.values
    assert low <= min(opened, close) <= max(opened, close) <= high
    assert volume > 0
    assert not ears.closed(BTC, 5)


async def test_a_price_that_changed_is_told_whole(cable: Cable, ears: Ears, streams: PublicStreams) -> None:
    streams.follow({}, [BTC])
    await until(lambda: ears.tickers)
    first = ears.tickers[-1]
    cable.clock.forward(seconds=20)
    await until(lambda: ears.tickers[-1].last != first.last)
    moved = ears.tickers[-1]
    assert moved.symbol == BTC
    assert moved.turnover > 0
    assert moved.at > first.at


@pytest.mark.parametrize(
    "broken",
    [
        {"topic": "kline.1.BTCUSDT", "data": {}},
        {"topic": "kline.7.BTCUSDT", "data": [{}]},
        {"topic": "kline.1", "data": []},
        {"topic": "kline.1.BTCUSDT", "data": [{"start": 1, "open": "x"}]},
    ],
)
def test_a_candle_that_can_not_be_read_says_so(broken: Row) -> None:
    with pytest.raises(OutcomeUnknown):
        candles_in(broken)


# --- what is followed


async def test_what_is_no_longer_wanted_is_not_sent_any_more(cable: Cable, streams: PublicStreams) -> None:
    streams.follow({1: [BTC, ETH]}, [BTC, ETH])
    await until(lambda: cable.inside(cable.practice.streams.followed) == 4)
    streams.follow({1: [ETH]}, [ETH])
    await until(lambda: cable.inside(cable.practice.streams.followed) == 2)
    assert not streams.covers(BTC, 1)
    assert streams.covers(ETH, 1)
    streams.follow({}, [])
    await until(lambda: cable.inside(cable.practice.streams.followed) == 0)
    assert streams.state.of == 0


async def test_many_topics_go_over_several_connections(cable: Cable, ears: Ears) -> None:
    symbols = cable.inside(lambda: list(cable.practice.market.instruments))[:12]
    streams = streams_to(cable.url, ears, room=150)
    streams.follow({1: symbols, 5: symbols}, [])
    await until(lambda: streams.state.is_whole)
    assert streams.state.of >= 3
    assert streams.state.followed == 24
    cable.clock.forward(minutes=1)
    await until(lambda: {one.symbol for one in ears.candles if one.closed} == set(symbols))
    await streams.close()


async def test_a_symbol_that_bybit_does_not_stream_takes_no_other_with_it(cable: Cable, streams: PublicStreams) -> None:
    streams.follow({1: [BTC, "NOSUCHUSDT", ETH]}, [])
    await until(lambda: streams.state.is_whole)
    assert streams.covers(BTC, 1)
    assert streams.covers(ETH, 1)
    assert not streams.covers("NOSUCHUSDT", 1)
    assert streams.state.up == 1


# --- what happens to connections


async def test_a_server_that_ends_and_comes_back_is_followed_again(
    cable: Cable, ears: Ears, streams: PublicStreams
) -> None:
    streams.follow({1: [BTC]}, [])
    await until(lambda: streams.state.is_whole)
    await asyncio.to_thread(cable.pull)
    await until(lambda: not streams.covers(BTC, 1))
    assert streams.state.up == 0
    await asyncio.sleep(0.3)  # refused meanwhile, again and again
    await asyncio.to_thread(cable.plug)
    await until(lambda: streams.covers(BTC, 1))
    cable.clock.forward(minutes=1)
    await until(lambda: ears.closed(BTC))


async def test_a_server_that_is_not_there_yet_is_found_when_it_comes(cable: Cable, ears: Ears) -> None:
    await asyncio.to_thread(cable.pull)
    streams = streams_to(cable.url, ears)
    streams.follow({1: [BTC]}, [])
    await asyncio.sleep(0.3)
    assert streams.state.up == 0
    await asyncio.to_thread(cable.plug)
    await until(lambda: streams.covers(BTC, 1))
    await streams.close()


async def test_a_repeated_message_is_told_as_often_and_a_dropped_one_not_at_all(
    cable: Cable, ears: Ears, streams: PublicStreams
) -> None:
    streams.follow({1: [BTC]}, [])
    await until(lambda: streams.state.is_whole)
    await until(lambda: ears.candles)
    fault(cable, "repeat_message")
    cable.clock.forward(minutes=1)
    await until(lambda: len(ears.closed(BTC)) == 2)
    assert ears.closed(BTC)[0] == ears.closed(BTC)[1]
    fault(cable, "drop_message")
    cable.clock.forward(minutes=1)
    await asyncio.sleep(0.3)
    assert len(ears.closed(BTC)) == 2


async def test_a_silent_connection_is_built_anew(cable: Cable, ears: Ears) -> None:
    streams = streams_to(cable.url, ears, Timing(first=0.05, longest=0.1, silence=0.4, goodbye=0.2, look=0.05))
    streams.follow({1: [BTC]}, [])
    await until(lambda: streams.covers(BTC, 1))
    # the practice clock stands still, so nothing is ever new
    await until(lambda: not streams.covers(BTC, 1))
    await until(lambda: streams.covers(BTC, 1))
    await streams.close()


async def test_the_end_comes_within_two_seconds_and_leaves_no_thread(cable: Cable, ears: Ears) -> None:
    streams = streams_to(cable.url, ears, room=60)
    streams.follow({1: [BTC, ETH, "SOLUSDT"]}, [])
    await until(lambda: streams.state.is_whole)
    assert stream_threads()
    began = time.monotonic()
    await streams.close()
    assert time.monotonic() - began < 2.0
    await until(lambda: not stream_threads(), seconds=2.0)


async def test_the_end_waits_for_no_server_that_refuses(ears: Ears) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    streams = streams_to(f"ws://127.0.0.1:{port}/v5/public/linear", ears, Timing(first=30.0))
    streams.follow({1: [BTC]}, [])
    await asyncio.sleep(0.2)
    began = time.monotonic()
    await streams.close()
    assert time.monotonic() - began < 2.0
    await until(lambda: not stream_threads(), seconds=2.0)


async def test_candles_outlive_whoever_fails_to_take_one(cable: Cable) -> None:
    heard: list[CandleNews] = []
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))

    class Clumsy(Ears):
        def listening(self) -> Any:
            listening = super().listening()
            return type(listening)(take, listening.ticker)

    def take(news: CandleNews) -> None:
        heard.append(news)
        if len(heard) == 1:
            raise RuntimeError("a bug of ours")

    streams = streams_to(cable.url, Clumsy())
    streams.follow({1: [BTC]}, [])
    await until(lambda: heard)
    cable.clock.forward(minutes=1)
    await until(lambda: any(one.closed for one in heard))
    assert len(failures) == 1
    assert streams.covers(BTC, 1)
    await streams.close()


# --- servers that no Bybit is


class Rude:
    """A server that says what a test wants: `said` goes out first, `answers` to each subscription."""

    def __init__(self, said: list[str | bytes], answers: bool = True) -> None:
        self.said = said
        self.answers = answers
        self.asked: list[Any] = []
        self.connections = 0
        self.url = ""

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        self.connections += 1
        sockets = web.WebSocketResponse(timeout=0.1)
        await sockets.prepare(request)
        async for message in sockets:
            if message.type is not WSMsgType.TEXT:
                continue
            asked = json.loads(message.data)
            self.asked.append(asked)
            if self.answers and asked["op"] in ("subscribe", "unsubscribe"):
                await sockets.send_json({"success": True, "op": asked["op"], "req_id": asked["req_id"]})
            for text in self.said:
                await (sockets.send_bytes(text) if isinstance(text, bytes) else sockets.send_str(text))
        return sockets


@pytest.fixture
async def rude() -> AsyncIterator[Any]:
    runners: list[web.AppRunner] = []

    async def begin(*said: str | bytes, answers: bool = True) -> Rude:
        server = Rude(list(said), answers)
        app = web.Application()
        app.router.add_get("/", server.serve)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/"
        runners.append(runner)
        return server

    yield begin
    for runner in runners:
        await runner.cleanup()


def kline(close: str = "100", confirm: bool = True) -> str:
    row = {"start": 60_000, "open": "100", "high": "101", "low": "99", "close": close, "volume": "5"}
    return json.dumps({"topic": "kline.1.BTCUSDT", "data": [row | {"confirm": confirm}], "ts": 1, "type": "snapshot"})


async def test_nonsense_from_the_server_kills_no_stream(rude: Any, ears: Ears) -> None:
    server = await rude(
        "no json", "[1, 2]", "{}", '{"ret_msg": "pong"}', '{"topic": "kline.1.BTCUSDT"}', '{"topic": 7}',
        '{"topic": "kline.1.BTCUSDT", "data": [{"start": "x"}]}', '{"op": "subscribe", "success": false}', kline(),
    )  # fmt: skip
    streams = streams_to(server.url, ears)
    streams.follow({1: [BTC]}, [])
    (closed,) = await until(lambda: ears.candles)
    assert closed == CandleNews(BTC, 1, 60_000, (100.0, 101.0, 99.0, 100.0, 5.0), closed=True)
    assert streams.covers(BTC, 1)
    assert server.connections == 1
    await streams.close()


async def test_topics_are_asked_for_in_portions_and_each_once(rude: Any, ears: Ears) -> None:
    server = await rude()
    streams = streams_to(server.url, ears)
    symbols = [f"C{number}USDT" for number in range(TOPICS_AT_ONCE + 1)]
    streams.follow({1: symbols}, [])
    await until(lambda: streams.state.is_whole)
    streams.follow({1: symbols}, [])
    asked = [message["args"] for message in server.asked if message["op"] == "subscribe"]
    assert sorted(len(args) for args in asked) == [1, TOPICS_AT_ONCE]
    assert sorted(topic for args in asked for topic in args) == sorted(f"kline.1.{symbol}" for symbol in symbols)
    await streams.close()


async def test_a_subscription_that_nobody_answers_is_asked_on_a_new_connection(rude: Any, ears: Ears) -> None:
    server = await rude(answers=False)
    streams = streams_to(server.url, ears, Timing(first=0.05, longest=0.1, answer=0.2, goodbye=0.2, look=0.05))
    streams.follow({1: [BTC]}, [])
    await until(lambda: server.connections >= 3)
    assert not streams.covers(BTC, 1)
    server.answers = True
    await until(lambda: streams.covers(BTC, 1))
    await streams.close()


async def test_a_server_that_never_says_goodbye_holds_up_no_end(ears: Ears) -> None:
    def swallow(server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            kept.append(connection)

    kept: list[socket.socket] = []
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=swallow, args=(server,), daemon=True).start()
    streams = streams_to(f"ws://127.0.0.1:{server.getsockname()[1]}/", ears)
    streams.follow({1: [BTC]}, [])
    await until(lambda: kept)
    began = time.monotonic()
    await streams.close()
    assert time.monotonic() - began < 2.0
    server.close()
    for connection in kept:
        connection.close()


# --- pieces


@pytest.mark.parametrize(
    ("environment", "url", "rest_url", "testnet", "expected"),
    [
        ("live", None, None, False, None),
        ("demo", None, None, False, None),
        ("testnet", None, None, True, None),
        ("live", None, "https://api.bybit.kz", False, None),
        ("live", "wss://stream.bybit.kz", None, False, "wss://stream.bybit.kz/v5/public/linear"),
        ("live", "wss://host/some/path", None, False, "wss://host/some/path"),
        ("sandbox", None, "http://127.0.0.1:8082", False, "ws://127.0.0.1:8082/v5/public/linear"),
        ("sandbox", None, "https://practice/", False, "wss://practice/v5/public/linear"),
        ("sandbox", "ws://other:1/", "http://127.0.0.1:8082", False, "ws://other:1/v5/public/linear"),
    ],
)
def test_each_environment_has_its_own_public_stream(
    environment: str, url: str | None, rest_url: str | None, testnet: bool, expected: str | None
) -> None:
    assert public_address(environment, url, rest_url) == Address("linear", testnet=testnet, url=expected)


def test_pauses_double_to_their_longest_and_are_spread() -> None:
    timing = Timing(first=1.0, longest=30.0)
    assert [timing.pause(failures, 0.5) for failures in (1, 2, 3, 4, 5, 6, 100)] == [1, 2, 4, 8, 16, 30, 30]
    assert timing.pause(1, 0.0) == 0.75
    assert timing.pause(1, 1.0) == 1.25


def test_all_streams_together_connect_no_oftener_than_bybit_allows() -> None:
    budget = Budget(most=3, within=300)
    assert [budget.wait(at) for at in (0, 10, 20)] == [0.0, 0.0, 0.0]
    assert budget.wait(30) == 270
    assert budget.wait(300) == 0.0
    assert budget.wait(301) == 9


async def test_a_crossing_keeps_the_order_of_each_thread() -> None:
    taken: list[tuple[int, int]] = []
    crossing: Crossing[tuple[int, int]] = Crossing(asyncio.get_running_loop(), taken.append)

    def put(thread: int) -> None:
        for number in range(200):
            crossing.put((thread, number))

    threads = [threading.Thread(target=put, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    await until(lambda: len(taken) == 800)
    for thread in range(4):
        assert [number for one, number in taken if one == thread] == list(range(200))


def test_a_crossing_after_the_end_of_its_loop_drops_what_comes() -> None:
    loop = asyncio.new_event_loop()
    taken: list[int] = []
    crossing: Crossing[int] = Crossing(loop, taken.append)
    loop.close()
    crossing.put(1)
    assert taken == []


def test_a_stream_tells_nothing_of_messages_that_belong_to_no_topic() -> None:
    told: list[Event] = []
    begun = threading.Event()

    class Quiet:
        def send(self, message: Row) -> None:
            hear({"op": message["op"], "req_id": message["req_id"], "success": True})
            hear({"op": "pong"})
            hear({"topic": "order", "data": []})
            begun.set()

        def end(self, patience: float) -> None:
            return

    def connect(hears: Any, on_end: Any) -> Quiet:
        nonlocal hear
        hear = hears
        return Quiet()

    hear: Any = None
    stream = Stream(1, connect, told.append, Budget(), QUICK, random.Random(1))
    stream.want(["order"])
    stream.start()
    assert begun.wait(5)
    stream.stop()
    assert stream.join(2)
    assert [one for one in told if isinstance(one, Told)] == [Told(1, {"topic": "order", "data": []})]
