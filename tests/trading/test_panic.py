"""/panic: entries end, positions close as chosen, the person is paused; whatever fails, it goes on."""

import asyncio
import contextlib
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from storage.errors import DatabaseRefused
from tests.trading.gates import Gate, run_owned
from tests.trading.safety_world import SafetyWorld
from tests.trading.world import ACCOUNT, BTC, ETH, OWNER, SOL
from trading.emergency import CloseState, Fate, PanicState, Scope
from trading.errors import ExchangeBusy, ExchangeRejected, OutcomeUnknown, TicketError
from trading.model import OrderFacts, OrderRequest
from trading.reasons import Ending, Reason
from trading.states import Event, State

D = Decimal
STRANGER = 2002


async def two_of_ours_and_one_by_hand(world: SafetyWorld) -> None:
    await world.confirmed(BTC)
    await world.confirmed(ETH)
    world.exchange.hand(ACCOUNT, SOL, "Buy", D("0.5"))
    world.exchange.books[ACCOUNT].held[SOL].stop = D(49_000)


def accepted(world: SafetyWorld) -> list[OrderFacts]:
    """Close orders that Bybit has, by their ids."""
    closes = {request.order_link_id for request, _ in world.exchange.sent if request.reduce_only}
    return [order for name, order in world.exchange.books[ACCOUNT].orders.items() if name in closes]


# --- what is asked, and what is closed


async def test_the_question_says_what_is_open_and_what_it_brought(safe: SafetyWorld) -> None:
    await two_of_ours_and_one_by_hand(safe)
    safe.at(BTC, "50100")
    seen = (await safe.safety.panic.ask(OWNER)).seen
    assert (seen.known, seen.ours, seen.all, seen.entries, seen.offers) == (True, 2, 3, 0, 0)
    assert seen.ours_result == 100 * safe.books.held[BTC].size
    assert not safe.closes
    assert not (await safe.person()).paused


async def test_ours_are_closed_and_the_one_by_hand_is_left_alone(safe: SafetyWorld) -> None:
    await two_of_ours_and_one_by_hand(safe)
    panic = await safe.panic(Scope.OURS)
    assert panic.state is PanicState.DONE
    assert list(safe.held) == [SOL]
    assert [line.fate for line in panic.progress.lines] == [Fate.CLOSED, Fate.CLOSED]
    assert all(line.net is not None for line in panic.progress.lines)
    assert (await safe.person()).paused
    assert safe.crier.rung == [panic]


async def test_all_are_closed_each_by_one_reduce_only_order_of_its_own_id(safe: SafetyWorld) -> None:
    await two_of_ours_and_one_by_hand(safe)
    panic = await safe.panic(Scope.ALL)
    assert panic.state is PanicState.DONE
    assert safe.held == {}
    closes = [request for request, _ in safe.exchange.sent if request.reduce_only]
    assert sorted(request.symbol for request in closes) == [BTC, ETH, SOL]
    assert all(request.close_on_trigger and request.size == 0 for request in closes)
    assert len({request.order_link_id for request in closes}) == 3
    (journalled,) = await safe.panics.closes_of(panic.id)
    assert (journalled.symbol, journalled.state, journalled.filled) == (SOL, CloseState.DONE, D("0.5"))
    assert journalled.id in {request.order_link_id for request in closes}
    endings = [
        t.revision.outcome.ending for t in await safe.journal.in_states(frozenset({State.CLOSED})) if t.revision.outcome
    ]
    assert endings == [Ending.BOT, Ending.BOT]


async def test_offers_end_and_claims_that_were_not_sent_are_taken_back(safe: SafetyWorld) -> None:
    offer, claimed = await safe.offer(BTC), await safe.claimed(ETH)
    panic = await safe.panic(Scope.OURS)
    assert (panic.progress.offers, panic.progress.entries) == (1, 1)
    ended, taken_back = await safe.now(offer), await safe.now(claimed)
    assert (ended.state, ended.revision.reason) == (State.VOID, Reason.PANIC)
    assert (taken_back.state, taken_back.revision.reason) == (State.NOT_PLACED, Reason.PANIC)
    assert not safe.exchange.sent


async def test_an_entry_on_its_way_is_found_and_its_position_closed(safe: SafetyWorld) -> None:
    offer = await safe.offer(BTC)
    gate = Gate(safe)
    await safe.confirm(offer)
    await gate.reached()
    asked = await safe.safety.panic.ask(OWNER)
    assert asked.seen.entries == 1
    await safe.safety.panic.begin(OWNER, asked.id, Scope.OURS)
    gate.open()
    await safe.settle()
    await safe.safety.runner.drained()
    assert (await safe.now(offer)).state is State.CLOSED
    assert safe.held == {}
    assert len(safe.entries) == len(safe.closes) == 1


async def test_a_dry_order_is_over_and_nothing_is_offered_anew_without_market_data(safe: SafetyWorld) -> None:
    claimed = await safe.claimed(BTC)
    safe.exchange.fill_share = D(0)
    signed_at = safe.exchange.bybit_time()
    await safe.journal.advance(*claimed.key, Event.SENDING, safe.clock.now())
    await safe.exchange.place(ACCOUNT, claimed.revision.request, signed_at)
    await safe.journal.advance(*claimed.key, Event.ACCEPTED, safe.clock.now())
    safe.exchange.trouble["ticker"] = [OutcomeUnknown("no prices")] * 50
    await safe.panic(Scope.OURS)
    over = await safe.now(claimed)
    assert (over.state, over.revision.reason) == (State.NOT_PLACED, Reason.PANIC)


async def test_nothing_open_is_over_at_once_and_pauses(safe: SafetyWorld) -> None:
    panic = await safe.panic(Scope.ALL)
    assert (panic.state, panic.progress.lines) == (PanicState.DONE, ())
    assert (await safe.person()).paused


# --- taps


async def test_ten_taps_on_two_devices_are_one_panic(safe: SafetyWorld) -> None:
    await two_of_ours_and_one_by_hand(safe)
    asked = await safe.safety.panic.ask(OWNER)
    begun = await asyncio.gather(*(safe.safety.panic.begin(OWNER, asked.id, Scope.ALL) for _ in range(10)))
    assert {panic.state for panic in begun} == {PanicState.RUNNING}
    await safe.safety.runner.drained()
    assert len(safe.closes) == 3


async def test_a_second_question_takes_the_place_of_the_first(safe: SafetyWorld) -> None:
    first = await safe.safety.panic.ask(OWNER)
    await safe.safety.panic.ask(OWNER)
    with pytest.raises(TicketError) as over:
        await safe.safety.panic.begin(OWNER, first.id, Scope.ALL)
    assert over.value.reason is Reason.OVER


async def test_asking_again_shows_the_one_that_runs(safe: SafetyWorld) -> None:
    await two_of_ours_and_one_by_hand(safe)
    safe.exchange.trouble["place"] = [ExchangeBusy("busy", 10006)] * 4
    asked = await safe.safety.panic.ask(OWNER)
    await safe.safety.panic.begin(OWNER, asked.id, Scope.OURS)
    assert (await safe.safety.panic.ask(OWNER)).id == asked.id
    await safe.safety.runner.drained()


async def test_all_widens_what_runs_for_ours(safe: SafetyWorld) -> None:
    await two_of_ours_and_one_by_hand(safe)
    safe.exchange.trouble["place"] = [ExchangeBusy("busy", 10006)] * 4
    asked = await safe.safety.panic.ask(OWNER)
    await safe.safety.panic.begin(OWNER, asked.id, Scope.OURS)
    await safe.safety.panic.begin(OWNER, asked.id, Scope.ALL)
    await safe.safety.runner.drained()
    assert safe.held == {}


async def test_what_was_widened_in_the_last_moment_is_not_over_yet(safe: SafetyWorld) -> None:
    asked = await safe.safety.panic.ask(OWNER)
    ours = await safe.panics.begin(asked.id, OWNER, Scope.OURS, safe.clock.now())
    wide = await safe.panics.begin(asked.id, OWNER, Scope.ALL, safe.clock.now())
    assert (await safe.panics.finish(ours, safe.clock.now())).state is PanicState.RUNNING
    assert (await safe.panics.finish(wide, safe.clock.now())).state is PanicState.DONE


async def test_cancelled_before_it_began_nothing_has_changed(safe: SafetyWorld) -> None:
    await two_of_ours_and_one_by_hand(safe)
    asked = await safe.safety.panic.ask(OWNER)
    await safe.safety.panic.cancel(OWNER, asked.id)
    with pytest.raises(TicketError):
        await safe.safety.panic.begin(OWNER, asked.id, Scope.ALL)
    assert len(safe.held) == 3
    assert not (await safe.person()).paused


async def test_cancelled_while_bybit_refuses_it_stops_and_says_what_is_left(safe: SafetyWorld) -> None:
    await safe.confirmed(BTC)
    safe.exchange.trouble["place"] = [ExchangeRejected("not now", 110001)] * 1_000
    asked = await safe.safety.panic.ask(OWNER)
    await safe.safety.panic.begin(OWNER, asked.id, Scope.OURS)
    await run_owned(
        safe, lambda: any(p.progress.lines and p.progress.lines[0].fate is Fate.REFUSED for p in safe.crier.panics)
    )
    await safe.safety.panic.cancel(OWNER, asked.id)
    await safe.safety.runner.drained()
    told = safe.crier.rung[-1]
    assert await safe.panics.own(asked.id, OWNER) == told
    assert list(safe.held) == [BTC]
    assert safe.books.held[BTC].stop is not None


async def test_somebody_else_can_neither_begin_nor_cancel_it(safe: SafetyWorld) -> None:
    await safe.welcome(1002, "70002")
    asked = await safe.safety.panic.ask(OWNER)
    for user in (1002, STRANGER):
        with pytest.raises(TicketError) as refused:
            await safe.safety.panic.begin(user, asked.id, Scope.ALL)
        assert refused.value.reason is Reason.NO_SUCH_TICKET
        with pytest.raises(TicketError):
            await safe.safety.panic.cancel(user, asked.id)
    assert (await safe.panics.own(asked.id, OWNER)).state is PanicState.ASKED


async def test_a_panic_touches_nobody_elses_account(safe: SafetyWorld) -> None:
    other = await safe.welcome(1002, "70002")
    safe.exchange.hand(other.id, BTC, "Buy", D("0.01"))
    theirs = await safe.offer(ETH, user=1002)
    await safe.panic(Scope.ALL)
    assert safe.exchange.books[other.id].held[BTC].size == D("0.01")
    assert (await safe.now(theirs)).state is State.PROPOSED
    assert not (await safe.person(1002)).paused


# --- what fails


async def test_a_lost_answer_is_followed_up_and_never_sent_twice(safe: SafetyWorld) -> None:
    await two_of_ours_and_one_by_hand(safe)
    safe.exchange.after["place"] = [OutcomeUnknown("lost on the way back")] * 3
    await safe.panic(Scope.ALL)
    assert safe.held == {}
    assert len(safe.closes) == 3


async def test_a_lost_request_is_proven_absent_before_the_next_one_goes_out(safe: SafetyWorld) -> None:
    await two_of_ours_and_one_by_hand(safe)
    safe.exchange.trouble["place"] = [OutcomeUnknown("lost on the way there")] * 3
    began = safe.clock.now()
    panic = await safe.panic(Scope.ALL)
    assert safe.held == {}
    assert len(accepted(safe)) == 3
    first, second = await safe.panics.closes_of(panic.id)
    assert (first.state, second.state) == (CloseState.FAILED, CloseState.DONE)
    assert second.signed_at - first.signed_at > 11_000
    assert safe.clock.now() - began < 60_000


async def test_10006_and_reads_that_fail_hold_up_nothing_for_good(safe: SafetyWorld) -> None:
    await two_of_ours_and_one_by_hand(safe)
    safe.exchange.trouble["place"] = [ExchangeBusy("too many visits", 10006)] * 4
    safe.exchange.trouble["positions"] = [OutcomeUnknown("HTTP 502")] * 12
    safe.exchange.trouble["recent_order"] = [OutcomeUnknown("HTTP 502")] * 3
    safe.exchange.trouble["executions"] = [OutcomeUnknown("HTTP 502")] * 3
    panic = await safe.panic(Scope.ALL)
    assert panic.state is PanicState.DONE
    assert safe.held == {}
    assert len(accepted(safe)) == 3


async def test_ours_are_closed_while_bybit_answers_no_question_at_all(safe: SafetyWorld) -> None:
    await two_of_ours_and_one_by_hand(safe)
    asked = await safe.safety.panic.ask(OWNER)
    for read in ("positions", "recent_order", "past_order", "executions", "ticker", "tickers", "balance"):
        safe.exchange.trouble[read] = [OutcomeUnknown("HTTP 502")] * 10_000
    await safe.safety.panic.begin(OWNER, asked.id, Scope.ALL)
    await run_owned(safe, lambda: list(safe.held) == [SOL])
    assert len(safe.closes) == 2
    for read in list(safe.exchange.trouble):
        safe.exchange.trouble[read] = []
    await safe.safety.runner.drained()
    assert safe.held == {}


async def test_silence_is_not_flat(safe: SafetyWorld) -> None:
    safe.exchange.hand(ACCOUNT, SOL, "Buy", D("0.5"))
    asked = await safe.safety.panic.ask(OWNER)
    safe.exchange.trouble["positions"] = [OutcomeUnknown("HTTP 502")] * 8
    await safe.safety.panic.begin(OWNER, asked.id, Scope.ALL)
    await safe.safety.runner.drained()
    assert safe.held == {}
    assert any(told.progress.silent for told in safe.crier.panics)


async def test_a_position_beyond_the_largest_market_order_is_closed_in_parts(safe: SafetyWorld) -> None:
    await safe.confirmed(BTC)
    safe.exchange.hand(ACCOUNT, SOL, "Buy", D("0.4"))
    safe.exchange.fill_share = D("0.5")
    asked = await safe.safety.panic.ask(OWNER)
    await safe.safety.panic.begin(OWNER, asked.id, Scope.ALL)
    await run_owned(safe, lambda: len(safe.closes) >= 4)
    safe.exchange.fill_share = D(1)
    await safe.safety.runner.drained()
    assert safe.held == {}
    assert (await safe.panics.own(asked.id, OWNER)).state is PanicState.DONE
    assert len(accepted(safe)) == len(set(safe.closes)) == len(safe.closes)


async def test_a_database_that_refuses_for_a_while_is_asked_again(
    safe: SafetyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two_of_ours_and_one_by_hand(safe)
    asked = await safe.safety.panic.ask(OWNER)
    real, failures = safe.journal.in_states, iter(range(3))

    async def in_states(*wanted: Any) -> Any:
        if next(failures, None) is not None:
            raise DatabaseRefused("the database is locked by another program; end that first.")
        return await real(*wanted)

    monkeypatch.setattr(safe.journal, "in_states", in_states)
    await safe.safety.panic.begin(OWNER, asked.id, Scope.ALL)
    await safe.safety.runner.drained()
    assert safe.held == {}


async def test_a_commit_that_takes_longer_than_a_second_still_lets_the_close_out(
    safe: SafetyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    safe.exchange.hand(ACCOUNT, SOL, "Sell", D("0.5"))
    real = safe.panics.begin_close

    async def begin_close(*told: Any) -> Any:
        kept = await real(*told)
        safe.clock.pass_by(4)
        return kept

    monkeypatch.setattr(safe.panics, "begin_close", begin_close)
    await safe.panic(Scope.ALL)
    assert safe.held == {}
    assert len(safe.closes) == 1


async def test_a_stop_that_is_quicker_leaves_nothing_to_close(safe: SafetyWorld) -> None:
    ticket = await safe.confirmed(BTC)
    asked = await safe.safety.panic.ask(OWNER)
    safe.at(BTC, str(ticket.revision.stop_now - 1))
    await safe.safety.panic.begin(OWNER, asked.id, Scope.ALL)
    await safe.safety.runner.drained()
    closed = await safe.now(ticket)
    assert closed.revision.outcome is not None
    assert closed.revision.outcome.ending is Ending.STOP
    assert safe.held == {}


async def test_ours_turned_by_hand_is_named_under_ours_and_closed_under_all(safe: SafetyWorld) -> None:
    ticket = await safe.confirmed(BTC)
    safe.exchange.hand(ACCOUNT, BTC, "Sell", ticket.revision.size_now * 2)
    await safe.tick(2)
    panic = await safe.panic(Scope.OURS)
    assert [line.fate for line in panic.progress.lines] == [Fate.TURNED]
    assert safe.books.held[BTC].size < 0
    await safe.panic(Scope.ALL)
    assert safe.held == {}


async def test_a_halt_a_dead_feed_and_a_wrong_clock_block_no_exit(safe: SafetyWorld) -> None:
    await two_of_ours_and_one_by_hand(safe)
    await safe.safety.halt.begin(OWNER)
    safe.exchange.skew = 2_000
    safe.exchange.trouble["tickers"] = [OutcomeUnknown("no prices")] * 100
    safe.exchange.trouble["candles"] = [OutcomeUnknown("no candles")] * 1_000
    await safe.panic(Scope.ALL)
    assert safe.held == {}


# --- restarts


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("dies_at", range(1, 19))
async def test_a_panic_promised_before_a_death_is_carried_out_after_it(
    safe: SafetyWorld, dies_at: int, after: bool
) -> None:
    """The process dies right before its so-manieth word with Bybit, or right after an act of its was done."""
    await two_of_ours_and_one_by_hand(safe)
    asked = await safe.safety.panic.ask(OWNER)
    deadly = "_raise_after" if after else "_raise"
    calls, real = count(1), getattr(safe.exchange, deadly)

    def dying(method: str) -> None:
        if next(calls) == dies_at:
            raise asyncio.CancelledError
        real(method)

    setattr(safe.exchange, deadly, dying)
    await safe.safety.panic.begin(OWNER, asked.id, Scope.ALL)
    with contextlib.suppress(asyncio.CancelledError):
        await safe.safety.runner.drained()
    setattr(safe.exchange, deadly, real)
    await safe.kill()
    await safe.safety.runner.drained()
    assert (await safe.panics.own(asked.id, OWNER)).state is PanicState.DONE
    assert safe.held == {}
    assert len(accepted(safe)) == 3


async def test_the_end_of_a_panic_is_told_after_a_death_before_the_words(
    safe: SafetyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await safe.confirmed(BTC)
    panic = await safe.panic(Scope.OURS)
    told = len(safe.crier.rung)
    await safe.kill()
    assert safe.crier.rung[told:] == [panic]


async def test_a_bug_in_a_round_breaks_nothing_off_for_good(safe: SafetyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    await safe.confirmed(BTC)
    asked = await safe.safety.panic.ask(OWNER)
    real = safe.journal.in_states

    async def broken(*wanted: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(safe.journal, "in_states", broken)
    await safe.safety.panic.begin(OWNER, asked.id, Scope.OURS)
    with pytest.raises(RuntimeError):
        await safe.safety.runner.drained()
    monkeypatch.setattr(safe.journal, "in_states", real)
    with pytest.raises(RuntimeError):
        await safe.safety.runner.tend()
    await safe.safety.runner.drained()
    assert safe.held == {}


async def test_a_request_for_a_close_names_the_side_and_the_index_of_its_position(safe: SafetyWorld) -> None:
    safe.exchange.hand(ACCOUNT, SOL, "Sell", D("0.5"))
    await safe.panic(Scope.ALL)
    ((request, _),) = safe.exchange.sent
    assert isinstance(request, OrderRequest)
    assert (request.side, request.position_index, request.price) == ("Buy", 0, None)
