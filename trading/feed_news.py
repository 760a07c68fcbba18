"""What the market's stream tells, and what is asked of it: a stream makes things fast, nothing depends on it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from trading.model import Ticker


@dataclass(frozen=True, slots=True)
class CandleNews:
    """One candle of one symbol as it stands: `values` are open, high, low, close, volume; `closed` = it is final."""

    symbol: str
    minutes: int
    open_time: int
    values: tuple[float, float, float, float, float]
    closed: bool


@dataclass(frozen=True, slots=True)
class StreamState:
    """Connections that are `up` `of` those there should be; `followed` of the `topics` that Bybit has."""

    up: int
    of: int
    followed: int
    topics: int

    @property
    def is_whole(self) -> bool:
        return self.of > 0 and self.up == self.of and self.followed == self.topics


@dataclass(frozen=True, slots=True)
class Listening:
    """Who is told what; each is called in the event loop and returns at once."""

    candle: Callable[[CandleNews], None]
    ticker: Callable[[Ticker], None]


class MarketStream(Protocol):
    """Candles and prices as they happen. Never raises for want of Bybit: what is not covered has to be asked for."""

    def listen(self, listening: Listening) -> None:
        """Before anything is followed."""

    def follow(self, candles: Mapping[int, Collection[str]], prices: Collection[str]) -> None:
        """From now on these and no others: minutes -> symbols, and symbols."""

    def covers(self, symbol: str, minutes: int) -> bool:
        """Whether this frame's candles come by themselves at the moment."""

    @property
    def state(self) -> StreamState: ...


class NoStream:
    """Where there is no stream: everything is asked for."""

    def listen(self, listening: Listening) -> None:
        return

    def follow(self, candles: Mapping[int, Collection[str]], prices: Collection[str]) -> None:
        return

    def covers(self, symbol: str, minutes: int) -> bool:
        return False

    @property
    def state(self) -> StreamState:
        return StreamState(0, 0, 0, 0)
