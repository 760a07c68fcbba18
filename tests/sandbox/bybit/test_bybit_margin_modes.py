"""Cross, isolated and portfolio margin: what may be switched, and what is told then. SOLUSDT stands at 150."""

from decimal import Decimal
from typing import Any

import pytest
import requests
from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP

from tests.sandbox.bybit.practice_world import Clock, Open, Served

SOL = {"category": "linear", "symbol": "SOLUSDT"}
CROSS, ISOLATED, PORTFOLIO = "REGULAR_MARGIN", "ISOLATED_MARGIN", "PORTFOLIO_MARGIN"


@pytest.fixture(autouse=True)
def at_150(served: Served) -> None:
    served.set_price("SOLUSDT", "150")


def buy(client: HTTP, qty: str = "10", **wishes: Any) -> None:
    client.place_order(**{**SOL, "side": "Buy", "orderType": "Market", "qty": qty, **wishes})


def position(client: HTTP) -> dict[str, Any]:
    row: dict[str, Any] = client.get_positions(**SOL)["result"]["list"][0]
    return row


def wallet(client: HTTP) -> dict[str, Any]:
    row: dict[str, Any] = client.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0]
    return row


def mode(client: HTTP) -> str:
    return str(client.get_account_info()["result"]["marginMode"])


def refused(code: int) -> Any:
    return pytest.raises(InvalidRequestError, check=lambda error: error.status_code == code)


def reasons(client: HTTP, wanted: str) -> list[str]:
    """The reason codes that stand beside a refusal."""
    kept: list[Any] = []

    def keep(response: requests.Response, *_: Any, **__: Any) -> None:
        kept.append(response.json())

    client.client.hooks["response"] = [keep]
    with refused(3400045):
        client.set_margin_mode(setMarginMode=wanted)
    return [reason["reasonCode"] for reason in kept[-1]["result"]["reasons"]]


class TestSwitching:
    @pytest.mark.parametrize("wanted", [ISOLATED, PORTFOLIO, CROSS])
    def test_a_mode_is_set_and_told(self, client: HTTP, clock: Clock, wanted: str) -> None:
        before = client.get_account_info()["result"]["updatedTime"]
        clock.forward(seconds=5)
        assert client.set_margin_mode(setMarginMode=wanted)["result"] == {"reasons": []}
        told = client.get_account_info()["result"]
        assert (told["marginMode"], int(told["updatedTime"]) > int(before)) == (wanted, wanted != CROSS)

    def test_a_word_that_is_no_mode_is_10001(self, client: HTTP) -> None:
        with refused(10001):
            client.set_margin_mode(setMarginMode="GUESSED")

    def test_portfolio_margin_wants_a_thousand(self, served: Served) -> None:
        poor = served.client("poor", equity="999")
        assert reasons(poor, PORTFOLIO) == ["3400000"]
        assert mode(poor) == CROSS

    def test_portfolio_margin_goes_with_neither_positions_nor_orders_of_hedge_mode(self, client: HTTP) -> None:
        client.switch_position_mode(**SOL, mode=3)
        buy(client, positionIdx=1)
        client.place_order(**SOL, side="Buy", orderType="Limit", qty="1", price="140", positionIdx=1)
        assert reasons(client, PORTFOLIO) == ["3400208", "3400054"]

    def test_portfolio_margin_has_no_hedge_mode(self, client: HTTP) -> None:
        client.switch_position_mode(**SOL, mode=3)
        client.set_margin_mode(setMarginMode=PORTFOLIO)
        assert [row["positionIdx"] for row in client.get_positions(**SOL)["result"]["list"]] == [0]
        with refused(110077):
            client.switch_position_mode(**SOL, mode=3)

    def test_isolated_margin_wants_margin_for_each_position(self, client: HTTP, served: Served) -> None:
        buy(client, "100")
        served.set_price("SOLUSDT", "130")  # 2,000 lost on 1,500 of margin, which the whole account still bears
        assert reasons(client, ISOLATED) == ["3400071"]

    def test_it_lives_through_a_restart(self, open_world: Open, served: Served, client: HTTP) -> None:
        client.set_margin_mode(setMarginMode=ISOLATED)
        served.stop()
        assert mode(open_world().client()) == ISOLATED


class TestIsolated:
    @pytest.fixture
    def client(self, served: Served) -> HTTP:
        made = served.client()
        made.set_margin_mode(setMarginMode=ISOLATED)
        return made

    def test_margin_is_counted_from_the_entry(self, client: HTTP, served: Served) -> None:
        buy(client)
        margin = Decimal("1500.1") / 10 + Decimal("1500.1") * Decimal("0.00055")
        assert Decimal(position(client)["positionIM"]) == margin.quantize(Decimal("0.00000001"))
        served.set_price("SOLUSDT", "160")
        assert Decimal(position(client)["positionIM"]) == margin.quantize(Decimal("0.00000001"))

    def test_what_belongs_to_the_whole_account_is_empty(self, client: HTTP) -> None:
        buy(client)
        told = wallet(client)
        for name in ("accountIMRate", "accountMMRate", "totalMarginBalance", "totalAvailableBalance"):
            assert told[name] == ""
        assert Decimal(told["totalEquity"]) > 9_900
        assert Decimal(told["coin"][0]["totalPositionIM"]) > 150

    def test_its_liquidation_price_does_not_hang_on_the_rest_of_the_account(self, client: HTTP) -> None:
        buy(client)
        # 150.01 x (1 - 1/10 + 0.5 %): a tenth of the entry is its margin, half a percent its maintenance
        alone = Decimal(position(client)["liqPrice"])
        assert Decimal("135.5") < alone < Decimal("136")
        client.place_order(category="linear", symbol="BTCUSDT", side="Buy", orderType="Market", qty="0.1")
        assert Decimal(position(client)["liqPrice"]) == alone

    def test_only_the_position_that_used_up_its_margin_is_liquidated(self, client: HTTP, served: Served) -> None:
        buy(client, "100")
        client.place_order(category="linear", symbol="BTCUSDT", side="Buy", orderType="Market", qty="0.01")
        served.set_price("SOLUSDT", str(Decimal(position(client)["liqPrice"]) - Decimal("0.5")))
        assert position(client)["size"] == "0"
        assert client.get_positions(category="linear", symbol="BTCUSDT")["result"]["list"][0]["size"] == "0.01"
        (lost,) = client.get_closed_pnl(**SOL)["result"]["list"]
        assert lost["execType"] == "BustTrade"
        assert Decimal("1300") < -Decimal(lost["closedPnl"]) < Decimal("1530")  # its margin of 1,500 and fees, no more

    def test_open_results_do_not_cover_new_orders(self, client: HTTP, served: Served) -> None:
        buy(client, "500")
        served.set_price("SOLUSDT", "200")  # 25,000 won, and not free
        with refused(110007):
            buy(client, "200")
        client.set_margin_mode(setMarginMode=CROSS)
        buy(client, "200")

    def test_both_sides_may_have_leverage_of_their_own_in_hedge_mode(self, client: HTTP) -> None:
        with refused(10001):
            client.set_leverage(**SOL, buyLeverage="3", sellLeverage="4")
        client.switch_position_mode(**SOL, mode=3)
        client.set_leverage(**SOL, buyLeverage="3", sellLeverage="4")
        assert [row["leverage"] for row in client.get_positions(**SOL)["result"]["list"]] == ["3", "4"]

    def test_leverage_that_would_liquidate_at_once_is_110046(self, client: HTTP, served: Served) -> None:
        client.set_leverage(**SOL, buyLeverage="5", sellLeverage="5")
        buy(client)
        served.set_price("SOLUSDT", "130")
        with refused(110046):
            client.set_leverage(**SOL, buyLeverage="20", sellLeverage="20")
        assert position(client)["leverage"] == "5"


class TestPortfolio:
    def test_a_position_tells_neither_leverage_nor_margin_nor_a_liquidation_price(self, client: HTTP) -> None:
        buy(client)
        client.set_margin_mode(setMarginMode=PORTFOLIO)
        held = position(client)
        names = ("leverage", "liqPrice", "positionIM", "positionMM", "positionIMByMp", "positionMMByMp")
        assert {held[name] for name in names} == {""}
        assert (held["riskId"], held["riskLimitValue"], held["size"]) == (0, "0", "10")

    def test_leverage_cannot_be_set(self, client: HTTP) -> None:
        client.set_margin_mode(setMarginMode=PORTFOLIO)
        with refused(110038):
            client.set_leverage(**SOL, buyLeverage="3", sellLeverage="3")

    def test_the_coin_tells_no_margin(self, client: HTTP) -> None:
        client.set_margin_mode(setMarginMode=PORTFOLIO)
        (coin,) = wallet(client)["coin"]
        assert {coin[name] for name in ("totalOrderIM", "totalPositionIM", "totalPositionMM")} == {""}


def test_a_risk_tier_follows_the_value_that_is_held(served: Served) -> None:
    rich = served.client("rich", equity="100000000")
    assert (position(rich)["riskId"], position(rich)["riskLimitValue"]) == (1, "2000000")
    for _ in range(2):
        buy(rich, "10000")
    assert (position(rich)["riskId"], position(rich)["riskLimitValue"]) == (2, "4000000")
