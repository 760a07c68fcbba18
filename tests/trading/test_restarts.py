"""A Bybit that does not answer, and a program that was away."""

from decimal import Decimal
from typing import Any

import pytest

from tests.trading.world import ACCOUNT, BTC, ETH, OWNER, World
from trading.errors import OutcomeUnknown, RiskRefused, TicketError
from trading.model import Ticket
from trading.reasons import Ending, Reason
from trading.states import State

D = Decimal
SILENT = OutcomeUnknown("timed out")
DEAD = OutcomeUnknown("API key is invalid.", 10003)


def outcome_of(ticket: Ticket) -> tuple[Ending, Decimal]:
    assert ticket.revision.outcome is not None
    return ticket.revision.outcome.ending, round(ticket.revision.outcome.r, 2)


# --- a Bybit that does not answer


async def test_one_ticket_that_can_not_be_asked_for_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = await world.claimed(ETH)
    good = await world.confirmed(BTC)
    asked = world.exchange.positions

    async def broken(account: Any, symbol: str | None = None) -> Any:
        if symbol == ETH:
            raise OutcomeUnknown("symbol invalid", 10001)
        return await asked(account, symbol)

    monkeypatch.setattr(world.exchange, "positions", broken)
    world.exchange.remove_stop(ACCOUNT, BTC)
    await world.tick(2)
    assert (await world.now(good)).state is State.UNPROTECTED
    assert (await world.now(bad)).state is State.NOT_PLACED


async def test_a_silence_is_told_once_and_its_end_once(world: World) -> None:
    await world.confirmed()
    world.told.clear()
    world.exchange.trouble["positions"] = [SILENT] * 5
    await world.tick(5)
    assert world.told == [("bybit", "trouble: timed out")]
    await world.tick(3)
    assert world.told == [("bybit", "trouble: timed out"), ("bybit", "works again")]


async def test_a_market_that_can_not_be_asked_is_told_once_while_the_account_answers(world: World) -> None:
    await world.confirmed()
    world.told.clear()
    world.exchange.trouble["tickers"] = [SILENT] * 6
    await world.tick(6)
    assert world.told == [("feed", "trouble: timed out")]
    await world.tick(2)
    assert world.told == [("feed", "trouble: timed out"), ("feed", "works again")]


async def test_a_silent_bybit_closes_and_forgets_nothing(world: World) -> None:
    ticket = await world.confirmed()
    for method in ("positions", "executions", "recent_order", "past_order", "tickers", "ticker"):
        world.exchange.trouble[method] = [SILENT] * 200
    await world.tick(30)
    assert (await world.now(ticket)).state is State.OPEN
    assert (await world.now(ticket)).revision == ticket.revision


async def test_a_dead_key_is_told_once_blinds_the_account_and_is_over_once_it_lives(world: World) -> None:
    ticket = await world.confirmed()
    offer = await world.offer(ETH)
    world.exchange.trouble["positions"] = [DEAD] * 5
    await world.tick(5)
    assert [reason for _, reason, _ in world.notifier.told] == [Reason.KEY_DEAD]
    assert (await world.now(ticket)).state is State.OPEN
    with pytest.raises(RiskRefused) as refused:
        await world.confirm(offer)
    assert refused.value.reason is Reason.KEY_DEAD
    await world.tick(2)
    assert world.notifier.over == [(OWNER, Reason.KEY_DEAD)]
    assert (await world.confirm(offer)).state is State.CONFIRMED


async def test_a_blind_account_without_anything_live_is_still_asked_before_it_counts_as_well(world: World) -> None:
    world.assistant.standings.of(ACCOUNT).blind = True
    world.exchange.trouble["positions"] = [DEAD] * 3
    await world.tick(3)
    assert world.assistant.standings.of(ACCOUNT).blind
    await world.tick()
    assert not world.assistant.standings.of(ACCOUNT).blind


# --- restarts


async def test_after_an_absence_every_open_offer_gets_a_new_revision_once(world: World) -> None:
    offer = await world.offer()
    world.at(BTC, "50040")
    await world.restart(away=60)
    fresh = await world.now(offer)
    assert (fresh.revision.number, fresh.revision.plan.entry) == (2, D(50_040))
    await world.tick(5)
    assert (await world.now(offer)).revision.number == 2
    with pytest.raises(TicketError) as refused:
        await world.confirm(offer)
    assert refused.value.reason is Reason.SUPERSEDED


async def test_an_offer_whose_stop_was_passed_during_the_absence_is_void(world: World) -> None:
    offer = await world.offer()
    world.at(BTC, "49300")
    await world.restart(away=60)
    assert (await world.now(offer)).state is State.VOID


async def test_no_tap_is_served_until_the_account_was_looked_through(world: World) -> None:
    offer = await world.offer()
    world.exchange.trouble["positions"] = [SILENT]
    await world.restart(away=60)
    with pytest.raises(RiskRefused) as refused:
        await world.confirm(offer)
    assert refused.value.reason is Reason.NOT_RECONCILED
    await world.tick()
    fresh = await world.now(offer)
    assert fresh.revision.number == 2
    assert (await world.confirm(fresh)).state is State.CONFIRMED


async def test_a_start_that_stumbles_quotes_no_offer_twice(world: World) -> None:
    one, other = await world.offer(BTC), await world.offer(ETH)
    world.clock.pass_by(60)
    world.assistant = world.build()
    await world.assistant.context.universe.refresh()
    world.exchange.trouble["balance"] = [SILENT] * 9
    for _ in range(4):
        world.clock.pass_by(2)
        await world.assistant.watch.tick()
    world.exchange.trouble["balance"].clear()
    await world.assistant.watch.tick()
    await world.assistant.watch.tick()
    assert [(await world.now(offer)).revision.number for offer in (one, other)] == [2, 2]


async def test_a_position_closed_during_the_absence_is_told(world: World) -> None:
    ticket = await world.confirmed()
    world.at(BTC, "50900")
    await world.restart(away=3_600)
    assert outcome_of(await world.now(ticket))[0] is Ending.TARGET
    assert world.notifier.rings_of(ticket.id) == [(State.CLOSED, Reason.STOP_CONFIRMED)]


async def test_a_pause_ends_the_open_offers(world: World) -> None:
    offer = await world.offer()
    await world.people.set_paused(OWNER, True)
    await world.tick()
    ended = await world.now(offer)
    assert (ended.state, ended.revision.reason) == (State.VOID, Reason.PAUSED)


async def test_an_offer_renewed_after_an_absence_says_that_we_were_away(world: World) -> None:
    offer = await world.offer()
    await world.restart(away=30)
    renewed = await world.now(offer)
    assert (renewed.revision.number, renewed.revision.reason) == (2, Reason.AWAY)
