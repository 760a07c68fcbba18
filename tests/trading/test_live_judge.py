"""The market judged candle by candle: what the whole history says of each candle, once, whatever came when."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pytest

from indicators.candles import CandleError
from strategies.firing import fires
from strategies.model import Settings
from tests.doubles_clock import VirtualClock
from tests.doubles_exchange import ExchangeDouble, instrument
from tests.doubles_stream import StreamDouble
from tests.trading.test_dial import wandering
from tests.trading.world import BTC, ETH, MIDNIGHT, MINUTE, SOL
from trading.feed import Feed
from trading.feed_news import Listening
from trading.history import blocks_of
from trading.judge import Judge, Verdict
from trading.live_judge import Close, LiveJudge

SYMBOLS = (BTC, ETH, SOL)
PAIRS = [(0.45, 2), (0.6, 2), (0.5, 3)]
AHEAD = 60


@dataclass
class Told:
    """Closes by candle."""

    closes: list[Close]

    def at(self, open_time: int, symbol: str = BTC) -> list[Close]:
        return [one for one in self.closes if one.open_time == open_time and symbol in one.fast.symbols]


class Market:
    """Three wandering symbols, 1m against 5m, with an hour laid out ahead of midnight."""

    def __init__(self) -> None:
        self.clock = VirtualClock(MIDNIGHT + 500)
        self.exchange = ExchangeDouble(self.clock, *(instrument(symbol) for symbol in SYMBOLS))
        for place, symbol in enumerate(SYMBOLS):
            fast = wandering(symbol, 1, 1.0, MIDNIGHT + AHEAD * MINUTE, seed=place)
            self.exchange.rows[symbol, 1] = fast
            self.exchange.rows[symbol, 5] = wandering(symbol, 5, 2.0, MIDNIGHT + AHEAD * MINUTE, seed=50 + place)
        self.stream = StreamDouble()
        self.feed = Feed(self.exchange, self.clock, self.stream)
        self.stream.listen(Listening(self.feed.hear, lambda ticker: None))
        self.judge = Judge(Settings(), lambda: self.clock.now() / 1000)
        self.live = LiveJudge(self.feed, self.judge)
        self.told = Told([])

    async def begin(self, symbols: Iterable[str] = SYMBOLS) -> None:
        self.stream.follow({1: symbols, 5: symbols}, ())
        await self.feed.refresh({1: symbols, 5: symbols})
        await self.advance(symbols)

    async def advance(self, symbols: Iterable[str] = SYMBOLS) -> list[Close]:
        closes = await self.live.advance({1: set(symbols)}, {1: PAIRS})
        self.told.closes += closes
        return closes

    def close(self, minute: int, symbols: Iterable[str] = SYMBOLS, frames: Iterable[int] = (1, 5)) -> None:
        """What closes with this minute arrives."""
        self.clock.at = max(self.clock.at, MIDNIGHT + (minute + 1) * MINUTE + 100)
        for symbol in symbols:
            for minutes in frames:
                if (minute + 1) % minutes == 0:
                    self.stream.candle(self.exchange.rows[symbol, minutes], MIDNIGHT + (minute + 1 - minutes) * MINUTE)

    async def whole(self) -> Verdict:
        """What the batch says over everything that was laid out."""
        fast = blocks_of(self.exchange.rows[symbol, 1] for symbol in SYMBOLS)
        return await self.judge.verdict(fast, blocks_of(self.exchange.rows[symbol, 5] for symbol in SYMBOLS))

    async def agrees(self, minutes: Iterable[int], symbols: Iterable[str] = SYMBOLS) -> None:
        """Each of these candles was told once, with the strengths and firings of the whole history."""
        whole = await self.whole()
        fired = {(pair, one.strategy): fires(one, *pair) for pair in PAIRS for one in whole.scores}
        for minute in minutes:
            for symbol in symbols:
                (close,) = self.told.at(MIDNIGHT + minute * MINUTE, symbol)
                place, row = close.fast.symbols.index(symbol), SYMBOLS.index(symbol)
                for mine, theirs in zip(close.verdict.scores, whole.scores, strict=True):
                    at = int(np.flatnonzero(theirs.open_times == MIDNIGHT + minute * MINUTE)[0])
                    np.testing.assert_allclose(
                        mine.strength[:, place, 0], theirs.strength[:, row, at], rtol=0, atol=2e-9
                    )
                    np.testing.assert_array_equal(mine.confluence[:, place, 0], theirs.confluence[:, row, at])
                    for pair in PAIRS:
                        key = pair, mine.strategy
                        np.testing.assert_array_equal(close.fired[key][:, place], fired[key][:, row, at])


@pytest.fixture
async def market() -> Market:
    market = Market()
    await market.begin()
    return market


async def test_each_candle_says_what_the_whole_history_says(market: Market) -> None:
    for minute in range(AHEAD):
        market.close(minute)
        await market.advance()
    await market.agrees(range(-1, AHEAD))
    whole = await market.whole()
    assert any(fires(one, *pair)[..., -AHEAD:].any() for pair in PAIRS for one in whole.scores)


async def test_nothing_new_says_nothing(market: Market) -> None:
    assert [close.open_time for close in market.told.closes] == [MIDNIGHT - MINUTE]
    assert await market.advance() == []
    market.close(0)
    assert len(await market.advance()) == 1
    assert await market.advance() == []


async def test_candles_that_were_missed_are_judged_in_their_order(market: Market) -> None:
    for minute in range(12):
        market.close(minute)
    closes = await market.advance()
    assert [close.open_time for close in closes] == [MIDNIGHT + minute * MINUTE for minute in range(12)]
    await market.agrees(range(12))


async def test_a_symbol_that_lags_is_judged_when_it_has_caught_up(market: Market) -> None:
    market.close(0, (BTC, ETH))
    (close,) = await market.advance()
    assert close.fast.symbols == (BTC, ETH)
    market.close(1, (BTC, ETH))
    await market.advance()
    market.close(0, (SOL,))
    market.close(1, (SOL,))
    assert [close.fast.symbols for close in await market.advance()] == [(SOL,), (SOL,)]
    await market.agrees((0, 1))


async def test_a_candle_that_ends_with_its_slow_one_waits_for_it(market: Market) -> None:
    for minute in range(4):
        market.close(minute)
        await market.advance()
    market.close(4, frames=(1,))
    assert await market.advance() == []
    market.close(4, frames=(5,))
    assert len(await market.advance()) == 1
    await market.agrees(range(5))


async def test_a_slow_candle_that_never_came_in_time_leaves_no_mark_on_what_follows(market: Market) -> None:
    for minute in range(4):
        market.close(minute)
        await market.advance()
    market.close(4, frames=(1,))
    await market.advance()
    market.close(5, frames=(1,))
    assert await market.advance() == []
    market.close(4, frames=(5,))
    await market.advance()
    for minute in range(6, 30):
        market.close(minute)
        await market.advance()
    assert not market.told.at(MIDNIGHT + 4 * MINUTE)
    await market.agrees(range(5, 30))


async def test_symbols_come_and_go_without_a_trace(market: Market) -> None:
    for minute in range(3):
        market.close(minute)
        await market.advance()
    await market.feed.refresh({1: (BTC,), 5: (BTC,)})
    await market.advance((BTC,))
    for minute in range(3, 8):
        market.close(minute)
        await market.advance((BTC,))
    await market.begin()
    for minute in range(8, 20):
        market.close(minute)
        await market.advance()
    await market.agrees(range(20), (BTC,))
    await market.agrees((*range(3), *range(8, 20)))


async def test_a_history_that_was_begun_anew_tells_no_candle_twice(market: Market) -> None:
    market.close(0)
    await market.advance()
    whole = market.exchange.rows[BTC, 1]
    market.feed._stumble((BTC, 1), CandleError("a gap"))
    await market.feed.refresh({1: SYMBOLS, 5: SYMBOLS})
    assert await market.advance() == []
    assert market.exchange.rows[BTC, 1] is whole
    for minute in range(1, 10):
        market.close(minute)
        await market.advance()
    await market.agrees(range(10))


async def test_a_frame_can_be_judged_and_be_the_slow_one_of_another(market: Market) -> None:
    for symbol in SYMBOLS:
        market.exchange.rows[symbol, 30] = wandering(symbol, 30, 10.0, MIDNIGHT + AHEAD * MINUTE, seed=9)
    frames = {1: SYMBOLS, 5: SYMBOLS, 30: SYMBOLS}
    fast = {1: set(SYMBOLS), 5: set(SYMBOLS)}
    await market.feed.refresh(frames)
    await market.live.advance(fast, {1: PAIRS, 5: PAIRS})
    market.told.closes.clear()
    for minute in range(20):
        market.close(minute)
        market.told.closes += await market.live.advance(fast, {1: PAIRS, 5: PAIRS})
    fives = [close.open_time for close in market.told.closes if close.minutes == 5]
    assert fives == [MIDNIGHT + minute * MINUTE for minute in (0, 5, 10, 15)]
    market.told.closes = [close for close in market.told.closes if close.minutes == 1]
    await market.agrees(range(20))


async def test_what_is_forming_is_judged_without_moving_anything_on(market: Market) -> None:
    market.close(0)
    await market.advance()
    market.stream.candle(market.exchange.rows[BTC, 1], MIDNIGHT + MINUTE, closed=False)
    looked = market.live.forming(BTC, 1)
    assert looked is not None
    candles, verdict = looked
    assert candles.open_times.tolist() == [MIDNIGHT + MINUTE]
    market.close(1)
    (close,) = await market.advance()
    for mine, theirs in zip(verdict.scores, close.verdict.scores, strict=True):
        np.testing.assert_allclose(mine.strength[:, 0, 0], theirs.strength[:, 0, 0], rtol=0, atol=2e-9)
    assert market.live.forming(BTC, 1) is None
    await market.agrees((0, 1))


async def test_the_check_finds_nothing_and_then_what_was_spoilt(market: Market) -> None:
    for minute in range(7):
        market.close(minute)
        await market.advance()
    turn = asyncio.Lock()
    assert await market.live.check(turn) == ""
    market.live._frames[1]._columns._latest[0, 1] += 1.0
    assert ETH in await market.live.check(turn)
    await market.advance()
    assert await market.live.check(turn) == ""
    for minute in range(7, 12):
        market.close(minute)
        await market.advance()
    await market.agrees(range(12))
