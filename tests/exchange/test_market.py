"""Bybit's JSON about the market, against its own documented examples and the traps beside them."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from exchange import market
from tests.exchange.examples import example
from trading.errors import OutcomeUnknown


def test_the_documented_perpetual_is_read_with_its_filters() -> None:
    (bitcoin,) = market.instruments_from(example("market__instrument__0_linear__part0"))
    assert (bitcoin.symbol, bitcoin.base, bitcoin.status) == ("BTCUSDT", "BTC", "Trading")
    assert (bitcoin.tick, bitcoin.step, bitcoin.smallest) == (Decimal("0.1"), Decimal("0.001"), Decimal("0.001"))
    assert (bitcoin.largest_limit, bitcoin.largest_market) == (Decimal(1190), Decimal(500))
    assert (bitcoin.smallest_notional, bitcoin.max_leverage) == (Decimal(5), Decimal(100))
    assert (bitcoin.launched_at, bitcoin.delivery_at, bitcoin.funding_minutes) == (1585526400000, 0, 480)
    assert (bitcoin.symbol_type, bitcoin.pre_listing) == ("", False)


def test_the_documented_new_contract_is_known_as_pre_listing() -> None:
    (bio,) = market.instruments_from(example("market__instrument__0_linear__part1"))
    assert (bio.symbol, bio.status, bio.pre_listing) == ("BIOUSDT", "PreLaunch", True)


def contract(**changes: object) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT",
        "contractType": "LinearPerpetual",
        "status": "Trading",
        "baseCoin": "BTC",
        "quoteCoin": "USDT",
        "settleCoin": "USDT",
        "launchTime": "1585526400000",
        "deliveryTime": "",
        "leverageFilter": {"maxLeverage": "100.00"},
        "priceFilter": {"tickSize": "0.10"},
        "lotSizeFilter": {"maxOrderQty": "10", "minOrderQty": "1", "qtyStep": "1", "maxMktOrderQty": "5"},
        "fundingInterval": 480,
    } | changes


def test_futures_with_a_date_and_other_coins_are_left_out() -> None:
    listed = [
        contract(),
        contract(symbol="BTC-27NOV26", contractType="LinearFutures"),
        contract(symbol="BTCPERP", quoteCoin="USDC", settleCoin="USDC"),
    ]
    assert [found.symbol for found in market.instruments_from({"list": listed})] == ["BTCUSDT"]


def test_one_contract_that_can_not_be_read_hides_no_other() -> None:
    odd = contract(symbol="ODDUSDT", priceFilter={"tickSize": "0"})
    assert [found.symbol for found in market.instruments_from({"list": [odd, contract()]})] == ["BTCUSDT"]
    with pytest.raises(OutcomeUnknown):
        market.instruments_from({"list": [odd]})


def test_the_documented_ticker_is_a_list_of_objects_and_is_read() -> None:
    ticker = market.tickers_from(example("market__tickers__0_inverse"), 77)["BTCUSD"]
    assert (ticker.last, ticker.mark) == (Decimal("120635.50"), Decimal("114898.43"))
    assert (ticker.bid, ticker.ask, ticker.turnover) == (
        Decimal("103401.00"),
        Decimal("109152.80"),
        Decimal("115.6907"),
    )
    assert ticker.at == 77


def quote(**changes: object) -> dict[str, Any]:
    return {"symbol": "A", "lastPrice": "1", "bid1Price": "1", "ask1Price": "1.1", "markPrice": "1"} | changes


def test_a_symbol_without_an_ask_has_no_price_to_act_on() -> None:
    result = {"list": [quote(), quote(symbol="B", ask1Price=""), quote(symbol="C", bid1Price="0")]}
    assert set(market.tickers_from(result, 0)) == {"A"}


def test_the_documented_candles_come_oldest_first_without_turnover() -> None:
    rows = market.candles_from(example("market__kline__0"), "BTCUSD", 60)
    assert rows.open_times.tolist() == [1670601600000, 1670605200000, 1670608800000]
    assert rows.open_times.dtype == np.int64
    assert rows.values.shape == (5, 3)
    assert rows.values[:, 0].tolist() == [17086.5, 17088, 16978, 17071.5, 6356]


def test_no_candles_are_no_error() -> None:
    rows = market.candles_from({"list": []}, "BTCUSDT", 1)
    assert rows.open_times.shape == (0,)
    assert rows.values.shape == (5, 0)


@pytest.mark.parametrize(
    "listed",
    [
        None,
        {},
        "",
        [["1"] * 6] * 7,  # forty-two texts, yet no candle
        [["1"] * 7, ["1"] * 6],
        [["1", "x", "1", "1", "1", "1", "1"]],
        [["1", "", "1", "1", "1", "1", "1"]],
        [["1", "nan", "1", "1", "1", "1", "1"]],
        [None],
        [[["1"]] * 7],
    ],
)
def test_broken_candles_are_no_candles(listed: object) -> None:
    with pytest.raises(OutcomeUnknown):
        market.candles_from({"list": listed}, "BTCUSDT", 1)


def test_the_documented_time_is_in_nanoseconds() -> None:
    assert market.server_time_from(example("market__time__0")) == 1688639403423


@pytest.mark.parametrize("margin", [0.5, "0.5"])
def test_risk_tiers_are_read_whether_margins_are_numbers_or_texts(margin: object) -> None:
    tier = {"symbol": "A", "riskLimitValue": "150", "maintenanceMargin": margin, "maxLeverage": "100.00"}
    higher = tier | {"riskLimitValue": "300", "maxLeverage": "50"}
    tiers = market.risk_tiers_from([{"list": [higher]}, {"list": [tier, tier | {"symbol": "B"}]}], "A")
    assert [(found.limit, found.max_leverage) for found in tiers] == [
        (Decimal(150), Decimal(100)),
        (Decimal(300), Decimal(50)),
    ]


def test_a_symbol_without_a_tier_is_not_one_without_a_limit() -> None:
    with pytest.raises(OutcomeUnknown):
        market.risk_tiers_from([{"list": []}], "A")
