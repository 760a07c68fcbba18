"""Why a symbol fires or does not, on the closed candle and on the forming one."""

import numpy as np
import pytest

from tests.trading.test_streamed_scan import bring, market
from tests.trading.world import BTC, ETH, MINUTE, OWNER, SOL, World
from trading.why import NoReading, Why, symbol_from

__all__ = ["market"]


async def asked(world: World, text: str) -> Why | NoReading:
    return await world.assistant.why.why(await world.person(), text)


@pytest.mark.parametrize("text", ["SOLUSDT", "sol", "Sol/Usdt", "sol-usdt", " SOLUSDT.P ", "sol usdt"])
def test_a_symbol_is_understood_however_it_is_written(text: str) -> None:
    assert symbol_from(text) == SOL


@pytest.mark.parametrize("text", ["", "USDT", "?", "sol$", "СОЛ", "x" * 40, "🙂"])
def test_nonsense_is_no_symbol(text: str) -> None:
    assert symbol_from(text) == ""


async def test_every_strategy_that_is_on_is_told_in_both_directions(market: World) -> None:
    bring(market)
    await market.settle()
    why = await asked(market, "btc")
    assert isinstance(why, Why)
    assert (why.symbol, why.minutes, why.closed.closes_at) == (BTC, 1, (market.clock.now() // MINUTE) * MINUTE)
    ways = [(reading.strategy, reading.direction) for reading in why.closed.readings]
    assert {("multitf", "long"), ("multitf", "short"), ("volume_vwap", "long"), ("volume_vwap", "short")} <= set(ways)
    best = max(why.closed.readings, key=lambda reading: reading.strength)
    assert best.direction == "long"
    assert best.missing == 0
    worst = min(why.closed.readings, key=lambda reading: reading.strength)
    assert worst.missing == pytest.approx(float(why.threshold.value) - worst.strength)
    weights = dict(zip((factor.name for factor in worst.factors), (0.40, 0.35, 0.25), strict=True))
    held_back = {factor.name: weights[factor.name] * (1 - factor.score) for factor in worst.factors}
    assert worst.lacking.name == max(held_back, key=held_back.__getitem__)


async def test_the_forming_candle_is_told_as_if_it_closed_now(market: World) -> None:
    assert market.stream is not None
    bring(market, (ETH,))
    rows = market.exchange.rows[BTC, 1]
    newest = market.assistant.context.feed.newest(BTC, 1)
    assert newest is not None
    before = await asked(market, "btc")
    assert isinstance(before, Why)
    assert before.forming is None
    market.stream.candle(rows, newest + MINUTE, closed=False)
    during = await asked(market, "btc")
    assert isinstance(during, Why)
    assert during.forming is not None
    assert during.forming.closes_at == newest + 2 * MINUTE
    assert during.closed == before.closed
    bring(market)
    await market.settle()
    after = await asked(market, "btc")
    assert isinstance(after, Why)
    strengths = [[reading.strength for reading in moment.readings] for moment in (during.forming, after.closed)]
    np.testing.assert_allclose(*strengths, rtol=0, atol=1e-4)


async def test_a_symbol_that_is_unknown_suggests_others_and_one_that_is_not_watched_says_so(market: World) -> None:
    unknown = await asked(market, "BTCC")
    assert isinstance(unknown, NoReading)
    assert (unknown.is_listed, unknown.near[0]) == (False, BTC)
    nonsense = await asked(market, "?!")
    assert isinstance(nonsense, NoReading)
    assert nonsense.symbol == ""
    assert nonsense.near
    await market.prefer(watch_top=1)
    (watched,) = market.assistant.context.universe.watchlist((await market.person()).preferences)
    other = next(symbol for symbol in (BTC, ETH, SOL) if symbol != watched)
    unwatched = await asked(market, other)
    assert isinstance(unwatched, NoReading)
    assert (unwatched.is_listed, unwatched.is_watched) == (True, False)


async def test_before_the_first_candles_it_says_that_they_are_read(empty_world: World) -> None:
    await empty_world.welcome(OWNER)
    await empty_world.assistant.context.universe.refresh()
    reading = await asked(empty_world, "btc")
    assert isinstance(reading, NoReading)
    assert reading.is_watched


async def test_the_nearest_come_strongest_first_and_without_what_fired(market: World) -> None:
    bring(market)
    await market.settle()
    nearest = market.assistant.why.nearest(await market.person())
    assert [one.strength for one in nearest] == sorted((one.strength for one in nearest), reverse=True)
    assert (BTC, "long") not in [(one.symbol, one.direction) for one in nearest]
