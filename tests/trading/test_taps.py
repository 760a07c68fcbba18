"""A tap: from an offer to one protected position, or a reason in words and no order at all."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from storage.database import Database
from strategies.signal import Direction
from tests.doubles_exchange import instrument
from tests.trading.world import ACCOUNT, BTC, ETH, OWNER, World
from trading.errors import OutcomeUnknown, RiskRefused, TicketError
from trading.model import Ticket
from trading.reasons import Reason
from trading.states import State

D = Decimal
LONG, SHORT = Direction.LONG, Direction.SHORT


async def refused(world: World, ticket: Ticket, revision: int | None = None, user: int = OWNER) -> Reason:
    """Why a tap finds nothing to do; it leaves no order."""
    before = len(world.exchange.sent)
    with pytest.raises((RiskRefused, TicketError)) as caught:
        await world.assistant.desk.confirm(user, ticket.id, revision or ticket.revision.number)
    await world.settle()
    assert len(world.exchange.sent) == before
    error = caught.value
    assert isinstance(error, RiskRefused | TicketError)
    return error.reason


# --- the way through


@pytest.mark.parametrize("direction", [LONG, SHORT])
async def test_a_tap_becomes_one_order_and_a_position_with_its_stop(world: World, direction: Direction) -> None:
    ticket = await world.confirmed(BTC, direction)
    plan = ticket.revision.plan
    assert ticket.state is State.OPEN
    assert ticket.revision.reason is Reason.STOP_CONFIRMED
    assert world.entries == [ticket.revision.order_link_id]
    held = world.books.held[BTC]
    assert (held.size, held.stop, held.target) == (direction.sign * plan.size, plan.stop, plan.target)
    assert ticket.revision.fill is not None
    assert ticket.revision.fill.size == ticket.revision.size_now == plan.size


async def test_what_is_sent_is_what_was_offered(world: World) -> None:
    offer = await world.offer()
    await world.confirm(offer)
    await world.settle()
    (request, signed_at), *more = world.exchange.sent
    assert not more
    assert request == offer.revision.request
    assert (request.price, request.time_in_force) == (offer.revision.plan.limit, "IOC")
    assert signed_at == (await world.now(offer)).revision.signed_at


async def test_the_card_passes_through_every_state_on_the_way(world: World) -> None:
    ticket = await world.confirmed()
    assert world.notifier.states_of(ticket.id) == [
        State.PROPOSED,
        State.CONFIRMED,
        State.SUBMITTING,
        State.ACKED,
        State.FILLED,
        State.OPEN,
    ]
    assert not world.notifier.rung


async def test_leverage_is_set_before_the_order_and_only_where_it_differs(world: World) -> None:
    await world.confirmed(BTC)
    assert world.books.leverage[BTC] == 5
    world.books.leverage[ETH] = 5
    world.exchange.trouble["set_leverage"].append(OutcomeUnknown("not to be asked"))
    assert (await world.confirmed(ETH)).state is State.OPEN


async def test_risk_after_the_fill_is_the_way_from_the_average_to_the_stop(world: World) -> None:
    ticket = await world.confirmed()
    fill = ticket.revision.fill
    assert fill is not None
    # 600 to the stop at 49,400 and the closing fee; the plan's own risk reckoned with the band's edge
    assert ticket.revision.risk_now == fill.size * (D(600) + D("0.00055") * D(49_400))
    assert ticket.revision.risk_now < ticket.revision.plan.risk


# --- many taps


async def test_five_taps_at_once_place_one_order(world: World) -> None:
    offer = await world.offer()
    taps = await asyncio.gather(*(world.confirm(offer) for _ in range(5)), return_exceptions=True)
    await world.settle()
    assert len([tap for tap in taps if isinstance(tap, Ticket)]) == 1
    assert {tap.reason for tap in taps if isinstance(tap, TicketError)} == {Reason.ALREADY_TAKEN}
    assert world.entries == [offer.revision.order_link_id]


async def test_a_second_tap_is_told_that_the_first_took_it(world: World) -> None:
    ticket = await world.confirmed()
    assert await refused(world, ticket) is Reason.ALREADY_TAKEN


async def _fifty(database: Database, **changes: Any) -> World:
    world = World(database, *(instrument(f"C{n}USDT") for n in range(50)))
    await world.welcome(OWNER, ACCOUNT.uid)
    await world.prefer(watch_top=50, **changes)
    await world.start()
    offers = [await world.offer(f"C{n}USDT") for n in range(50)]
    await asyncio.gather(*(world.confirm(offer) for offer in offers), return_exceptions=True)
    await world.settle()
    return world


async def test_fifty_taps_at_once_never_open_more_than_the_limit(database: Database) -> None:
    world = await _fifty(database, max_open=4, table_share=D(1))
    assert len(set(world.entries)) == len(world.entries) == 4
    assert len(world.books.held) == len(await world.live()) == 4


async def test_fifty_taps_at_once_never_put_more_risk_on_the_table_than_the_limit(database: Database) -> None:
    world = await _fifty(database, max_open=50, table_share=D("0.018"))
    live = await world.live()
    assert len(world.entries) == len(live) == 3  # each about 49.9 of 180 USDT
    assert sum(ticket.revision.plan.risk for ticket in live) <= D(180)


# --- taps that find nothing


async def test_a_foreign_hand_finds_no_ticket(world: World) -> None:
    await world.welcome(1002, "70002")
    offer = await world.offer()
    assert await refused(world, offer, user=1002) is Reason.NO_SUCH_TICKET
    assert await refused(world, replace(offer, id="guessed")) is Reason.NO_SUCH_TICKET
    for deed in (
        world.assistant.desk.skip(1002, offer.id, 1),
        world.assistant.desk.close(1002, offer.id),
        world.assistant.desk.adopt(1002, offer.id),
    ):
        with pytest.raises(TicketError) as caught:
            await deed
        assert caught.value.reason is Reason.NO_SUCH_TICKET
    assert (await world.now(offer)).state is State.PROPOSED


async def test_an_offer_lives_to_the_last_millisecond_and_not_at_its_expiry(world: World) -> None:
    early, late = await world.offer(BTC), await world.offer(ETH)
    assert early.revision.expires_at == late.revision.expires_at
    world.clock.at = early.revision.expires_at - 1
    await world.assistant.scanner.scan()
    await world.assistant.desk.confirm(OWNER, early.id, 1)
    await world.settle()
    world.clock.at = late.revision.expires_at
    await world.assistant.scanner.scan()
    assert await refused(world, late) is Reason.EXPIRED
    await world.tick()
    assert (await world.now(late)).state is State.EXPIRED
    assert await refused(world, late) is Reason.EXPIRED


async def test_a_skipped_offer_is_over(world: World) -> None:
    offer = await world.offer()
    assert (await world.assistant.desk.skip(OWNER, offer.id, 1)).state is State.SKIPPED
    assert await refused(world, offer) is Reason.SKIPPED
    with pytest.raises(TicketError):
        await world.assistant.desk.skip(OWNER, offer.id, 1)


async def test_confirm_and_skip_at_once_have_one_winner(world: World) -> None:
    offer = await world.offer()
    results = await asyncio.gather(
        world.confirm(offer), world.assistant.desk.skip(OWNER, offer.id, 1), return_exceptions=True
    )
    await world.settle()
    assert len([one for one in results if isinstance(one, Ticket)]) == 1
    assert len(world.entries) == ((await world.now(offer)).state is State.OPEN)
