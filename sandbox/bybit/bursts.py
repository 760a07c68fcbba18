"""Bursts: at every start of a made-up world the busiest symbols take turns to make a minute worth a ticket.

A burst is one minute in which the price runs several average ranges on three times the usual volume, after a few
minutes in which it already leaned that way. Symbol and direction are chosen so that a volume-and-VWAP strategy sees a
fresh signal: nothing of the kind on the candles before, then volume, a close well beyond the VWAP of 96 minutes, and
EMA 12 on the right side of EMA 26. What comes after is left to chance.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sandbox.bybit.history import History
from sandbox.bybit.market import Market
from sandbox.bybit.moves import Move
from sandbox.bybit.reading import Reading
from sandbox.bybit.source import MINUTE_MS, MINUTES_A_DAY, Block, Floats

LEAD_MS = 58_000
"""The first burst closes at the first full minute at least this long after the start: a ticket within 60 to 120 s."""
BURSTS = 11
WATCHED = 12
LOOK_BACK = 240
VOLUME_RATIO = 3.2
WANTED_STRENGTH = 0.96
LOUD_STRENGTH = 0.70
"""A candle before the burst that reaches this would have taken the signal's freshness away."""
SIZES = (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 14.0, 16.0)
LEANS = (0.0, 2.0, 4.0)
LEAN_MINUTES = 4
FRESH_MINUTES = 5
"""A symbol that gave a signal within so many minutes gives no other in the same direction."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A burst that could be: `size` and `lean` in average true ranges, `direction` 1 up or -1 down.

    `loudness` is the most that a candle before it says.
    """

    symbol: str
    direction: int
    size: float
    lean: float
    strength: float
    loudness: float
    average_range: float
    usual_volume: float


def planned_bursts(market: Market, history: History, known: Iterable[Move], start_ms: int) -> list[Move]:
    """The moves of the ten minutes after a start, already laid over `market`; a minute with a burst is left alone."""
    first = -(-(start_ms + LEAD_MS) // MINUTE_MS) - 1
    taken = {move.start_ms // MINUTE_MS: move.symbol for move in known if is_burst(move)}
    turnover = history.last_day(start_ms // MINUTE_MS).turnover
    symbols = [list(market.instruments)[row] for row in np.argsort(-turnover)[:WATCHED]]
    minutes = range(first, first + BURSTS)
    used = Counter(symbol for minute, symbol in taken.items() if minute in minutes)
    leaning = 0
    moves: list[Move] = []
    for minute in minutes:
        if minute in taken:
            continue
        best = min(_candidates(market, symbols, minute, start_ms), key=lambda c: _price(c, used[c.symbol], leaning))
        for move in _moves(market, best, minute, start_ms):
            market.add(move)
            moves.append(move)
        used[best.symbol] += 1
        leaning += best.direction
    return moves


def is_burst(move: Move) -> bool:
    """Whether a move is a burst's own minute."""
    return move.duration_ms > 0 and move.volume_factor != 1.0


def _price(candidate: Candidate, used: int, leaning: int) -> float:
    """What speaks against a candidate: weakness and noise before it most, then repetition, one-sidedness, size."""
    weak = max(0.0, WANTED_STRENGTH - candidate.strength)
    loud = max(0.0, candidate.loudness - LOUD_STRENGTH)
    one_sided = max(0, candidate.direction * leaning)
    effort = candidate.size + candidate.lean
    return 2000 * (loud + weak) + 40 * used + 8 * one_sided + effort + 8 * candidate.loudness


def _candidates(market: Market, symbols: Sequence[str], minute: int, start_ms: int) -> list[Candidate]:
    """For every symbol, direction and lean the smallest burst that is strong enough, or the strongest there is."""
    rows = [market.row[symbol] for symbol in symbols]
    before = minutes_of(market, rows, minute - LOOK_BACK, minute)
    plain = minutes_of(market, rows, minute, minute + 1)
    average = Reading(before, 1).average_range
    room = min(LEAN_MINUTES, minute - 1 - start_ms // MINUTE_MS)
    found = []
    for direction in (1, -1):
        for lean in LEANS if room > 0 else LEANS[:1]:
            reading = Reading(_leaning(before, direction * lean * average, room), direction)
            loudness = reading.loudness(max(room + 2, FRESH_MINUTES))
            strengths = np.array([reading.with_candle(*_burst(plain, reading, lean, size)) for size in SIZES])
            enough = strengths >= WANTED_STRENGTH
            at_size = np.where(enough.any(axis=0), enough.argmax(axis=0), strengths.argmax(axis=0))
            for at, symbol in enumerate(symbols):
                size, strength = SIZES[at_size[at]], float(strengths[at_size[at], at])
                measures = float(average[at]), float(reading.usual_volume[at])
                found.append(Candidate(symbol, direction, size, lean, strength, float(loudness[at]), *measures))
    return found


def _moves(market: Market, wanted: Candidate, minute: int, start_ms: int) -> list[Move]:
    """The lean and the burst itself; its volume is measured against the twenty minutes before it."""
    volume = market.candle(wanted.symbol, minute).volume
    price = market.candle(wanted.symbol, minute).open
    factor = VOLUME_RATIO * wanted.usual_volume / max(volume, 1e-12)
    burst_ms, range_share = minute * MINUTE_MS, wanted.direction * wanted.average_range / price
    moves = [Move(wanted.symbol, burst_ms + 1000, MINUTE_MS - 4000, float(np.log1p(wanted.size * range_share)), factor)]
    if wanted.lean:
        room = min(LEAN_MINUTES, minute - 1 - start_ms // MINUTE_MS)
        length = room * MINUTE_MS
        moves.insert(0, Move(wanted.symbol, burst_ms - length, length, float(np.log1p(wanted.lean * range_share))))
    return moves


def _leaning(candles: Block, moved: Floats, minutes: int) -> Block:
    """The candles with a gentle move of `moved` (symbols,) over the last few minutes."""
    if minutes <= 0 or not moved.any():
        return candles
    share = np.linspace(0, 1, minutes + 1)
    share = share * share * (3 - 2 * share)
    opened, closed = np.zeros_like(candles.close), np.zeros_like(candles.close)
    opened[:, -minutes:], closed[:, -minutes:] = np.outer(moved, share[:-1]), np.outer(moved, share[1:])
    opens, closes = candles.open + opened, candles.close + closed
    highs = candles.high + np.maximum(opened, closed)
    lows = candles.low + np.minimum(opened, closed)
    return Block(opens, highs, lows, closes, candles.volume)


def _burst(plain: Block, reading: Reading, lean: float, size: float) -> tuple[Floats, Floats, Floats, Floats]:
    """About what a burst of this size makes of the minute: high, low, close, volume, each (symbols,)."""
    leaned = reading.direction * lean * reading.average_range
    moved = reading.direction * size * reading.average_range
    opened, close = plain.open[:, 0] + leaned, plain.close[:, 0] + leaned + moved
    return np.maximum(opened, close), np.minimum(opened, close), close, VOLUME_RATIO * reading.usual_volume


def minutes_of(market: Market, rows: list[int], first: int, end: int) -> Block:
    """Closed 1m candles of some symbols, minutes first <= m < end, shape (symbols, candles)."""
    days = range(first // MINUTES_A_DAY, (end - 1) // MINUTES_A_DAY + 1)
    cut = slice(first - days[0] * MINUTES_A_DAY, end - days[0] * MINUTES_A_DAY)
    blocks = [market.day(day) for day in days]

    def joined(name: str) -> Floats:
        return np.concatenate([getattr(block, name)[rows] for block in blocks], axis=1)[:, cut]

    return Block(joined("open"), joined("high"), joined("low"), joined("close"), joined("volume"))
