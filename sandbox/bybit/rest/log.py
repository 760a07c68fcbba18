"""The account's transaction log: every fill and funding payment with what it did to the wallet."""

from sandbox.bybit.model import ZERO, Execution, Refused, plain
from sandbox.bybit.rest.call import Call, Endpoint, Result, page
from sandbox.bybit.rest.words import fine
from sandbox.bybit.source import DAY_MS

TYPES = ("", "TRADE", "SETTLEMENT", "LIQUIDATION")


def transaction_log(call: Call) -> Result:
    """Rows of a window of at most seven days, the newest first; the last 24 hours by default."""
    if call.text("accountType", "UNIFIED") != "UNIFIED":
        raise Refused(10001, "accountType only support UNIFIED")
    first, last = call.window(default_ms=DAY_MS)
    kind = call.text("type")
    wanted = call.text("category", "linear") == "linear" and call.text("currency", "USDT") == "USDT"
    found = call.bybit.ledger.store.executions(call.name, after_ms=first, before_ms=last) if wanted else []
    base_coin = call.text("baseCoin")
    rows = [
        _row(execution, call)
        for execution in found
        if kind in ("", _type(execution)) and base_coin in ("", execution.symbol.removesuffix("USDT"))
    ]
    rows, cursor = page(rows, call, 20, 50)
    return {"list": rows, "nextPageCursor": cursor}


def _type(execution: Execution) -> str:
    return {"Funding": "SETTLEMENT", "BustTrade": "LIQUIDATION"}.get(execution.exec_type, "TRADE")


def _row(execution: Execution, call: Call) -> Result:
    is_funding = execution.exec_type == "Funding"
    fee = ZERO if is_funding else execution.fee
    funding = -execution.fee if is_funding else ZERO
    uid = call.bybit.ledger.accounts[call.name].uid
    return {
        "id": f"{uid}_{execution.symbol}_{execution.sequence}",
        "symbol": execution.symbol,
        "category": "linear",
        "side": execution.side,
        "transactionTime": str(execution.time_ms),
        "type": _type(execution),
        "transSubType": "",
        "qty": plain(execution.qty),
        "size": plain(execution.size_after),
        "currency": "USDT",
        "tradePrice": plain(execution.price),
        "funding": fine(funding) if is_funding else "",
        "fee": fine(fee),
        "cashFlow": fine(execution.result),
        "change": fine(execution.result + funding - fee),
        "cashBalance": fine(execution.balance_after),
        "feeRate": plain(execution.fee_rate),
        "bonusChange": "",
        "tradeId": execution.exec_id,
        "orderId": execution.order_id,
        "orderLinkId": execution.link_id,
        "extraFees": "",
    }


ENDPOINTS = (Endpoint("GET", "/v5/account/transaction-log", transaction_log),)
