"""What the practice Bybit remembers: accounts, orders, positions, executions, in Bybit's own words where it has one."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

ZERO = Decimal(0)

OPEN_STATUSES = ("New", "PartiallyFilled", "Untriggered", "Triggered")

CROSS, ISOLATED, PORTFOLIO = "REGULAR_MARGIN", "ISOLATED_MARGIN", "PORTFOLIO_MARGIN"
"""Margin modes of an account."""
ONE_WAY, LONG_SIDE, SHORT_SIDE = 0, 1, 2
"""Position indexes: the only position of a symbol in one-way mode, or one of the two in hedge mode."""

KEY_LIVES_MS = 90 * 86_400_000
"""How long a key lives that is bound to no address."""


class Refused(Exception):
    """Bybit says no: `code` is its retCode, the text its retMsg, `result` what little it tells besides."""

    def __init__(self, code: int, message: str, result: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.result = dict(result or {})


@dataclass(frozen=True, slots=True)
class Account:
    """One unified trading account with its only API key. Money in USDT.

    With an `rsa_public_key` (PEM) the key signs with RSA and `secret` is of no use. `permissions` are what the key may
    do with contracts: Order, Position. `ips` are the addresses it is bound to, "*" any. `hedged` are the symbols in
    hedge mode; `updated_ms` is when the margin mode was set last, 0 never.
    """

    name: str
    uid: int
    api_key: str
    secret: str
    wallet: Decimal
    realised: Decimal
    created_ms: int
    rsa_public_key: str = ""
    read_only: bool = False
    permissions: tuple[str, ...] = ("Order", "Position")
    ips: tuple[str, ...] = ("*",)
    margin_mode: str = CROSS
    updated_ms: int = 0
    hedged: tuple[str, ...] = ()

    def is_key_expired(self, now_ms: int) -> bool:
        """The key is bound to no address and has lived its 90 days."""
        return "*" in self.ips and now_ms >= self.created_ms + KEY_LIVES_MS

    def may_call_from(self, address: str) -> bool:
        """The key is bound to this address, or to none."""
        return "*" in self.ips or address in self.ips


@dataclass(frozen=True, slots=True)
class Order:
    """An order from its acceptance on. `tp_trigger_by` and `sl_trigger_by` are "" where no level is attached.

    A trailing stop stands `trailing` away from `best_price`, the best since `active_price` was reached (None: not yet).
    Between its acceptance and `due_ms`, when the matching engine takes it up, its status is Created. `idx` is the index
    of the position that it changes. A market order may go no further from the best price than its `slippage`: so many
    ticks (TickSize) or per cent (Percent).
    """

    order_id: str
    link_id: str
    account: str
    symbol: str
    side: str
    order_type: str
    qty: Decimal
    price: Decimal
    time_in_force: str
    status: str
    created_ms: int
    updated_ms: int
    create_type: str = "CreateByUser"
    cancel_type: str = "UNKNOWN"
    reject_reason: str = "EC_NoError"
    reduce_only: bool = False
    close_on_trigger: bool = False
    filled_qty: Decimal = ZERO
    filled_value: Decimal = ZERO
    fee: Decimal = ZERO
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    tpsl_mode: str = ""
    tp_trigger_by: str = ""
    sl_trigger_by: str = ""
    tp_limit_price: Decimal | None = None
    sl_limit_price: Decimal | None = None
    stop_order_type: str = ""
    trigger_price: Decimal | None = None
    trigger_direction: int = 0
    trigger_by: str = ""
    parent_link_id: str = ""
    last_price_on_created: Decimal | None = None
    due_ms: int = 0
    trailing: Decimal | None = None
    active_price: Decimal | None = None
    best_price: Decimal | None = None
    idx: int = ONE_WAY
    slippage_type: str = ""
    slippage: Decimal | None = None

    @property
    def is_open(self) -> bool:
        """It may still trade."""
        return self.status in OPEN_STATUSES

    @property
    def is_visible(self) -> bool:
        """The matching engine has seen it, so that queries and streams may show it."""
        return self.status != "Created"

    @property
    def is_conditional(self) -> bool:
        """It waits for its trigger, or will once the engine has taken it up."""
        return self.trigger_price is not None and self.status in ("Created", "Untriggered")

    @property
    def leaves_qty(self) -> Decimal:
        """What may still trade; nothing once it is closed."""
        return self.qty - self.filled_qty if self.is_open or not self.is_visible else ZERO

    @property
    def avg_price(self) -> Decimal | None:
        """The average price of its fills, None without one."""
        return self.filled_value / self.filled_qty if self.filled_qty else None

    @property
    def level(self) -> Decimal:
        """The price that it waits for while it is open."""
        if self.trailing is not None and self.best_price is not None:
            return self.best_price + (self.trailing if self.side == "Buy" else -self.trailing)
        if self.status == "Untriggered" and self.trigger_price is not None:
            return self.trigger_price
        return self.price

    def is_reached(self, low: Decimal, high: Decimal) -> bool:
        """A price that was everywhere between `low` and `high` triggers or fills it; a trailing stop: see `is_hit`."""
        if self.trailing is not None:
            return False
        if self.status == "Untriggered":
            return high >= self.level if self.trigger_direction == 1 else low <= self.level
        if self.status in ("New", "PartiallyFilled"):
            return low <= self.level if self.side == "Buy" else high >= self.level
        return False

    def followed(self, price: Decimal) -> "Order":
        """A trailing stop after the price came here: awake, and with the best price it has seen."""
        falls = self.side == "Buy"  # it closes a short, so lower is better
        if self.best_price is None:
            wakes = self.active_price is None or (price <= self.active_price if falls else price >= self.active_price)
            return dataclasses.replace(self, best_price=price) if wakes else self
        best = min(self.best_price, price) if falls else max(self.best_price, price)
        return self if best == self.best_price else dataclasses.replace(self, best_price=best)

    def is_hit(self, price: Decimal) -> bool:
        """An awake trailing stop is triggered by this price."""
        if self.trailing is None or self.best_price is None or self.status != "Untriggered":
            return False
        return price >= self.level if self.side == "Buy" else price <= self.level

    def is_stirred(self, low: Decimal, high: Decimal) -> bool:
        """A price somewhere between `low` and `high` may change it."""
        if self.trailing is None:
            return self.is_reached(low, high)
        return any(self.followed(price) != self or self.is_hit(price) for price in (low, high))

    @property
    def protects(self) -> bool:
        """It is a stop or target of a position, not an order that somebody placed by itself."""
        return self.stop_order_type in PROTECTIONS


WHOLE = ("StopLoss", "TakeProfit", "TrailingStop")
"""Kinds of stops that go with the size of their whole position."""
PROTECTIONS = (*WHOLE, "PartialStopLoss", "PartialTakeProfit")


@dataclass(frozen=True, slots=True)
class Position:
    """What an account holds of a symbol, in hedge mode on one side; flat when `size` is 0, its leverage is kept.

    `entry_fees` are the fees of what is still open, `current_realised` that of the present holding.
    """

    account: str
    symbol: str
    leverage: Decimal
    side: str = ""
    size: Decimal = ZERO
    avg_price: Decimal = ZERO
    entry_fees: Decimal = ZERO
    current_realised: Decimal = ZERO
    all_realised: Decimal = ZERO
    created_ms: int = 0
    updated_ms: int = 0
    opened_ms: int = 0
    sequence: int = 0
    idx: int = ONE_WAY

    @property
    def sign(self) -> int:
        """1 long, -1 short, 0 flat."""
        return {"Buy": 1, "Sell": -1}.get(self.side, 0)

    def open_result(self, price: Decimal) -> Decimal:
        """Unrealised profit at a price, before fees."""
        return (price - self.avg_price) * self.size * self.sign


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is to become of an open order; None leaves a part as it is, a level of 0 is taken away."""

    qty: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Instruction:
    """A change of an open order that was accepted and that the engine takes up at `due_ms`; no amendment: cancel it."""

    number: int
    account: str
    order_id: str
    due_ms: int
    amendment: Amendment | None


@dataclass(frozen=True, slots=True)
class Execution:
    """A fill, or a funding payment (`exec_type` Funding). `entry_price` and `entry_fee` belong to the closed part.

    `size_after` is the position then, negative where short; `balance_after` the wallet in USDT.
    """

    exec_id: str
    account: str
    symbol: str
    order_id: str
    link_id: str
    side: str
    order_price: Decimal
    order_qty: Decimal
    leaves_qty: Decimal
    create_type: str
    order_type: str
    stop_order_type: str
    price: Decimal
    qty: Decimal
    fee: Decimal
    fee_rate: Decimal
    exec_type: str
    is_maker: bool
    mark_price: Decimal
    closed_size: Decimal
    result: Decimal
    entry_price: Decimal
    entry_fee: Decimal
    leverage: Decimal
    time_ms: int
    sequence: int
    size_after: Decimal = ZERO
    balance_after: Decimal = ZERO

    @property
    def value(self) -> Decimal:
        """Traded value in USDT."""
        return self.price * self.qty


def plain(number: Decimal) -> str:
    """Digits without an exponent and without needless zeros, as Bybit writes most numbers."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
