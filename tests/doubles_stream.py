"""A market stream in memory: the MarketStream port, told by a test what to say."""

from collections.abc import Collection, Mapping

from trading.feed_news import CandleNews, Listening, StreamState
from trading.model import Ticker
from trading.ports import CandleRows


class StreamDouble:
    """`is_up` = everything that is followed comes by itself; a test says what came with `close`, `form` and `price`."""

    def __init__(self) -> None:
        self.is_up = True
        self.followed: set[tuple[str, int]] = set()
        self.priced: set[str] = set()
        self._listening: Listening | None = None

    def listen(self, listening: Listening) -> None:
        self._listening = listening

    def follow(self, candles: Mapping[int, Collection[str]], prices: Collection[str]) -> None:
        self.followed = {(symbol, minutes) for minutes, symbols in candles.items() for symbol in symbols}
        self.priced = set(prices)

    def covers(self, symbol: str, minutes: int) -> bool:
        return self.is_up and (symbol, minutes) in self.followed

    @property
    def state(self) -> StreamState:
        return StreamState(int(self.is_up), 1, len(self.followed) * self.is_up, len(self.followed))

    # --- what a test says

    def tell(self, news: CandleNews) -> None:
        assert self._listening is not None
        self._listening.candle(news)

    def candle(self, rows: CandleRows, open_time: int, *, closed: bool = True) -> None:
        """The candle of these rows that opened then."""
        (place,) = (rows.open_times == open_time).nonzero()[0]
        opened, high, low, close, volume = rows.values[:, place].tolist()
        self.tell(CandleNews(rows.symbol, rows.minutes, open_time, (opened, high, low, close, volume), closed))

    def price(self, ticker: Ticker) -> None:
        assert self._listening is not None
        self._listening.ticker(ticker)
