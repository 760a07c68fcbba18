"""Relative strength index."""

import numpy as np

from indicators.candles import Candles, FloatArray
from indicators.column import Column
from indicators.live import Bars, LiveParts, Rows, candle_number
from indicators.running import Last, Mean
from indicators.smoothing import smooth


def rsi(close: FloatArray, period: int = 14) -> FloatArray:
    """Share of rises in the smoothed moves, 0..100, shape (symbols, candles); NaN for the first `period`.

    Wilder (1978), seeded with the mean of the first `period` moves, as TA-Lib's RSI; like there it is 0 while the
    price has not moved at all.
    """
    moves = _moves(close)
    both = np.concatenate((moves, -moves))
    gain, loss = np.split(smooth(_rise(both), period, 1.0 / period), 2)
    return _share(gain, loss)


def _moves(close: FloatArray) -> FloatArray:
    """What each candle added to the close before it; NaN for the first."""
    moves = np.full_like(close, np.nan)
    moves[:, 1:] = np.diff(close, axis=1)
    return moves


def _rise(moves: FloatArray) -> FloatArray:
    """The moves with falls as 0, in their own memory."""
    # np.maximum keeps NaN, so a row's warm-up begins with its own first move.
    rises: FloatArray = np.maximum(moves, 0.0, out=moves)
    return rises


def _share(gain: FloatArray, loss: FloatArray) -> FloatArray:
    total = gain + loss
    return np.divide(100.0 * gain, total, out=total, where=total > 0)


class LiveRsi(LiveParts):
    """`rsi`, a candle at a time."""

    def __init__(self, rows: int, period: int) -> None:
        self._close = Last(rows)
        self._gain = Mean(rows, period, 1.0 / period)
        self._loss = Mean(rows, period, 1.0 / period)
        super().__init__(self._close, self._gain, self._loss)

    def peek(self, rows: Rows, bars: Bars) -> FloatArray:
        """The values if these candles closed as they stand now; nothing is kept."""
        moves = bars.close - self._close.peek(rows, bars.close)
        loss = self._loss.peek(rows, _rise(-moves))
        return _share(self._gain.peek(rows, _rise(moves)), loss)

    def push(self, rows: Rows, bars: Bars) -> FloatArray:
        """The values after these closed candles."""
        moves = bars.close - self._close.push(rows, bars.close)
        loss = self._loss.push(rows, _rise(-moves))
        return _share(self._gain.push(rows, _rise(moves)), loss)

    def fill(self, rows: Rows, candles: Candles) -> None:
        """These rows as if every one of these candles had been pushed."""
        number, moves = candle_number(candles), _moves(candles.close)
        self._close.fill(rows, candles.close, number)
        self._loss.fill(rows, _rise(-moves), number)
        self._gain.fill(rows, _rise(moves), number)


COLUMN = Column("rsi", (14,), lambda candles, period: rsi(candles.close, period), cache="rsi", live=LiveRsi)
