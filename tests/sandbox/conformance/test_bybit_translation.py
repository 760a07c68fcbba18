"""Our own reading of Bybit: the documents' examples and the practice server's answers are accepted by the same code."""

import inspect
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from exchange import bybit, market, translate
from tests.sandbox.conformance.bybit_contract import BYBIT, CONTRACT, MISSING, address, subjects
from tests.sandbox.conformance.bybit_story import Told, tell

pytestmark = pytest.mark.skipif(not CONTRACT.exists(), reason=MISSING)


@dataclass(frozen=True)
class Reading:
    """A page of the documents, and what reads its answers and gives how much it found."""

    page: str
    read: Callable[[Any], object]


def _order(result: Any) -> object:
    """The first order that has an id of its own."""
    link = next(row["orderLinkId"] for row in result["list"] if row["orderLinkId"])
    return translate.order_from(result, link)


def _fee(result: Any) -> object:
    return translate.taker_fee_from(result, result["list"][0]["symbol"])


READINGS = {
    "get_server_time": Reading("market/time", market.server_time_from),
    "get_instruments_info": Reading("market/instrument", market.instruments_from),
    "get_tickers": Reading("market/tickers", lambda result: market.tickers_from(result, 1)),
    "get_kline": Reading("market/kline", lambda result: market.candles_from(result, "SOLUSDT", 1).open_times),
    "get_risk_limit": Reading("market/risk-limit", lambda result: market.risk_tiers_from([result], "SOLUSDT")),
    "get_api_key_information": Reading("user/apikey-info", translate.key_facts_from),
    "get_account_info": Reading("account/account-info", translate.mode_from),
    "get_wallet_balance": Reading("account/wallet-balance", translate.balance_from),
    "get_fee_rates": Reading("account/fee-rate", _fee),
    "get_positions": Reading("position/position", translate.positions_from),
    "get_open_orders": Reading("order/open-order", _order),
    "get_order_history": Reading("order/order-list", _order),
    "get_executions": Reading("order/execution", translate.executions_from),
    "place_order": Reading("order/create-order", lambda r: translate.placed_order_id(r, r["orderLinkId"])),
}
NOT_READ = {"set_leverage", "set_trading_stop", "cancel_order"}
"""Acts of which only the code counts."""
OTHER_MARKETS = ("option", "spot")
NO_EXAMPLE = {"market/risk-limit"}
"""The documents' own example is no JSON."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return tell(tmp_path_factory.mktemp("day"))


def examples(page: str) -> list[Any]:
    """The results of the page's examples about futures."""
    files = sorted((BYBIT / "examples").glob(f"{page.replace('/', '__')}__*.json"))
    return [json.loads(file.read_text())["result"] for file in files if not file.stem.endswith(OTHER_MARKETS)]


def test_everything_that_is_asked_of_bybit_has_a_reading_here() -> None:
    asked = set(re.findall(r'"((?:get|place|set|cancel)_\w+)"', inspect.getsource(bybit)))
    assert asked == {*READINGS, *NOT_READ}
    assert {reading.page for reading in READINGS.values()} <= set(subjects())


@pytest.mark.parametrize("question", READINGS)
def test_every_example_of_the_documents_is_read(question: str) -> None:
    reading = READINGS[question]
    shown = examples(reading.page)
    assert bool(shown) is (reading.page not in NO_EXAMPLE)
    for result in shown:
        assert _is_something(reading.read(result))


@pytest.mark.parametrize("question", READINGS)
def test_every_answer_of_the_practice_server_is_read(question: str, told: Told) -> None:
    reading = READINGS[question]
    answers = told.answers[address(reading.page)]
    for answer in answers:
        assert answer["retCode"] == 0
        assert _is_something(reading.read(answer["result"]))


def test_what_was_read_is_what_happened(told: Told) -> None:
    held, _ = told.answers["GET /v5/position/list"]
    (position,) = translate.positions_from(held["result"])
    assert (position.symbol, position.size, position.stop) == ("SOLUSDT", Decimal(3), Decimal(125))
    fills = translate.executions_from(told.answers["GET /v5/execution/list"][0]["result"])
    assert [fill.kind for fill in fills] == ["Funding", "Trade", "Trade"]
    assert [fill.size for fill in fills] == [Decimal(3), Decimal(1), Decimal(4)]
    tiers = market.risk_tiers_from([told.answers["GET /v5/market/risk-limit"][0]["result"]], "SOLUSDT")
    assert [tier.max_leverage for tier in tiers] == sorted((tier.max_leverage for tier in tiers), reverse=True)


def _is_something(read: object) -> bool:
    """It was read, and not as nothing at all."""
    return read is not None and (not hasattr(read, "__len__") or len(read) > 0)
