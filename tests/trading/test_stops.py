"""The stop of a position of ours: dropped by Bybit, or removed by hand."""

from decimal import Decimal

import pytest

from tests.trading.gates import run_owned
from tests.trading.world import ACCOUNT, BTC, World
from trading.errors import ExchangeBusy, ExchangeRejected, OutcomeUnknown
from trading.model import Ticket
from trading.reasons import Ending, Reason
from trading.states import State

SILENT = OutcomeUnknown("timed out")


def outcome_of(ticket: Ticket) -> tuple[Ending, Decimal]:
    assert ticket.revision.outcome is not None
    return ticket.revision.outcome.ending, round(ticket.revision.outcome.r, 2)


# --- the stop of an entry of ours


async def test_a_stop_that_bybit_dropped_is_set_again(world: World) -> None:
    offer = await world.offer()
    world.exchange.drop_stops = True
    await world.confirm(offer)
    world.exchange.drop_stops = True
    await run_owned(world, until=lambda: bool(world.books.held))
    world.exchange.drop_stops = False
    await world.settle()
    ticket = await world.until_over(offer)
    assert ticket.state is State.OPEN
    assert world.books.held[BTC].stop == ticket.revision.plan.stop
    assert world.books.held[BTC].target == ticket.revision.plan.target
    assert world.notifier.rings_of(ticket.id) == [(State.UNPROTECTED, Reason.STOP_NEVER_SET)]
    assert not world.closes


@pytest.mark.parametrize("trouble", ["dropped", "refused", "silent"])
async def test_a_position_whose_stop_can_not_be_set_is_closed_ten_seconds_after_its_fill(
    world: World, trouble: str
) -> None:
    world.exchange.drop_stops = True
    if trouble == "refused":
        world.exchange.trouble["set_stop"] = [ExchangeRejected("no", 10001)] * 1000
    elif trouble == "silent":
        world.exchange.trouble["set_stop"] = [SILENT] * 1000
    offer = await world.offer()
    await world.confirm(offer)
    began = world.clock.now()
    await world.settle()
    ticket = await world.until_over(offer)
    assert outcome_of(ticket)[0] is Ending.BOT
    assert len(world.closes) == 1
    assert 10_000 <= world.books.executions[-1].at - began <= 13_000
    assert not world.books.held
    rings = world.notifier.rings_of(ticket.id)
    assert (State.UNPROTECTED, Reason.STOP_NEVER_SET) in rings
    assert rings[-1][0] is State.CLOSED


async def test_a_refused_emergency_close_is_tried_again_under_the_next_id(world: World) -> None:
    world.exchange.drop_stops = True
    offer = await world.offer()
    await world.confirm(offer)
    await run_owned(world, until=lambda: bool(world.books.held))
    world.exchange.trouble["place"] = [ExchangeBusy("too many visits", 10006), ExchangeRejected("no", 110001)]
    await world.settle()
    ticket = await world.until_over(offer, ticks=30)
    assert outcome_of(ticket)[0] is Ending.BOT
    assert ticket.revision.closes == 3
    assert len(world.closes) == 1


async def test_a_position_whose_emergency_close_was_lost_gets_its_stop_meanwhile(world: World) -> None:
    world.exchange.drop_stops = True
    offer = await world.offer()
    await world.confirm(offer)
    await run_owned(world, until=lambda: bool(world.books.held))
    world.exchange.trouble["set_stop"] = [SILENT] * 100
    world.exchange.trouble["place"] = [SILENT]
    while (await world.now(offer)).state is not State.CLOSING:
        await world.tick()
    world.exchange.trouble["set_stop"] = []
    world.exchange.drop_stops = False
    await world.tick()
    assert (await world.now(offer)).state is State.CLOSING
    (position,) = [one for one in await world.exchange.positions(ACCOUNT, BTC) if one.size > 0]
    assert position.stop == offer.revision.plan.stop


async def test_a_protected_fill_is_not_touched_while_the_instruments_are_not_known(world: World) -> None:
    offer = await world.offer()
    world.exchange.trouble["positions"] = []
    world.exchange.trouble["recent_order"] = [SILENT]
    await world.confirm(offer)
    await world.settle()
    world.assistant = world.build()
    world.exchange.trouble["instruments"] = [SILENT] * 100
    for _ in range(10):
        world.clock.pass_by(2)
        await world.round()
    ticket = await world.now(offer)
    assert ticket.state is State.OPEN
    assert not world.closes
    assert not world.notifier.rings_of(ticket.id)


async def test_the_watch_goes_on_while_the_market_can_not_be_asked(world: World) -> None:
    ticket = await world.confirmed()
    world.exchange.trouble["tickers"] = [SILENT] * 100
    world.exchange.remove_stop(ACCOUNT, BTC)
    await world.tick()
    assert (await world.now(ticket)).state is State.UNPROTECTED
