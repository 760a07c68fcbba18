"""The public streams of Bybit: topics spread over as many connections as they need, messages as our words."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from urllib.parse import urlsplit

from exchange.crossing import Crossing
from exchange.fields import Row, readable, whole
from exchange.market import INTERVALS, ticker_from
from exchange.streams import (
    MOST_CHARACTERS,
    Budget,
    Connect,
    Connection,
    Down,
    Event,
    Followed,
    Stream,
    Timing,
    Told,
    Up,
    characters,
)
from exchange.wire import Address, Hear, Wire
from trading.errors import OutcomeUnknown
from trading.feed_news import CandleNews, Listening, StreamState
from trading.model import Ticker

_log = logging.getLogger(__name__)

_MINUTES = {interval: minutes for minutes, interval in INTERVALS.items()}
END_SECONDS = 1.5
PUBLIC_PATH = "/v5/public/linear"


def candle_topic(symbol: str, minutes: int) -> str:
    return f"kline.{INTERVALS[minutes]}.{symbol}"


def price_topic(symbol: str) -> str:
    return f"tickers.{symbol}"


def wired(address: Address) -> Connect:
    """Connections of pybit to this address."""

    def connect(hear: Hear, on_end: Callable[[], None]) -> Connection:
        return Wire(address, hear, on_end)

    return connect


def public_address(environment: str, url: str | None = None, rest_url: str | None = None) -> Address:
    """Where the public streams of an environment are. `url` takes the place of its own host, whole or without a path.

    Demo has none of its own and hears live's. A practice Bybit serves its streams where it serves REST (`rest_url`).
    """
    if url is None and environment == "sandbox" and rest_url is not None:
        url = rest_url.replace("http", "ws", 1)
    if url is not None and not urlsplit(url).path.strip("/"):
        url = url.rstrip("/") + PUBLIC_PATH
    return Address("linear", testnet=environment == "testnet", url=url)


class PublicStreams:
    """The MarketStream port. Everything but its streams' threads happens in the event loop that first follows."""

    def __init__(
        self, connect: Connect, *, timing: Timing | None = None, room: int = MOST_CHARACTERS, seed: int | None = None
    ) -> None:
        """`room` is how many characters of topics one connection takes."""
        self._connect = connect
        self._timing = timing or Timing()
        self._room = room
        self._chance = random.Random(seed)
        self._budget = Budget()
        self._listening: Listening | None = None
        self._crossing: Crossing[Event] | None = None
        self._streams: dict[int, Stream] = {}
        self._ending: list[Stream] = []
        self._places: dict[str, int] = {}  # topic -> stream
        self._taken: dict[int, int] = {}  # stream -> characters of its topics
        self._followed: set[str] = set()
        self._refused: set[str] = set()
        self._up: set[int] = set()
        self._prices: dict[str, dict[str, object]] = {}  # symbol -> all fields of its ticker
        self._numbers = 0

    def listen(self, listening: Listening) -> None:
        """Before anything is followed."""
        self._listening = listening

    def follow(self, candles: Mapping[int, Collection[str]], prices: Collection[str]) -> None:
        """From now on these and no others: minutes -> symbols, and symbols."""
        topics = {candle_topic(symbol, minutes) for minutes, symbols in candles.items() for symbol in symbols}
        topics |= {price_topic(symbol) for symbol in prices}
        if topics == self._places.keys():
            return
        if self._crossing is None:
            self._crossing = Crossing(asyncio.get_running_loop(), self._take)
        self._let_go(self._places.keys() - topics)
        # One symbol's topics stand together, so that they are likely to share a connection.
        for topic in sorted(topics - self._places.keys(), key=lambda topic: (topic.rpartition(".")[2], topic)):
            number = self._stream_with_room(topic)
            self._places[topic] = number
            self._taken[number] += characters(topic)
        for number, stream in list(self._streams.items()):
            if self._taken[number]:
                stream.want(self._topics_of(number))
            else:
                self._retire(number)

    def covers(self, symbol: str, minutes: int) -> bool:
        """Whether this frame's candles come by themselves at the moment."""
        return candle_topic(symbol, minutes) in self._followed

    @property
    def state(self) -> StreamState:
        return StreamState(
            len(self._up), len(self._streams), len(self._followed), len(self._places) - len(self._refused)
        )

    async def close(self) -> None:
        """Ends every connection; waits for their threads, 1.5 s in all."""
        for stream in self._streams.values():
            stream.stop()
        ending = [*self._ending, *self._streams.values()]
        self._streams, self._ending, self._listening = {}, [], None
        await asyncio.to_thread(_join, ending)

    # --- topics

    def _let_go(self, topics: Iterable[str]) -> None:
        for topic in tuple(topics):
            self._taken[self._places.pop(topic)] -= characters(topic)
            self._followed.discard(topic)
            self._refused.discard(topic)
            self._prices.pop(topic.removeprefix("tickers."), None)

    def _stream_with_room(self, topic: str) -> int:
        for number, taken in self._taken.items():
            if taken + characters(topic) <= self._room:
                return number
        return self._begin()

    def _begin(self) -> int:
        assert self._crossing is not None
        self._numbers += 1
        chance = random.Random(self._chance.random())
        stream = Stream(self._numbers, self._connect, self._crossing.put, self._budget, self._timing, chance)
        self._streams[self._numbers], self._taken[self._numbers] = stream, 0
        stream.start()
        return self._numbers

    def _retire(self, number: int) -> None:
        stream = self._streams.pop(number)
        self._up.discard(number)
        del self._taken[number]
        stream.stop()
        self._ending = [ended for ended in self._ending if not ended.join(0)] + [stream]

    def _topics_of(self, number: int) -> set[str]:
        return {topic for topic, place in self._places.items() if place == number}

    # --- what the streams tell

    def _take(self, event: Event) -> None:
        if event.stream not in self._streams:
            return
        match event:
            case Told(_, message):
                self._hear(message)
            case Up(number):
                self._up.add(number)
            case Followed(number, topics, refused):
                mine = {topic for topic in topics if self._places.get(topic) == number}
                (self._refused if refused else self._followed).update(mine)
            case Down(number, _):
                self._up.discard(number)
                self._forget(self._topics_of(number))

    def _forget(self, topics: Iterable[str]) -> None:
        for topic in topics:
            self._followed.discard(topic)
            self._prices.pop(topic.removeprefix("tickers."), None)

    def _hear(self, message: Row) -> None:
        topic = str(message["topic"])
        if self._listening is None or topic not in self._places:
            return
        try:
            if topic.startswith("kline."):
                for news in candles_in(message):
                    self._listening.candle(news)
            else:
                ticker = self._merged(topic.removeprefix("tickers."), message)
                if ticker is not None:
                    self._listening.ticker(ticker)
        except OutcomeUnknown as strange:
            _log.warning("%s: %s", topic, strange.text)

    def _merged(self, symbol: str, message: Row) -> Ticker | None:
        """None before the first whole ticker, and while a side has no price."""
        told = message.get("data")
        if not isinstance(told, dict):
            return None
        if message.get("type") == "snapshot":
            self._prices[symbol] = dict(told)
        elif symbol in self._prices:
            self._prices[symbol].update(told)
        else:
            return None
        return ticker_in(self._prices[symbol], message)


@readable("a candle of the stream")
def candles_in(message: Row) -> tuple[CandleNews, ...]:
    """The candles of one kline message, oldest first."""
    _, interval, symbol = str(message["topic"]).split(".")
    rows = message["data"]
    if not isinstance(rows, list):
        raise TypeError("data")
    return tuple(sorted((_candle(symbol, _MINUTES[interval], row) for row in rows), key=lambda news: news.open_time))


def _candle(symbol: str, minutes: int, row: Row) -> CandleNews:
    opened, high, low, close, volume = (
        float(str(row["open"])),
        float(str(row["high"])),
        float(str(row["low"])),
        float(str(row["close"])),
        float(str(row["volume"])),
    )
    return CandleNews(symbol, minutes, whole(row, "start"), (opened, high, low, close, volume), row["confirm"] is True)


def ticker_in(fields: Row, message: Row) -> Ticker | None:
    """A ticker that was put together from a snapshot and what changed; None where it has no price to act on."""
    try:
        return ticker_from(fields, whole(message, "ts"))
    except (LookupError, TypeError, ValueError, ArithmeticError):
        return None


def _join(streams: list[Stream]) -> None:
    until = time.monotonic() + END_SECONDS
    for stream in streams:
        stream.join(max(0.0, until - time.monotonic()))
