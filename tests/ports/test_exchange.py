"""The Exchange port: one suite on the double and on our client at the practice Bybit, so that doubles can not lie."""

from collections.abc import Iterator
from decimal import Decimal

import numpy as np
import pytest

from strategies.signal import Direction
from tests.doubles_clock import VirtualClock
from tests.ports.exchange_worlds import EQUITY, SYMBOL, DoubleWorld, PracticeWorld, World, practice_bybit
from trading.errors import ExchangeBusy, ExchangeRejected, OutcomeUnknown
from trading.model import Execution, OrderRequest, Position

PRICE = Decimal(50_000)
STOP = Decimal(49_000)
TARGET = Decimal(52_000)
SIZE = Decimal("0.010")


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, VirtualClock]]:
    clock = VirtualClock()
    with practice_bybit(tmp_path_factory.mktemp("practice") / "world.db", clock.now) as url:
        yield url, clock


@pytest.fixture(params=["double", "practice"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "double":
        made: World = DoubleWorld()
        made.move(SYMBOL, PRICE)
        yield made
        return
    made = PracticeWorld(*request.getfixturevalue("practice"))
    made.move(SYMBOL, PRICE)
    yield made
    made.bybit.close()


def entry(link: str = "x1-entry", **changes: object) -> OrderRequest:
    usual: dict[str, object] = {"size": SIZE, "price": PRICE + 100, "stop": STOP, "target": TARGET}
    return OrderRequest(SYMBOL, "Buy", order_link_id=link, **usual | changes)  # type: ignore[arg-type]


def close(link: str = "x1-close") -> OrderRequest:
    return OrderRequest(SYMBOL, "Sell", Decimal(0), link, reduce_only=True, close_on_trigger=True)


async def place(world: World, request: OrderRequest) -> str:
    return await world.exchange.place(world.account, request, world.exchange.bybit_time())


async def position(world: World) -> Position:
    (held,) = await world.exchange.positions(world.account, SYMBOL)
    return held


async def executions(world: World, link: str | None = None) -> tuple[Execution, ...]:
    since = world.clock.now() - 60_000
    found = await world.exchange.executions(world.account, SYMBOL, since, link)
    return tuple(execution for execution in found if execution.kind == "Trade")


# --- the market


async def test_instruments_have_filters_that_sizes_can_be_made_of(world: World) -> None:
    listed = {found.symbol: found for found in await world.exchange.instruments()}
    bitcoin = listed[SYMBOL]
    assert bitcoin.tick > 0
    assert 0 < bitcoin.step <= bitcoin.smallest < bitcoin.largest_market <= bitcoin.largest_limit
    assert (bitcoin.status, bitcoin.pre_listing, bitcoin.base) == ("Trading", False, "BTC")
    assert bitcoin.launched_at < world.clock.now()


async def test_a_price_stands_between_bid_and_ask(world: World) -> None:
    ticker = await world.exchange.ticker(SYMBOL)
    assert ticker.last == PRICE
    assert ticker.bid < ticker.ask
    assert ticker.bid <= ticker.last <= ticker.ask
    assert (await world.exchange.tickers())[SYMBOL] == ticker


async def test_a_symbol_that_is_not_listed_has_no_price(world: World) -> None:
    with pytest.raises(OutcomeUnknown):
        await world.exchange.ticker("NONEUSDT")


async def test_candles_come_oldest_first_and_the_newest_where_there_are_more(world: World) -> None:
    rows = await world.exchange.candles(SYMBOL, 1, limit=20)
    assert rows.values.shape == (5, 20)
    assert (np.diff(rows.open_times) == 60_000).all()
    assert world.clock.now() - rows.open_times[-1] < 60_000
    start, end = int(rows.open_times[2]), int(rows.open_times[9])
    spanned = await world.exchange.candles(SYMBOL, 1, start=start, end=end, limit=5)
    assert spanned.open_times.tolist() == rows.open_times[5:10].tolist()
    since = await world.exchange.candles(SYMBOL, 1, start=start, limit=4)
    assert since.open_times.tolist() == rows.open_times[-4:].tolist()


async def test_risk_tiers_rise(world: World) -> None:
    tiers = await world.exchange.risk_tiers(SYMBOL)
    assert tiers
    assert [tier.limit for tier in tiers] == sorted(tier.limit for tier in tiers)


async def test_the_clocks_agree_where_they_are_one(world: World) -> None:
    assert abs(await world.exchange.measure_clock()) <= 1
    assert abs(world.exchange.bybit_time() - world.clock.now()) <= 1


# --- the account


async def test_a_new_account_is_flat_and_has_all_its_money_free(world: World) -> None:
    balance = await world.exchange.balance(world.account)
    assert (balance.equity, balance.available) == (EQUITY, EQUITY)
    held = await position(world)
    assert (held.size, held.index) == (Decimal(0), 0)
    assert (held.direction, held.stop, held.target) == (None, None, None)
    assert await world.exchange.positions(world.account) == ()


async def test_the_account_is_unified_and_not_in_portfolio_margin(world: World) -> None:
    mode = await world.exchange.mode(world.account)
    assert (mode.unified, mode.portfolio_margin) == (True, False)


async def test_the_key_may_trade(world: World) -> None:
    facts = await world.exchange.identify(world.account)
    assert facts.uid
    assert not facts.read_only
    assert "ContractTrade.Order" in facts.permissions


async def test_the_fee_is_a_share(world: World) -> None:
    assert Decimal("0.0001") <= await world.exchange.taker_fee(world.account, SYMBOL) <= Decimal("0.001")


async def test_leverage_is_set_and_setting_it_again_is_fine(world: World) -> None:
    await world.exchange.set_leverage(world.account, SYMBOL, 7)
    await world.exchange.set_leverage(world.account, SYMBOL, 7)
    assert (await position(world)).leverage == 7
    with pytest.raises(ExchangeRejected):
        await world.exchange.set_leverage(world.account, SYMBOL, 100_000)


# --- an entry


async def test_an_entry_fills_within_its_limit_with_stop_and_target_on_the_position(world: World) -> None:
    order_id = await place(world, entry())
    held = await position(world)
    assert (held.direction, held.size, held.stop, held.target) == (Direction.LONG, SIZE, STOP, TARGET)
    assert PRICE <= held.average <= PRICE + 100
    order = await world.exchange.recent_order(world.account, SYMBOL, "x1-entry")
    assert order is not None
    assert (order.order_id, order.status, order.final, order.filled) == (order_id, "Filled", True, SIZE)
    assert order.average == held.average
    assert await world.exchange.positions(world.account) == (held,)


async def test_its_executions_add_up_to_it(world: World) -> None:
    order_id = await place(world, entry())
    found = await executions(world, "x1-entry")
    assert sum(execution.size for execution in found) == SIZE
    assert {(execution.order_id, execution.order_link_id) for execution in found} == {(order_id, "x1-entry")}
    assert {(execution.side, execution.create_type) for execution in found} == {("Buy", "CreateByUser")}
    assert all(execution.fee > 0 and execution.closed_size == 0 for execution in found)
    assert await executions(world) == found
    assert await executions(world, "x1-other") == ()


async def test_an_order_that_ended_is_in_the_history(world: World) -> None:
    since = world.clock.now()
    await place(world, entry())
    order = await world.exchange.past_order(world.account, SYMBOL, "x1-entry", since)
    assert order is not None
    assert (order.final, order.filled) == (True, SIZE)


async def test_money_is_held_for_a_position(world: World) -> None:
    await place(world, entry())
    balance = await world.exchange.balance(world.account)
    assert balance.available < balance.equity < EQUITY


async def test_an_entry_that_the_market_has_left_fills_nothing(world: World) -> None:
    await place(world, entry(price=PRICE - 100))
    order = await world.exchange.recent_order(world.account, SYMBOL, "x1-entry")
    assert order is not None
    assert (order.status, order.final, order.filled) == ("Cancelled", True, Decimal(0))
    assert order.average is None
    assert (await position(world)).size == 0
    assert await executions(world) == ()


async def test_a_short_has_its_stop_above(world: World) -> None:
    request = OrderRequest(SYMBOL, "Sell", SIZE, "x1-short", price=PRICE - 100, stop=PRICE + 1_000)
    await place(world, request)
    held = await position(world)
    assert (held.direction, held.size, held.stop, held.target) == (Direction.SHORT, SIZE, PRICE + 1_000, None)


async def test_one_id_is_one_order(world: World) -> None:
    await place(world, entry())
    with pytest.raises(OutcomeUnknown) as raised:
        await place(world, entry())
    assert raised.value.code == 110072
    assert (await position(world)).size == SIZE


async def test_a_stop_on_the_wrong_side_leaves_no_order(world: World) -> None:
    with pytest.raises(ExchangeRejected) as raised:
        await place(world, entry(stop=PRICE + 1_000, target=None))
    assert raised.value.code == 10001
    assert await world.exchange.recent_order(world.account, SYMBOL, "x1-entry") is None
    assert (await position(world)).size == 0


async def test_an_order_of_nothing_is_refused(world: World) -> None:
    with pytest.raises(ExchangeRejected):
        await place(world, entry(size=Decimal("0.0001")))


async def test_an_order_signed_more_than_a_second_ago_is_not_sent(world: World) -> None:
    signed_at = world.exchange.bybit_time()
    world.clock.at += 1_001
    with pytest.raises(ExchangeBusy):
        await world.exchange.place(world.account, entry(), signed_at)
    assert await world.exchange.recent_order(world.account, SYMBOL, "x1-entry") is None


async def test_an_order_that_never_was_is_found_nowhere(world: World) -> None:
    assert await world.exchange.recent_order(world.account, SYMBOL, "x1-none") is None
    assert await world.exchange.past_order(world.account, SYMBOL, "x1-none", world.clock.now() - 60_000) is None
    assert await executions(world, "x1-none") == ()


async def test_an_order_that_ended_can_not_be_cancelled(world: World) -> None:
    await place(world, entry())
    with pytest.raises(ExchangeRejected) as raised:
        await world.exchange.cancel(world.account, SYMBOL, "x1-entry")
    assert raised.value.code == 110001


# --- stops, and ends


async def test_a_stop_is_moved_and_the_target_left_alone(world: World) -> None:
    await place(world, entry())
    await world.exchange.set_stop(world.account, SYMBOL, STOP + 500)
    held = await position(world)
    assert (held.stop, held.target) == (STOP + 500, TARGET)
    await world.exchange.set_stop(world.account, SYMBOL, None, TARGET + 500)
    held = await position(world)
    assert (held.stop, held.target) == (STOP + 500, TARGET + 500)


async def test_a_stop_that_stands_already_may_be_set_again(world: World) -> None:
    await place(world, entry())
    await world.exchange.set_stop(world.account, SYMBOL, STOP)
    assert (await position(world)).stop == STOP


async def test_without_a_position_there_is_nothing_to_stop(world: World) -> None:
    with pytest.raises(ExchangeRejected) as raised:
        await world.exchange.set_stop(world.account, SYMBOL, STOP)
    assert raised.value.code == 10001


@pytest.mark.parametrize(("price", "told"), [(STOP, "CreateByStopLoss"), (TARGET, "CreateByTakeProfit")])
async def test_stop_and_target_end_the_position_and_say_so(world: World, price: Decimal, told: str) -> None:
    await place(world, entry())
    world.move(SYMBOL, price)
    assert (await position(world)).size == 0
    opened, closed = await executions(world)
    assert (opened.create_type, closed.create_type) == ("CreateByUser", told)
    assert (closed.side, closed.size, closed.closed_size) == ("Sell", SIZE, SIZE)
    assert closed.order_link_id == ""
    assert abs(closed.price - price) < 10


async def test_a_close_of_size_zero_closes_all(world: World) -> None:
    await place(world, entry())
    await place(world, close())
    assert (await position(world)).size == 0
    found = await executions(world, "x1-close")
    assert sum(execution.closed_size for execution in found) == SIZE
    assert await world.exchange.positions(world.account) == ()


async def test_there_is_nothing_to_close_when_flat(world: World) -> None:
    with pytest.raises(ExchangeRejected) as raised:
        await place(world, close())
    assert raised.value.code == 110017


async def test_a_hand_in_bybits_app_makes_the_position_smaller(world: World) -> None:
    await place(world, entry())
    world.hand(SYMBOL, "Sell", SIZE / 2)
    held = await position(world)
    assert (held.size, held.stop) == (SIZE / 2, STOP)
    by_hand = (await executions(world))[-1]
    assert (by_hand.create_type, by_hand.order_link_id, by_hand.closed_size) == ("CreateByClosing", "", SIZE / 2)


async def test_executions_are_told_from_a_moment_on(world: World) -> None:
    await place(world, entry())
    world.clock.pass_by(10)
    later = world.clock.now()
    await place(world, close())
    found = await world.exchange.executions(world.account, None, later)
    assert [execution.order_link_id for execution in found if execution.kind == "Trade"] == ["x1-close"]
