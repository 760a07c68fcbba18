"""The present state of all accounts, in memory and on disk at once.

Every change of an order, a position or money passes through here, so this is the place where the streams listen.
"""

import contextlib
import hashlib
import secrets
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sandbox.bybit.model import (
    LONG_SIDE,
    ONE_WAY,
    SHORT_SIDE,
    Account,
    Amendment,
    Execution,
    Instruction,
    Order,
    Position,
)
from sandbox.bybit.store import Store

LEAST_UID = 20_000_000
DEFAULT_LEVERAGE = Decimal(10)
TIME_KEPT_EVERY_MS = 10_000
CLOSED_IN_MEMORY = 500


@dataclass(frozen=True, slots=True)
class KeyWish:
    """What kind of key a new account is to have; see Account."""

    rsa_public_key: str = ""
    read_only: bool = False
    permissions: tuple[str, ...] = ("Order", "Position")
    ips: tuple[str, ...] = ("*",)

    def given_to(self, account: Account) -> Account:
        """The account with this kind of key; one that signs with RSA has no secret."""
        return replace(
            account,
            secret="" if self.rsa_public_key else account.secret,
            rsa_public_key=self.rsa_public_key,
            read_only=self.read_only,
            permissions=self.permissions,
            ips=self.ips,
        )


ANY_KEY = KeyWish()

Change = Account | Order | Position | Execution


class Ledger:
    """Accounts, positions and open orders; what is closed is asked of the store."""

    def __init__(self, store: Store, now_ms: int) -> None:
        self.store = store
        self._changes: list[Change] = []
        self._listeners: list[Callable[[Sequence[Change]], None]] = []
        self._depth = 0
        self._closed: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=CLOSED_IN_MEMORY))
        self._load(now_ms)

    def _load(self, now_ms: int) -> None:
        self.time_ms = int(self.store.fact("engine_time") or now_ms)
        self._kept_ms = self.time_ms
        self._sequence = int(self.store.fact("sequence") or 0)
        self.accounts = {account.name: account for account in self.store.accounts()}
        self._by_key = {account.api_key: account.name for account in self.accounts.values()}
        self.positions = {(p.account, p.symbol, p.idx): p for p in self.store.positions()}
        kept = {order.order_id: order for order in self.store.open_orders()}
        self.open_orders = {order_id: order for order_id, order in kept.items() if order.is_visible}
        self.accepted = {order_id: order for order_id, order in kept.items() if not order.is_visible}
        self.instructions = {told.number: told for told in self.store.instructions()}

    @contextlib.contextmanager
    def change(self) -> Iterator[None]:
        """All changes inside are one; after a failure memory is as the disk says."""
        self._depth += 1
        try:
            with self.store.transaction():
                yield
                self._keep_time()
        except BaseException:
            self._changes.clear()
            self._load(self.time_ms)
            raise
        finally:
            self._depth -= 1
        if not self._depth:
            self._tell()

    def on_change(self, hear: Callable[[Sequence[Change]], None]) -> None:
        """`hear(records)` is called after each change that was kept, with the records as they were written in order."""
        self._listeners.append(hear)

    def _tell(self) -> None:
        changes, self._changes = self._changes, []
        if changes:
            for hear in self._listeners:
                hear(changes)

    def reach(self, time_ms: int) -> None:
        """Time has come this far; every moment up to it has been looked at."""
        self.time_ms = max(self.time_ms, time_ms)
        if self.time_ms - self._kept_ms >= TIME_KEPT_EVERY_MS:
            with self.store.transaction():
                self._keep_time()

    def _keep_time(self) -> None:
        self.store.keep_fact("engine_time", str(self.time_ms))
        self.store.keep_fact("sequence", str(self._sequence))
        self._kept_ms = self.time_ms

    def next_sequence(self) -> int:
        """The next cross sequence number."""
        self._sequence += 1
        return self._sequence

    def new_id(self, kind: str) -> str:
        """An id that looks like Bybit's; the same world gives the same ids in the same order."""
        name = f"{self.store.fact('seed')}|{self.store.fact('born_ms')}|{kind}|{self.next_sequence()}"
        return str(uuid.UUID(bytes=hashlib.blake2b(name.encode(), digest_size=16).digest(), version=4))

    def open_account(self, name: str, equity: Decimal, key: KeyWish = ANY_KEY) -> Account:
        """The account of this name, made with `equity` USDT and such a key where there is none yet."""
        if name not in self.accounts:
            # Not counted on from a fixed number: a world begun anew must not be taken for the one before.
            uid = LEAST_UID + secrets.randbelow(LEAST_UID)
            api_key, secret = secrets.token_urlsafe(13)[:18], secrets.token_urlsafe(27)[:36]
            account = Account(name, uid, api_key, secret, equity, Decimal(0), self.time_ms)
            with self.change():
                self.keep_account(key.given_to(account))
        return self.accounts[name]

    def account_of_key(self, api_key: str) -> Account | None:
        """The account that an API key belongs to."""
        name = self._by_key.get(api_key)
        return None if name is None else self.accounts[name]

    def position(self, account: str, symbol: str, idx: int = ONE_WAY) -> Position:
        """What an account holds of a symbol, on one side in hedge mode; flat where it never did."""
        kept = self.positions.get((account, symbol, idx))
        return kept or Position(account, symbol, DEFAULT_LEVERAGE, idx=idx)

    def indexes(self, account: str, symbol: str) -> tuple[int, ...]:
        """The indexes of a symbol's positions in the mode that it is in: (0,), or (1, 2) in hedge mode."""
        return (LONG_SIDE, SHORT_SIDE) if symbol in self.accounts[account].hedged else (ONE_WAY,)

    def positions_of(self, account: str, symbol: str) -> list[Position]:
        """A symbol's position, or both sides in hedge mode, flat ones too."""
        return [self.position(account, symbol, idx) for idx in self.indexes(account, symbol)]

    def held(self, account: str) -> list[Position]:
        """The account's positions that are not flat."""
        return [p for p in self.positions.values() if p.account == account and p.size > 0]

    def accounts_with_positions(self) -> list[str]:
        """Accounts that hold something."""
        return list(dict.fromkeys(p.account for p in self.positions.values() if p.size > 0))

    def waiting_symbols(self) -> list[str]:
        """Symbols whose price matters to somebody: those with an open order or a position."""
        orders = (order.symbol for order in self.open_orders.values())
        return sorted({*orders, *(p.symbol for p in self.positions.values() if p.size > 0)})

    def orders_of(self, account: str, symbol: str = "", idx: int | None = None) -> list[Order]:
        """The account's open orders, the oldest first; with an index those of that position only."""
        mine = [o for o in self.open_orders.values() if o.account == account and symbol in ("", o.symbol)]
        return [order for order in mine if idx in (None, order.idx)]

    def accepted_of(self, account: str) -> list[Order]:
        """The account's orders that were accepted and that the matching engine has not taken up yet."""
        return [order for order in self.accepted.values() if order.account == account]

    def next_due_ms(self) -> int | None:
        """When the next accepted order or instruction is taken up, None where there is none."""
        return min((one.due_ms for one in self.not_taken_up()), default=None)

    def not_taken_up(self) -> list[Order | Instruction]:
        """Everything that was accepted and that the engine has not taken up yet."""
        return [*self.accepted.values(), *self.instructions.values()]

    def keep_instruction(self, account: str, order_id: str, due_ms: int, amendment: Amendment | None) -> None:
        """Accepts a change of an open order, or its cancellation, that is taken up later."""
        told = self.store.keep_instruction(account, order_id, due_ms, amendment)
        self.instructions[told.number] = told

    def drop_instruction(self, told: Instruction) -> None:
        """An instruction was taken up."""
        self.store.drop_instruction(told.number)
        self.instructions.pop(told.number, None)

    def keep_account(self, account: Account) -> None:
        """Writes an account."""
        self.store.keep_account(account)
        self.accounts[account.name] = account
        self._by_key[account.api_key] = account.name
        self._changes.append(account)

    def keep_position(self, position: Position) -> None:
        """Writes a position."""
        self.store.keep_position(position)
        self.positions[position.account, position.symbol, position.idx] = position
        self._changes.append(position)

    def keep_order(self, order: Order) -> Order:
        """Writes an order."""
        self.store.keep_order(order)
        self._changes.append(order)
        self.accepted.pop(order.order_id, None)
        if not order.is_visible:
            self.accepted[order.order_id] = order
        elif order.is_open:
            self.open_orders[order.order_id] = order
        else:
            self.open_orders.pop(order.order_id, None)
            self._closed[order.account].append(order.order_id)
        return order

    def is_in_memory(self, order: Order) -> bool:
        """It is open, or one of the account's last 500 that closed; a restart forgets those."""
        return order.is_open or order.order_id in self._closed[order.account]

    def close_order(self, order: Order, cancel_type: str, reason: str = "EC_NoError") -> Order:
        """Ends an open order: one that waited for its trigger is deactivated, any other cancelled."""
        status = "Deactivated" if order.status == "Untriggered" else "Cancelled"
        ended = replace(order, status=status, cancel_type=cancel_type, reject_reason=reason, updated_ms=self.time_ms)
        return self.keep_order(ended)

    def pay(self, account: str, amount: Decimal) -> None:
        """Adds to (or takes from) an account's wallet and its realised result."""
        kept = self.accounts[account]
        self.keep_account(replace(kept, wallet=kept.wallet + amount, realised=kept.realised + amount))

    def keep_execution(self, execution: Execution) -> None:
        """Adds an execution."""
        self.store.keep_execution(execution)
        self._changes.append(execution)
