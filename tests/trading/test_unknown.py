"""An order whose fate is not known: asked for until it is found or proven absent, and never doubled."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.trading.world import ACCOUNT, BTC, OWNER, World
from trading.errors import ExchangeBusy, ExchangeError, ExchangeRejected, OutcomeUnknown
from trading.model import Ticket
from trading.ports import Facts
from trading.reasons import Reason
from trading.states import Event, State

D = Decimal
UNKNOWN = OutcomeUnknown("timed out")


async def unknown(world: World) -> Ticket:
    """A ticket that stands UNKNOWN as its own task has given it up; nothing arrived at Bybit."""
    world.exchange.lose_request()
    offer = await world.offer()
    await world.confirm(offer)
    await world.settle()
    ticket = await world.now(offer)
    assert ticket.state is State.UNKNOWN
    assert ticket.revision.signed_at is not None
    return ticket


def bybit_age(world: World, ticket: Ticket) -> int:
    assert ticket.revision.signed_at is not None
    return world.exchange.bybit_time() - ticket.revision.signed_at


# --- what came back from the send


@pytest.mark.parametrize("code", [110007, 10001, 10003, 30228])
async def test_a_documented_refusal_ends_the_ticket_in_words(world: World, code: int) -> None:
    world.exchange.trouble["place"].append(ExchangeRejected("ab not enough for new order", code))
    ticket = await world.confirmed()
    assert (ticket.state, ticket.revision.reason) == (State.REFUSED, Reason.REFUSED_BY_BYBIT)
    assert ticket.revision.detail == f"{code}: ab not enough for new order"
    assert not world.books.orders
    assert not await world.live()


async def test_what_the_door_did_not_send_is_surely_not_there(world: World) -> None:
    world.exchange.trouble["place"].append(ExchangeBusy("not sent: Bybit's limit leaves no place"))
    ticket = await world.confirmed()
    assert (ticket.state, ticket.revision.reason) == (State.NOT_PLACED, Reason.NOT_SENT)
    await world.tick(10)
    assert not world.exchange.sent


async def test_too_many_visits_is_asked_about_by_id_before_the_same_order_goes_out_again(world: World) -> None:
    world.exchange.trouble["place"].append(ExchangeBusy("too many visits", 10006))
    ticket = await world.confirmed()
    assert State.UNKNOWN in world.notifier.states_of(ticket.id)
    await world.tick(60)
    assert world.entries == [ticket.revision.order_link_id]


async def test_a_lost_answer_is_found_by_its_id_and_sent_once(world: World) -> None:
    world.exchange.lose_answer()
    ticket = await world.confirmed()
    assert ticket.state is State.OPEN
    assert State.UNKNOWN in world.notifier.states_of(ticket.id)
    assert world.entries == [ticket.revision.order_link_id]


@pytest.mark.parametrize("error", [ExchangeRejected("no", 110007), ExchangeBusy("no", 10006), UNKNOWN])
async def test_trouble_with_the_leverage_ends_before_the_send(world: World, error: ExchangeError) -> None:
    world.exchange.trouble["set_leverage"].append(error)
    ticket = await world.confirmed()
    assert ticket.state is State.NOT_PLACED
    assert not world.exchange.sent


# --- proof of absence


async def test_absence_is_not_proven_before_eleven_seconds_have_passed_twice(world: World) -> None:
    ticket = await unknown(world)
    while (await world.now(ticket)).state is State.UNKNOWN:
        age = bybit_age(world, ticket)
        assert age < 15_000
        await world.tick(seconds=0.25)
    # the first proof counts from eleven seconds on, the second stands at least a second later
    assert bybit_age(world, ticket) >= 12_000
    assert age < 12_500
    assert world.entries == []


async def test_a_proven_absent_order_goes_out_once_more_under_the_same_id(world: World) -> None:
    ticket = await world.until_over(await unknown(world))
    assert ticket.state is State.OPEN
    assert ticket.revision.number == 1
    assert world.entries == [ticket.revision.order_link_id]


@pytest.mark.parametrize("question", ["recent_order", "past_order", "executions"])
async def test_an_error_in_any_of_three_questions_proves_nothing(world: World, question: str) -> None:
    ticket = await unknown(world)
    world.exchange.trouble[question] = [UNKNOWN] * 40
    await world.tick(20)
    assert (await world.now(ticket)).state is State.UNKNOWN
    world.exchange.trouble[question].clear()
    assert (await world.until_over(ticket)).state is State.OPEN


async def test_two_proofs_less_than_a_second_apart_are_one(world: World) -> None:
    ticket = await unknown(world)
    world.clock.at += 11_500 - bybit_age(world, ticket)
    for _ in range(5):
        await world.tick(seconds=0.1)
    assert (await world.now(ticket)).state is State.UNKNOWN


async def test_after_a_restart_the_proof_begins_anew(world: World) -> None:
    ticket = await unknown(world)
    world.clock.at += 11_500 - bybit_age(world, ticket)
    await world.tick(seconds=0.0)
    await world.restart(away=2)
    assert (await world.now(ticket)).state is State.UNKNOWN
    assert (await world.until_over(ticket)).state is State.OPEN


@pytest.mark.parametrize("why", ["paused", "expired", "moved"])
async def test_what_is_proven_absent_is_not_sent_when_the_guards_do_not_hold(world: World, why: str) -> None:
    ticket = await unknown(world)
    if why == "paused":
        await world.people.set_paused(OWNER, True)
    elif why == "moved":
        world.at(BTC, "50130")
    else:
        world.clock.at = ticket.revision.expires_at
    ticket = await world.until_over(ticket)
    assert ticket.state is State.NOT_PLACED
    assert ticket.revision.reason in {Reason.PAUSED, Reason.PRICE_MOVED, Reason.PROVEN_ABSENT}
    assert not world.exchange.sent


async def test_an_order_that_the_queries_hide_for_a_while_is_found(world: World) -> None:
    offer = await world.offer()
    link = offer.revision.order_link_id
    world.exchange.hidden.add(link)
    world.exchange.lose_answer()
    await world.confirm(offer)
    await world.settle()
    assert (await world.now(offer)).state is State.UNKNOWN
    world.exchange.hidden.clear()
    ticket = await world.until_over(offer)
    assert ticket.state is State.OPEN
    assert world.entries == [link]


async def test_a_filled_order_that_stays_hidden_past_the_proof_is_not_given_up(world: World) -> None:
    offer = await world.offer()
    world.exchange.hidden.add(offer.revision.order_link_id)
    world.exchange.lose_answer()
    await world.confirm(offer)
    await world.settle()
    await world.tick(20)  # far beyond eleven seconds: the position that was not there before speaks for it
    assert (await world.now(offer)).state is State.UNKNOWN
    world.exchange.hidden.clear()
    ticket = await world.until_over(offer)
    assert ticket.state is State.OPEN
    assert world.entries == [offer.revision.order_link_id]


async def test_an_order_that_filled_nothing_and_stays_hidden_goes_out_under_the_same_id_and_is_a_duplicate(
    world: World,
) -> None:
    world.exchange.fill_share = D(0)
    offer = await world.offer()
    world.exchange.hidden.add(offer.revision.order_link_id)
    world.exchange.lose_answer()
    await world.confirm(offer)
    await world.settle()
    await world.tick(15)
    assert len(world.entries) > 1  # all but the first were refused as duplicates
    assert set(world.entries) == {offer.revision.order_link_id}
    assert list(world.books.orders) == [offer.revision.order_link_id]
    world.exchange.hidden.clear()
    world.exchange.fill_share = D(1)
    ticket = await world.until_over(offer, ticks=3)
    assert (ticket.state, ticket.revision.number) == (State.PROPOSED, 2)  # dry, so quoted anew
    assert not world.books.held


async def test_an_order_by_hand_while_ours_is_unknown_does_not_leave_it_unknown_for_ever(world: World) -> None:
    ticket = await unknown(world)
    world.exchange.hand(ACCOUNT, BTC, "Buy", D("0.01"))
    ticket = await world.until_over(ticket)
    assert (ticket.state, ticket.revision.reason) == (State.NOT_PLACED, Reason.POSITION_HERE)
    assert not world.entries
    assert world.books.held[BTC].size == D("0.01")


async def test_a_person_is_rung_once_when_an_order_stays_unknown_for_fifteen_seconds(world: World) -> None:
    ticket = await unknown(world)
    # Found by its executions alone: it exists, but nothing says yet what became of it.
    world.exchange.hand(ACCOUNT, BTC, "Buy", D("0.01"))
    trace = replace(world.books.executions[-1], order_link_id=ticket.revision.order_link_id)
    world.books.executions[-1] = trace
    began = ticket.revision.changed_at
    while world.clock.now() - began < 40_000:
        await world.tick()
        rings = world.notifier.rings_of(ticket.id)
        assert len(rings) == (world.clock.now() - began > 15_000)
    assert (await world.now(ticket)).state is State.UNKNOWN
    assert not world.entries


# --- crashes between commit and answer


async def test_a_claim_whose_task_died_before_the_send_is_sent_after_the_restart(world: World) -> None:
    claimed = await world.claimed()
    await world.restart()
    ticket = await world.until_over(claimed)
    assert ticket.state is State.OPEN
    assert world.entries == [claimed.revision.order_link_id]


async def test_a_claim_whose_candles_never_come_after_the_restart_ends_with_its_offer(world: World) -> None:
    claimed = await world.claimed()
    world.exchange.trouble["candles"] = [UNKNOWN] * 1_000
    await world.restart()
    await world.tick(3)
    assert (await world.now(claimed)).state is State.CONFIRMED
    world.clock.at = claimed.revision.expires_at
    await world.tick()
    ended = await world.now(claimed)
    assert (ended.state, ended.revision.reason) == (State.NOT_PLACED, Reason.EXPIRED)
    assert not world.exchange.sent


async def test_a_send_whose_task_died_after_the_commit_is_asked_for(world: World) -> None:
    claimed = await world.claimed()
    signed = world.exchange.bybit_time()
    sending = await world.journal.advance(*claimed.key, Event.SENDING, world.clock.now(), Facts(signed_at=signed))
    await world.exchange.place(ACCOUNT, sending.revision.request, signed)
    await world.restart()
    ticket = await world.until_over(claimed)
    assert ticket.state is State.OPEN
    assert world.entries == [ticket.revision.order_link_id]


# --- the end of the program


async def test_a_task_cancelled_in_the_middle_of_its_send_leaves_an_order_that_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = asyncio.Event()
    place = world.exchange.place

    async def hung(*order: Any) -> str:
        await place(*order)
        placed.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(world.exchange, "place", hung)
    offer = await world.offer()
    await world.confirm(offer)
    await placed.wait()
    (task,) = world.tasks
    task.cancel()
    world.tasks = set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await world.now(offer)).state is State.SUBMITTING
    await world.restart()
    ticket = await world.until_over(offer)
    assert ticket.state is State.OPEN
    assert world.entries == [ticket.revision.order_link_id]
