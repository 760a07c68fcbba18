"""Every position on the account: one without a stop raises one alarm, a tap sets a stop, and its end is told once."""

import asyncio
from decimal import Decimal

import pytest

from strategies.signal import Direction
from tests.tgbot.cards import position
from tests.trading.safety_world import SafetyWorld
from tests.trading.world import ACCOUNT, BTC, ETH, OWNER, SOL
from trading.emergency import AlarmState, Scope
from trading.errors import ExchangeError, ExchangeRejected, OutcomeUnknown, RiskRefused, TicketError
from trading.model import Ticket
from trading.reasons import Ending, Reason
from trading.states import State
from trading.watchdog import proposed_stop, result_at

D = Decimal


# --- the stop that is proposed


def test_the_stop_is_three_percent_from_the_price_and_nearer_before_a_liquidation() -> None:
    long = position(mark=D("150.00"), liquidation=None)
    assert proposed_stop(long, D("0.01")) == D("145.50")
    assert proposed_stop(position(mark=D("150.00"), liquidation=D("140")), D("0.01")) == D("145.50")
    assert proposed_stop(position(mark=D("150.00"), liquidation=D("148")), D("0.01")) == D("149.00")
    short = position(direction=Direction.SHORT, mark=D("150.00"), liquidation=D("152"))
    assert proposed_stop(short, D("0.01")) == D("151.00")
    assert proposed_stop(position(direction=Direction.SHORT, mark=D("150.00"), liquidation=None), None) == D("154.50")


def test_the_result_there_counts_from_the_average_and_takes_the_closing_fee_off() -> None:
    found = position(average=D(100), size=D(2))
    assert result_at(found, D(97)) == D(-6) - D("0.00055") * 97 * 2
    assert result_at(found, D(110)) > 0


# --- alarms


async def test_a_position_by_hand_without_a_stop_raises_one_alarm_within_one_tick(safe: SafetyWorld) -> None:
    safe.exchange.hand(ACCOUNT, SOL, "Buy", D("0.5"))
    await safe.tick()
    alarm = await safe.alarm()
    assert (alarm.symbol, alarm.direction, alarm.size, alarm.stop) == (SOL, Direction.LONG, D("0.5"), D("48500.0"))
    assert alarm.at_stop == D("0.5") * -1500 - D("0.00055") * 48_500 * D("0.5")
    await safe.tick(10)
    assert safe.crier.rung == [alarm]
    assert safe.books.held[SOL].stop is None


async def test_positions_with_a_stop_and_flat_accounts_raise_none(safe: SafetyWorld) -> None:
    await safe.confirmed(BTC)
    safe.exchange.hand(ACCOUNT, SOL, "Buy", D("0.5"))
    safe.books.held[SOL].stop = D(49_000)
    await safe.tick(5)
    assert safe.crier.alarms == []


async def test_a_stop_set_by_hand_ends_it_and_is_told_once(safe: SafetyWorld) -> None:
    safe.exchange.hand(ACCOUNT, SOL, "Buy", D("0.5"))
    await safe.tick()
    safe.books.held[SOL].stop = D(49_000)
    await safe.tick(5)
    assert [alarm.state for alarm in safe.crier.rung if hasattr(alarm, "stop")] == [
        AlarmState.STANDING,
        AlarmState.SET,
    ]


async def test_stops_of_the_parts_that_cover_the_whole_are_a_stop(safe: SafetyWorld) -> None:
    safe.exchange.hand(ACCOUNT, SOL, "Buy", D("0.5"))
    held = safe.books.held[SOL]
    held.parts = D("0.5")
    await safe.tick(3)
    assert safe.crier.alarms == []
    held.parts = D("0.3")
    await safe.tick()
    assert (await safe.alarm()).symbol == SOL
    held.parts = D("0.5")
    await safe.tick()
    assert await safe.alarms.standing() == ()


async def test_a_closed_position_ends_it_and_another_one_is_another_alarm(safe: SafetyWorld) -> None:
    safe.exchange.hand(ACCOUNT, SOL, "Buy", D("0.5"))
    await safe.tick()
    first = await safe.alarm()
    safe.exchange.hand(ACCOUNT, SOL, "Sell", D("0.5"))
    await safe.tick(2)
    assert safe.crier.alarms[-1].state is AlarmState.CLOSED
    safe.exchange.hand(ACCOUNT, SOL, "Sell", D("0.5"))
    await safe.tick(2)
    assert (await safe.alarm()).id != first.id


async def test_a_restart_raises_no_second_alarm(safe: SafetyWorld) -> None:
    safe.exchange.hand(ACCOUNT, SOL, "Buy", D("0.5"))
    await safe.tick()
    alarm = await safe.alarm()
    await safe.kill()
    await safe.assistant.start()
    await safe.tick(3)
    assert await safe.alarm() == alarm
    assert {told.id for told in safe.crier.alarms} == {alarm.id}


async def test_a_silent_bybit_is_no_end_of_an_alarm(safe: SafetyWorld) -> None:
    safe.exchange.hand(ACCOUNT, SOL, "Buy", D("0.5"))
    await safe.tick()
    safe.exchange.trouble["positions"] = [OutcomeUnknown("HTTP 502")] * 3
    await safe.tick(3)
    assert (await safe.alarm()).state is AlarmState.STANDING


async def test_our_own_position_without_a_stop_is_told_on_its_card_alone(safe: SafetyWorld) -> None:
    ticket = await safe.confirmed(BTC)
    safe.exchange.remove_stop(ACCOUNT, BTC)
    await safe.tick(3)
    assert (await safe.now(ticket)).state is State.UNPROTECTED
    assert safe.crier.alarms == []


async def test_drift_without_a_stop_is_an_alarm(safe: SafetyWorld) -> None:
    ticket = await safe.confirmed(BTC)
    safe.exchange.hand(ACCOUNT, BTC, "Buy", D("0.01"))
    await safe.tick()
    assert (await safe.now(ticket)).state is State.DRIFT
    safe.exchange.remove_stop(ACCOUNT, BTC)
    await safe.tick()
    assert (await safe.alarm()).symbol == BTC


# --- the button that sets a stop


async def bare(world: SafetyWorld, side: str = "Buy") -> str:
    world.exchange.hand(ACCOUNT, SOL, side, D("0.5"))
    await world.tick()
    return (await world.alarm()).id


async def test_one_tap_sets_the_stop_that_was_shown_and_reads_it_back(safe: SafetyWorld) -> None:
    alarm = await bare(safe)
    over = await safe.safety.watchdog.set_stop(OWNER, alarm, 1)
    assert over.state is AlarmState.SET
    assert safe.books.held[SOL].stop == D("48500.0")
    assert safe.crier.rung[-1] == over
    await safe.tick(3)
    assert await safe.alarms.standing() == ()


async def test_fast_taps_set_it_once(safe: SafetyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    alarm, sent, real = await bare(safe), [], safe.exchange.set_stop

    async def counted(*told: object, **named: object) -> None:
        sent.append(told)
        await real(*told, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(safe.exchange, "set_stop", counted)
    taps = (safe.safety.watchdog.set_stop(OWNER, alarm, 1) for _ in range(5))
    found = await asyncio.gather(*taps, return_exceptions=True)
    assert len(sent) == 1
    assert [one.reason for one in found if isinstance(one, TicketError)] == [Reason.OVER] * 4


async def test_a_lost_answer_counts_as_what_is_read_back(safe: SafetyWorld) -> None:
    alarm = await bare(safe)
    safe.exchange.after["set_stop"] = [OutcomeUnknown("lost on the way back")]
    assert (await safe.safety.watchdog.set_stop(OWNER, alarm, 1)).state is AlarmState.SET


async def test_a_refusal_is_raised_and_the_alarm_stands(safe: SafetyWorld) -> None:
    alarm = await bare(safe)
    safe.exchange.trouble["set_stop"] = [ExchangeRejected("not now", 10001)]
    with pytest.raises(ExchangeRejected):
        await safe.safety.watchdog.set_stop(OWNER, alarm, 1)
    assert (await safe.alarm()).number == 1
    assert (await safe.safety.watchdog.set_stop(OWNER, alarm, 1)).state is AlarmState.SET


async def test_a_stop_that_does_not_stick_is_never_called_set(safe: SafetyWorld) -> None:
    alarm = await bare(safe)
    safe.exchange.drop_stops = True
    with pytest.raises(ExchangeError):
        await safe.safety.watchdog.set_stop(OWNER, alarm, 1)
    assert (await safe.alarm()).state is AlarmState.STANDING


@pytest.mark.parametrize("changed", ["price", "size"])
async def test_what_has_changed_since_is_proposed_anew_and_the_old_button_is_dead(
    safe: SafetyWorld, changed: str
) -> None:
    alarm = await bare(safe)
    if changed == "price":
        safe.at(SOL, "48000")
    else:
        safe.exchange.hand(ACCOUNT, SOL, "Buy", D("0.5"))
    with pytest.raises(TicketError) as moved:
        await safe.safety.watchdog.set_stop(OWNER, alarm, 1)
    assert moved.value.reason is Reason.STOP_MOVED_ON
    with pytest.raises(TicketError) as dead:
        await safe.safety.watchdog.set_stop(OWNER, alarm, 1)
    assert dead.value.reason is Reason.SUPERSEDED
    again = await safe.alarm()
    assert again.number == 2
    assert (await safe.safety.watchdog.set_stop(OWNER, alarm, 2)).state is AlarmState.SET
    assert safe.books.held[SOL].stop == again.stop


async def test_somebody_elses_alarm_can_not_be_touched(safe: SafetyWorld) -> None:
    await safe.welcome(1002, "70002")
    alarm = await bare(safe)
    with pytest.raises(TicketError) as refused:
        await safe.safety.watchdog.set_stop(1002, alarm, 1)
    assert refused.value.reason is Reason.NO_SUCH_TICKET
    assert safe.books.held[SOL].stop is None


# --- ours: set it again


async def test_the_stop_that_a_hand_took_away_goes_back_with_one_tap(safe: SafetyWorld) -> None:
    ticket = await safe.confirmed(BTC)
    safe.exchange.remove_stop(ACCOUNT, BTC)
    await safe.tick()
    back = await safe.safety.stops.again(OWNER, ticket.id)
    assert (back.state, back.revision.reason) == (State.OPEN, Reason.STOP_AGAIN)
    assert safe.books.held[BTC].stop == ticket.revision.stop_now
    assert await safe.safety.stops.again(OWNER, ticket.id) == back
    assert safe.notifier.rings_of(ticket.id)[1:] == [(State.OPEN, Reason.STOP_AGAIN)]
    assert not safe.closes


async def test_a_stop_that_the_price_has_passed_is_not_set_again(safe: SafetyWorld) -> None:
    ticket = await safe.confirmed(BTC)
    safe.exchange.remove_stop(ACCOUNT, BTC)
    await safe.tick()
    safe.at(BTC, str(ticket.revision.stop_now - 10))
    with pytest.raises(TicketError) as passed:
        await safe.safety.stops.again(OWNER, ticket.id)
    assert passed.value.reason is Reason.PRICE_PASSED_STOP
    assert (await safe.now(ticket)).state is State.UNPROTECTED


async def test_a_stranger_sets_no_stop_of_ours(safe: SafetyWorld) -> None:
    ticket = await safe.confirmed(BTC)
    safe.exchange.remove_stop(ACCOUNT, BTC)
    await safe.tick()
    with pytest.raises(TicketError):
        await safe.safety.stops.again(1002, ticket.id)
    assert safe.books.held[BTC].stop is None


# --- adopting


async def adopted(world: SafetyWorld, side: str = "Buy", stop: int = 49_000) -> Ticket:
    world.exchange.hand(ACCOUNT, SOL, side, D("0.1"))
    world.books.held[SOL].stop = D(stop)
    return await world.safety.adopter.adopt(OWNER, SOL)


async def test_adopting_makes_an_open_ticket_with_its_own_risk_and_r(safe: SafetyWorld) -> None:
    ticket = await adopted(safe)
    assert (ticket.state, ticket.symbol, ticket.direction) == (State.OPEN, SOL, Direction.LONG)
    assert ticket.revision.plan.r == D(100)
    assert ticket.revision.risk_now == D(100) + D("0.00055") * 49_000 * D("0.1")
    assert (ticket.revision.stop_now, ticket.revision.target_now) == (D(49_000), None)
    assert not safe.exchange.sent
    await safe.tick(5)
    assert (await safe.now(ticket)).state is State.OPEN
    assert safe.crier.alarms == []


async def test_an_adopted_position_is_closed_by_its_button_and_its_end_is_told_in_r(safe: SafetyWorld) -> None:
    ticket = await adopted(safe)
    safe.at(SOL, "51000")
    await safe.assistant.desk.close(OWNER, ticket.id)
    await safe.settle()
    await safe.tick(3)
    closed = await safe.now(ticket)
    outcome = closed.revision.outcome
    assert closed.state is State.CLOSED
    assert outcome is not None
    assert outcome.ending is Ending.BOT
    fees = D("0.00055") * D("0.1") * (50_000 + 51_000)
    assert outcome.net == D(100) - fees
    assert outcome.r == outcome.net / 100
    assert len(safe.closes) == 1


async def test_an_adopted_short_that_hits_its_stop_is_minus_one_r(safe: SafetyWorld) -> None:
    ticket = await adopted(safe, "Sell", 51_000)
    safe.at(SOL, "51000")
    await safe.tick(2)
    outcome = (await safe.now(ticket)).revision.outcome
    assert outcome is not None
    assert (outcome.ending, round(outcome.r, 1)) == (Ending.STOP, D("-1.1"))


async def test_an_adopted_stop_removed_by_hand_is_told_as_any_of_ours(safe: SafetyWorld) -> None:
    ticket = await adopted(safe)
    safe.exchange.remove_stop(ACCOUNT, SOL)
    await safe.tick()
    assert safe.notifier.rings_of(ticket.id) == [(State.UNPROTECTED, Reason.STOP_REMOVED)]
    assert safe.crier.alarms == []


async def test_two_taps_adopt_once(safe: SafetyWorld) -> None:
    safe.exchange.hand(ACCOUNT, SOL, "Buy", D("0.1"))
    safe.books.held[SOL].stop = D(49_000)
    found = await asyncio.gather(*(safe.safety.adopter.adopt(OWNER, SOL) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(one, Ticket) for one in found) == 1
    assert [one.reason for one in found if isinstance(one, TicketError)] == [Reason.ALREADY_TAKEN] * 2


async def test_what_is_not_to_be_adopted_is_refused_in_words(safe: SafetyWorld) -> None:
    await safe.confirmed(ETH)
    with pytest.raises(TicketError) as flat:
        await safe.safety.adopter.adopt(OWNER, SOL)
    assert flat.value.reason is Reason.NOT_OPEN
    safe.exchange.hand(ACCOUNT, SOL, "Buy", D("0.1"))
    with pytest.raises(TicketError) as stopless:
        await safe.safety.adopter.adopt(OWNER, SOL)
    assert stopless.value.reason is Reason.STOP_FIRST
    with pytest.raises(RiskRefused):
        await safe.safety.adopter.adopt(OWNER, SOL, 1)
    with pytest.raises(TicketError) as nobody:
        await safe.safety.adopter.adopt(2002, SOL)
    assert nobody.value.reason is Reason.NO_ACCOUNT
    with pytest.raises(TicketError) as ours:
        await safe.safety.adopter.adopt(OWNER, ETH)
    assert ours.value.reason is Reason.ALREADY_TAKEN


async def test_a_panic_for_ours_closes_what_was_adopted(safe: SafetyWorld) -> None:
    ticket = await adopted(safe)
    panic = await safe.panic(Scope.OURS)
    assert [line.ticket for line in panic.progress.lines] == [ticket.id]
    assert safe.held == {}
