"""What time does: stops on the path of the price, absences, restarts, funding, liquidation."""

import pathlib
from decimal import Decimal
from typing import Any

import pytest
from pybit.unified_trading import HTTP

from sandbox.bybit.practice import PracticeBybit
from sandbox.bybit.rules import NewOrder
from sandbox.bybit.source import DAY_MS, MINUTE_MS
from tests.sandbox.bybit.practice_world import SHORT, Clock, Open, Served

SOL = {"category": "linear", "symbol": "SOLUSDT"}


def buy(client: HTTP, **wishes: Any) -> None:
    client.place_order(**{**SOL, "side": "Buy", "orderType": "Market", "qty": "10", **wishes})


def fills(client: HTTP, **wishes: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get_executions(**{**SOL, "limit": 100, **wishes})["result"]["list"]
    return rows


def candles(client: HTTP, **wishes: Any) -> list[list[str]]:
    """Oldest first."""
    rows: list[list[str]] = client.get_kline(**{**SOL, "interval": "1", "limit": 1000, **wishes})["result"]["list"]
    return rows[::-1]


def first_touch(rows: list[list[str]], stop: Decimal, target: Decimal) -> tuple[str, int]:
    """Which level the candles reach first, and in which minute (ms)."""
    for start, _, high, low, *_ in rows:
        reached = {"StopLoss": Decimal(low) <= stop, "TakeProfit": Decimal(high) >= target}
        assert not all(reached.values()), "the test wants levels that no single candle reaches both of"
        for kind, is_reached in reached.items():
            if is_reached:
                return kind, int(start)
    raise AssertionError("neither level is reached")


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("is_down", [False, True])
def test_a_level_that_the_path_reaches_is_executed_at_its_moment_even_while_the_server_is_down(
    open_world: Open, clock: Clock, seed: int, is_down: bool
) -> None:
    served = open_world(seed=seed)
    client = served.client()
    last = served.last("SOLUSDT")
    stop, target = (
        (last * Decimal("0.99")).quantize(Decimal("0.01")),
        (last * Decimal("1.01")).quantize(Decimal("0.01")),
    )
    buy(client, stopLoss=str(stop), takeProfit=str(target))
    begin_ms = clock()
    if is_down:
        served.stop()
        clock.forward(hours=15)
        served = open_world(seed=seed)
        client = served.client()
    else:
        clock.forward(hours=15)
    kind, minute_ms = first_touch(candles(client, start=begin_ms + MINUTE_MS), stop, target)
    closing = fills(client, execType="Trade")[0]
    assert closing["createType"] == f"CreateBy{kind}"
    assert closing["execPrice"] == f"{(stop if kind == 'StopLoss' else target).normalize():f}"
    assert minute_ms <= int(closing["execTime"]) <= minute_ms + MINUTE_MS
    assert client.get_positions(**SOL)["result"]["list"][0]["size"] == "0"
    assert client.get_open_orders(**SOL)["result"]["list"] == []


def test_walking_in_small_steps_and_in_one_leap_come_to_the_same(tmp_path: pathlib.Path) -> None:
    ends = []
    for steps in (1, 700):
        clock = Clock()
        practice = PracticeBybit(tmp_path / f"{steps}.db", seed=5, time_ms=clock, bursts=False, character=SHORT)
        served = Served(practice)
        account = practice.ledger.open_account("ann", Decimal(10_000))
        last = practice.prices.last("SOLUSDT")
        levels = {"stop_loss": _near(last, "0.985"), "take_profit": _near(last, "1.012")}
        served.inside(
            lambda p=practice, a=account, x=levels: p.matching.place(
                a.name, NewOrder("SOLUSDT", "Buy", "Market", Decimal(10), **x)
            )
        )
        for _ in range(steps):
            clock.forward(seconds=12 * 3600 / steps)
            served.inside(practice.catch_up)
        found = practice.ledger.store.executions("ann")
        ends.append([(e.price, e.qty, e.exec_type, e.create_type, e.time_ms // 1000) for e in found])
        served.stop()
    assert ends[0] == ends[1]
    assert len(ends[0]) >= 2


def _near(price: Decimal, factor: str) -> Decimal:
    return (price * Decimal(factor)).quantize(Decimal("0.01"))


def test_a_killed_world_goes_on_where_it_was(open_world: Open, clock: Clock) -> None:
    served = open_world(seed=9)
    client = served.client()
    served.set_price("SOLUSDT", "137.5")
    buy(client, stopLoss="100", orderLinkId="x1-a")
    client.set_leverage(category="linear", symbol="BTCUSDT", buyLeverage="3", sellLeverage="3")
    clock.forward(seconds=70)
    before = (candles(client), served.ledger(), served.last("SOLUSDT"), client.get_positions(**SOL)["result"]["list"])
    served.stop()
    served = open_world()
    client = served.client()
    assert candles(client) == before[0]
    assert served.ledger() == before[1]
    assert served.last("SOLUSDT") == before[2]
    assert client.get_positions(**SOL)["result"]["list"] == before[3]
    btc = client.get_positions(category="linear", symbol="BTCUSDT")["result"]["list"][0]
    assert btc["leverage"] == "3"
    with pytest.raises(Exception, match="110072"):
        buy(client, orderLinkId="x1-a")


def test_a_moved_price_shows_in_the_forming_candle_and_goes_on_from_there(
    served: Served, client: HTTP, clock: Clock
) -> None:
    served.set_price("SOLUSDT", "200")
    assert served.last("SOLUSDT") == 200
    forming = candles(client)[-1]
    assert (forming[2], forming[4]) == ("200.00", "200.00")
    clock.forward(minutes=5)
    rows = candles(client, start=clock() - 5 * MINUTE_MS)
    assert all(abs(Decimal(row[4]) - 200) < 10 for row in rows)
    assert [row[1] for row in rows[1:]] == [row[4] for row in rows[:-1]]


def test_positions_pay_funding_every_eight_hours(served: Served, client: HTTP, clock: Clock) -> None:
    buy(client)
    ticker = client.get_tickers(**SOL)["result"]["list"][0]
    assert int(ticker["nextFundingTime"]) == clock() // DAY_MS * DAY_MS + 16 * 3_600_000
    clock.forward(hours=4)
    (paid,) = fills(client, execType="Funding")
    assert int(paid["execTime"]) == int(ticker["nextFundingTime"])
    assert paid["feeRate"] == ticker["fundingRate"]
    assert Decimal(paid["execFee"]) == Decimal(paid["feeRate"]) * 10 * Decimal(paid["execPrice"])
    held = client.get_positions(**SOL)["result"]["list"][0]
    entry_fee = Decimal(fills(client, execType="Trade")[0]["execFee"])
    assert Decimal(held["curRealisedPnl"]) == -entry_fee - Decimal(paid["execFee"])


def test_an_account_whose_equity_falls_to_its_maintenance_margin_is_liquidated(served: Served) -> None:
    client = served.client(equity="100")
    served.set_price("SOLUSDT", "150")
    buy(client, qty="6", stopLoss="100")
    liquidation = Decimal(client.get_positions(**SOL)["result"]["list"][0]["liqPrice"])
    assert Decimal("134") < liquidation < Decimal("136")  # 900 USDT of position on 100 of equity
    served.set_price("SOLUSDT", str(liquidation + 1))
    assert client.get_positions(**SOL)["result"]["list"][0]["size"] == "6"
    served.set_price("SOLUSDT", str(liquidation - 1))
    assert client.get_positions(**SOL)["result"]["list"][0]["size"] == "0"
    last = fills(client)[0]
    assert (last["execType"], last["createType"]) == ("BustTrade", "CreateByLiq")
    assert client.get_open_orders(**SOL)["result"]["list"] == []
    wallet = client.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0]
    assert Decimal(wallet["totalEquity"]) >= 0


def test_orders_without_fills_are_forgotten_after_a_day_and_those_with_fills_are_not(
    client: HTTP, clock: Clock
) -> None:
    last = Decimal(client.get_tickers(**SOL)["result"]["list"][0]["lastPrice"])
    buy(client, orderType="Limit", price=str(_near(last, "0.98")), timeInForce="IOC", orderLinkId="x1-none")
    buy(client, orderLinkId="x1-full")
    clock.forward(hours=25)
    kept = [o["orderLinkId"] for o in client.get_order_history(**SOL)["result"]["list"]]
    assert kept == ["x1-full"]
    clock.forward(hours=24 * 8)
    assert client.get_order_history(**SOL)["result"]["list"] == []
    window = {"startTime": clock() - 10 * DAY_MS, "endTime": clock() - 5 * DAY_MS}
    assert [o["orderLinkId"] for o in client.get_order_history(**SOL, **window)["result"]["list"]] == ["x1-full"]
