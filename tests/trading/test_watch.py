"""Positions under watch: their stop, changes by hand, their end, and a Bybit that does not answer."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from strategies.signal import Direction
from tests.trading.world import ACCOUNT, BTC, ETH, OWNER, World
from trading.errors import ExchangeBusy, ExchangeRejected, OutcomeUnknown, RiskRefused, TicketError
from trading.model import Ticket
from trading.reasons import Ending, Reason
from trading.states import State

D = Decimal
SILENT = OutcomeUnknown("timed out")
DEAD = OutcomeUnknown("API key is invalid.", 10003)


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


# --- the stop of an entry of ours


async def test_a_stop_that_bybit_dropped_is_set_again(world: World) -> None:
    offer = await world.offer()
    world.exchange.drop_stops = True
    await world.confirm(offer)
    world.exchange.drop_stops = True
    await _run_owned(world, until=lambda: bool(world.books.held))
    world.exchange.drop_stops = False
    await world.settle()
    ticket = await world.until_over(offer)
    assert ticket.state is State.OPEN
    assert world.books.held[BTC].stop == ticket.revision.plan.stop
    assert world.books.held[BTC].target == ticket.revision.plan.target
    assert world.notifier.rings_of(ticket.id) == [(State.UNPROTECTED, Reason.STOP_NEVER_SET)]
    assert not world.closes


async def _run_owned(world: World, until: Any) -> None:

    for _ in range(10_000):
        if until():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never happened")


@pytest.mark.parametrize("trouble", ["dropped", "refused", "silent"])
async def test_a_position_whose_stop_can_not_be_set_is_closed_ten_seconds_after_its_fill(
    world: World, trouble: str
) -> None:
    world.exchange.drop_stops = True
    if trouble == "refused":
        world.exchange.trouble["set_stop"] = [ExchangeRejected("no", 10001)] * 1000
    elif trouble == "silent":
        world.exchange.trouble["set_stop"] = [SILENT] * 1000
    offer = await world.offer()
    await world.confirm(offer)
    began = world.clock.now()
    await world.settle()
    ticket = await world.until_over(offer)
    assert outcome_of(ticket)[0] is Ending.BOT
    assert len(world.closes) == 1
    assert 10_000 <= world.books.executions[-1].at - began <= 13_000
    assert not world.books.held
    rings = world.notifier.rings_of(ticket.id)
    assert (State.UNPROTECTED, Reason.STOP_NEVER_SET) in rings
    assert rings[-1][0] is State.CLOSED


async def test_a_refused_emergency_close_is_tried_again_under_the_next_id(world: World) -> None:
    world.exchange.drop_stops = True
    offer = await world.offer()
    await world.confirm(offer)
    await _run_owned(world, until=lambda: bool(world.books.held))
    world.exchange.trouble["place"] = [ExchangeBusy("too many visits", 10006), ExchangeRejected("no", 110001)]
    await world.settle()
    ticket = await world.until_over(offer, ticks=30)
    assert outcome_of(ticket)[0] is Ending.BOT
    assert ticket.revision.closes == 3
    assert len(world.closes) == 1


async def test_a_protected_fill_is_not_touched_while_the_instruments_are_not_known(world: World) -> None:
    offer = await world.offer()
    world.exchange.trouble["positions"] = []
    world.exchange.trouble["recent_order"] = [SILENT]
    await world.confirm(offer)
    await world.settle()
    world.assistant = world.build()
    world.exchange.trouble["instruments"] = [SILENT] * 100
    for _ in range(10):
        world.clock.pass_by(2)
        await world.assistant.tick()
    ticket = await world.now(offer)
    assert ticket.state is State.OPEN
    assert not world.closes
    assert not world.notifier.rings_of(ticket.id)


async def test_the_watch_goes_on_while_the_market_can_not_be_asked(world: World) -> None:
    ticket = await world.confirmed()
    world.exchange.trouble["tickers"] = [SILENT] * 100
    world.exchange.remove_stop(ACCOUNT, BTC)
    await world.tick()
    assert (await world.now(ticket)).state is State.UNPROTECTED


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
    gate = _Gate(world)
    await world.assistant.desk.close(OWNER, ticket.id)
    await gate.reached()
    world.at(BTC, "50900")
    await world.tick()
    assert outcome_of(await world.now(ticket))[0] is Ending.TARGET
    gate.open()
    await world.settle()
    assert (await world.now(ticket)).state is State.CLOSED


class _Gate:
    """Holds up the next order before it reaches Bybit."""

    def __init__(self, world: World) -> None:

        self._open, self._reached = asyncio.Event(), asyncio.Event()
        self._place = world.exchange.place
        world.exchange.place = self._wait  # type: ignore[method-assign]

    async def _wait(self, *order: Any) -> str:
        self._reached.set()
        await self._open.wait()
        return await self._place(*order)

    async def reached(self) -> None:
        await self._reached.wait()

    def open(self) -> None:
        self._open.set()


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


# --- a task and the tick side by side


async def test_a_tick_during_the_send_leaves_the_ticket_to_its_task(world: World) -> None:
    gate = _Gate(world)
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
    offer = await world.offer(BTC)
    watch = world.assistant.watch
    asked = world.exchange.positions

    async def half_filled(account: Any, symbol: str | None = None) -> Any:
        """The whole list, as the tick asks for it, shows Bitcoin half filled and without a stop; then it is filled."""
        if symbol is not None:
            return await asked(account, symbol)

        monkeypatch.setattr(world.exchange, "positions", asked)
        await world.confirm(offer)
        await world.settle()
        return tuple(
            replace(one, size=one.size / 2, stop=None) if one.symbol == BTC else one for one in await asked(account)
        )

    monkeypatch.setattr(world.exchange, "positions", half_filled)
    await watch.tick()
    assert (await world.now(held)).state is State.OPEN
    assert (await world.now(offer)).state is State.OPEN
    await world.tick(2)
    ticket = await world.now(offer)
    assert (ticket.state, ticket.revision.reason) == (State.OPEN, Reason.STOP_CONFIRMED)
    assert world.notifier.rings_of(offer.id) == []


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
    world.exchange.trouble["tickers"] = [SILENT] * 5
    await world.tick(5)
    assert world.told == [("bybit", "trouble: timed out")]
    await world.tick(3)
    assert world.told == [("bybit", "trouble: timed out"), ("bybit", "works again")]


async def test_a_market_that_can_not_be_asked_is_told_once_while_the_account_answers(world: World) -> None:
    await world.confirmed()
    world.told.clear()
    world.exchange.trouble["tickers"] = [SILENT] * 6
    await world.tick(6)
    assert world.told == [("bybit", "trouble: timed out")]


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
