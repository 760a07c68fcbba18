"""Why a symbol fires or does not: every factor of every strategy, now, and how far it is from firing for one person."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from indicators.candles import MINUTE_MS, Candles
from strategies.model import DIRECTIONS, WEIGHTS, Scores
from strategies.signal import Direction, Factor
from trading.context import Context
from trading.dial import Dial
from trading.fired import listens
from trading.judge import Verdict
from trading.people import Person
from trading.preferences import Preferences
from trading.scan import Scanner
from trading.status import Nearest, Threshold

COIN = "USDT"
SUGGESTED = 3
NEAREST = 6
LIKENESS = 0.5


@dataclass(frozen=True, slots=True)
class Reading:
    """What one strategy says in one direction. `missing` is the strength that it still needs (0 = enough), `lacking`
    the factor that holds back most of what the weights could give."""

    strategy: str
    direction: Direction
    factors: tuple[Factor, Factor, Factor]
    strength: float
    confluence: int
    missing: float
    lacking: Factor


@dataclass(frozen=True, slots=True)
class Moment:
    """All readings on one candle, which closes or closed at `closes_at` (ms)."""

    closes_at: int
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """One symbol for one person: what is needed, the newest closed candle, and the forming one where it is known."""

    symbol: str
    minutes: int
    threshold: Threshold
    confluence: int
    closed: Moment
    forming: Moment | None


@dataclass(frozen=True, slots=True)
class NoReading:
    """Nothing can be told: the text is no symbol (`symbol` is ""), Bybit has none of that name (`near` ones may be
    meant), this person does not watch it, or its candles are not here yet (`is_watched`)."""

    asked: str
    symbol: str
    near: tuple[str, ...]
    is_listed: bool = False
    is_watched: bool = False


class WhyDesk:
    """Reads what the scanner knows; asks nobody."""

    def __init__(self, context: Context, scanner: Scanner, dial: Dial) -> None:
        self._context = context
        self._scanner = scanner
        self._dial = dial

    async def why(self, person: Person, asked: str) -> Why | NoReading:
        """`asked` is what the person typed: SOLUSDT, sol, SOL/USDT."""
        preferences, universe = person.preferences, self._context.universe
        symbol = symbol_from(asked)
        watched = universe.watchlist(preferences)
        if not symbol or universe.instrument(symbol) is None:
            return NoReading(asked, symbol, self._near(symbol, watched))
        if symbol not in watched:
            return NoReading(asked, symbol, watched[:SUGGESTED], is_listed=True)
        threshold = self._dial.threshold(preferences, watched)
        looked = await self._scanner.look(preferences.minutes)
        if looked is None or symbol not in looked[0].symbols:
            return NoReading(asked, symbol, (), is_listed=True, is_watched=True)
        forming = await self._scanner.forming(symbol, preferences.minutes)
        return Why(
            symbol,
            preferences.minutes,
            threshold,
            preferences.confluence,
            _moment(*looked, symbol, preferences, threshold),
            None if forming is None else _moment(*forming, symbol, preferences, threshold),
        )

    def nearest(self, person: Person) -> tuple[Nearest, ...]:
        """This person's symbols that were nearest to firing at the last close, strongest first."""
        watched = self._context.universe.watchlist(person.preferences)
        threshold = self._dial.threshold(person.preferences, watched)
        return self._scanner.nearest_few(person.preferences, watched, threshold, NEAREST)

    def _near(self, symbol: str, watched: tuple[str, ...]) -> tuple[str, ...]:
        listed = self._context.universe.symbols
        alike = difflib.get_close_matches(symbol, listed, n=SUGGESTED, cutoff=LIKENESS) if symbol else []
        return tuple(alike) or watched[:SUGGESTED]


def symbol_from(asked: str) -> str:
    """The perpetual that is meant, "" where the text is none."""
    letters = re.sub(r"[\s/_-]", "", asked).upper().removesuffix(".P").removesuffix(COIN)
    return f"{letters}{COIN}" if re.fullmatch(r"[A-Z0-9]{1,20}", letters) else ""


def _moment(candles: Candles, verdict: Verdict, symbol: str, preferences: Preferences, threshold: Threshold) -> Moment:
    place = candles.symbols.index(symbol)
    readings = tuple(
        reading
        for scores, raw in zip(verdict.scores, verdict.raw, strict=True)
        if listens(preferences, scores.strategy)
        for reading in _readings(scores, tuple(float(measure) for measure in raw[:, place]), place, threshold)
    )
    return Moment(int(candles.open_times[-1]) + candles.minutes * MINUTE_MS, readings)


def _readings(scores: Scores, raw: tuple[float, ...], place: int, threshold: Threshold) -> Iterator[Reading]:
    for way, direction in enumerate(DIRECTIONS):
        values = scores.factors[way, :, place, -1]
        first, second, third = (
            Factor(name, round(float(value), 6), measure)
            for name, value, measure in zip(scores.factor_names, values, raw, strict=True)
        )
        factors = (first, second, third)
        strength = float(scores.strength[way, place, -1])
        weighed = zip(WEIGHTS, factors, strict=True)
        _, lacking = max(weighed, key=lambda pair: pair[0] * (1.0 - pair[1].score))
        yield Reading(
            strategy=scores.strategy,
            direction=direction,
            factors=factors,
            strength=strength,
            confluence=int(scores.confluence[way, place, -1]),
            missing=max(0.0, float(threshold.value) - strength),
            lacking=lacking,
        )
