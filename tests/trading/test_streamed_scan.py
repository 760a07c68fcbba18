"""From a candle of the stream to a ticket, without waiting for a tick; each close once, by whichever way it came."""

import asyncio
from collections.abc import Iterable

import pytest

from tests.doubles_stream import StreamDouble
from tests.trading.test_scan import CLOSES, SILENT, heard, lay, nearest_of, offers
from tests.trading.world import ACCOUNT, BTC, ETH, MINUTE, OWNER, SOL, World
from trading.gathering import PATIENCE_SECONDS, Gathering
from trading.reasons import Reason

SYMBOLS = (BTC, ETH, SOL)


@pytest.fixture
async def market(empty_world: World) -> World:
    """Practice settings with a fixed threshold, streamed, a burst in BTC that is about to close."""
    world = empty_world
    world.stream = StreamDouble()
    world.assistant = world.build()
    await world.welcome(OWNER, ACCOUNT.uid, preset="practice")
    world.lay_quiet((1, 5), days_ahead=1)
    lay(world, BTC)
    world.clock.at = CLOSES - 50_000
    await world.assistant.start()
    await world.round()
    world.clock.at = CLOSES - 2_000
    await world.round()
    return world


def bring(world: World, symbols: Iterable[str] = SYMBOLS, closes: int = CLOSES, after: int = 200) -> None:
    """The 1m candles of this close arrive."""
    assert world.stream is not None
    world.clock.at = max(world.clock.at, closes + after)
    for symbol in symbols:
        world.stream.candle(world.exchange.rows[symbol, 1], closes - MINUTE)


async def test_what_is_watched_is_followed(market: World) -> None:
    assert market.stream is not None
    assert market.stream.followed == {(symbol, minutes) for symbol in SYMBOLS for minutes in (1, 5)}
    assert market.stream.priced == set(SYMBOLS)


async def test_a_close_becomes_a_ticket_before_the_next_tick(market: World) -> None:
    bring(market)
    await market.settle()
    (ticket,) = await offers(market)
    assert ticket.signal.symbol == BTC
    assert ticket.signal.closed_at == CLOSES
    await market.tick(3)
    assert len(await heard(market)) == 1


async def test_what_is_here_is_offered_though_a_symbol_is_late(market: World) -> None:
    bring(market, (BTC, ETH))
    assert not market.tasks
    await asyncio.sleep(PATIENCE_SECONDS * 2)
    await market.settle()
    assert len(await offers(market)) == 1
    bring(market, (SOL,))
    await market.settle()
    assert len(await heard(market)) == 1


async def test_a_close_that_the_stream_did_not_bring_is_judged_by_the_tick(market: World) -> None:
    market.clock.at = CLOSES + 2_000
    await market.round()
    assert not await heard(market)
    market.clock.at = CLOSES + 3_500
    await market.round()
    assert len(await offers(market)) == 1
    bring(market)
    await market.settle()
    assert len(await heard(market)) == 1


async def test_a_close_that_came_by_stream_is_not_told_again_after_a_restart(market: World) -> None:
    bring(market)
    await market.settle()
    await market.restart(away=3)
    await market.tick(3)
    assert len(await heard(market)) == 1


async def test_a_candle_that_came_over_ninety_seconds_late_is_listed_as_missed(market: World) -> None:
    assert market.stream is not None
    market.exchange.trouble["candles"] = [SILENT] * 1_000
    for late in range(10, 100, 5):
        market.clock.at = CLOSES + late * 1000
        await market.round()
    assert not await heard(market)
    market.exchange.trouble["candles"] = []
    await market.round()
    assert [one.refused for one in await heard(market)] == [Reason.LATE_CANDLE]


async def test_a_burst_within_a_short_gap_still_becomes_a_ticket(market: World) -> None:
    """The burst's candle comes together with the one after it, within the ninety seconds."""
    assert market.stream is not None
    market.stream.is_up = False
    market.exchange.trouble["tickers"] = [SILENT] * 40
    for late in range(2, 62, 2):
        market.clock.at = CLOSES + late * 1000
        await market.round()
    market.exchange.trouble["tickers"] = []
    market.clock.at = CLOSES + 65_000
    await market.round()
    assert [ticket.signal.closed_at for ticket in await offers(market)] == [CLOSES]


async def test_a_price_of_the_stream_keeps_the_feed_fresh(market: World) -> None:
    assert market.stream is not None
    universe, feed = market.assistant.context.universe, market.assistant.context.feed
    market.clock.pass_by(15)
    assert feed.is_stale(BTC, 1, universe.tickers_at)
    market.exchange.move(BTC, market.exchange.prices[BTC].last + 1)
    market.stream.price(market.exchange.prices[BTC])
    assert not feed.is_stale(BTC, 1, universe.tickers_at)
    assert universe.tickers[BTC] == market.exchange.prices[BTC]


async def test_the_nearest_is_that_of_ones_own_symbols(market: World) -> None:
    bring(market)
    await market.settle()
    nearest = await nearest_of(market)
    assert nearest is not None
    assert (nearest.symbol, nearest.direction) != (BTC, "long")


async def test_what_people_look_at_is_kept_after_the_tick(market: World) -> None:
    bring(market)
    await market.settle()
    await market.tick()
    cache = market.assistant.context.caches.strategy_results_cache
    misses = cache.misses
    looked = await market.assistant.scanner.look(1)
    assert looked is not None
    fast, verdict = looked
    assert fast.symbols == SYMBOLS
    assert fast.open_times[-1] == CLOSES - MINUTE
    assert {scores.strategy for scores in verdict.scores} >= {"volume_vwap", "multitf"}
    assert cache.misses == misses


async def test_the_columns_are_checked_each_hour(market: World) -> None:
    scanner = market.assistant.scanner
    bring(market)
    await market.settle()
    scanner._live._frames[1]._columns._latest[:, 0] = 7.0
    await market.assistant.each_minute()
    assert scanner.differs == ""
    market.clock.pass_by(3_600)
    await market.assistant.each_minute()
    assert BTC in scanner.differs
    await market.round()
    market.clock.pass_by(3_600)
    await market.round()
    await market.assistant.each_minute()
    assert scanner.differs == ""


async def test_a_gathering_that_was_closed_calls_nobody(market: World) -> None:
    calls: list[int] = []
    feed = market.assistant.context.feed
    gathering = Gathering(feed, lambda: calls.append(1), patience=0.01)
    gathering.want({1: SYMBOLS})
    feed.tell(gathering.arrived)
    bring(market, (BTC,))
    gathering.close()
    await asyncio.sleep(0.03)
    assert calls == []
