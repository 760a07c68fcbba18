"""What changed in an account, as messages of its private streams."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.bybit.ledger import Change
from sandbox.bybit.model import Account, Execution, Order, Position
from sandbox.bybit.rest.account import wallet_fields
from sandbox.bybit.rest.call import Result
from sandbox.bybit.rest.position import position_row as listed_row
from sandbox.bybit.stream.words import execution_row, order_row, position_row

if TYPE_CHECKING:
    from sandbox.bybit.practice import PracticeBybit

PERMISSIONS = {"order": "Order", "execution": "Order", "position": "Position", "wallet": ""}
"""What a key must be permitted to follow a topic."""
TOPICS = tuple(PERMISSIONS)


@dataclass(frozen=True, slots=True)
class Told:
    """Rows of one topic for one account."""

    account: str
    topic: str
    rows: list[Result]


def told_of(bybit: "PracticeBybit", changes: Sequence[Change], accounts: set[str]) -> list[Told]:
    """The messages that one change makes for these accounts, at most one a topic and account.

    An order's every change makes its symbol's position be told too, as Bybit does, and each change the wallet.
    """
    found: list[Told] = []
    for name in sorted(accounts.intersection(_account_of(change) for change in changes)):
        mine = [change for change in changes if _account_of(change) == name]
        orders = {o.order_id: o for o in mine if isinstance(o, Order) and o.is_visible}
        fills = [e for e in mine if isinstance(e, Execution)]
        touched = [(p.symbol, p.idx) for p in mine if isinstance(p, Position)]
        places = dict.fromkeys([*touched, *((order.symbol, order.idx) for order in orders.values())])
        if not orders and not places and not fills:
            continue
        rows = {
            "order": [_order(bybit, order) for order in orders.values()],
            "execution": [execution_row(fill) for fill in fills],
            "position": [_position(bybit, name, symbol, idx) for symbol, idx in places],
            "wallet": [wallet_fields(bybit.settlement.wallet(name), bybit.ledger.accounts[name])],
        }
        found += [Told(name, topic, rows[topic]) for topic in TOPICS if rows[topic]]
    return found


def _account_of(change: Change) -> str:
    return change.name if isinstance(change, Account) else change.account


def _order(bybit: "PracticeBybit", order: Order) -> Result:
    closing = bybit.ledger.store.executions(order.account, order_id=order.order_id, closing_only=True)
    return order_row(order, closing if order.filled_qty else [])


def _position(bybit: "PracticeBybit", account: str, symbol: str, idx: int) -> Result:
    return position_row(listed_row(bybit, bybit.ledger.position(account, symbol, idx)))
