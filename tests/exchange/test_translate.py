"""Bybit's JSON about accounts and orders, against its own documented examples and the traps beside them."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange import translate
from strategies.signal import Direction
from tests.exchange.examples import example
from trading.errors import OutcomeUnknown
from trading.model import AccountMode, Balance, OrderRequest

FLAT = {
    "positionIdx": 0,
    "symbol": "BTCUSDT",
    "side": "",
    "size": "0",
    "avgPrice": "",
    "leverage": "10",
    "markPrice": "",
    "liqPrice": "",
    "positionIM": "",
    "stopLoss": "",
    "takeProfit": "",
    "unrealisedPnl": "",
}
LONG = FLAT | {
    "side": "Buy",
    "size": "0.010",
    "avgPrice": "50000.5",
    "markPrice": "50100",
    "stopLoss": "49000.0",
    "takeProfit": "52000",
    "unrealisedPnl": "0.995",
    "positionIM": "50",
}


# --- positions


def test_the_documented_position_is_read() -> None:
    (position,) = translate.positions_from(example("position__position__0"))
    assert position.direction is Direction.SHORT
    assert (position.size, position.average) == (Decimal(300), Decimal("27464.50441675"))
    assert (position.stop, position.target, position.liquidation) == (None, None, None)
    assert (position.leverage, position.margin, position.index) == (Decimal(10), Decimal("0.00010923"), 0)


@pytest.mark.parametrize("none", ["", "0", "0.00"])
def test_no_stop_has_three_spellings(none: str) -> None:
    (position,) = translate.positions_from({"list": [LONG | {"stopLoss": none, "takeProfit": none}]})
    assert (position.stop, position.target) == (None, None)


def test_a_stop_is_read_to_the_digit() -> None:
    (position,) = translate.positions_from({"list": [LONG]})
    assert (position.stop, position.target) == (Decimal(49000), Decimal(52000))
    assert position.direction is Direction.LONG


def test_a_flat_position_is_all_empty_texts_and_still_tells_its_mode() -> None:
    (position,) = translate.positions_from({"list": [FLAT | {"positionIdx": 2}]})
    assert (position.size, position.direction, position.index) == (Decimal(0), None, 2)
    assert (position.average, position.unrealised, position.margin) == (Decimal(0), Decimal(0), Decimal(0))


@pytest.mark.parametrize("size", ["", None, "NaN", "Infinity", "-1", "much", [], True, "1e99999999"])
def test_a_size_that_can_not_be_read_is_never_taken_for_flat(size: object) -> None:
    with pytest.raises(OutcomeUnknown):
        translate.positions_from({"list": [LONG | {"size": size}]})


def test_a_position_without_a_side_is_not_guessed() -> None:
    with pytest.raises(OutcomeUnknown):
        translate.positions_from({"list": [LONG | {"side": ""}]})


# --- orders and executions


def test_the_documented_open_order_is_read() -> None:
    order = translate.order_from(example("order__open-order__0"), "test-000005")
    assert order is not None
    assert (order.status, order.final, order.size, order.filled) == ("New", False, Decimal("0.10"), Decimal(0))
    assert (order.average, order.created_at) == (None, 1684738540559)


def test_the_documented_cancelled_order_is_final_with_its_reason() -> None:
    order = translate.order_from(example("order__order-list__0"), "YLxaWKMiHU")
    assert order is not None
    assert (order.status, order.final, order.filled) == ("Cancelled", True, Decimal(0))
    assert order.reject_reason == "EC_PostOnlyWillTakeLiquidity"


def order_row(**changes: object) -> dict[str, object]:
    return {
        "orderId": "b-1",
        "orderLinkId": "x1-a",
        "symbol": "BTCUSDT",
        "orderStatus": "Filled",
        "qty": "1",
        "cumExecQty": "1",
        "avgPrice": "50000",
        "rejectReason": "EC_NoError",
        "createdTime": "1700000000000",
    } | changes


def test_a_cancelled_order_keeps_what_it_filled() -> None:
    row = order_row(orderStatus="Cancelled", cumExecQty="0.4")
    order = translate.order_from({"list": [row]}, "x1-a")
    assert order is not None
    assert (order.final, order.filled, order.average) == (True, Decimal("0.4"), Decimal(50000))


@pytest.mark.parametrize("status", ["New", "PartiallyFilled", "Untriggered", "Triggered", "SomethingNew"])
def test_an_order_that_may_still_change_is_not_final(status: str) -> None:
    order = translate.order_from({"list": [order_row(orderStatus=status)]}, "x1-a")
    assert order is not None
    assert not order.final


@pytest.mark.parametrize("status", ["Filled", "Cancelled", "Rejected", "Deactivated"])
def test_an_order_that_ended_is_final(status: str) -> None:
    order = translate.order_from({"list": [order_row(orderStatus=status)]}, "x1-a")
    assert order is not None
    assert order.final


def test_somebody_elses_order_is_not_ours() -> None:
    assert translate.order_from({"list": [order_row(orderLinkId="x1-b")]}, "x1-a") is None
    assert translate.order_from({"list": []}, "x1-a") is None


@pytest.mark.parametrize("result", [{}, {"list": None}, {"list": {}}, {"list": [None]}, {"list": [[]]}, {"list": [{}]}])
def test_no_list_is_not_the_same_as_no_order(result: dict[str, Any]) -> None:
    with pytest.raises(OutcomeUnknown):
        translate.order_from(result, "x1-a")
    for read in (translate.positions_from, translate.executions_from, translate.balance_from):
        with pytest.raises(OutcomeUnknown):
            read(result)


def test_the_documented_execution_is_read_without_the_fields_it_lacks() -> None:
    (execution,) = translate.executions_from(example("order__execution__0"))
    assert execution.id == "e0cbe81d-0f18-5866-9415-cf319b5dab3b"
    assert (execution.kind, execution.create_type, execution.side) == ("Trade", "", "Buy")
    assert (execution.price, execution.size, execution.fee) == (Decimal("1190.15"), Decimal("0.1"), Decimal("0.071409"))
    assert (execution.closed_size, execution.at) == (Decimal(0), 1672282722429)


def test_the_documented_answer_to_an_order_gives_its_id() -> None:
    placed = example("order__create-order__0")
    assert translate.placed_order_id(placed, "spot-test-postonly") == "1321003749386327552"
    with pytest.raises(OutcomeUnknown):
        translate.placed_order_id(placed, "x1-ours")


# --- the account


def test_a_wallet_that_lists_no_usdt_holds_none() -> None:
    balance = translate.balance_from(example("account__wallet-balance__0"))
    assert balance == Balance(Decimal(0), Decimal("3.00326056"))


def wallet(available: object, **coin: object) -> dict[str, Any]:
    usdt = {"coin": "USDT", "equity": "1200.5", "walletBalance": "1000"} | coin
    return {"list": [{"totalAvailableBalance": available, "coin": [{"coin": "BTC", "equity": "3"}, usdt]}]}


def test_available_is_the_accounts_own_total() -> None:
    assert translate.balance_from(wallet("800.25")) == Balance(Decimal("1200.5"), Decimal("800.25"))


def test_where_the_total_is_empty_available_is_the_wallet_less_both_margins() -> None:
    balance = translate.balance_from(wallet("", totalPositionIM="120.5", totalOrderIM="30"))
    assert balance == Balance(Decimal("1200.5"), Decimal("849.5"))


def test_margins_that_portfolio_margin_leaves_empty_count_as_none() -> None:
    assert translate.balance_from(wallet("", totalPositionIM="", totalOrderIM="")).available == Decimal(1000)


def test_the_documented_account_is_unified_and_in_cross_margin() -> None:
    assert translate.mode_from(example("account__account-info__0")) == AccountMode(portfolio_margin=False, unified=True)


def test_portfolio_margin_and_a_classic_account_are_seen() -> None:
    mode = translate.mode_from({"marginMode": "PORTFOLIO_MARGIN", "unifiedMarginStatus": 1})
    assert mode == AccountMode(portfolio_margin=True, unified=False)


def test_the_documented_key_is_read_only_with_its_rights_and_no_expiry() -> None:
    facts = translate.key_facts_from(example("user__apikey-info__0"))
    assert (facts.uid, facts.read_only, facts.expires_at) == ("1448939", True, None)
    assert facts.permissions[:3] == ("ContractTrade.Order", "ContractTrade.Position", "Spot.SpotTrade")
    assert "Wallet.AccountTransfer" in facts.permissions


def test_a_key_with_days_left_expires() -> None:
    row = {"userID": 7, "readOnly": 0, "permissions": {"Wallet": []}, "deadlineDay": 83}
    facts = translate.key_facts_from(row | {"expiredAt": "2026-10-13T03:20:45Z"})
    assert (facts.read_only, facts.permissions, facts.expires_at) == (False, (), 1791861645000)


def test_the_documented_fee_is_a_share() -> None:
    assert translate.taker_fee_from(example("account__fee-rate__0"), "ETHUSDT") == Decimal("0.0006")
    with pytest.raises(OutcomeUnknown):
        translate.taker_fee_from(example("account__fee-rate__0"), "BTCUSDT")


# --- what we say


def test_a_market_close_takes_no_stop_along() -> None:
    close = OrderRequest("BTCUSDT", "Sell", Decimal(0), "x1-c", reduce_only=True, close_on_trigger=True)
    assert translate.order_params(close) == {
        "category": "linear",
        "symbol": "BTCUSDT",
        "side": "Sell",
        "orderType": "Market",
        "qty": "0",
        "timeInForce": "IOC",
        "positionIdx": 0,
        "orderLinkId": "x1-c",
        "reduceOnly": True,
        "closeOnTrigger": True,
    }


def test_a_reduce_only_order_with_a_stop_is_never_written() -> None:
    with pytest.raises(ValueError, match="reduce-only"):
        translate.order_params(OrderRequest("A", "Sell", Decimal(1), "x", stop=Decimal(1), reduce_only=True))


def test_a_stop_alone_leaves_the_target_alone() -> None:
    assert translate.stop_params("BTCUSDT", Decimal("1E+4"), None) == {
        "category": "linear",
        "symbol": "BTCUSDT",
        "positionIdx": 0,
        "tpslMode": "Full",
        "stopLoss": "10000",
        "slTriggerBy": "LastPrice",
    }
    with pytest.raises(ValueError, match="neither"):
        translate.stop_params("BTCUSDT", None, None)


def test_a_side_of_a_hedged_symbol_is_closed_and_stopped_under_its_own_index() -> None:
    close = OrderRequest("A", "Buy", Decimal(0), "x", reduce_only=True, close_on_trigger=True, position_index=2)
    assert translate.order_params(close)["positionIdx"] == 2
    assert translate.stop_params("A", Decimal(1), None, 2)["positionIdx"] == 2


def test_only_untriggered_stop_losses_of_the_same_side_cover_a_position() -> None:
    def order(kind: str, qty: str, status: str = "Untriggered", index: int = 0) -> dict[str, object]:
        return {"orderStatus": status, "stopOrderType": kind, "qty": qty, "positionIdx": index}

    listed = [
        order("PartialStopLoss", "1.5"),
        order("StopLoss", "2"),
        order("PartialTakeProfit", "9"),
        order("PartialStopLoss", "9", "Triggered"),
        order("PartialStopLoss", "9", index=1),
    ]
    assert translate.stop_cover_from({"list": listed}, 0) == Decimal("3.5")
    with pytest.raises(OutcomeUnknown):
        translate.stop_cover_from({"list": [{"orderStatus": "Untriggered"}]}, 0)


@given(st.decimals(min_value=Decimal("1e-9"), max_value=Decimal("1e12"), allow_nan=False, allow_infinity=False))
def test_numbers_go_out_as_plain_digits_and_mean_the_same(value: Decimal) -> None:
    sent = translate.plain(value)
    assert set(sent) <= set("0123456789.")
    assert Decimal(sent) == value


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_never_sent(value: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        translate.plain(Decimal(value))
