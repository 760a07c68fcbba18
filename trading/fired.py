"""What one close says to one person: the signals that fired under their settings, and the one that nearly did."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace

import numpy as np

from indicators.candles import FloatArray
from strategies.model import DIRECTIONS, Scores
from strategies.running_firings import Pair
from strategies.signal import Direction, Factor, Signal
from trading.live_judge import Close
from trading.preferences import Preferences
from trading.status import Nearest, Threshold


def pair_of(threshold: Threshold, preferences: Preferences) -> Pair:
    """What has to be reached for this person."""
    return float(threshold.value), preferences.confluence


def listens(preferences: Preferences, strategy: str) -> bool:
    """Whether this person hears of this strategy."""
    return strategy in preferences.strategies_on


def signals_of(close: Close, preferences: Preferences, symbols: Collection[str], pair: Pair) -> list[Signal]:
    """What fired for one person, strongest first; one signal for each symbol and direction."""
    found: dict[tuple[str, Direction], list[Signal]] = defaultdict(list)
    for scores, raw in zip(close.verdict.scores, close.verdict.raw, strict=True):
        if not listens(preferences, scores.strategy):
            continue
        for way, place in np.argwhere(close.fired[pair, scores.strategy]).tolist():
            symbol = close.fast.symbols[place]
            if symbol in symbols:
                found[symbol, DIRECTIONS[way]].append(_signal(close, scores, raw, way, place))
    strongest = []
    for signals in found.values():
        first, *others = sorted(signals, key=lambda signal: (-signal.strength, signal.strategy))
        strongest.append(replace(first, also=tuple(other.strategy for other in others)))
    strongest.sort(key=lambda signal: (-signal.strength, signal.symbol))
    return [replace(signal, rank=rank, of=len(strongest)) for rank, signal in enumerate(strongest, 1)]


def nearest_of(
    closes: Iterable[Close], preferences: Preferences, symbols: Collection[str], pair: Pair
) -> Nearest | None:
    """The strongest score of the last close that did not fire for this person."""
    best: Nearest | None = None
    for close in closes:
        watched = np.array([symbol in symbols for symbol in close.fast.symbols])
        for scores in close.verdict.scores:
            if not listens(preferences, scores.strategy):
                continue
            silent = watched & ~close.fired.get((pair, scores.strategy), np.False_)
            strength = np.where(silent, scores.strength[:, :, -1], 0.0)
            way, place = np.unravel_index(int(np.argmax(strength)), strength.shape)
            value = float(strength[way, place])
            if value > 0 and (best is None or value > best.strength):
                best = Nearest(scores.symbols[int(place)], DIRECTIONS[int(way)], value)
    return best


def _signal(close: Close, scores: Scores, raw: FloatArray, way: int, place: int) -> Signal:
    fast = close.fast
    first, second, third = (
        Factor(name, round(float(value), 6), float(measure))
        for name, value, measure in zip(
            scores.factor_names, scores.factors[way, :, place, -1], raw[:, place], strict=True
        )
    )
    return Signal(
        symbol=fast.symbols[place],
        strategy=scores.strategy,
        minutes=fast.minutes,
        direction=DIRECTIONS[way],
        open_time=int(fast.open_times[-1]),
        factors=(first, second, third),
        strength=float(scores.strength[way, place, -1]),
        confluence=int(scores.confluence[way, place, -1]),
        close=float(fast.close[place, -1]),
        atr=float(close.verdict.atr[place]),
    )
