"""Orders, executions, positions and wallets in the fields of Bybit's private streams."""

from collections.abc import Iterable
from decimal import Decimal

from sandbox.bybit.model import ZERO, Execution, Order
from sandbox.bybit.rest.call import Result
from sandbox.bybit.rest.words import execution_fields, fine, order_fields


def order_row(order: Order, closing: Iterable[Execution]) -> Result:
    """An order as the order stream tells it; `closing` are its executions that closed something."""
    result = sum((e.result - e.fee * e.closed_size / e.qty - e.entry_fee for e in closing), ZERO)
    return {
        "category": "linear",
        **order_fields(order),
        "isLeverage": "",
        "brokerOrderPrice": "",
        "closedPnl": fine(result),
        "feeCurrency": "",
    }


def execution_row(execution: Execution) -> Result:
    """A fill or funding payment as the execution stream tells it."""
    return {
        "category": "linear",
        **execution_fields(execution),
        "isLeverage": "0",
        "execPnl": fine(execution.result),
        "extraFees": [],
        "feeCurrency": "USDT",
    }


def position_row(fields: Result) -> Result:
    """A position as the position stream tells it, from its fields in the position list: "0" where that says ""."""
    told = {name: value for name, value in fields.items() if name != "avgPrice"}
    for name in NUMBERS:
        told[name] = told[name] or "0"
    return {"category": "linear", **told, "entryPrice": fields["avgPrice"]}


NUMBERS = (
    *("positionValue", "breakEvenPrice", "positionIM", "positionIMByMp", "positionMM", "positionMMByMp"),
    *("takeProfit", "stopLoss", "unrealisedPnl"),
)


def direction(before: Decimal, now: Decimal, last: str) -> str:
    """Bybit's word for where a price went; one that stands keeps the direction it had."""
    if now == before:
        return last if last.startswith("Zero") else f"Zero{last}"
    return "PlusTick" if now > before else "MinusTick"
