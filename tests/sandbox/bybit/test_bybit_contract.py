"""Every documented response field is there with its documented type, as pybit's own client reads it."""

from collections.abc import Iterator

import pytest
from pybit.unified_trading import HTTP

from sandbox.bybit.practice import PracticeBybit
from tests.sandbox.bybit.documented_fields import CONTRACT, check
from tests.sandbox.bybit.practice_world import STILL, Served

pytestmark = pytest.mark.skipif(not CONTRACT.exists(), reason="../shared/bybit/contract.json is absent")


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HTTP]:
    """An account with an open position, a closed one, open and cancelled orders."""
    served = Served(PracticeBybit(tmp_path_factory.mktemp("contract") / "world.db", **STILL))
    session = served.client()
    served.set_price("SOLUSDT", "150")
    entry = {"category": "linear", "symbol": "SOLUSDT", "orderType": "Market"}
    session.place_order(**entry, side="Buy", qty="2", stopLoss="120", takeProfit="200", orderLinkId="x1-a")
    served.lever("/sandbox/hand", account="ann", symbol="SOLUSDT", side="Sell", qty="1", reduceOnly=True)
    resting = {"category": "linear", "symbol": "ETHUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.1"}
    price = str(served.last("ETHUSDT") * 97 // 100)
    session.place_order(**resting, price=price, orderLinkId="x1-b")
    session.place_order(**resting, price=price, orderLinkId="x1-c")
    session.cancel_order(category="linear", symbol="ETHUSDT", orderLinkId="x1-c")
    yield session
    served.stop()


PUBLIC = {
    "market/time": ("get_server_time", {}),
    "market/instrument": ("get_instruments_info", {"category": "linear"}),
    "market/kline": ("get_kline", {"category": "linear", "symbol": "BTCUSDT", "interval": "5"}),
    "market/tickers": ("get_tickers", {"category": "linear"}),
    "market/orderbook": ("get_orderbook", {"category": "linear", "symbol": "BTCUSDT"}),
    "market/history-fund-rate": ("get_funding_rate_history", {"category": "linear", "symbol": "BTCUSDT"}),
    "market/risk-limit": ("get_risk_limit", {"category": "linear"}),
}
PRIVATE = {
    "account/account-info": ("get_account_info", {}),
    "account/wallet-balance": ("get_wallet_balance", {"accountType": "UNIFIED"}),
    "account/fee-rate": ("get_fee_rates", {"category": "linear"}),
    "account/transaction-log": ("get_transaction_log", {}),
    "user/apikey-info": ("get_api_key_information", {}),
    "position/position": ("get_positions", {"category": "linear", "settleCoin": "USDT"}),
    "position/close-pnl": ("get_closed_pnl", {"category": "linear"}),
    "order/open-order": ("get_open_orders", {"category": "linear", "settleCoin": "USDT"}),
    "order/order-list": ("get_order_history", {"category": "linear"}),
    "order/execution": ("get_executions", {"category": "linear"}),
    "order/cancel-all": ("cancel_all_orders", {"category": "linear", "settleCoin": "USDT"}),
}


@pytest.mark.parametrize("subject", [*PUBLIC, *PRIVATE])
def test_every_documented_field_has_its_documented_type(subject: str, traded: HTTP) -> None:
    method, wishes = {**PUBLIC, **PRIVATE}[subject]
    answer = getattr(traded, method)(**wishes)
    assert answer["retCode"] == 0
    assert answer["retMsg"] in ("OK", "")
    assert answer["retExtInfo"] == {}
    assert isinstance(answer["time"], int)
    assert answer["result"].get("list", [None]), "nothing to look at"
    check(subject, answer["result"])


def test_a_flat_symbol_still_has_its_position_row(traded: HTTP) -> None:
    answer = traded.get_positions(category="linear", symbol="XRPUSDT")
    check("position/position", answer["result"])
    (row,) = answer["result"]["list"]
    assert (row["side"], row["size"], row["stopLoss"], row["unrealisedPnl"]) == ("", "0", "", "")


def test_create_and_cancel_answer_with_the_two_ids_alone(traded: HTTP) -> None:
    wish = {"category": "linear", "symbol": "ETHUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.1"}
    placed = traded.place_order(**wish, price="2500", orderLinkId="x1-d")["result"]
    assert set(placed) == {"orderId", "orderLinkId"}
    gone = traded.cancel_order(category="linear", symbol="ETHUSDT", orderId=placed["orderId"])["result"]
    assert gone == placed
