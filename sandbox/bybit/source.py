"""Where candles come from: what the market asks of a maker of candles, whether made up, read from files or fetched."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sandbox.bybit.instruments import Instrument

Floats = NDArray[np.float64]

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
MINUTES_A_DAY = 1440


class MarketRefused(Exception):
    """The market cannot be opened; the text is the one line for the person who started it."""


@dataclass(frozen=True, slots=True)
class Block:
    """Candles of all symbols over one stretch, each array of shape (symbols, candles); NaN where nothing was listed.

    Prices in USDT, not yet rounded to ticks; volume in the base coin.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats


class Source(Protocol):
    """A maker of candles. The same question always gets the same answer."""

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The symbols, in the order of the arrays' first axis."""

    @property
    def first_day(self) -> int:
        """The first UTC day (days since 1970) that has 1m candles."""

    @property
    def first_coarse_day(self) -> int:
        """The first UTC day that has 1h candles; at most `first_day`."""

    def day(self, day: int) -> Block:
        """The 1,440 1m candles of a UTC day, at or after `first_day`."""

    def hours(self, day: int) -> Block:
        """The 24 1h candles of a UTC day before `first_day`."""
