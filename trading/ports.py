"""The five doors to the world. Everything else in trading is computed; doubles of these stand in tests/doubles.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from strategies.signal import Signal
from trading.model import (
    Account,
    AccountId,
    AccountMode,
    Balance,
    Execution,
    Fill,
    Instrument,
    KeyFacts,
    OrderFacts,
    OrderRequest,
    Outcome,
    Plan,
    Position,
    RiskTier,
    Ticker,
    Ticket,
)
from trading.people import Person
from trading.preferences import Preferences
from trading.reasons import Reason
from trading.states import Event, State

# How long Bybit takes a request after its timestamp; the proof that one was never accepted rests on it.
RECV_WINDOW_MS = 5_000


class Clock(Protocol):
    """Time, so that tests and replays can run on their own."""

    def now(self) -> int:
        """Ms UTC."""

    async def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class CandleRows:
    """Candles of one symbol as Bybit gave them, oldest first: `open_times` int64 (candles,), ms UTC; `values` float64
    (5, candles) = open, high, low, close, volume. The newest may still be forming: the feed drops it by its time."""

    symbol: str
    minutes: int
    open_times: NDArray[np.int64]
    values: NDArray[np.float64]


class Exchange(Protocol):
    """Bybit. Every method may raise ExchangeBusy or OutcomeUnknown; those that act may raise ExchangeRejected."""

    def bybit_time(self) -> int:
        """Ms UTC on Bybit's clock: ours plus the skew last measured."""

    async def measure_clock(self) -> int:
        """Asks Bybit's time; returns its skew against ours in ms and keeps it for `bybit_time`."""

    async def instruments(self) -> tuple[Instrument, ...]:
        """All linear USDT perpetuals that Bybit lists."""

    async def tickers(self) -> Mapping[str, Ticker]: ...

    async def ticker(self, symbol: str) -> Ticker: ...

    async def candles(
        self, symbol: str, minutes: int, *, start: int | None = None, end: int | None = None, limit: int = 1000
    ) -> CandleRows:
        """At most 1,000 candles whose open time lies in [start, end], the newest of them if there are more."""

    async def risk_tiers(self, symbol: str) -> tuple[RiskTier, ...]:
        """Lowest first."""

    async def taker_fee(self, account: AccountId, symbol: str) -> Decimal:
        """As a share (0.00055); the documented default where the environment has no fee-rate."""

    async def identify(self, account: AccountId) -> KeyFacts: ...

    async def mode(self, account: AccountId) -> AccountMode: ...

    async def balance(self, account: AccountId) -> Balance: ...

    async def positions(self, account: AccountId, symbol: str | None = None) -> tuple[Position, ...]:
        """Of one symbol (also when flat), or all that are open."""

    async def set_leverage(self, account: AccountId, symbol: str, leverage: int) -> None:
        """Unchanged is fine."""

    async def place(self, account: AccountId, request: OrderRequest, signed_at: int) -> str:
        """Sends once, signed with `signed_at` (ms, Bybit's time); returns Bybit's order id. Accepted is not done.

        ExchangeBusy: surely not sent or not done. ExchangeRejected: a documented refusal. OutcomeUnknown: all else.
        """

    async def cancel(self, account: AccountId, symbol: str, order_link_id: str) -> None: ...

    async def recent_order(self, account: AccountId, symbol: str, order_link_id: str) -> OrderFacts | None:
        """From /v5/order/realtime: open orders, and Bybit's short memory of closed ones."""

    async def stop_cover(self, account: AccountId, symbol: str, index: int = 0) -> Decimal:
        """How much of a position (positionIdx `index`) untriggered stops of its parts would close."""

    async def past_order(self, account: AccountId, symbol: str, order_link_id: str, since: int) -> OrderFacts | None:
        """From /v5/order/history, asked from `since` (ms) on."""

    async def executions(
        self, account: AccountId, symbol: str | None, since: int, order_link_id: str | None = None
    ) -> tuple[Execution, ...]:
        """All from `since` (ms) on, oldest first, every page; of one order where its id is given."""

    async def set_stop(
        self, account: AccountId, symbol: str, stop: Decimal | None, target: Decimal | None = None, index: int = 0
    ) -> None:
        """Sets or amends stop and target of the whole position; None leaves that one alone. `index`: positionIdx."""


@dataclass(frozen=True, slots=True)
class ClaimLimits:
    """What a claim is held against in its own transaction: ours is summed there, `foreign_*` stands beside it."""

    max_open: int
    max_risk: Decimal
    foreign_open: int = 0
    foreign_risk: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a transition writes beside the state; None leaves a column as it is, `target_gone` empties the target's."""

    reason: Reason | None = None
    detail: str | None = None
    signed_at: int | None = None
    order_id: str | None = None
    fill: Fill | None = None
    risk_now: Decimal | None = None
    stop_now: Decimal | None = None
    target_now: Decimal | None = None
    size_now: Decimal | None = None
    outcome: Outcome | None = None
    closes: int | None = None
    target_gone: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """A signal as one account heard it: it became `ticket`, or was `refused` for a reason."""

    signal: Signal
    account: AccountId
    heard_at: int
    ticket: Ticket | None
    refused: Reason | None


class Journal(Protocol):
    """Our intentions, written before anything happens. A method is one transaction; two that race have one winner."""

    async def propose(
        self,
        ticket: str,
        owner: int,
        account: AccountId,
        signal: Signal,
        plan: Plan,
        request: OrderRequest,
        expires_at: int,
        now: int,
    ) -> Ticket | None:
        """Writes revision 1 as PROPOSED; None where this account already has a ticket of this signal."""

    async def requote(
        self,
        ticket: str,
        revision: int,
        plan: Plan,
        request: OrderRequest,
        now: int,
        *,
        event: Event = Event.REQUOTED,
        facts: Facts | None = None,
        why: Reason | None = None,
    ) -> Ticket:
        """Moves `revision` by `event` (REQUOTED, or DRY for an order without fills) and proposes the next, at once.

        The expiry is the old one's; `why` becomes the next one's reason. Raises IllegalTransition where the revision
        is no longer in a fitting state.
        """

    async def claim(self, ticket: str, revision: int, owner: int, limits: ClaimLimits, now: int) -> Ticket:
        """PROPOSED to CONFIRMED, its risk reserved. Raises TicketError (what became of it) or RiskRefused."""

    async def advance(self, ticket: str, revision: int, event: Event, now: int, facts: Facts | None = None) -> Ticket:
        """One step of the table with its facts. Raises IllegalTransition where the present state has no such way."""

    async def note(self, ticket: str, revision: int, now: int, facts: Facts) -> Ticket:
        """Writes facts without a change of state (a stop moved by hand, more fills)."""

    async def own(self, ticket: str, owner: int) -> Ticket:
        """The ticket with its newest revision. Raises TicketError(NO_SUCH_TICKET) for anybody but its owner."""

    async def in_states(self, states: frozenset[State], account: AccountId | None = None) -> tuple[Ticket, ...]:
        """Tickets of the running environment whose newest revision stands in one of `states`, oldest first."""

    async def count_executions(self, ticket: str, executions: Sequence[Execution]) -> None:
        """Keeps each execution once, by its id, under its ticket."""

    async def executions_of(self, ticket: str) -> tuple[Execution, ...]:
        """All kept ones, oldest first."""

    async def hear(
        self, account: AccountId, owner: int, signal: Signal, now: int, ticket: str | None, refused: Reason | None
    ) -> bool:
        """Notes what became of a signal for an account, once; False where it was noted before."""

    async def heard(self, owner: int, limit: int) -> tuple[Heard, ...]:
        """The latest, newest first."""

    async def heard_since(self, owner: int, since: int) -> int:
        """How many signals this person was offered or listed since then."""

    async def closed_since(self, account: AccountId, since: int) -> tuple[Ticket, ...]:
        """Tickets that ended in a position that closed at or after `since` (ms)."""


class People(Protocol):
    """Persons, their settings and their accounts in the running environment."""

    async def person(self, user: int) -> Person | None: ...

    async def everyone(self) -> tuple[Person, ...]: ...

    async def set_preferences(self, user: int, preferences: Preferences, now: int) -> Person: ...

    async def set_language(self, user: int, language: str) -> Person: ...

    async def set_paused(self, user: int, paused: bool) -> Person: ...

    async def set_blocked(self, user: int, blocked: bool) -> None: ...

    async def account_of(self, user: int) -> Account | None:
        """The account that this person's tickets are for."""

    async def accounts(self) -> tuple[Account, ...]: ...


class Notifier(Protocol):
    """Tells people what happened; returns as soon as it is written down, never waits for Telegram."""

    async def ticket(self, ticket: Ticket, *, ring: bool = False) -> None:
        """The ticket's card shows its present state; `ring` adds one short reply with sound for this state."""

    async def limit_reached(self, owner: int, reason: Reason, figures: Mapping[str, object]) -> None:
        """The first refusal by a limit: said once until it is over."""

    async def limit_over(self, owner: int, reason: Reason) -> None: ...

    async def delisting(self, owner: int, symbol: str, at: int) -> None:
        """A position of this person's ends at `at` (ms), because Bybit delists its contract: told once, with sound."""
