"""What real candles look like in figures, and how far the made-up ones may be from them.

Of each measure stand the 5 % and the 95 % quantile over windows of real candles of Bybit's perpetuals: seven symbols'
5m candles of 2025 (with three of 1m made coarser), 1m candles of three symbols in June 2025, 1h candles of Bitcoin
2021-2024. A made-up value must lie between the two, widened by the factor `room` at either end.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tests.sandbox.bybit import market_measures as measures
from tests.sandbox.bybit.market_measures import DAY, HOUR, Measure, Series

ROOM = 1.2
"""Real windows are few, of few symbols, and of one year for the most part."""
CALM_JUNE = 1.6
"""The 1m candles are three middling symbols' in one calm month."""
NARROW = 1.1
"""For what hardly differs from window to window."""
WINDOW_DAYS = {"1m": 10, "5m": 29, "1h": 89, "4h": 89}
"""How long a window is in which candles of this length are measured."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """One measure of candles of one length: what real ones give, and how much further made-up ones may go.

    `tells` names what the measure is about; `low` and `high` are None where that side says nothing.
    """

    tells: str
    candle: str
    name: str
    measure: Measure
    low: float | None
    high: float | None
    room: float = ROOM

    def allows(self, value: float) -> bool:
        """Whether a value is as it could be on a real market; NaN is not."""
        above = self.low is None or value >= self.low / self.room
        below = self.high is None or value <= self.high * self.room
        return above and below and not np.isnan(value)


@dataclass(frozen=True, slots=True)
class Together:
    """The same for a measure of several symbols at once; there is one stretch of six, so its figures are few."""

    candle: str
    name: str
    measure: Callable[[Sequence[Series]], float]
    low: float
    high: float

    def allows(self, value: float) -> bool:
        """Whether it lies within the real values, widened."""
        return self.low / ROOM <= value <= min(self.high * ROOM, 0.97)


LIKENESSES = (
    Likeness("tails", "1m", "0.1 % tail", measures.tail(0.001), 10.7, 13.2, CALM_JUNE),
    Likeness("tails", "1m", "tail index", measures.tail_index, 3.42, 4.28, CALM_JUNE),
    Likeness("clusters", "1m", "echo 1m", measures.echo(1), 0.187, 0.244),
    Likeness("clusters", "1m", "echo 1h", measures.echo(HOUR), 0.108, 0.151, CALM_JUNE),
    Likeness("trends", "1m", "persistence 1h", measures.persistence(HOUR), 0.775, 0.993),
    Likeness("range", "1m", "range over return", measures.range_over_return, 1.71, 1.81),
    Likeness("volume and range", "1m", "volume with range", measures.volume_with_range, 0.577, 0.645),
    Likeness("volume", "1m", "volume spread", measures.volume_spread, 1.10, 1.29),
    Likeness("volume", "1m", "volume echo 1m", measures.volume_echo(1), 0.374, 0.539),
    Likeness("volume", "1m", "volume echo 1h", measures.volume_echo(HOUR), 0.168, 0.224, CALM_JUNE),
    Likeness("tails", "5m", "0.1 % tail", measures.tail(0.001), 11.2, 22.9),
    Likeness("tails", "5m", "tail index", measures.tail_index, 2.22, 4.22),
    Likeness("tails", "5m", "kurtosis", measures.kurtosis, 9.40, None),
    Likeness("clusters", "5m", "echo 5m", measures.echo(5), 0.224, 0.509),
    Likeness("clusters", "5m", "echo 1h", measures.echo(HOUR), 0.093, 0.247),
    Likeness("clusters", "5m", "spread of days", measures.day_spread, 0.262, 0.586),
    Likeness("trends", "5m", "persistence 1h", measures.persistence(HOUR), 0.472, 1.06),
    Likeness("trends", "5m", "persistence 1d", measures.persistence(DAY), 0.404, 1.24),
    Likeness("range", "5m", "range over return", measures.range_over_return, 1.84, 2.04, NARROW),
    Likeness("volume and range", "5m", "volume with range", measures.volume_with_range, 0.739, 0.846),
    Likeness("volume", "5m", "volume spread", measures.volume_spread, 0.877, 1.05),
    Likeness("volume", "5m", "volume echo 5m", measures.volume_echo(5), 0.587, 0.761),
    Likeness("volume", "5m", "volume echo 1h", measures.volume_echo(HOUR), 0.347, 0.535),
    Likeness("volume", "5m", "volume echo 1d", measures.volume_echo(DAY), 0.145, 0.275),
    Likeness("day", "5m", "busiest hour", measures.busiest_hour, 1.61, 2.47),
    Likeness("day", "5m", "quietest hour", measures.quietest_hour, 0.547, 0.705),
    Likeness("day", "5m", "when busiest", measures.when_busiest, 14, 15),
    Likeness("tails", "1h", "1 % tail", measures.tail(0.01), 6.91, 12.1),
    Likeness("tails", "1h", "kurtosis", measures.kurtosis, 9.09, None),
    Likeness("clusters", "1h", "echo 1h", measures.echo(HOUR), 0.141, 0.301),
    Likeness("clusters", "1h", "echo 1d", measures.echo(DAY), 0.044, 0.174),
    Likeness("clusters", "1h", "spread of days", measures.day_spread, 0.353, 0.628),
    Likeness("trends", "1h", "persistence 4h", measures.persistence(4 * HOUR), 0.912, 1.10, NARROW),
    Likeness("trends", "1h", "persistence 1d", measures.persistence(DAY), 0.858, 1.15),
    Likeness("trends", "1h", "persistence 3d", measures.persistence(3 * DAY), 0.697, 1.22),
    Likeness("range", "1h", "range over return", measures.range_over_return, 2.08, 2.27, NARROW),
    Likeness("volume and range", "1h", "volume with range", measures.volume_with_range, 0.813, 0.933),
    Likeness("volume", "1h", "volume spread", measures.volume_spread, 0.633, 0.969),
    Likeness("volume", "1h", "volume echo 1h", measures.volume_echo(HOUR), 0.560, 0.780),
    Likeness("volume", "1h", "volume echo 1d", measures.volume_echo(DAY), 0.252, 0.511),
    Likeness("day", "1h", "busiest hour", measures.busiest_hour, 1.58, 2.69),
    Likeness("day", "1h", "quietest hour", measures.quietest_hour, 0.516, 0.712),
    Likeness("tails", "4h", "1 % tail", measures.tail(0.01), 6.39, 11.7),
    Likeness("tails", "4h", "kurtosis", measures.kurtosis, 6.34, None),
    Likeness("clusters", "4h", "echo 4h", measures.echo(4 * HOUR), 0.064, 0.263),
    Likeness("trends", "4h", "persistence 1d", measures.persistence(DAY), 0.865, 1.16),
    Likeness("trends", "4h", "persistence 3d", measures.persistence(3 * DAY), 0.677, 1.28),
    Likeness("range", "4h", "range over return", measures.range_over_return, 2.09, 2.42, NARROW),
    Likeness("volume and range", "4h", "volume with range", measures.volume_with_range, 0.811, 0.939),
    Likeness("volume", "4h", "volume spread", measures.volume_spread, 0.517, 0.881),
)

TOGETHER = (
    Together("5m", "returns together", measures.returns_together, 0.773, 0.842),
    Together("5m", "sizes together", measures.sizes_together, 0.730, 0.793),
    Together("5m", "volumes together", measures.volumes_together, 0.642, 0.709),
    Together("1h", "returns together", measures.returns_together, 0.729, 0.839),
    Together("1h", "sizes together", measures.sizes_together, 0.653, 0.780),
    Together("1h", "volumes together", measures.volumes_together, 0.746, 0.823),
)
"""Least and most over three windows of 30 days of the six symbols that have 5m candles at one time."""


def windows_of(candles: Mapping[str, Sequence[Series]]) -> dict[str, list[Series]]:
    """For each candle length its windows: those of `1m`, `5m` and `1h`, the last also made into 4h."""
    cut = {
        length: [window for series in many for window in measures.windows(series, WINDOW_DAYS[length])]
        for length, many in candles.items()
    }
    cut["4h"] = [measures.coarser(window, 4 * HOUR) for window in cut["1h"]]
    return cut


def values(row: Likeness, windows: Mapping[str, Sequence[Series]]) -> list[float]:
    """What a measure gives in each window."""
    return [row.measure(window) for window in windows[row.candle]]


def unlike(windows: Mapping[str, Sequence[Series]]) -> dict[tuple[str, str], float]:
    """The measures, as (candle, name), whose median over the windows no real market would show, and that median."""
    with np.errstate(all="ignore"):
        medians = {row: float(np.median(values(row, windows))) for row in LIKENESSES if row.candle in windows}
    return {(row.candle, row.name): median for row, median in medians.items() if not row.allows(median)}


def unlike_together(many: Mapping[str, Sequence[Series]]) -> dict[tuple[str, str], float]:
    """The same for symbols at one time."""
    with np.errstate(all="ignore"):
        found = {row: row.measure(many[row.candle]) for row in TOGETHER if row.candle in many}
    return {(row.candle, row.name): value for row, value in found.items() if not row.allows(value)}
