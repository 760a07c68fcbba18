"""What /status shows: how things stand for one person, gathered in one place."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from trading.feed_news import StreamState
from trading.model import Account
from trading.people import Person
from trading.ports import Heard
from trading.reasons import Reason


@dataclass(frozen=True, slots=True)
class Threshold:
    """The strength a signal needs for one person now.

    `per_day` is what it gave over `days` of history, None while there is too little (then `value` is the fixed
    default). `reached` is False where even the best threshold gives fewer than asked; `exceeded` where the highest
    gives more: then only the strongest that fit the day become cards.
    """

    value: Decimal
    per_day: float | None
    days: float
    reached: bool
    fixed: bool
    exceeded: bool = False


class Rest(StrEnum):
    """Why a symbol rests."""

    GAP = "gap"  # candles are missing, at Bybit too
    BROKEN = "broken"  # a candle that can not be true


@dataclass(frozen=True, slots=True)
class CacheRate:
    """How often one cache was asked, and how often it knew."""

    name: str
    hits: int
    questions: int


@dataclass(frozen=True, slots=True)
class Nearest:
    """The strongest score of the last closed candle that did not fire."""

    symbol: str
    direction: str
    strength: float


@dataclass(frozen=True, slots=True)
class TickReport:
    """The last tick: when (ms UTC), how long it computed and how many symbols it judged."""

    at: int
    took_ms: float
    symbols: int


@dataclass(frozen=True, slots=True)
class Block:
    """A limit that stops new entries now, with its figures."""

    reason: Reason
    figures: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that does not work at the moment and since when (ms UTC); what = bybit, telegram, feed, database."""

    what: str
    since: int
    text: str


@dataclass(frozen=True, slots=True)
class Status:
    """Money in USDT; None where Bybit could not be asked. `today` = closed and open results since 00:00 UTC.

    `streams` is None where there are none.
    """

    person: Person
    account: Account | None
    environment: str
    started_at: int
    now: int
    equity: Decimal | None
    today: Decimal | None
    today_r: Decimal | None
    open: int
    risk: Decimal
    signals_today: int
    last_signal: Heard | None
    next_close_at: int
    threshold: Threshold
    nearest: Nearest | None
    tick: TickReport | None
    feed_age_ms: int | None
    skew_ms: int
    resting: tuple[tuple[str, str], ...]  # (symbol and minutes, a Rest)
    blocks: tuple[Block, ...] = field(default=())
    troubles: tuple[Trouble, ...] = field(default=())
    streams: StreamState | None = None
    candles: tuple[int, int] = (0, 0)  # frames whose history is here, of all that are wanted
    stale: tuple[str, ...] = ()  # of this person's symbols, those without entries because their candles or prices lag
    caches: tuple[CacheRate, ...] = ()
    differs: str = ""  # a running column that the last check found to differ from a recompute
