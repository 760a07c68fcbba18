"""What stops a tap or a signal, in words."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

import trading.look
from strategies.signal import Direction
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
