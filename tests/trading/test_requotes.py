"""New numbers on a card: when the price, the settings or the money have moved."""

from decimal import Decimal

import pytest

from strategies.signal import Direction
from tests.trading.world import BTC, ETH, OWNER, World
from trading.errors import RiskRefused, TicketError
from trading.model import Ticket
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
