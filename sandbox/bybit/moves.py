"""Moves that lie over the market's own candles: a lever that set a price, a burst that was planned.

A move shifts the logarithm of a symbol's price by `delta`, at once or over a while, and for good: what comes after goes
on from there. Moves are kept with the world, so that the past stays as it was seen.
"""

import bisect
import itertools
import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Move:
    """A shift of the log price by `delta` that begins at `start_ms` and takes `duration_ms` (0 = at once).

    `volume_factor` multiplies the volume of the minute it begins in.
    """

    symbol: str
    start_ms: int
    duration_ms: int
    delta: float
    volume_factor: float = 1.0

    @property
    def end_ms(self) -> int:
        """When the whole shift is there."""
        return self.start_ms + self.duration_ms

    def done(self, time_ms: float) -> float:
        """The shift at a moment: slow at both ends, as a burst builds up and fades."""
        if time_ms >= self.end_ms:
            return self.delta
        if time_ms <= self.start_ms:
            return 0.0
        share = (time_ms - self.start_ms) / self.duration_ms
        return self.delta * share * share * (3 - 2 * share)


class Moves:
    """The moves of one symbol, oldest first."""

    def __init__(self) -> None:
        self._moves: list[Move] = []
        self._starts: list[int] = []
        self._sums = [0.0]
        self._longest = 0

    def add(self, move: Move) -> None:
        """Takes a move in; the order of adding does not matter."""
        at = bisect.bisect_right(self._starts, move.start_ms)
        self._moves.insert(at, move)
        self._starts.insert(at, move.start_ms)
        self._longest = max(self._longest, move.duration_ms)
        self._sums = [0.0, *itertools.accumulate(m.delta for m in self._moves)]

    def shift(self, time_ms: float, *, before: bool = False) -> float:
        """The sum of all shifts at a moment; `before` leaves out a jump at that very moment."""
        ended = bisect.bisect_left(self._starts, time_ms - self._longest)
        total = self._sums[ended]
        for move in self._moves[ended:]:
            if move.start_ms > time_ms:
                break
            if not (before and move.duration_ms == 0 and move.start_ms == time_ms):
                total += move.done(time_ms)
        return total

    def touching(self, first_ms: int, last_ms: int) -> list[Move]:
        """Moves at work in first_ms <= t < last_ms."""
        begin = bisect.bisect_left(self._starts, first_ms - self._longest)
        return [m for m in self._moves[begin:] if m.start_ms < last_ms and max(m.end_ms, m.start_ms + 1) > first_ms]

    def factor(self, time_ms: float) -> float:
        """What the shifts multiply a price by."""
        return math.exp(self.shift(time_ms))
