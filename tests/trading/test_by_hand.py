"""What people change in Bybit's app: adopted, drift, or theirs."""

from decimal import Decimal

import pytest

from tests.trading.world import ACCOUNT, BTC, OWNER, World
from trading.errors import TicketError
from trading.model import Ticket
from trading.reasons import Ending, Reason
from trading.states import State

D = Decimal


def outcome_of(ticket: Ticket) -> tuple[Ending, Decimal]:
    assert ticket.revision.outcome is not None
    return ticket.revision.outcome.ending, round(ticket.revision.outcome.r, 2)


# --- changes by hand


async def test_a_stop_removed_by_hand_raises_one_alarm_and_is_never_closed_by_us(world: World) -> None:
    ticket = await world.confirmed()
    world.exchange.remove_stop(ACCOUNT, BTC)
    await world.tick(30)
    assert (await world.now(ticket)).state is State.UNPROTECTED
    assert world.notifier.rings_of(ticket.id) == [(State.UNPROTECTED, Reason.STOP_REMOVED)]
    assert not world.closes
    assert world.books.held[BTC].stop is None
    world.books.held[BTC].stop = D(49_500)
    await world.tick()
    back = await world.now(ticket)
    assert (back.state, back.revision.stop_now) == (State.OPEN, D(49_500))


async def test_a_position_grown_while_it_had_no_stop_is_drift_once_it_has_one(world: World) -> None:
    ticket = await world.confirmed()
    world.exchange.remove_stop(ACCOUNT, BTC)
    await world.tick()
    world.exchange.hand(ACCOUNT, BTC, "Buy", D("0.01"))
    world.books.held[BTC].stop = D(49_500)
    await world.tick(2)
    assert (await world.now(ticket)).state is State.DRIFT


async def test_a_position_turned_while_it_had_no_stop_ends_ours(world: World) -> None:
    ticket = await world.confirmed()
    world.exchange.remove_stop(ACCOUNT, BTC)
    await world.tick()
    world.exchange.hand(ACCOUNT, BTC, "Sell", ticket.revision.size_now * 2)
    await world.tick()
    assert outcome_of(await world.now(ticket))[0] is Ending.APP
    assert world.books.held[BTC].size < 0


async def test_a_smaller_size_is_adopted_and_told_and_risk_shrinks(world: World) -> None:
    ticket = await world.confirmed()
    world.exchange.hand(ACCOUNT, BTC, "Sell", D("0.02"))
    await world.tick(3)
    adopted = await world.now(ticket)
    left = ticket.revision.size_now - D("0.02")
    assert (adopted.state, adopted.revision.size_now) == (State.OPEN, left)
    assert adopted.revision.risk_now == left * (D(600) + D("0.00055") * D(49_400))
    assert world.notifier.rings_of(ticket.id) == [(State.OPEN, Reason.SMALLER_BY_HAND)]


async def test_levels_moved_by_hand_are_adopted_silently(world: World) -> None:
    ticket = await world.confirmed()
    held = world.books.held[BTC]
    held.stop, held.target = D(49_800), None
    await world.tick(3)
    adopted = await world.now(ticket)
    assert (adopted.state, adopted.revision.stop_now) == (State.OPEN, D(49_800))
    assert adopted.revision.reason is Reason.LEVELS_BY_HAND
    assert adopted.revision.risk_now < ticket.revision.risk_now
    assert world.notifier.rings_of(ticket.id) == []
    steps = len(world.notifier.cards)
    await world.tick(5)
    assert len(world.notifier.cards) == steps


async def test_a_stop_one_tick_off_is_still_ours_and_two_are_not(world: World) -> None:
    ticket = await world.confirmed()
    world.books.held[BTC].stop = D("49399.9")
    await world.tick()
    assert (await world.now(ticket)).revision.stop_now == D(49_400)
    world.books.held[BTC].stop = D("49399.8")
    await world.tick()
    assert (await world.now(ticket)).revision.stop_now == D("49399.8")


async def test_a_larger_size_is_drift_until_it_is_adopted(world: World) -> None:
    ticket = await world.confirmed()
    world.exchange.hand(ACCOUNT, BTC, "Buy", D("0.01"))
    await world.tick(3)
    assert (await world.now(ticket)).state is State.DRIFT
    assert world.notifier.rings_of(ticket.id) == [(State.DRIFT, Reason.LARGER_BY_HAND)]
    adopted = await world.assistant.desk.adopt(OWNER, ticket.id)
    assert (adopted.state, adopted.revision.size_now) == (State.OPEN, ticket.revision.size_now + D("0.01"))
    await world.tick(3)
    assert (await world.now(ticket)).state is State.OPEN


async def test_drift_that_is_undone_by_hand_is_over(world: World) -> None:
    ticket = await world.confirmed()
    world.exchange.hand(ACCOUNT, BTC, "Buy", D("0.01"))
    await world.tick()
    world.exchange.hand(ACCOUNT, BTC, "Sell", D("0.01"))
    await world.tick()
    assert (await world.now(ticket)).state is State.OPEN


async def test_a_turned_position_is_drift_that_can_not_be_adopted(world: World) -> None:
    ticket = await world.confirmed()
    world.exchange.hand(ACCOUNT, BTC, "Sell", ticket.revision.size_now * 2)
    await world.tick()
    drifted = await world.now(ticket)
    assert (drifted.state, drifted.revision.reason) == (State.DRIFT, Reason.TURNED_BY_HAND)
    with pytest.raises(TicketError) as refused:
        await world.assistant.desk.adopt(OWNER, ticket.id)
    assert refused.value.reason is Reason.TURNED_BY_HAND
    world.exchange.hand(ACCOUNT, BTC, "Buy", ticket.revision.size_now)
    await world.tick()
    assert outcome_of(await world.now(ticket))[0] is Ending.APP


async def test_only_drift_can_be_adopted(world: World) -> None:
    ticket = await world.confirmed()
    with pytest.raises(TicketError) as refused:
        await world.assistant.desk.adopt(OWNER, ticket.id)
    assert refused.value.reason is Reason.NOT_OPEN


async def test_a_drifted_position_can_always_be_closed(world: World) -> None:
    ticket = await world.confirmed()
    world.exchange.hand(ACCOUNT, ticket.symbol, ticket.direction.side, D("0.01"))
    await world.tick()
    assert (await world.now(ticket)).state is State.DRIFT
    await world.assistant.desk.close(OWNER, ticket.id)
    await world.settle()
    closed = await world.until_over(ticket)
    assert closed.state is State.CLOSED
    assert not world.books.held
