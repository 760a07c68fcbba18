"""The made-up market: every candle of every symbol follows from a seed and the day the world was born.

Two layers. A chain of hours carries what must be remembered (price, volatility, trend, jumps, common factor); it is
walked in order, which is quick. The sixty minutes of an hour are a bridge between two hourly closes, made from the
seed and the day alone, so that any day can be made at any time without walking there.
"""

import numpy as np

from sandbox.bybit.chain import HOURS_A_DAY, Chain, Hours, Temper, unit_gusts
from sandbox.bybit.character import HOURLY_CROWD, Character
from sandbox.bybit.instruments import Instrument, made_up_listings
from sandbox.bybit.source import DAY_MS, MINUTES_A_DAY, Block, Floats

__all__ = ["Character", "MadeUpMarket"]

CHAIN, MINUTES, COARSE = 112, 113, 114
"""Which stream of random numbers of the seed; the three never share one. With these the default seed's month and last
day are ordinary ones, neither calm nor wild, so that a newcomer's first day is too."""
KNOT = 10
"""Minutes between the knots of the minutes' own volatility."""
USUAL_SPAN = 1.6
"""Mean range of a random walk, in standard deviations of its end."""
WIDEST = 12.0
"""Beyond so many usual ranges a candle's volume grows no further."""
MINUTE_LEVEL, HOUR_LEVEL = 0.85, 0.76
"""Measured: what makes the mean turnover of a day the listing's, in minutes and in hours."""


class MadeUpMarket:
    """A `Source` from a seed. `born_day` (days since 1970) fixes where its history begins: 395 days before."""

    def __init__(self, seed: int, born_day: int, character: Character | None = None) -> None:
        self.character = character or Character()
        self.seed = seed
        self.first_day = born_day - self.character.minute_days
        self.first_coarse_day = self.first_day - self.character.hour_days
        listings = made_up_listings(self.first_coarse_day * DAY_MS)
        self._instruments = tuple(listing.instrument for listing in listings)
        self._turnover = np.array([[listing.turnover] for listing in listings])
        volatility = np.array([listing.volatility for listing in listings])
        self._usual = volatility[:, None] * self.character.hourly_volatility
        beta, level = np.array([listing.beta for listing in listings]), np.log([listing.price for listing in listings])
        self._chain = Chain(self.character, Temper(volatility, beta, level), lambda day: self._random(CHAIN, day))

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The forty symbols, the busiest first."""
        return self._instruments

    def day(self, day: int) -> Block:
        """The 1,440 1m candles of a UTC day: noise in clusters, bent so that each hour ends on its close."""
        number = day - self.first_coarse_day
        hours, random = self._chain.day(number), self._random(MINUTES, number)
        scale = self.character.restless * _by_minute(hours.sigma) / np.sqrt(60) * self._clusters(random)
        steps = _bridge(scale * self._noise(random, hours.lean), scale, np.diff(hours.close, axis=1) - hours.jump)
        _put_jumps(steps, hours.jump, random)

        closes = _by_minute(hours.close[:, :-1]) + _cumulated_by_hour(steps)
        closes[:, 59::60] = hours.close[:, 1:]
        opens = np.concatenate([hours.close[:, :1], closes[:, :-1]], axis=1)
        highs, lows = _excursions(opens, closes, scale, random)
        usual, noise = USUAL_SPAN * self._usual / np.sqrt(60), self.character.minute_noise
        turnover = MINUTE_LEVEL / 60 * self._moved(highs - lows, usual, noise, random) * _by_minute(self._crowd(hours))
        return Block(np.exp(opens), np.exp(highs), np.exp(lows), np.exp(closes), turnover / np.exp(closes))

    def hours(self, day: int) -> Block:
        """The 24 1h candles of a day before there are minutes, from the chain itself."""
        number = day - self.first_coarse_day
        hours, random = self._chain.day(number), self._random(COARSE, number)
        opens, closes = hours.close[:, :-1], hours.close[:, 1:]
        highs, lows = _excursions(opens, closes, self.character.restless * hours.sigma, random)
        moved = self._moved(highs - lows, USUAL_SPAN * self._usual, self.character.hour_noise, random)
        turnover = HOUR_LEVEL * moved * self._crowd(hours)
        return Block(np.exp(opens), np.exp(highs), np.exp(lows), np.exp(closes), turnover / np.exp(closes))

    def _random(self, stream: int, day: int) -> np.random.Generator:
        """The random numbers of one stream and day of this history, whenever it was born: a seed has one past."""
        return np.random.Generator(np.random.PCG64([self.seed, stream, day]))

    def _noise(self, random: np.random.Generator, lean: Floats) -> Floats:
        """Noise of variance 1, shape (symbols, minutes), as much of it the market's as in their hour."""
        shape = len(lean) + 1, MINUTES_A_DAY
        drawn = unit_gusts(random, self.character.minute_tail, shape) * random.standard_normal(shape)
        noise: Floats = _by_minute(lean) * drawn[-1] + _by_minute(np.sqrt(1 - lean**2)) * drawn[:-1]
        return noise

    def _clusters(self, random: np.random.Generator) -> Floats:
        """Volatility of each minute around its hour's: smooth between knots, with mean square 1 in the long run."""
        size, common = self.character.clusters, self.character.common_mood
        knots = random.standard_normal((len(self._instruments) + 1, MINUTES_A_DAY // KNOT + 1))
        knots = size * (np.sqrt(common) * knots[-1:] + np.sqrt(1 - common) * knots[:-1])
        place = np.arange(MINUTES_A_DAY) / KNOT
        before = place.astype(int)
        between = place - before
        logs = knots[:, before] * (1 - between) + knots[:, before + 1] * between
        gusts: Floats = np.exp(logs - size**2 * 2 / 3)
        return gusts

    def _crowd(self, hours: Hours) -> Floats:
        """Turnover of an hour of usual range, USDT, shape (symbols, hours)."""
        crowd: Floats = self._turnover / HOURS_A_DAY * HOURLY_CROWD * np.exp(hours.crowd)
        return crowd

    def _moved(self, span: Floats, usual: Floats, noise: float, random: np.random.Generator) -> Floats:
        """What a candle's log range, against the usual one, and noise make of its volume."""
        made = np.exp(noise * random.standard_normal(span.shape) - noise**2 / 2)
        moved: Floats = np.minimum(span / usual, WIDEST) ** self.character.volume_of_range * made
        return moved


def _by_minute(hours: Floats) -> Floats:
    """Each hour's value for its sixty minutes."""
    return np.repeat(hours, 60, axis=1)


def _bridge(steps: Floats, scale: Floats, wanted: Floats) -> Floats:
    """Bends steps (symbols, minutes) so that each hour's sum is `wanted` (symbols, hours), most where most moves."""
    names, minutes = steps.shape
    weight = (scale**2).reshape(names, minutes // 60, 60)
    weight /= weight.sum(axis=2, keepdims=True)
    hours = steps.reshape(names, minutes // 60, 60)
    bent: Floats = (hours + (wanted - hours.sum(axis=2))[:, :, None] * weight).reshape(names, minutes)
    return bent


def _put_jumps(steps: Floats, jump: Floats, random: np.random.Generator) -> None:
    """Adds each hour's jumps to one of its minutes, the same for all symbols: the market jumps as one."""
    minute = random.integers(0, 60, jump.shape[1]) + 60 * np.arange(jump.shape[1])
    steps[:, minute] += jump


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
