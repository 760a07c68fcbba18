"""Contracts that Bybit is about to end: off the watchlist, and their holders warned once."""

from dataclasses import replace

from tests.trading.world import ACCOUNT, BTC, DAY, ETH, D, World
from trading.errors import OutcomeUnknown

HOUR = 3_600_000


def ends(world: World, symbol: str, hours: float) -> int:
    """Bybit has announced the end of a contract; gives the moment."""
    at = world.clock.now() + round(hours * HOUR)
    world.exchange.listed[symbol] = replace(world.exchange.listed[symbol], delivery_at=at)
    return at


async def test_a_holder_is_warned_once_within_a_day_of_the_end(world: World) -> None:
    world.exchange.hand(ACCOUNT, BTC, "Buy", D("0.01"))
    at = ends(world, BTC, 30)
    world.clock.pass_by(3_700)
    await world.round()
    await world.assistant.each_minute()
    assert world.notifier.delistings == []
    world.clock.pass_by(6 * 3_600)
    await world.round()
    for _ in range(3):
        await world.assistant.each_minute()
    assert world.notifier.delistings == [(1001, BTC, at)]
    preferences = (await world.person()).preferences
    assert BTC not in world.assistant.context.universe.watchlist(preferences)


async def test_who_does_not_hold_it_is_not_warned(world: World) -> None:
    world.exchange.hand(ACCOUNT, ETH, "Buy", D("0.01"))
    ends(world, BTC, 5)
    world.clock.pass_by(3_700)
    await world.round()
    await world.assistant.each_minute()
    assert world.notifier.delistings == []


async def test_a_silent_bybit_is_asked_again(world: World) -> None:
    world.exchange.hand(ACCOUNT, BTC, "Buy", D("0.01"))
    at = ends(world, BTC, 20)
    world.clock.pass_by(3_700)
    await world.round()
    world.assistant.context.caches.forget_account(ACCOUNT)
    world.exchange.trouble["positions"] = [OutcomeUnknown("silent")]
    await world.assistant.each_minute()
    assert world.notifier.delistings == []
    world.clock.pass_by(60)
    await world.assistant.each_minute()
    assert world.notifier.delistings == [(1001, BTC, at)]


async def test_a_new_listing_is_watched_from_the_day_it_is_a_week_old(world: World) -> None:
    launched = world.clock.now() - 6 * DAY
    world.exchange.listed[ETH] = replace(world.exchange.listed[ETH], launched_at=launched)
    world.clock.pass_by(3_700)
    await world.assistant.context.universe.refresh()
    preferences = (await world.person()).preferences
    assert ETH not in world.assistant.context.universe.watchlist(preferences)
    world.clock.at = launched + 7 * DAY + DAY
    await world.assistant.context.universe.refresh()
    assert ETH in world.assistant.context.universe.watchlist(preferences)
