"""Positions under watch: how they end, and a task and the tick side by side."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from strategies.signal import Direction
from tests.trading.gates import Gate
from tests.trading.world import ACCOUNT, BTC, ETH, World
from trading.errors import OutcomeUnknown
from trading.model import Ticket
from trading.reasons import Ending, Reason
from trading.states import State

D = Decimal
SILENT = OutcomeUnknown("timed out")


def outcome_of(ticket: Ticket) -> tuple[Ending, Decimal]:
    assert ticket.revision.outcome is not None
    return ticket.revision.outcome.ending, round(ticket.revision.outcome.r, 2)


# --- ends


@pytest.mark.parametrize(
    ("direction", "price", "ending", "r"),
    [
        (Direction.LONG, "50900", Ending.TARGET, "1.41"),
        (Direction.LONG, "49400", Ending.STOP, "-1.09"),
        (Direction.SHORT, "49100", Ending.TARGET, "1.41"),
        (Direction.SHORT, "50600", Ending.STOP, "-1.09"),
    ],
)
async def test_the_end_is_told_once_with_sound_in_net_r(
    world: World, direction: Direction, price: str, ending: Ending, r: str
) -> None:
    ticket = await world.confirmed(BTC, direction)
    world.at(BTC, price)
    await world.tick(3)
    closed = await world.now(ticket)
    assert closed.state is State.CLOSED
    assert outcome_of(closed) == (ending, D(r))
    assert world.notifier.rings_of(ticket.id) == [(State.CLOSED, Reason.STOP_CONFIRMED)]
    assert closed.revision.risk_now == 0
    assert not await world.live()
    assert {one.id for one in await world.journal.executions_of(ticket.id)} == {
        one.id for one in world.books.executions
    }


async def test_a_target_quicker_than_the_read_back_is_closed_not_unprotected(world: World) -> None:
    offer = await world.offer()
    world.exchange.trouble["recent_order"] = [SILENT]
    await world.confirm(offer)
    await world.settle()
    assert (await world.now(offer)).state is State.ACKED
    world.at(BTC, "50900")
    await world.tick()
    closed = await world.now(offer)
    assert outcome_of(closed) == (Ending.TARGET, D("1.41"))
    assert State.UNPROTECTED not in world.notifier.states_of(offer.id)


async def test_a_close_in_the_app_is_told_as_such(world: World) -> None:
    ticket = await world.confirmed()
    world.exchange.hand(ACCOUNT, BTC, "Sell", ticket.revision.size_now)
    await world.tick()
    assert outcome_of(await world.now(ticket))[0] is Ending.APP


async def test_flat_without_executions_yet_is_not_guessed_at(world: World) -> None:
    ticket = await world.confirmed()
    executions = list(world.books.executions)
    world.at(BTC, "50900")
    late = world.books.executions[len(executions) :]
    world.books.executions[:] = executions
    await world.tick(3)
    assert (await world.now(ticket)).state is State.OPEN
    world.books.executions += late
    await world.tick()
    assert outcome_of(await world.now(ticket))[0] is Ending.TARGET


# --- a task and the tick side by side


async def test_a_tick_during_the_send_leaves_the_ticket_to_its_task(world: World) -> None:
    gate = Gate(world)
    offer = await world.offer()
    await world.confirm(offer)
    await gate.reached()
    for _ in range(3):
        await world.assistant.watch.tick()
    assert (await world.now(offer)).state is State.SUBMITTING
    gate.open()
    await world.settle()
    assert (await world.now(offer)).state is State.OPEN
    assert len(world.entries) == 1


async def test_a_tick_that_finds_a_claim_first_sends_it_and_the_task_sends_nothing(world: World) -> None:
    offer = await world.offer()
    await world.confirm(offer)
    tasks, world.tasks = world.tasks, set()
    await world.assistant.watch.tick()
    world.tasks = tasks
    await world.settle()
    assert (await world.until_over(offer)).state is State.OPEN
    assert len(world.entries) == 1


async def test_positions_asked_before_a_fill_make_no_change_by_hand_out_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = await world.confirmed(ETH)
    gate = Gate(world)
    offer = await world.offer(BTC)
    await world.confirm(offer)
    await gate.reached()
    asked = world.exchange.positions

    async def half_filled(account: Any, symbol: str | None = None) -> Any:
        """The tick's own question shows Bitcoin half filled and without a stop; by the answer, it is all done."""
        monkeypatch.setattr(world.exchange, "positions", asked)
        gate.open()
        await world.settle()
        assert (await world.now(offer)).state is State.OPEN
        return tuple(
            replace(one, size=one.size / 2, stop=None) if one.symbol == BTC else one for one in await asked(account)
        )

    monkeypatch.setattr(world.exchange, "positions", half_filled)
    await world.assistant.watch.tick()
    assert (await world.now(held)).state is State.OPEN
    ticket = await world.now(offer)
    assert (ticket.state, ticket.revision.reason) == (State.OPEN, Reason.STOP_CONFIRMED)
    await world.tick(2)
    assert world.notifier.rings_of(offer.id) == []
