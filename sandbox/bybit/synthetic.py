"""The made-up market: every candle of every symbol follows from a seed and the day the world was born.

Two layers. A chain of hours carries what must be remembered (price, GARCH volatility, trend, jumps, common factor); it
is walked in order, which is quick. The sixty minutes of an hour are a bridge between two hourly closes, made from the
seed and the day alone, so that any day can be made at any time without walking there.
"""

from dataclasses import dataclass

import numpy as np

from sandbox.bybit.instruments import Instrument, made_up_listings
from sandbox.bybit.source import DAY_MS, MINUTES_A_DAY, Block, Floats

HOURS_A_DAY = 24
CHAIN, MINUTES, COARSE = 1, 2, 3
"""Which stream of random numbers of the seed; the three never share one."""


@dataclass(frozen=True, slots=True)
class Character:
    """How the made-up market behaves. Shares are of variance unless said otherwise; times are in hours."""

    hourly_volatility: float = 0.0083
    """Standard deviation of an hour's log return of an average symbol."""
    shock_weight: float = 0.08
    memory: float = 0.89
    """GARCH(1,1): tomorrow's variance = (1 - shock_weight - memory) + shock_weight * shock^2 + memory * variance."""
    tail: float = 5.0
    """Degrees of freedom of the t noise, in hours and minutes."""
    common: float = 0.45
    """How much of a symbol's movement is the market's."""
    trend: float = 0.10
    """Standard deviation of the trend, in hourly standard deviations."""
    trend_memory: float = 0.96
    jumps: float = 0.003
    """Jumps an hour and symbol."""
    jump_size: float = 2.5
    """Standard deviation of a jump, in hourly standard deviations."""
    pull: float = 0.0008
    """How much of its distance from its price level a symbol loses in an hour."""
    minute_clusters: float = 0.45
    """Standard deviation of the minutes' log volatility around their hour's."""
    volume_noise: float = 0.36
    volume_of_range: float = 0.85
    """Volume grows with the candle's range to this power."""
    minute_days: int = 30
    hour_days: int = 365


class MadeUpMarket:
    """A `Source` from a seed. `born_day` (days since 1970) fixes where its history begins: 395 days before."""

    def __init__(self, seed: int, born_day: int, character: Character | None = None) -> None:
        self.character = character or Character()
        self.seed = seed
        self.first_day = born_day - self.character.minute_days
        self.first_coarse_day = self.first_day - self.character.hour_days
        self.first_hour = self.first_coarse_day * HOURS_A_DAY
        self._listings = made_up_listings(self.first_coarse_day * DAY_MS)
        self.volatility = np.array([listing.volatility for listing in self._listings])
        self.beta = np.array([listing.beta for listing in self._listings])
        self.turnover = np.array([listing.turnover for listing in self._listings])
        self.level = np.log([listing.price for listing in self._listings])
        self._chain = _Chain(self)

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The forty symbols, the busiest first."""
        return tuple(listing.instrument for listing in self._listings)

    @property
    def names(self) -> int:
        """How many symbols there are."""
        return len(self._listings)

    def random(self, stream: int, day: int) -> np.random.Generator:
        """The random numbers of one stream and day of this history, whenever it was born: a seed has one past."""
        return np.random.Generator(np.random.PCG64([self.seed, stream, day]))

    def day(self, day: int) -> Block:
        """The 1,440 1m candles of a UTC day: noise in clusters, bent so that each hour ends on its close."""
        character, names = self.character, self.names
        first = day * HOURS_A_DAY - self.first_hour
        self._chain.reach(first + HOURS_A_DAY)
        ends = self._chain.log_close[:, first : first + HOURS_A_DAY + 1]
        sigma = self._chain.sigma[:, first + 1 : first + HOURS_A_DAY + 1]
        jump = self._chain.jump[:, first + 1 : first + HOURS_A_DAY + 1]
        random = self.random(MINUTES, day - self.first_coarse_day)

        scale = np.repeat(sigma, 60, axis=1) / np.sqrt(60) * self._clusters(random)
        common, own = character.common, 1 - character.common
        noise = np.sqrt(own) * _unit_t(random, character.tail, (names, MINUTES_A_DAY))
        noise += np.sqrt(common) * _unit_t(random, character.tail, MINUTES_A_DAY)
        steps = _bridge(scale * noise, scale, np.diff(ends, axis=1) - jump)
        _put_jumps(steps, jump, random)

        closes = np.repeat(ends[:, :-1], 60, axis=1) + _cumulated_by_hour(steps)
        closes[:, 59::60] = ends[:, 1:]
        opens = np.concatenate([ends[:, :1], closes[:, :-1]], axis=1)
        highs, lows = _excursions(opens, closes, scale, random)
        volume = self._volume(random, day, highs - lows, scale, np.exp(closes))
        return Block(np.exp(opens), np.exp(highs), np.exp(lows), np.exp(closes), volume)

    def hours(self, day: int) -> Block:
        """The 24 1h candles of a day before there are minutes, from the chain itself."""
        first = day * HOURS_A_DAY - self.first_hour
        self._chain.reach(first + HOURS_A_DAY)
        random = self.random(COARSE, day - self.first_coarse_day)
        ends = self._chain.log_close[:, first : first + HOURS_A_DAY + 1]
        sigma = self._chain.sigma[:, first + 1 : first + HOURS_A_DAY + 1]
        highs, lows = _excursions(ends[:, :-1], ends[:, 1:], sigma, random)
        curve = np.array([_volume_of_hour(hour) for hour in range(HOURS_A_DAY)])
        moved = ((highs - lows) / (1.6 * sigma)) ** self.character.volume_of_range
        noise = np.exp(0.15 * random.standard_normal(sigma.shape))
        closes = np.exp(ends[:, 1:])
        volume = self.turnover[:, None] / HOURS_A_DAY * curve * moved * noise / closes
        return Block(np.exp(ends[:, :-1]), np.exp(highs), np.exp(lows), closes, volume)

    def _clusters(self, random: np.random.Generator) -> Floats:
        """Volatility of each minute around its hour's: smooth over ten minutes, with mean square 1 in the long run."""
        knots = random.standard_normal((self.names, MINUTES_A_DAY // 10 + 1)) * self.character.minute_clusters
        place = np.arange(MINUTES_A_DAY) / 10
        before = place.astype(int)
        between = place - before
        logs = knots[:, before] * (1 - between) + knots[:, before + 1] * between
        gusts: Floats = np.exp(logs - self.character.minute_clusters**2 * 2 / 3)
        return gusts

    def _volume(self, random: np.random.Generator, day: int, span: Floats, scale: Floats, close: Floats) -> Floats:
        """Base coin volume: a daily curve, the candle's range against the usual one, and noise."""
        noise = self.character.volume_noise
        curve = np.repeat([_volume_of_hour(hour) for hour in range(HOURS_A_DAY)], 60)
        usual_span = 1.6 * self.volatility[:, None] * self.character.hourly_volatility / np.sqrt(60)
        moved = np.minimum(span / usual_span, 8.0) ** self.character.volume_of_range
        made = np.exp(noise * random.standard_normal(span.shape) - noise**2 / 2)
        turnover: Floats = self.turnover[:, None] / MINUTES_A_DAY * curve * moved * made
        return turnover / close


class _Chain:
    """The hourly closes, walked from the first hour on and never changed. Arrays have shape (symbols, hours)."""

    def __init__(self, market: MadeUpMarket) -> None:
        self._market = market
        names = market.names
        self._hours = 0
        self.log_close = np.empty((names, 1))
        self.sigma = np.empty((names, 1))
        self.jump = np.zeros((names, 1))
        start = market.random(CHAIN, 0)
        self.log_close[:, 0] = market.level + 0.05 * start.standard_normal(names)
        self._variance = np.ones(names + 1)
        self._trend = np.zeros(names + 1)

    def reach(self, hours: int) -> None:
        """Walks on, a whole day at a time, until `hours` hours are there."""
        missing = -(-(hours - self._hours) // HOURS_A_DAY)
        if missing <= 0:
            return
        parts = [self._walk_day() for _ in range(missing)]
        self.log_close, self.sigma, self.jump = (
            np.concatenate([kept, *(part[row] for part in parts)], axis=1)
            for row, kept in enumerate((self.log_close, self.sigma, self.jump))
        )

    def _walk_day(self) -> tuple[Floats, Floats, Floats]:
        """The next 24 hours: closes, volatilities, jumps, each (symbols, 24). The state's last row is the factor's."""
        market, character = self._market, self._market.character
        names = market.names
        day = self._hours // HOURS_A_DAY
        random = market.random(CHAIN, day + 1)
        shocks = np.clip(_unit_t(random, character.tail, (HOURS_A_DAY, names + 1)), -6, 6)
        gusts = random.standard_normal((HOURS_A_DAY, names + 1))
        jumps = (random.random((HOURS_A_DAY, names)) < character.jumps) * random.standard_normal((HOURS_A_DAY, names))
        common = np.sqrt(character.common) * market.beta
        own = np.sqrt(1 - character.common)
        rest = 1 - character.shock_weight - character.memory
        unit = character.hourly_volatility * market.volatility
        closes, sigmas, jumped = (np.empty((names, HOURS_A_DAY)) for _ in range(3))
        last = self._last
        for hour in range(HOURS_A_DAY):
            deviation = np.sqrt(self._variance)
            kick = np.sqrt(1 - character.trend_memory**2) * character.trend
            self._trend = character.trend_memory * self._trend + kick * gusts[hour]
            moved = deviation * (shocks[hour] + self._trend)
            self._variance = rest + self._variance * (character.memory + character.shock_weight * shocks[hour] ** 2)
            np.clip(self._variance, 0.25, 5.0, out=self._variance)
            active = _activity_of_hour(hour)
            spread = np.sqrt((common * deviation[-1]) ** 2 + (own * deviation[:-1]) ** 2)
            jumped[:, hour] = jumps[hour] * character.jump_size * unit
            step = unit * active * (common * moved[-1] + own * moved[:-1]) + jumped[:, hour]
            last = last + step - character.pull * (last - market.level)
            closes[:, hour] = last
            sigmas[:, hour] = unit * active * spread
        self._last_close = last
        self._hours += HOURS_A_DAY
        return closes, sigmas, jumped

    @property
    def _last(self) -> Floats:
        if self._hours == 0:
            return self.log_close[:, 0]
        return self._last_close


def _unit_t(random: np.random.Generator, tail: float, shape: int | tuple[int, ...]) -> Floats:
    """t noise with variance 1."""
    noise: Floats = random.standard_t(tail, shape) * np.sqrt((tail - 2) / tail)
    return noise


def _bridge(steps: Floats, scale: Floats, wanted: Floats) -> Floats:
    """Bends steps (symbols, minutes) so that each hour's sum is `wanted` (symbols, hours), most where most moves."""
    names, minutes = steps.shape
    weight = (scale**2).reshape(names, minutes // 60, 60)
    weight /= weight.sum(axis=2, keepdims=True)
    hours = steps.reshape(names, minutes // 60, 60)
    bent: Floats = (hours + (wanted - hours.sum(axis=2))[:, :, None] * weight).reshape(names, minutes)
    return bent


def _put_jumps(steps: Floats, jump: Floats, random: np.random.Generator) -> None:
    """Adds each hour's jump to one of its minutes."""
    minute = random.integers(0, 60, jump.shape)
    for name, hour in zip(*np.nonzero(jump), strict=True):
        steps[name, hour * 60 + minute[name, hour]] += jump[name, hour]


def _cumulated_by_hour(steps: Floats) -> Floats:
    names, minutes = steps.shape
    return steps.reshape(names, minutes // 60, 60).cumsum(axis=2).reshape(names, minutes)


def _excursions(opens: Floats, closes: Floats, scale: Floats, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Log high and low of a Brownian bridge from open to close (exact law of its extreme, each drawn by itself)."""
    up, down = -np.log(random.random(opens.shape)), -np.log(random.random(opens.shape))
    moved = closes - opens
    highs = opens + (moved + np.sqrt(moved**2 + 2 * scale**2 * up)) / 2
    lows = opens + (moved - np.sqrt(moved**2 + 2 * scale**2 * down)) / 2
    return highs, lows


def _activity_of_hour(hour: int) -> float:
    """Volatility through the UTC day, mean about 1: quiet before Asia, busy when New York opens."""
    return float(1.0 + 0.22 * np.cos((hour - 15) / 24 * 2 * np.pi))


def _volume_of_hour(hour: int) -> float:
    """Volume through the UTC day, mean 1; its range effect comes on top."""
    return float(1.0 + 0.18 * np.cos((hour - 15) / 24 * 2 * np.pi))
