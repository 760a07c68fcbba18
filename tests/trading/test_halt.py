"""The owner's halt: nobody enters until it is over, over restarts too; everybody is told once; exits work."""

import pytest

from tests.trading.safety_world import SafetyWorld
from tests.trading.world import BTC, ETH, OWNER
from trading.errors import RiskRefused
from trading.reasons import Reason
from trading.states import State


async def test_a_tap_is_refused_with_the_reason_and_the_card_stays(safe: SafetyWorld) -> None:
    offer = await safe.offer(BTC)
    await safe.safety.halt.begin(OWNER)
    with pytest.raises(RiskRefused) as refused:
        await safe.confirm(offer)
    assert refused.value.reason is Reason.HALTED
    assert (await safe.now(offer)).state is State.PROPOSED
    await safe.safety.halt.end(OWNER)
    await safe.confirm(offer)
    await safe.settle()
    assert (await safe.now(offer)).state is State.OPEN


async def test_a_claim_that_was_not_sent_yet_is_not_sent(safe: SafetyWorld) -> None:
    claimed = await safe.claimed(BTC)
    await safe.safety.halt.begin(OWNER)
    await safe.tick()
    over = await safe.now(claimed)
    assert (over.state, over.revision.reason) == (State.NOT_PLACED, Reason.HALTED)
    assert not safe.exchange.sent


async def test_signals_are_listed_with_the_reason(safe: SafetyWorld) -> None:
    await safe.safety.halt.begin(OWNER)
    with pytest.raises(AssertionError, match="halted"):
        await safe.offer(BTC)
    (heard,) = await safe.journal.heard(OWNER, 5)
    assert (heard.ticket, heard.refused) == (None, Reason.HALTED)


async def test_everybody_is_told_once_at_its_beginning_and_once_at_its_end(safe: SafetyWorld) -> None:
    await safe.welcome(1002, "70002")
    assert (await safe.safety.halt.begin(OWNER))[1]
    assert not (await safe.safety.halt.begin(OWNER))[1]
    await safe.safety.halt.end(OWNER)
    assert await safe.safety.halt.end(OWNER) is None
    begun, ended = safe.crier.halts
    assert (begun[0].ended_at, begun[1]) == (None, (1002,))  # who began it was answered
    assert ended[0].ended_at is not None
    assert ended[1] == (1002,)


async def test_it_stands_over_a_restart_and_so_does_its_end(safe: SafetyWorld) -> None:
    offer = await safe.offer(BTC)
    await safe.safety.halt.begin(OWNER)
    await safe.kill()
    await safe.assistant.start()
    await safe.tick()
    fresh = await safe.now(offer)
    with pytest.raises(RiskRefused) as refused:
        await safe.confirm(fresh)
    assert refused.value.reason is Reason.HALTED
    await safe.safety.halt.end(OWNER)
    await safe.kill()
    assert safe.safety.halt.standing is None
    assert len(safe.crier.halts) == 2


async def test_a_death_before_the_words_is_made_up_for_at_the_start(
    safe: SafetyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await safe.welcome(1002, "70002")

    async def dead(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(safe.crier, "halt", dead)
        with pytest.raises(ConnectionError):
            await safe.safety.halt.begin(OWNER)
    await safe.kill()
    assert [people for _, people in safe.crier.halts] == [(1002,)]
    await safe.kill()
    assert len(safe.crier.halts) == 1


async def test_closing_works_while_it_stands(safe: SafetyWorld) -> None:
    ticket = await safe.confirmed(ETH)
    await safe.safety.halt.begin(OWNER)
    await safe.assistant.desk.close(OWNER, ticket.id)
    await safe.settle()
    await safe.tick(3)
    assert (await safe.now(ticket)).state is State.CLOSED


async def test_status_begins_with_it(safe: SafetyWorld) -> None:
    await safe.people.set_paused(OWNER, True)
    await safe.safety.halt.begin(OWNER)
    blocks = (await safe.assistant.report.status(await safe.person())).blocks
    assert [block.reason for block in blocks[:2]] == [Reason.HALTED, Reason.PAUSED]
