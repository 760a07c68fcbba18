"""Orders that fill nothing, a part, or are forgotten."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.trading.world import BTC, World
from trading.errors import OutcomeUnknown
from trading.model import OrderFacts
from trading.reasons import Reason
from trading.states import State

D = Decimal
UNKNOWN = OutcomeUnknown("timed out")


# --- dry, partial, forgotten


async def test_an_order_that_fills_nothing_is_quoted_anew(world: World) -> None:
    world.exchange.fill_share = D(0)
    ticket = await world.confirmed()
    assert (ticket.state, ticket.revision.number) == (State.PROPOSED, 2)
    assert ticket.revision.order_link_id != world.entries[0]
    assert not await world.live()
    world.exchange.fill_share = D(1)
    await world.confirm(ticket)
    await world.settle()
    assert (await world.now(ticket)).state is State.OPEN
    assert len(set(world.entries)) == 2


async def test_a_dry_order_after_three_requotes_is_the_end(world: World) -> None:
    world.exchange.fill_share = D(0)
    ticket = await world.offer()
    for number in (2, 3, 4):
        await world.confirm(ticket)
        await world.settle()
        ticket = await world.now(ticket)
        assert (ticket.state, ticket.revision.number) == (State.PROPOSED, number)
    await world.confirm(ticket)
    await world.settle()
    ticket = await world.now(ticket)
    assert (ticket.state, ticket.revision.reason) == (State.NOT_PLACED, Reason.TOO_MANY_REQUOTES)


async def test_a_dry_order_whose_price_ran_through_the_stop_is_not_quoted_again(world: World) -> None:
    world.exchange.fill_share = D(0)
    offer = await world.offer()
    world.exchange.trouble["recent_order"] = [UNKNOWN]  # its task gives it up, the tick goes on
    await world.confirm(offer)
    await world.settle()
    world.at(BTC, "49300")
    await world.tick()
    ticket = await world.now(offer)
    assert ticket.state is State.NOT_PLACED
    assert not await world.journal.in_states(frozenset({State.PROPOSED}))


async def test_what_fills_is_the_trade_and_risk_and_r_shrink_to_it(world: World) -> None:
    world.exchange.fill_share = D("0.5")
    ticket = await world.confirmed()
    revision, fill = ticket.revision, ticket.revision.fill
    assert fill is not None
    assert ticket.state is State.OPEN
    assert fill.size == revision.size_now == world.books.held[BTC].size
    assert fill.size < revision.plan.size * D("0.51")
    assert revision.risk_now == fill.size * (D(600) + D("0.00055") * D(49_400))
    world.at(BTC, "49400")
    await world.tick()
    closed = await world.now(ticket)
    assert closed.revision.outcome is not None
    # stopped at 49,400: -600 and both fees a coin; one R is 600 a coin
    assert closed.revision.outcome.r == (D(-600) - D("0.00055") * (D(50_000) + D(49_400))) / D(600)


async def nothing(*_: object) -> tuple[()]:
    return ()


async def test_executions_that_lag_are_made_up_for_by_the_order_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = await world.offer()
    monkeypatch.setattr(world.exchange, "executions", nothing)
    await world.confirm(offer)
    await world.settle()
    ticket = await world.now(offer)
    assert ticket.state is State.OPEN
    assert ticket.revision.fill is not None
    assert ticket.revision.fill.fee == D("0.00055") * D(50_000) * ticket.revision.size_now


async def test_an_accepted_order_that_bybit_has_forgotten_does_not_block_its_symbol_for_ever(world: World) -> None:
    world.exchange.fill_share = D(0)
    offer = await world.offer()
    world.exchange.hidden.add(offer.revision.order_link_id)
    await world.confirm(offer)
    await world.settle()
    assert (await world.now(offer)).state is State.ACKED
    await world.tick(20)
    assert (await world.now(offer)).state is State.ACKED
    world.clock.pass_by(25 * 3600)
    await world.tick()
    ticket = await world.now(offer)
    assert (ticket.state, ticket.revision.reason) == (State.NOT_PLACED, Reason.PROVEN_ABSENT)


async def test_an_accepted_order_that_only_its_executions_remember_is_a_position(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forgotten(*_: object) -> None:
        return None

    monkeypatch.setattr(world.exchange, "recent_order", forgotten)
    monkeypatch.setattr(world.exchange, "past_order", forgotten)
    offer = await world.offer()
    await world.confirm(offer)
    await world.settle()
    assert (await world.now(offer)).state is State.ACKED
    ticket = await world.until_over(offer)
    assert ticket.state is State.OPEN
    assert ticket.revision.fill is not None


async def test_an_order_that_fills_bit_by_bit_grows_on_the_card_until_it_is_final(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = await world.offer()
    size = offer.revision.plan.size
    shown = [(D("0.010"), False), (D("0.010"), False), (D("0.030"), False), (size, True)]
    asked = world.exchange.recent_order

    async def bit_by_bit(*question: Any) -> OrderFacts | None:
        order = await asked(*question)
        if order is None or not shown:
            return order
        filled, final = shown.pop(0)
        return replace(order, filled=filled, final=final)

    monkeypatch.setattr(world.exchange, "recent_order", bit_by_bit)
    await world.confirm(offer)
    await world.settle()
    ticket = await world.now(offer)
    assert (ticket.state, ticket.revision.size_now) == (State.OPEN, size)
    assert State.PARTIAL in world.notifier.states_of(ticket.id)
    grown = [card.revision.size_now for card in world.notifier.cards if card.state is State.PARTIAL]
    assert grown == [D("0.010"), D("0.030")]
