"""Panics, halts and alarms: their nouns, and the doors through which they are kept and told.

They stand apart from the five ports because they must hold when what those serve is at fault: a panic reads and
writes nothing but its own few rows and the journal's, and its words go out before all others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from strategies.signal import Direction, Signal
from trading.model import AccountId, Fill, OrderRequest, Plan, Position, Ticket


class Scope(StrEnum):
    """Which positions a panic closes: the bot's, or all that the account holds."""

    OURS = "ours"
    ALL = "all"


class PanicState(StrEnum):
    ASKED = "ASKED"  # shown, and nothing promised yet
    RUNNING = "RUNNING"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class Fate(StrEnum):
    """What a panic has made of one position so far."""

    CLOSING = "closing"
    CLOSED = "closed"
    REFUSED = "refused"  # the last close was refused or cut short; another goes out
    TURNED = "turned"  # ours was turned round by hand: what stands there is not ours to close


@dataclass(frozen=True, slots=True)
class Line:
    """One position of a panic; `ticket` None for one that no ticket holds. `net` is its result in USDT once known."""

    symbol: str
    direction: Direction
    ticket: str | None
    index: int = 0
    fate: Fate = Fate.CLOSING
    net: Decimal | None = None
    detail: str = ""

    @property
    def key(self) -> str:
        return self.ticket or f"{self.symbol}:{self.index}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What stood there when the panic was asked for; results are unrealised USDT. `known` False: Bybit was silent."""

    known: bool = False
    ours: int = 0
    ours_result: Decimal = Decimal(0)
    all: int = 0
    all_result: Decimal = Decimal(0)
    entries: int = 0
    offers: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """What was done: offers ended, entries cancelled, one line a position; `silent`: Bybit did not answer it all."""

    lines: tuple[Line, ...] = ()
    offers: int = 0
    entries: int = 0
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Panic:
    """One /panic from its question to its end."""

    id: str
    owner: int
    account: AccountId
    state: PanicState
    scope: Scope | None
    asked_at: int
    begun_at: int | None
    ended_at: int | None
    seen: Seen
    progress: Progress = field(default_factory=Progress)


class CloseState(StrEnum):
    SENT = "SENT"  # committed before it went out; its fate is not known yet
    DONE = "DONE"  # final at Bybit
    FAILED = "FAILED"  # refused, surely not sent, or proven absent


@dataclass(frozen=True, slots=True)
class Close:
    """A close order of a position that no ticket holds; `id` is its orderLinkId, `entry` the position's average."""

    id: str
    account: AccountId
    panic: str
    symbol: str
    index: int
    direction: Direction
    number: int
    state: CloseState
    size: Decimal
    entry: Decimal
    signed_at: int
    filled: Decimal
    average: Decimal | None
    detail: str


@dataclass(frozen=True, slots=True)
class Halt:
    """The owner's word that nobody enters; over once `ended_at` is known."""

    id: str
    begun_by: int
    begun_at: int
    ended_by: int | None = None
    ended_at: int | None = None
    told: bool = False


class AlarmState(StrEnum):
    STANDING = "STANDING"
    SET = "SET"  # it has a stop now
    CLOSED = "CLOSED"  # the position is gone


@dataclass(frozen=True, slots=True)
class Alarm:
    """A position without a stop that no ticket looks after. `stop` is what a tap would set, `at_stop` the result in
    USDT there, the closing fee included; `number` grows with each new proposal, so that older buttons are dead."""

    id: str
    owner: int
    account: AccountId
    symbol: str
    index: int
    direction: Direction
    size: Decimal
    average: Decimal
    mark: Decimal
    stop: Decimal
    at_stop: Decimal
    number: int
    state: AlarmState
    begun_at: int
    ended_at: int | None = None

    @property
    def key(self) -> tuple[str, int]:
        return self.symbol, self.index


class Panics(Protocol):
    """What was promised in an emergency; each method is one transaction. Ownership is in its SQL."""

    async def ask(self, panic: str, owner: int, account: AccountId, seen: Seen, now: int) -> tuple[Panic, ...]:
        """A fresh question first, then those of this person that it takes the place of."""

    async def begin(self, panic: str, owner: int, scope: Scope, now: int) -> Panic:
        """RUNNING, and the person paused with it; a second tap finds it running, ALL widens OURS.

        Raises TicketError: NO_SUCH_TICKET for anybody else, OVER, or ALREADY_TAKEN while another one runs.
        """

    async def cancel(self, panic: str, owner: int, now: int) -> Panic:
        """Raises TicketError where it is over already."""

    async def finish(self, panic: Panic, now: int) -> Panic:
        """DONE, unless it was cancelled or widened meanwhile: gives what it is."""

    async def save(self, panic: str, progress: Progress) -> None: ...

    async def own(self, panic: str, owner: int) -> Panic: ...

    async def running(self, owner: int | None = None) -> tuple[Panic, ...]: ...

    async def ended_since(self, since: int) -> tuple[Panic, ...]: ...

    async def swept(self, account: AccountId, since: int) -> tuple[int, int]:
        """(offers, entries) that ended for a panic since then."""

    async def begin_close(self, panic: Panic, position: Position, signed_at: int) -> Close:
        """Committed before it is sent. Raises TicketError(ALREADY_TAKEN) while an earlier one's fate is unknown."""

    async def settle_close(
        self, close: Close, state: CloseState, filled: Decimal, average: Decimal | None, detail: str
    ) -> Close: ...

    async def live_closes(self, account: AccountId) -> tuple[Close, ...]: ...

    async def closes_of(self, panic: str) -> tuple[Close, ...]: ...


class Halts(Protocol):
    """At most one halt stands in an environment."""

    async def begin(self, halt: str, owner: int, now: int) -> tuple[Halt, bool]:
        """The standing halt; True where this call began it."""

    async def end(self, owner: int, now: int) -> Halt | None:
        """None where none stood."""

    async def newest(self) -> Halt | None: ...

    async def told(self, halt: str) -> None:
        """Everybody has heard of its last change."""


class Alarms(Protocol):
    """One standing alarm a position."""

    async def begin(self, alarm: Alarm) -> bool:
        """False where one stands already."""

    async def standing(self) -> tuple[Alarm, ...]: ...

    async def ended_since(self, since: int) -> tuple[Alarm, ...]: ...

    async def own(self, alarm: str, owner: int) -> Alarm:
        """Raises TicketError(NO_SUCH_TICKET) for anybody but its owner."""

    async def propose(self, alarm: Alarm) -> None:
        """Keeps new figures of a standing one."""

    async def end(self, alarm: str, state: AlarmState, now: int) -> Alarm | None:
        """None where it was over already."""


class Adoptions(Protocol):
    """Positions that were opened by hand become tickets."""

    async def take_over(
        self,
        ticket: str,
        owner: int,
        account: AccountId,
        signal: Signal,
        plan: Plan,
        request: OrderRequest,
        fill: Fill,
        target: Decimal | None,
        asked_at: int,
        now: int,
    ) -> Ticket:
        """Revision 1 in state OPEN; `asked_at` is when its position was read (ms, Bybit's time).

        Raises TicketError(ALREADY_TAKEN) where a live ticket has the symbol.
        """


@dataclass(frozen=True, slots=True)
class SafetyBook:
    """Where all of it is kept."""

    panics: Panics
    halts: Halts
    alarms: Alarms
    adoptions: Adoptions


class Crier(Protocol):
    """Tells people of emergencies; returns as soon as it is written down. Telling twice tells once."""

    async def panic(self, panic: Panic, *, ring: bool = False, anew: bool = False) -> None:
        """The panic's message shows how it stands; `ring` adds one reply with sound, `anew` brings it down."""

    async def alarm(self, alarm: Alarm, *, ring: bool = False, anew: bool = False) -> None: ...

    async def halt(self, halt: Halt, people: Sequence[int]) -> None:
        """Its beginning or its end, to each of these."""
