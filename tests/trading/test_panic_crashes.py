"""The process dies at every await of a panic; the next one carries out what was promised, and closes nothing twice."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from storage.database import Database
from tests.trading.mortal import Fuse, Killed, Mortal
from tests.trading.safety_world import SafetyWorld
from tests.trading.world import ACCOUNT, BTC, OWNER, SOL
from trading.emergency import Fate, Panic, PanicState, Scope
from trading.reasons import Ending
from trading.safety import build_safety
from trading.states import State

D = Decimal
MOST_CALLS = 200


async def one_of_ours_and_one_by_hand(world: SafetyWorld) -> None:
    world.next_close()
    await world.begin_anew()
    await world.assistant.start()
    await world.round()
    await world.people.set_paused(OWNER, False)
    assert (await world.confirmed(BTC)).state is State.OPEN
    world.exchange.hand(ACCOUNT, SOL, "Sell", D("0.01"))
    world.books.held[SOL].stop = D(51_000)


async def dies(world: SafetyWorld, fuse: Fuse, asked: Panic) -> None:
    """A process whose ports die with `fuse` carries the panic out, as far as it comes."""
    assistant = world.build(
        exchange=Mortal(world.exchange, fuse),
        journal=Mortal(world.journal, fuse),
        people=Mortal(world.people, fuse),
        notifier=Mortal(world.notifier, fuse),
    )
    book = replace(world.book, panics=Mortal(world.panics, fuse))
    safety = build_safety(assistant, book, Mortal(world.crier, fuse), world.new_id)
    try:
        await safety.panic.begin(OWNER, asked.id, Scope.ALL)
        await safety.runner.drained()
    except Killed:
        await safety.runner.close()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_killed_at_any_await_of_a_panic_all_is_flat_and_each_close_is_its_own(
    database: Database, after: bool
) -> None:
    world = SafetyWorld(database)
    await world.welcome(OWNER, ACCOUNT.uid)
    await world.start(days_ahead=60)
    for number in range(1, MOST_CALLS):
        await one_of_ours_and_one_by_hand(world)
        sent, asked = len(world.exchange.sent), await world.safety.panic.ask(OWNER)
        fuse = Fuse(number, after=after)
        await dies(world, fuse, asked)
        await asyncio.sleep(0)
        where = f"killed {fuse.burnt}, call {number}"

        await world.kill()
        left = await world.panics.own(asked.id, OWNER)
        if left.state is PanicState.ASKED:
            # It was never promised: the person sees the question still, and taps again.
            await world.safety.panic.begin(OWNER, asked.id, Scope.ALL)
        await world.safety.runner.drained()
        over = await world.panics.own(asked.id, OWNER)
        assert over.state is PanicState.DONE, where
        assert world.held == {}, where
        assert {line.fate for line in over.progress.lines} == {Fate.CLOSED}, where
        assert len(over.progress.lines) == 2, where
        closes = [request for request, _ in world.exchange.sent[sent:] if request.reduce_only]
        assert sorted(request.symbol for request in closes) == [BTC, SOL], where
        (closed,) = (await world.journal.in_states(frozenset({State.CLOSED})))[-1:]
        assert closed.revision.outcome is not None, where
        assert closed.revision.outcome.ending is Ending.BOT, where
        assert any(told.id == asked.id and told.state is PanicState.DONE for told in world.crier.rung), where
        if not fuse.burnt:
            break
    assert not fuse.burnt, "the panic never came to its end"
    assert number > 40
