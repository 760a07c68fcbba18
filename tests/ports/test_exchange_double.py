"""The levers of the double, which the practice Bybit has over HTTP or not at all."""

import asyncio
from decimal import Decimal

import pytest

from tests.doubles_clock import VirtualClock
from tests.doubles_exchange import ExchangeDouble
from trading.errors import ExchangeBusy, OutcomeUnknown
from trading.model import AccountId, OrderRequest

ACCOUNT = AccountId("sandbox", "1")
ENTRY = OrderRequest("BTCUSDT", "Buy", Decimal("0.01"), "x1-a", price=Decimal(50_100), stop=Decimal(49_000))


@pytest.fixture
def double() -> ExchangeDouble:
    return ExchangeDouble(VirtualClock())


async def size(double: ExchangeDouble) -> Decimal:
    return (await double.positions(ACCOUNT, "BTCUSDT"))[0].size


async def test_a_lost_request_leaves_nothing(double: ExchangeDouble) -> None:
    double.lose_request()
    with pytest.raises(OutcomeUnknown):
        await double.place(ACCOUNT, ENTRY, double.bybit_time())
    assert double.sent == []
    assert await size(double) == 0


async def test_a_lost_answer_leaves_the_order(double: ExchangeDouble) -> None:
    double.lose_answer()
    with pytest.raises(OutcomeUnknown):
        await double.place(ACCOUNT, ENTRY, double.bybit_time())
    assert await double.recent_order(ACCOUNT, "BTCUSDT", "x1-a") is not None
    assert await size(double) == ENTRY.size


async def test_a_hidden_order_is_found_once_it_is_shown(double: ExchangeDouble) -> None:
    double.hidden.add("x1-a")
    await double.place(ACCOUNT, ENTRY, double.bybit_time())
    assert await double.recent_order(ACCOUNT, "BTCUSDT", "x1-a") is None
    assert await double.past_order(ACCOUNT, "BTCUSDT", "x1-a", 0) is None
    assert await double.executions(ACCOUNT, None, 0) == ()
    double.hidden.clear()
    assert await double.recent_order(ACCOUNT, "BTCUSDT", "x1-a") is not None


async def test_part_of_an_order_fills_and_the_rest_is_cancelled(double: ExchangeDouble) -> None:
    double.fill_share = Decimal("0.45")
    await double.place(ACCOUNT, ENTRY, double.bybit_time())
    order = await double.recent_order(ACCOUNT, "BTCUSDT", "x1-a")
    assert order is not None
    assert (order.status, order.final, order.filled) == ("Cancelled", True, Decimal("0.004"))
    assert await size(double) == Decimal("0.004")


async def test_a_dropped_stop_stays_away_until_stops_are_taken_again(double: ExchangeDouble) -> None:
    double.drop_stops = True
    await double.place(ACCOUNT, ENTRY, double.bybit_time())
    assert (await double.positions(ACCOUNT, "BTCUSDT"))[0].stop is None
    double.drop_stops = False
    await double.set_stop(ACCOUNT, "BTCUSDT", Decimal(49_000))
    assert (await double.positions(ACCOUNT, "BTCUSDT"))[0].stop == Decimal(49_000)
    double.remove_stop(ACCOUNT, "BTCUSDT")
    assert (await double.positions(ACCOUNT, "BTCUSDT"))[0].stop is None


async def test_any_question_can_be_met_with_silence_once(double: ExchangeDouble) -> None:
    double.trouble["balance"].append(ExchangeBusy("not now"))
    with pytest.raises(ExchangeBusy):
        await double.balance(ACCOUNT)
    assert (await double.balance(ACCOUNT)).equity == Decimal(10_000)


async def test_a_lost_long_costs_the_distance_and_two_fees(double: ExchangeDouble) -> None:
    await double.place(ACCOUNT, ENTRY, double.bybit_time())
    double.move("BTCUSDT", Decimal(48_900))
    # 0.01 x 1,000 lost, and 0.055 % of 500 and of 490 paid
    assert (await double.balance(ACCOUNT)).equity == Decimal(10_000) - 10 - Decimal("0.2750") - Decimal("0.2695")


async def test_sleeps_that_begin_together_end_together() -> None:
    clock = VirtualClock(1_000)
    await asyncio.gather(clock.sleep(1), clock.sleep(2), clock.sleep(1))
    assert clock.now() == 3_000
