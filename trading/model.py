"""The nouns of SPEC 1 that trading owns. Prices and money are Decimal USDT, sizes base coin, times ms UTC."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal

from strategies.signal import Direction, Signal
from trading.reasons import Ending, Reason
from trading.states import State


@dataclass(frozen=True, slots=True, order=True)
class AccountId:
    """One Bybit account in one environment (sandbox, demo, testnet, live); every row of money carries it."""

    environment: str
    uid: str


@dataclass(frozen=True, slots=True)
class Account:
    """An account as its owner (a Telegram user id) knows it."""

    id: AccountId
    owner: int
    name: str


# --- what Bybit tells of the market


@dataclass(frozen=True, slots=True)
class Instrument:
    """A linear USDT perpetual with its filters. `tick` and `step` are the smallest moves of price and size."""

    symbol: str
    base: str
    tick: Decimal
    step: Decimal
    smallest: Decimal
    largest_limit: Decimal
    largest_market: Decimal
    smallest_notional: Decimal
    max_leverage: Decimal
    status: str
    symbol_type: str
    pre_listing: bool
    launched_at: int
    delivery_at: int
    funding_minutes: int


@dataclass(frozen=True, slots=True)
class RiskTier:
    """Up to `limit` USDT of position value at most `max_leverage` may be used."""

    limit: Decimal
    max_leverage: Decimal


@dataclass(frozen=True, slots=True)
class Ticker:
    """The present price of one symbol. `turnover` is of the last 24 h in USDT; `at` when Bybit answered."""

    symbol: str
    last: Decimal
    bid: Decimal
    ask: Decimal
    mark: Decimal
    turnover: Decimal
    at: int


# --- what Bybit tells of an account


@dataclass(frozen=True, slots=True)
class AccountMode:
    """How the account is set up; portfolio margin and hedge mode are refused by us."""

    portfolio_margin: bool
    unified: bool


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What Bybit says of a key. `expires_at` is None where it does not expire."""

    uid: str
    read_only: bool
    permissions: tuple[str, ...]
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class Balance:
    """USDT: `equity` of the coin, and what is `available` for new margin (SPEC 5)."""

    equity: Decimal
    available: Decimal


@dataclass(frozen=True, slots=True)
class Position:
    """What the account holds of one symbol. `size` is never negative; flat is size 0 with direction None.

    `stop`, `target`, `liquidation` are None where there is none. `index` is Bybit's positionIdx (0 = one-way).
    """

    symbol: str
    direction: Direction | None
    size: Decimal
    average: Decimal
    stop: Decimal | None
    target: Decimal | None
    leverage: Decimal
    mark: Decimal
    liquidation: Decimal | None
    unrealised: Decimal
    margin: Decimal
    index: int


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One order exactly as it will be sent. `price` None = market; `stop` and `target` attach to the whole position."""

    symbol: str
    side: str
    size: Decimal
    order_link_id: str
    price: Decimal | None = None
    time_in_force: str = "IOC"
    stop: Decimal | None = None
    target: Decimal | None = None
    reduce_only: bool = False
    close_on_trigger: bool = False
    position_index: int = 0  # Bybit's positionIdx: 0 one-way, 1 and 2 the sides of an account in hedge mode


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What Bybit knows of an order. `final` = nothing will change any more; `filled` counts even when cancelled."""

    order_id: str
    order_link_id: str
    symbol: str
    status: str
    final: bool
    size: Decimal
    filled: Decimal
    average: Decimal | None
    reject_reason: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Execution:
    """One fill (or funding) of an account; `id` identifies it for ever.

    `kind` is Bybit's execType (Trade, Funding, BustTrade, AdlTrade, Delivery ...), `create_type` tells who closed.
    `fee` is positive when paid; for Funding it is the payment, positive when paid.
    """

    id: str
    symbol: str
    order_id: str
    order_link_id: str
    side: str
    kind: str
    create_type: str
    price: Decimal
    size: Decimal
    closed_size: Decimal
    fee: Decimal
    at: int


# --- what we say and intend


@dataclass(frozen=True, slots=True)
class Plan:
    """A sized trade: what will be bought, at most at `limit`, and what it can cost (SPEC 5).

    `risk` is the most the stop can cost in USDT at the limit price, gaps apart; `r` = |entry - stop| x size;
    `costs` are the fees both ways at the target; `net_reward` and `net_loss` are in R (loss negative).
    `bound_by` tells which rule set the size: risk, margin, largest_order or risk_tier.
    """

    entry: Decimal
    limit: Decimal
    stop: Decimal
    target: Decimal
    size: Decimal
    leverage: int
    notional: Decimal
    risk: Decimal
    r: Decimal
    costs: Decimal
    net_reward: Decimal
    net_loss: Decimal
    bound_by: str


@dataclass(frozen=True, slots=True)
class Fill:
    """What was bought so far: summed once over the entry's executions."""

    size: Decimal
    average: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a position ended: net of fees and funding, in USDT and in R."""

    ending: Ending
    net: Decimal
    r: Decimal
    exit: Decimal
    closed_at: int


@dataclass(frozen=True, slots=True)
class Revision:
    """One offer of a ticket and what became of it; its frozen `request` is what a tap sends.

    `stop_now` and `risk_now` follow the position (a stop moved by hand); `signed_at` is the timestamp that was
    signed, in Bybit's time; `reason` with `detail` says why it ended or is held up.
    """

    number: int
    state: State
    plan: Plan
    expires_at: int
    order_link_id: str
    request: OrderRequest
    request_hash: str
    risk_now: Decimal
    stop_now: Decimal
    target_now: Decimal | None
    size_now: Decimal
    changed_at: int
    signed_at: int | None = None
    order_id: str | None = None
    reason: Reason | None = None
    detail: str = ""
    fill: Fill | None = None
    outcome: Outcome | None = None
    closes: int = 0  # close orders sent so far; the next one's id derives from it


# Stands as the strategy of a ticket whose position was opened by hand and taken over.
ADOPTED = "adopted"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A signal sized for one account, with its newest revision. `first_risk` bounds every re-quote."""

    id: str
    owner: int
    account: AccountId
    signal: Signal
    created_at: int
    first_risk: Decimal
    revision: Revision

    @property
    def symbol(self) -> str:
        return self.signal.symbol

    @property
    def direction(self) -> Direction:
        return self.signal.direction

    @property
    def state(self) -> State:
        return self.revision.state

    @property
    def is_adopted(self) -> bool:
        """Whether its position was opened by hand: no order of ours began it, so its fill is what was found."""
        return self.signal.strategy == ADOPTED

    @property
    def key(self) -> tuple[str, int]:
        """(ticket, revision): what a button carries and a row is found by."""
        return self.id, self.revision.number


def order_link_id(ticket: str, revision: int, purpose: str = "entry", n: int = 0) -> str:
    """The one id under which this revision's order may ever be sent: "x1-" and 28 hex of BLAKE2s (EXECUTION 2.2)."""
    named = f"{ticket}|{revision}" if purpose == "entry" else f"{ticket}|{purpose}|{n}"
    return "x1-" + hashlib.blake2s(named.encode(), digest_size=14).hexdigest()
