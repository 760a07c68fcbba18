"""Exits: never held up, sent once, and told as they end."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.trading.gates import Gate
from tests.trading.world import ACCOUNT, BTC, OWNER, World
from trading.errors import ExchangeBusy, ExchangeRejected, TicketError
from trading.model import Ticket
from trading.reasons import Ending, Reason
from trading.states import State

D = Decimal


def outcome_of(ticket: Ticket) -> tuple[Ending, Decimal]:
    assert ticket.revision.outcome is not None
    return ticket.revision.outcome.ending, round(ticket.revision.outcome.r, 2)


# --- closing


async def test_a_close_tap_closes_reduce_only_and_tells_the_result(world: World) -> None:
    ticket = await world.confirmed()
    world.at(BTC, "50300")
    closing = await world.assistant.desk.close(OWNER, ticket.id)
    assert closing.state is State.CLOSING
    await world.settle()
    request, _ = world.exchange.sent[-1]
    assert (request.reduce_only, request.close_on_trigger, request.size, request.side) == (True, True, D(0), "Sell")
    closed = await world.until_over(ticket)
    assert outcome_of(closed) == (Ending.BOT, D("0.41"))  # 300 less fees of 55.165, of 600


async def test_limits_pause_and_a_stale_feed_never_hold_up_an_exit(world: World) -> None:
    ticket = await world.confirmed()
    await world.people.set_paused(OWNER, True)
    await world.prefer(max_open=1, table_share=D("0.0001"))
    world.exchange.skew = 5_000
    world.clock.pass_by(60)
    await world.assistant.desk.close(OWNER, ticket.id)
    await world.settle()
    assert not world.books.held


async def test_what_is_opened_by_hand_right_after_our_close_does_not_pass_for_ours(world: World) -> None:
    ticket = await world.confirmed()
    await world.assistant.desk.close(OWNER, ticket.id)
    await world.settle()
    world.exchange.hand(ACCOUNT, BTC, "Buy", D("0.001"))
    closed = await world.until_over(ticket)
    assert closed.state is State.CLOSED
    assert outcome_of(closed)[0] is Ending.BOT


async def test_a_second_close_tap_sends_nothing(world: World) -> None:
    ticket = await world.confirmed()
    await world.assistant.desk.close(OWNER, ticket.id)
    with pytest.raises(TicketError) as refused:
        await world.assistant.desk.close(OWNER, ticket.id)
    assert refused.value.reason is Reason.ALREADY_TAKEN
    await world.settle()
    assert len(world.closes) == 1


async def test_two_close_taps_at_once_send_one_order(world: World) -> None:

    ticket = await world.confirmed()
    taps = await asyncio.gather(
        *(world.assistant.desk.close(OWNER, ticket.id) for _ in range(5)), return_exceptions=True
    )
    await world.settle()
    assert [tap.reason for tap in taps if isinstance(tap, TicketError)] == [Reason.ALREADY_TAKEN] * 4
    assert len(world.closes) == 1


async def test_what_is_not_open_can_not_be_closed(world: World) -> None:
    offer = await world.offer()
    with pytest.raises(TicketError) as refused:
        await world.assistant.desk.close(OWNER, offer.id)
    assert refused.value.reason is Reason.NOT_OPEN


@pytest.mark.parametrize(
    "error", [ExchangeRejected("reduce-only rule not satisfied", 110017), ExchangeBusy("busy", 10006)]
)
async def test_a_refused_close_is_told_and_the_next_tap_has_its_own_id(world: World, error: Exception) -> None:
    ticket = await world.confirmed()
    world.exchange.trouble["place"].append(error)  # type: ignore[arg-type]
    await world.assistant.desk.close(OWNER, ticket.id)
    await world.settle()
    back = await world.now(ticket)
    assert (back.state, back.revision.reason) == (State.OPEN, Reason.CLOSE_REFUSED)
    assert world.notifier.rings_of(ticket.id) == [(State.OPEN, Reason.CLOSE_REFUSED)]
    await world.assistant.desk.close(OWNER, ticket.id)
    await world.settle()
    assert (await world.until_over(ticket)).state is State.CLOSED
    assert (await world.now(ticket)).revision.closes == 2


async def test_a_close_whose_answer_was_lost_is_found(world: World) -> None:
    ticket = await world.confirmed()
    world.exchange.lose_answer()
    await world.assistant.desk.close(OWNER, ticket.id)
    await world.settle()
    assert outcome_of(await world.until_over(ticket))[0] is Ending.BOT
    assert len(world.closes) == 1


async def test_a_close_that_never_arrived_is_proven_absent_and_told(world: World) -> None:
    ticket = await world.confirmed()
    world.exchange.lose_request()
    await world.assistant.desk.close(OWNER, ticket.id)
    await world.settle()
    await world.tick(4)
    assert (await world.now(ticket)).state is State.CLOSING
    await world.tick(5)
    assert (await world.now(ticket)).revision.reason is Reason.CLOSE_REFUSED
    assert (await world.now(ticket)).state is State.OPEN
    assert world.books.held[BTC].stop is not None


async def test_a_close_that_took_only_a_part_goes_back_to_open_with_the_rest(world: World) -> None:
    ticket = await world.confirmed()
    world.exchange.fill_share = D("0.5")
    await world.assistant.desk.close(OWNER, ticket.id)
    await world.settle()
    await world.tick(2)
    back = await world.now(ticket)
    assert (back.state, back.revision.size_now) == (State.OPEN, world.books.held[BTC].size)


async def test_each_close_of_a_position_goes_out_under_an_id_of_its_own(world: World) -> None:
    ticket = await world.confirmed()
    world.exchange.fill_share = D("0.5")
    await world.assistant.desk.close(OWNER, ticket.id)
    await world.settle()
    await world.tick(2)
    world.exchange.fill_share = D(1)
    await world.assistant.desk.close(OWNER, ticket.id)
    await world.settle()
    assert (await world.until_over(ticket)).state is State.CLOSED
    assert len(world.closes) == len(set(world.closes)) == 2


async def test_a_position_that_is_shown_a_moment_longer_than_its_close_took_is_no_refused_close(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = await world.confirmed()
    before = await world.exchange.positions(ACCOUNT, BTC)
    asked = world.exchange.positions

    async def lagging(account: Any, symbol: str | None = None) -> Any:
        return before

    monkeypatch.setattr(world.exchange, "positions", lagging)
    await world.assistant.desk.close(OWNER, ticket.id)
    await world.settle()
    await world.tick(2)
    assert (await world.now(ticket)).state is State.CLOSING
    monkeypatch.setattr(world.exchange, "positions", asked)
    await world.tick()
    assert outcome_of(await world.now(ticket))[0] is Ending.BOT
    assert world.notifier.rings_of(ticket.id) == [(State.CLOSED, Reason.STOP_CONFIRMED)]


async def test_a_stop_that_is_quicker_than_the_close_is_the_end(world: World) -> None:
    ticket = await world.confirmed()
    closing = await world.assistant.desk.close(OWNER, ticket.id)
    world.at(BTC, "49400")  # before the owned task has sent anything
    await world.settle()
    closed = await world.until_over(closing)
    await world.tick()
    assert outcome_of(await world.now(closed))[0] is Ending.STOP


async def test_a_refusal_that_comes_after_the_watch_has_seen_the_end_changes_nothing(world: World) -> None:
    ticket = await world.confirmed()
    gate = Gate(world)
    await world.assistant.desk.close(OWNER, ticket.id)
    await gate.reached()
    world.at(BTC, "50900")
    await world.tick()
    assert outcome_of(await world.now(ticket))[0] is Ending.TARGET
    gate.open()
    await world.settle()
    assert (await world.now(ticket)).state is State.CLOSED


async def test_a_close_tap_beside_an_emergency_close_is_one_close(world: World) -> None:

    world.exchange.drop_stops = True
    offer = await world.offer()
    await world.confirm(offer)
    await world.settle()
    ticket = await world.now(offer)
    if ticket.state is State.UNPROTECTED:
        await asyncio.gather(world.tick(), world.assistant.desk.close(OWNER, ticket.id), return_exceptions=True)
        await world.settle()
    assert (await world.until_over(offer)).state is State.CLOSED
    assert len(world.closes) == 1
