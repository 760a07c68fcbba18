"""The process dies at every await of a tap, a close and a repair; the next one finds out and finishes."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from storage.database import Database
from tests.doubles_exchange import instrument
from tests.trading.judge import case_of
from tests.trading.mortal import Fuse, Killed, Mortal
from tests.trading.world import ACCOUNT, BTC, OWNER, ROOMY, World
from trading.model import Ticket
from trading.states import ENDED, State

D = Decimal
MOST_CALLS = 200


async def born(database: Database) -> World:
    world = World(database, instrument(BTC))
    await world.welcome(OWNER, ACCOUNT.uid)
    await world.start(days_ahead=60)
    return world


async def live_until(world: World, fuse: Fuse, work: Callable[[], Awaitable[object]]) -> None:
    """A process whose ports die with `fuse` does `work` and its tasks; what was under way then ends with it."""
    world.assistant = world.build(
        exchange=Mortal(world.exchange, fuse),
        journal=Mortal(world.journal, fuse),
        people=Mortal(world.people, fuse),
        notifier=Mortal(world.notifier, fuse),
    )
    try:
        await work()
        await world.settle()
    except Killed:
        tasks, world.tasks = world.tasks, set()
        await asyncio.gather(*tasks, return_exceptions=True)


async def recovered(world: World, offer: Ticket) -> Ticket:
    """A new process over the same database and the same Bybit, until the ticket rests."""
    world.exchange.drop_stops = False
    await world.restart(away=1)
    await world.round()
    for _ in range(30):
        ticket = await world.now(offer)
        if ticket.state in ENDED | {State.OPEN, State.PROPOSED}:
            return ticket
        world.clock.pass_by(3)
        await world.beat()
    raise AssertionError(f"{ticket.state} for ever")


async def tidy(world: World) -> None:
    """Ends what the scenario left, so that the next one begins with empty hands."""
    for offer in await world.journal.in_states(frozenset({State.PROPOSED})):
        await world.assistant.desk.skip(OWNER, offer.id, offer.revision.number)
    held = world.books.held.get(BTC)
    if held is not None:
        world.exchange.hand(ACCOUNT, BTC, "Sell", held.size)
        await world.assistant.watch.tick()
    assert not await world.live()


async def offered(world: World) -> Ticket:
    """A signal of the next close, for each scenario its own."""
    world.next_close()
    world.assistant = world.build()
    await world.assistant.start()
    await world.round()
    return await world.offer()


async def judged(world: World, where: str) -> None:
    faults = (await case_of(world.database, world.exchange, ACCOUNT)).faults()
    assert not faults, f"{where}: {faults}"


async def confirm(world: World, offer: Ticket) -> None:
    await world.assistant.context.universe.refresh()
    await world.assistant.context.feed.refresh({240: [BTC]})
    world.assistant.standings.of(ACCOUNT).reconciled = True
    await world.confirm(offer)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_killed_at_any_await_of_a_tap_it_is_one_protected_position_or_none(
    database: Database, after: bool
) -> None:
    world = await born(database)
    opened = 0
    for number in range(1, MOST_CALLS):
        offer = await offered(world)
        fuse = Fuse(number, after=after)
        await live_until(world, fuse, lambda offer=offer: confirm(world, offer))
        ticket = await recovered(world, offer)
        await judged(world, f"killed {fuse.burnt}, call {number}")
        assert world.entries.count(offer.revision.order_link_id) <= 1
        opened += ticket.state is State.OPEN
        await tidy(world)
        if not fuse.burnt:
            break
    assert not fuse.burnt, "the tap never came to its end"
    assert number > 25
    assert opened > 5


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_killed_at_any_await_of_a_close_it_is_closed_or_open_with_its_stop(
    database: Database, after: bool
) -> None:
    world = await born(database)
    for number in range(1, MOST_CALLS):
        offer = await offered(world)
        await world.confirm(offer)
        await world.settle()
        fuse = Fuse(number, after=after)

        async def close(offer: Ticket = offer) -> None:
            await world.assistant.desk.close(OWNER, offer.id)
            await world.settle()
            await world.assistant.watch.tick()

        await live_until(world, fuse, close)
        await recovered(world, offer)
        await judged(world, f"killed {fuse.burnt}, call {number}")
        await tidy(world)
        if not fuse.burnt:
            break
    assert not fuse.burnt
    assert number > 5


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_killed_at_any_await_of_a_repair_the_stop_is_set_in_the_end(database: Database, after: bool) -> None:
    world = await born(database)
    for number in range(1, MOST_CALLS):
        offer = await offered(world)
        world.exchange.drop_stops = True
        claimed = await world.journal.claim(*offer.key, OWNER, ROOMY, world.clock.now())
        sent = await world.sender().send(claimed)
        assert sent.state is State.ACKED
        fuse = Fuse(number, after=after)

        async def repair() -> None:
            for _ in range(3):
                await world.assistant.watch.tick()
                world.exchange.drop_stops = False
                world.clock.pass_by(2)

        await live_until(world, fuse, repair)
        ticket = await recovered(world, offer)
        await judged(world, f"killed {fuse.burnt}, call {number}")
        assert ticket.state is State.OPEN
        await tidy(world)
        if not fuse.burnt:
            break
    assert not fuse.burnt
    assert number > 15
