"""The made-up market's memory: prices, moods, trends and jumps from hour to hour, walked in order, which is quick."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sandbox.bybit.character import HOURLY_RANGE, Character
from sandbox.bybit.source import Floats

HOURS_A_DAY = 24
LARGEST_SHOCK = 6.0
LOWEST_MOOD, HIGHEST_MOOD = -1.2, 1.6
"""Volatility stays between 0.3 and 5 times the usual one."""
USUAL_SHOCK = 0.75
"""Mean absolute value of t noise with variance 1 and 6 degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Temper:
    """What sets the symbols apart, each (symbols,): volatility and beta relative to the market, log price level."""

    volatility: Floats
    beta: Floats
    level: Floats


@dataclass(frozen=True, slots=True)
class Hours:
    """A stretch of the chain, each (symbols, hours), and `close` with the close before it in front.

    `sigma` is the standard deviation of the hour's log return and `lean` the correlation of its noise with the
    market's; `jump` is part of the return; `crowd` is the log volume on top of what the range explains.
    """

    close: Floats
    sigma: Floats
    lean: Floats
    jump: Floats
    crowd: Floats

    def part(self, first: int, count: int) -> "Hours":
        """So many hours from `first` on."""
        hours = slice(first, first + count)
        closes = self.close[:, first : first + count + 1]
        return Hours(closes, self.sigma[:, hours], self.lean[:, hours], self.jump[:, hours], self.crowd[:, hours])


class Chain:
    """Walks whole days, each from random numbers of its own, and never changes what it has walked.

    `random` gives the numbers of a day, counted from 1; 0 is for the beginning.
    """

    def __init__(self, character: Character, temper: Temper, random: Callable[[int], np.random.Generator]) -> None:
        self._character = character
        self._temper = temper
        self._random = random
        names = len(temper.level)
        self._moods = np.zeros((4, names + 1))
        self._last = temper.level + 0.05 * random(0).standard_normal(names)
        nothing = np.zeros((names, 0))
        self._walked = Hours(self._last[:, None], nothing, nothing, nothing, nothing)
        self._days = 0

    def day(self, number: int) -> Hours:
        """The 24 hours of a day, 0 being the first."""
        if number >= self._days:
            self._walk(number + 1 - self._days)
        return self._walked.part(number * HOURS_A_DAY, HOURS_A_DAY)

    def _walk(self, days: int) -> None:
        old, new = self._walked, [self._walk_day() for _ in range(days)]

        def joined(name: str) -> Floats:
            return np.concatenate([getattr(old, name), *(getattr(day, name) for day in new)], axis=1)

        self._walked = Hours(joined("close"), joined("sigma"), joined("lean"), joined("jump"), joined("crowd"))

    def _walk_day(self) -> Hours:
        """The next 24 hours; `close` without the one before. The last column of every draw is the market's."""
        character, temper = self._character, self._temper
        self._days += 1
        random = self._random(self._days)
        shape = HOURS_A_DAY, len(temper.level) + 1
        gusts = unit_gusts(random, character.tail, shape)
        shocks = np.clip(gusts * random.standard_normal(shape), -LARGEST_SHOCK, LARGEST_SHOCK)
        chances = np.full(shape[1], character.jumps)
        chances[-1] = character.common_jumps
        jumps = (random.random(shape) < chances) * random.standard_normal(shape)
        moods, trend, crowd = self._wander(random, shocks, jumps)

        active = np.exp(moods)
        unit = character.hourly_volatility * temper.volatility * np.array(HOURLY_RANGE)[:, None]
        weight = np.append(np.sqrt(1 - character.common) * np.ones_like(temper.beta), np.sqrt(character.common))
        moved = weight * active * (shocks + trend)
        blown = weight * active * gusts
        sigma = np.hypot(temper.beta * blown[:, -1:], blown[:, :-1])
        leap = unit * character.jump_size * (temper.beta * jumps[:, -1:] + jumps[:, :-1])
        steps = unit * (temper.beta * moved[:, -1:] + moved[:, :-1]) + leap
        lean = temper.beta * blown[:, -1:] / sigma
        return Hours(self._pulled(steps).T, (unit * sigma).T, lean.T, leap.T, crowd.T)

    def _wander(self, random: np.random.Generator, shocks: Floats, jumps: Floats) -> tuple[Floats, Floats, Floats]:
        """Log volatility and trend (hours, symbols and market) and log crowd (hours, symbols); steps the moods on."""
        character = self._character
        kinds = character.slow, character.quick, character.trend, character.crowd
        memory = np.array([[kind.memory] for kind in kinds])
        size = np.array([[kind.size] for kind in kinds])
        kicks = size * np.sqrt(1 - memory**2) * random.standard_normal((len(shocks), *self._moods.shape))
        after = character.feedback * (np.abs(shocks) - USUAL_SHOCK) + character.aftershock * np.abs(jumps)
        seen = np.empty_like(kicks)
        for hour, kick in enumerate(kicks):
            self._moods = memory * self._moods + kick
            seen[hour] = self._moods
            self._moods[1] += after[hour]
        moods = seen[:, 0] + seen[:, 1]
        moods[:, :-1] = _mixed(moods, character.common_mood)
        return np.clip(moods, LOWEST_MOOD, HIGHEST_MOOD), seen[:, 2], _mixed(seen[:, 3], character.common_crowd)

    def _pulled(self, steps: Floats) -> Floats:
        """Adds up steps (hours, symbols), each hour drawn back a little to its price level; steps the price on."""
        closes = np.empty_like(steps)
        for hour, step in enumerate(steps):
            self._last = self._last + step - self._character.pull * (self._last - self._temper.level)
            closes[hour] = self._last
        return closes


def unit_gusts(random: np.random.Generator, tail: float, shape: int | tuple[int, ...]) -> Floats:
    """What normal noise is multiplied by to become t noise of variance 1 with `tail` degrees of freedom."""
    gusts: Floats = np.sqrt((tail - 2) / random.chisquare(tail, shape))
    return gusts


def _mixed(values: Floats, common: float) -> Floats:
    """Each symbol's value out of its own and the market's, the last column, of which it has the share `common`."""
    mixed: Floats = np.sqrt(common) * values[:, -1:] + np.sqrt(1 - common) * values[:, :-1]
    return mixed
