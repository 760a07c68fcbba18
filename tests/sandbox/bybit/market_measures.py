"""What candles look like in numbers: tails, clusters, trends, volume, and how symbols move together. Pure functions."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
HOUR, DAY = 60, 1440
"""In minutes."""


@dataclass(frozen=True, slots=True)
class Series:
    """Candles of one symbol without gaps, `minutes` long each; `time` is ms UTC of the open, volume the base coin's."""

    minutes: int
    time: NDArray[np.int64]
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    @property
    def returns(self) -> Floats:
        """Log returns from close to close, one fewer than candles."""
        steps: Floats = np.diff(np.log(self.close))
        return steps

    @property
    def traded(self) -> NDArray[np.bool_]:
        """Candles whose range and volume have a logarithm."""
        kept: NDArray[np.bool_] = (self.high > self.low) & (self.volume > 0)
        return kept

    def part(self, kept: slice) -> "Series":
        """Some of the candles."""
        parts = (self.time[kept], self.high[kept], self.low[kept], self.close[kept], self.volume[kept])
        return Series(self.minutes, *parts)


Measure = Callable[[Series], float]


def coarser(series: Series, minutes: int) -> Series:
    """The same in longer candles that begin on whole multiples of their length; incomplete ones are left out."""
    count = minutes // series.minutes
    begun = -(int(series.time[0]) // (series.minutes * 60_000)) % count
    whole = (len(series.time) - begun) // count * count
    cut = series.part(slice(begun, begun + whole))

    def rows(values: Floats) -> Floats:
        return values.reshape(-1, count)

    return Series(
        minutes,
        cut.time[::count],
        rows(cut.high).max(axis=1),
        rows(cut.low).min(axis=1),
        rows(cut.close)[:, -1],
        rows(cut.volume).sum(axis=1),
    )


def windows(series: Series, days: int) -> Iterator[Series]:
    """Stretches of so many days, one after the other; what is left at the end is left out."""
    length = days * DAY // series.minutes
    for begin in range(0, len(series.time) - length + 1, length):
        yield series.part(slice(begin, begin + length))


def overlap(many: Sequence[Series]) -> list[Series]:
    """The stretch that all of them have."""
    first, last = max(s.time[0] for s in many), min(s.time[-1] for s in many)
    return [s.part(slice(*np.searchsorted(s.time, (first, last + 1)).tolist())) for s in many]


def tail(share: float) -> Measure:
    """The absolute return that only this share exceeds, against the median one."""

    def measure(series: Series) -> float:
        sizes = np.abs(series.returns)
        return float(np.quantile(sizes, 1 - share) / np.median(sizes))

    return measure


def tail_index(series: Series) -> float:
    """Hill's estimate over the largest hundredth of absolute returns (at least ten): small where tails are heavy."""
    sizes = np.sort(np.abs(series.returns))[::-1]
    count = max(10, len(sizes) // 100)
    return float(1 / np.log(sizes[:count] / sizes[count]).mean())


def kurtosis(series: Series) -> float:
    """Fourth moment of returns over their squared variance; 3 for the normal law."""
    away = series.returns - series.returns.mean()
    return float((away**4).mean() / (away**2).mean() ** 2)


def autocorrelation(values: Floats, lag: int) -> float:
    """Correlation of values with those `lag` places before them."""
    away = values - values.mean()
    return float((away[lag:] * away[:-lag]).mean() / (away**2).mean())


def echo(minutes: int) -> Measure:
    """Autocorrelation of absolute returns over so many minutes: how long wild and calm times last."""
    return lambda series: autocorrelation(np.abs(series.returns), minutes // series.minutes)


def volume_echo(minutes: int) -> Measure:
    """Autocorrelation of log volume over so many minutes."""

    def measure(series: Series) -> float:
        return autocorrelation(np.log(series.volume[series.traded]), minutes // series.minutes)

    return measure


def persistence(minutes: int) -> Measure:
    """Variance ratio: of returns over so many minutes to that of as many single ones; above 1 where moves go on."""

    def measure(series: Series) -> float:
        count = minutes // series.minutes
        path = np.log(series.close)
        return float((path[count:] - path[:-count]).var() / (count * series.returns.var()))

    return measure


def range_over_return(series: Series) -> float:
    """Mean log range over mean absolute return; 2 for a random walk."""
    return float(np.log(series.high / series.low).mean() / np.abs(series.returns).mean())


def volume_with_range(series: Series) -> float:
    """Correlation of log volume and log range."""
    kept = series.traded
    return float(np.corrcoef(np.log(series.volume[kept]), np.log(np.log(series.high / series.low)[kept]))[0, 1])


def volume_spread(series: Series) -> float:
    """Standard deviation of log volume."""
    return float(np.log(series.volume[series.traded]).std())


def busiest_hour(series: Series) -> float:
    """Median volume of a candle in the busiest hour of the UTC day, against the mean of all hours."""
    return float(hourly_profile(series).max())


def quietest_hour(series: Series) -> float:
    """The same of the quietest hour."""
    return float(hourly_profile(series).min())


def when_busiest(series: Series) -> float:
    """The hour of the UTC day in which most is traded."""
    return float(hourly_profile(series).argmax())


def hourly_profile(series: Series) -> Floats:
    """Median volume by hour of the UTC day, mean 1."""
    hour = series.time // 3_600_000 % 24
    medians = np.array([np.median(series.volume[hour == each]) for each in range(24)])
    profile: Floats = medians / medians.mean()
    return profile


def day_spread(series: Series) -> float:
    """Standard deviation of the logarithm of a day's realised volatility: how much days differ."""
    length = DAY // series.minutes
    whole = len(series.returns) // length * length
    squares = (series.returns[:whole].reshape(-1, length) ** 2).sum(axis=1)
    return float(np.log(squares).std() / 2)


def together(columns: Sequence[Floats]) -> float:
    """Mean correlation over all pairs."""
    pairs = np.asarray(np.corrcoef(np.array(columns)))[np.triu_indices(len(columns), 1)]
    return float(pairs.mean())


def returns_together(many: Sequence[Series]) -> float:
    """Mean correlation of returns over all pairs of symbols."""
    return together([series.returns for series in many])


def sizes_together(many: Sequence[Series]) -> float:
    """Mean correlation of absolute returns over all pairs: whether symbols are wild at the same time."""
    return together([np.abs(series.returns) for series in many])


def volumes_together(many: Sequence[Series]) -> float:
    """Mean correlation of log volume over all pairs; a candle without trade counts as one of the smallest."""
    logs = [np.log(np.maximum(series.volume, series.volume[series.traded].min())) for series in many]
    return together(logs)


def shuffled(series: Series, random: np.random.Generator) -> Series:
    """The same candles in another order, each with its return, range and volume: nothing follows from what was."""
    order = random.permutation(len(series.returns))
    over = np.log(series.high[1:] / series.close[1:])[order]
    under = np.log(series.low[1:] / series.close[1:])[order]
    close = series.close[0] * np.exp(np.cumsum(series.returns[order]))
    moved = series.part(slice(1, None))
    return replace(moved, high=close * np.exp(over), low=close * np.exp(under), close=close, volume=moved.volume[order])
