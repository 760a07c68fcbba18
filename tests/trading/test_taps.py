"""A tap: from an offer to one protected position, or a reason in words and no order at all."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

import trading.look
from storage.database import Database
from strategies.signal import Direction
from tests.doubles_exchange import instrument
from tests.trading.world import ACCOUNT, BTC, ETH, MINUTE, OWNER, SOL, World, signal
from trading.errors import ExchangeError, OutcomeUnknown, RiskRefused, TicketError
from trading.model import AccountMode, Position, Ticket
from trading.offers import expiry_of
from trading.reasons import Reason
from trading.states import State

D = Decimal
LONG, SHORT = Direction.LONG, Direction.SHORT


async def refused(world: World, ticket: Ticket, revision: int | None = None, user: int = OWNER) -> Reason:
    """Why a tap finds nothing to do; it leaves no order."""
    before = len(world.exchange.sent)
    with pytest.raises((RiskRefused, TicketError)) as caught:
        await world.assistant.desk.confirm(user, ticket.id, revision or ticket.revision.number)
    await world.settle()
    assert len(world.exchange.sent) == before
    error = caught.value
    assert isinstance(error, RiskRefused | TicketError)
    return error.reason


# --- the way through


@pytest.mark.parametrize("direction", [LONG, SHORT])
async def test_a_tap_becomes_one_order_and_a_position_with_its_stop(world: World, direction: Direction) -> None:
    ticket = await world.confirmed(BTC, direction)
    plan = ticket.revision.plan
    assert ticket.state is State.OPEN
    assert ticket.revision.reason is Reason.STOP_CONFIRMED
    assert world.entries == [ticket.revision.order_link_id]
    held = world.books.held[BTC]
    assert (held.size, held.stop, held.target) == (direction.sign * plan.size, plan.stop, plan.target)
    assert ticket.revision.fill is not None
    assert ticket.revision.fill.size == ticket.revision.size_now == plan.size


async def test_what_is_sent_is_what_was_offered(world: World) -> None:
    offer = await world.offer()
    await world.confirm(offer)
    await world.settle()
    (request, signed_at), *more = world.exchange.sent
    assert not more
    assert request == offer.revision.request
    assert (request.price, request.time_in_force) == (offer.revision.plan.limit, "IOC")
    assert signed_at == (await world.now(offer)).revision.signed_at


async def test_the_card_passes_through_every_state_on_the_way(world: World) -> None:
    ticket = await world.confirmed()
    assert world.notifier.states_of(ticket.id) == [
        State.PROPOSED,
        State.CONFIRMED,
        State.SUBMITTING,
        State.ACKED,
        State.FILLED,
        State.OPEN,
    ]
    assert not world.notifier.rung


async def test_leverage_is_set_before_the_order_and_only_where_it_differs(world: World) -> None:
    await world.confirmed(BTC)
    assert world.books.leverage[BTC] == 5
    world.books.leverage[ETH] = 5
    world.exchange.trouble["set_leverage"].append(OutcomeUnknown("not to be asked"))
    assert (await world.confirmed(ETH)).state is State.OPEN


async def test_risk_after_the_fill_is_the_way_from_the_average_to_the_stop(world: World) -> None:
    ticket = await world.confirmed()
    fill = ticket.revision.fill
    assert fill is not None
    # 600 to the stop at 49,400 and the closing fee; the plan's own risk reckoned with the band's edge
    assert ticket.revision.risk_now == fill.size * (D(600) + D("0.00055") * D(49_400))
    assert ticket.revision.risk_now < ticket.revision.plan.risk


# --- many taps


async def test_five_taps_at_once_place_one_order(world: World) -> None:
    offer = await world.offer()
    taps = await asyncio.gather(*(world.confirm(offer) for _ in range(5)), return_exceptions=True)
    await world.settle()
    assert len([tap for tap in taps if isinstance(tap, Ticket)]) == 1
    assert {tap.reason for tap in taps if isinstance(tap, TicketError)} == {Reason.ALREADY_TAKEN}
    assert world.entries == [offer.revision.order_link_id]


async def test_a_second_tap_is_told_that_the_first_took_it(world: World) -> None:
    ticket = await world.confirmed()
    assert await refused(world, ticket) is Reason.ALREADY_TAKEN


async def _fifty(database: Database, **changes: Any) -> World:
    world = World(database, *(instrument(f"C{n}USDT") for n in range(50)))
    await world.welcome(OWNER, ACCOUNT.uid)
    await world.prefer(watch_top=50, **changes)
    await world.start()
    offers = [await world.offer(f"C{n}USDT") for n in range(50)]
    await asyncio.gather(*(world.confirm(offer) for offer in offers), return_exceptions=True)
    await world.settle()
    return world


async def test_fifty_taps_at_once_never_open_more_than_the_limit(database: Database) -> None:
    world = await _fifty(database, max_open=4, table_share=D(1))
    assert len(set(world.entries)) == len(world.entries) == 4
    assert len(world.books.held) == len(await world.live()) == 4


async def test_fifty_taps_at_once_never_put_more_risk_on_the_table_than_the_limit(database: Database) -> None:
    world = await _fifty(database, max_open=50, table_share=D("0.018"))
    live = await world.live()
    assert len(world.entries) == len(live) == 3  # each about 49.9 of 180 USDT
    assert sum(ticket.revision.plan.risk for ticket in live) <= D(180)


# --- taps that find nothing


async def test_a_foreign_hand_finds_no_ticket(world: World) -> None:
    await world.welcome(1002, "70002")
    offer = await world.offer()
    assert await refused(world, offer, user=1002) is Reason.NO_SUCH_TICKET
    assert await refused(world, replace(offer, id="guessed")) is Reason.NO_SUCH_TICKET
    for deed in (
        world.assistant.desk.skip(1002, offer.id, 1),
        world.assistant.desk.close(1002, offer.id),
        world.assistant.desk.adopt(1002, offer.id),
    ):
        with pytest.raises(TicketError) as caught:
            await deed
        assert caught.value.reason is Reason.NO_SUCH_TICKET
    assert (await world.now(offer)).state is State.PROPOSED


async def test_an_offer_lives_to_the_last_millisecond_and_not_at_its_expiry(world: World) -> None:
    early, late = await world.offer(BTC), await world.offer(ETH)
    assert early.revision.expires_at == late.revision.expires_at
    world.clock.at = early.revision.expires_at - 1
    await world.assistant.scanner.scan()
    await world.assistant.desk.confirm(OWNER, early.id, 1)
    await world.settle()
    world.clock.at = late.revision.expires_at
    await world.assistant.scanner.scan()
    assert await refused(world, late) is Reason.EXPIRED
    await world.tick()
    assert (await world.now(late)).state is State.EXPIRED
    assert await refused(world, late) is Reason.EXPIRED


async def test_a_skipped_offer_is_over(world: World) -> None:
    offer = await world.offer()
    assert (await world.assistant.desk.skip(OWNER, offer.id, 1)).state is State.SKIPPED
    assert await refused(world, offer) is Reason.SKIPPED
    with pytest.raises(TicketError):
        await world.assistant.desk.skip(OWNER, offer.id, 1)


async def test_confirm_and_skip_at_once_have_one_winner(world: World) -> None:
    offer = await world.offer()
    results = await asyncio.gather(
        world.confirm(offer), world.assistant.desk.skip(OWNER, offer.id, 1), return_exceptions=True
    )
    await world.settle()
    assert len([one for one in results if isinstance(one, Ticket)]) == 1
    assert len(world.entries) == ((await world.now(offer)).state is State.OPEN)


# --- re-quotes


@pytest.mark.parametrize(("direction", "price"), [(LONG, "50120.1"), (SHORT, "49879.9")])
async def test_beyond_the_band_the_card_gets_new_numbers_and_no_more_risk(
    world: World, direction: Direction, price: str
) -> None:
    offer = await world.offer(BTC, direction)
    world.at(BTC, price)
    fresh = await world.confirm(offer)
    old, new = offer.revision.plan, fresh.revision.plan
    assert (fresh.state, fresh.revision.number) == (State.PROPOSED, 2)
    assert new.entry == D(price)
    assert new.limit == D(price) + direction.sign * D(120)
    assert (new.stop, new.target) == (old.stop, old.target)
    assert new.size < old.size
    assert new.risk <= offer.first_risk == old.risk
    assert fresh.revision.expires_at == offer.revision.expires_at
    assert not world.entries
    assert await refused(world, offer) is Reason.SUPERSEDED
    assert (await world.confirm(fresh)).state is State.CONFIRMED


@pytest.mark.parametrize(("direction", "price"), [(LONG, "50120"), (SHORT, "49880"), (LONG, "49500"), (SHORT, "50500")])
async def test_up_to_the_bands_edge_and_at_any_better_price_the_tap_goes_through(
    world: World, direction: Direction, price: str
) -> None:
    offer = await world.offer(BTC, direction)
    world.at(BTC, price)
    assert (await world.confirm(offer)).state is State.CONFIRMED


async def test_the_band_is_held_against_the_ask_of_a_long(world: World) -> None:
    offer = await world.offer()
    world.at(BTC, "50119", spread="4")
    fresh = await world.confirm(offer)
    assert (fresh.revision.number, fresh.revision.plan.entry) == (2, D(50_121))


@pytest.mark.parametrize(
    ("direction", "price", "reason"),
    [
        (LONG, "49400", Reason.PRICE_PASSED_STOP),
        (LONG, "50900", Reason.PRICE_PASSED_TARGET),
        (SHORT, "50600", Reason.PRICE_PASSED_STOP),
        (SHORT, "49100", Reason.PRICE_PASSED_TARGET),
    ],
)
async def test_a_tap_after_stop_or_target_was_passed_ends_the_offer(
    world: World, direction: Direction, price: str, reason: Reason
) -> None:
    offer = await world.offer(BTC, direction)
    world.at(BTC, price)
    ended = await world.confirm(offer)
    assert (ended.state, ended.revision.reason) == (State.VOID, reason)
    assert not world.entries


async def test_the_tick_ends_an_offer_whose_stop_was_passed(world: World) -> None:
    offer = await world.offer()
    world.at(BTC, "49400")
    await world.tick(2)
    assert (await world.now(offer)).state is State.VOID


async def test_after_three_requotes_the_offer_is_void(world: World) -> None:
    # Pushed along behind a stop far away, so that there is always enough reward left.
    await world.prefer(stop_atr=D(5), target_r=D(3))
    offer = await world.offer()
    for number, price in enumerate(("50130", "50260", "50390"), 2):
        world.at(BTC, price)
        offer = await world.confirm(offer)
        assert (offer.state, offer.revision.number) == (State.PROPOSED, number)
    world.at(BTC, "50520")
    ended = await world.confirm(offer)
    assert (ended.state, ended.revision.reason) == (State.VOID, Reason.TOO_MANY_REQUOTES)


async def test_without_enough_reward_left_the_offer_is_void(world: World) -> None:
    offer = await world.offer()
    world.at(BTC, "50250")  # 850 to the stop, 650 to the target
    ended = await world.confirm(offer)
    assert (ended.state, ended.revision.reason) == (State.VOID, Reason.NO_REWARD)


async def test_smaller_settings_under_an_open_offer_are_requoted_at_the_present_price(world: World) -> None:
    offer = await world.offer()
    await world.prefer(risk_share=D("0.0025"))
    world.at(BTC, "50020")
    fresh = await world.confirm(offer)
    assert (fresh.state, fresh.revision.number, fresh.revision.plan.entry) == (State.PROPOSED, 2, D(50_020))
    assert fresh.revision.plan.risk <= D(25)


async def test_a_lower_leverage_cap_or_a_shrunken_balance_is_requoted(world: World) -> None:
    one, other = await world.offer(BTC), await world.offer(ETH)
    await world.prefer(leverage_cap=3)
    assert (await world.confirm(one)).revision.plan.leverage == 3
    await world.prefer(leverage_cap=5)
    world.books.wallet = D(9_000)
    assert (await world.confirm(other)).revision.plan.risk <= D(45)


async def test_more_money_under_an_open_offer_changes_nothing(world: World) -> None:
    offer = await world.offer()
    world.books.wallet = D(50_000)
    await world.prefer(risk_share=D("0.02"))
    assert (await world.confirm(offer)).revision.plan == offer.revision.plan


# --- what stops every entry


def _paused(world: World) -> Any:
    return world.people.set_paused(OWNER, True)


async def _stale(world: World) -> None:
    world.clock.pass_by(10.001)


async def _skewed(world: World) -> None:
    world.exchange.skew = 501


async def _skewed_back(world: World) -> None:
    world.exchange.skew = -501


async def _portfolio(world: World) -> None:
    world.exchange.account_mode = AccountMode(portfolio_margin=True, unified=True)


async def _unreconciled(world: World) -> None:
    world.assistant.standings.of(ACCOUNT).reconciled = False


async def _dead(world: World) -> None:
    world.assistant.standings.of(ACCOUNT).blind = True


async def _held_by_hand(world: World) -> None:
    world.exchange.hand(ACCOUNT, BTC, "Buy", D("0.01"))


async def _too_little(world: World) -> None:
    await world.prefer(table_share=D("0.001"))


async def _poor(world: World) -> None:
    world.books.wallet = D(1)


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (_paused, Reason.PAUSED),
        (_stale, Reason.STALE_FEED),
        (_skewed, Reason.CLOCK),
        (_skewed_back, Reason.CLOCK),
        (_portfolio, Reason.PORTFOLIO_MARGIN),
        (_unreconciled, Reason.NOT_RECONCILED),
        (_dead, Reason.KEY_DEAD),
        (_held_by_hand, Reason.POSITION_HERE),
        (_too_little, Reason.RISK_ON_TABLE),
        (_poor, Reason.TOO_SMALL),
    ],
)
async def test_a_tap_is_refused_in_words_and_the_card_stays(
    world: World, happens: Callable[[World], Any], reason: Reason
) -> None:
    offer = await world.offer()
    await happens(world)
    assert await refused(world, offer) is reason
    assert (await world.now(offer)).state is State.PROPOSED


async def test_half_a_second_of_skew_and_ten_seconds_without_a_price_are_still_fine(world: World) -> None:
    offer = await world.offer()
    world.exchange.skew = 500
    world.clock.pass_by(10)
    assert (await world.confirm(offer)).state is State.CONFIRMED


async def test_hedge_mode_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    offer = await world.offer()
    asked = world.exchange.positions

    async def hedged(account: Any, symbol: str | None = None) -> tuple[Position, ...]:
        return tuple(replace(position, index=1) for position in await asked(account, symbol))

    monkeypatch.setattr(world.exchange, "positions", hedged)
    assert await refused(world, offer) is Reason.HEDGE_MODE


@pytest.mark.parametrize("question", ["ticker", "balance", "mode", "positions", "taker_fee"])
async def test_a_silent_bybit_refuses_the_tap_and_the_card_stays(world: World, question: str) -> None:
    offer = await world.offer()
    world.exchange.trouble[question].append(OutcomeUnknown("silent"))
    with pytest.raises(ExchangeError):
        await world.confirm(offer)
    assert (await world.now(offer)).state is State.PROPOSED
    assert not world.exchange.sent
    assert (await world.confirm(offer)).state is State.CONFIRMED


async def test_a_bybit_that_takes_longer_than_two_seconds_refuses_the_tap(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = await world.offer()
    monkeypatch.setattr(trading.look, "SECONDS", 0.02)

    async def never(account: Any) -> Any:
        await asyncio.Event().wait()

    with monkeypatch.context() as slow:
        slow.setattr(world.exchange, "mode", never)
        with pytest.raises(OutcomeUnknown):
            await world.confirm(offer)
    assert (await world.now(offer)).state is State.PROPOSED
    assert not world.exchange.sent


async def test_the_last_guard_stands_between_the_claim_and_the_send(world: World) -> None:
    claimed = await world.claimed()
    await world.people.set_paused(OWNER, True)
    await world.tick()
    ended = await world.now(claimed)
    assert (ended.state, ended.revision.reason) == (State.NOT_PLACED, Reason.PAUSED)
    assert not world.exchange.sent
    assert ended.revision.risk_now == 0


# --- offers


async def test_an_offer_expires_half_a_candle_after_its_close_within_five_minutes_and_two_hours(world: World) -> None:
    for minutes, lasts in ((1, 5), (5, 5), (15, 7.5), (60, 30), (240, 120)):
        said = signal(minutes=minutes)
        assert expiry_of(said) - said.closed_at == lasts * MINUTE


async def test_a_limit_is_told_once_and_its_end_once(world: World) -> None:
    await world.prefer(max_open=1)
    held = await world.confirmed(BTC)
    offers, person, account = world.offers(), await world.person(), await world.account()
    for symbol in (ETH, SOL):
        await offers.offer(person, account, signal(symbol))
    assert [(owner, reason) for owner, reason, _ in world.notifier.told] == [(OWNER, Reason.OPEN_POSITIONS)]
    assert [one.refused for one in await world.journal.heard(OWNER, 2)] == [Reason.OPEN_POSITIONS] * 2
    await world.assistant.desk.close(OWNER, held.id)
    await world.settle()
    await world.until_over(held)
    await world.tick(2)
    await world.offer(SOL, strategy="multitf")
    assert world.notifier.over == [(OWNER, Reason.OPEN_POSITIONS)]


async def test_an_account_is_offered_a_signal_once(world: World) -> None:
    offers, person, account = world.offers(), await world.person(), await world.account()
    for _ in range(3):
        await offers.offer(person, account, signal())
    assert len(await world.journal.in_states(frozenset({State.PROPOSED}))) == 1
    assert len(world.notifier.cards) == 1


async def test_a_signal_that_bybit_could_not_be_asked_for_is_listed(world: World) -> None:
    world.exchange.trouble["balance"].append(OutcomeUnknown("silent"))
    world.assistant.context.caches.forget_account(ACCOUNT)
    await world.offers().offer(await world.person(), await world.account(), signal())
    assert [one.refused for one in await world.journal.heard(OWNER, 5)] == [Reason.EXCHANGE_SILENT]
