"""A signal and its reasons: what a strategy says of the market when its score fires (SPEC 1)."""

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    LONG = "long"
    SHORT = "short"

    @property
    def sign(self) -> int:
        """1 for long, -1 for short."""
        return 1 if self is Direction.LONG else -1

    @property
    def side(self) -> str:
        """Bybit's word for an entry in this direction."""
        return "Buy" if self is Direction.LONG else "Sell"

    @property
    def closing_side(self) -> str:
        """Bybit's word for what closes it."""
        return "Sell" if self is Direction.LONG else "Buy"


@dataclass(frozen=True, slots=True)
class Factor:
    """One reason: its name, score 0..1, and the raw magnitude that the card puts in words."""

    name: str
    score: float
    raw: float


@dataclass(frozen=True, slots=True)
class Signal:
    """A score that fired under someone's thresholds. Prices are floats here: they are the market's, not money yet.

    `also` names other strategies that fired for the same symbol, side and candle; `rank` of `of` is its place by
    strength among what fired at this close.
    """

    symbol: str
    strategy: str
    minutes: int
    direction: Direction
    open_time: int
    factors: tuple[Factor, Factor, Factor]
    strength: float
    confluence: int
    close: float
    atr: float
    also: tuple[str, ...] = ()
    rank: int = 1
    of: int = 1

    @property
    def id(self) -> str:
        return f"{self.symbol}|{self.strategy}|{self.minutes}|{self.direction}|{self.open_time}"

    @property
    def closed_at(self) -> int:
        """When its candle closed."""
        return self.open_time + self.minutes * 60_000
