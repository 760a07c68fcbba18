"""What a volume-and-VWAP strategy would say of candles: just enough of it to place a burst where it would be seen."""

import numpy as np

from sandbox.bybit.source import Block, Floats

WEIGHTS = (0.40, 0.35, 0.25)
VWAP_MINUTES = 96
MEAN_MINUTES = 20


class Reading:
    """Factors of candles (symbols, candles) in one direction, 1 up or -1 down, and of one candle more.

    Three factors of 0 to 1: volume (ratio to the mean of 20 before - 1) / 2; distance of the close from VWAP(96) in
    4 ATR(14); EMA 12 over EMA 26 in ATR. Strength is their weighted sum where two of them reach 0.5, else 0.
    """

    def __init__(self, candles: Block, direction: int) -> None:
        self.direction = direction
        self._candles = candles
        self._fast, self._slow = _ema(candles.close, 12), _ema(candles.close, 26)
        self._range = _average_range(candles)
        self.usual_volume = candles.volume[:, -MEAN_MINUTES:].mean(axis=1)

    @property
    def average_range(self) -> Floats:
        """ATR(14) of the newest candle, (symbols,)."""
        return self._range[:, -1]

    def loudness(self, candles: int) -> Floats:
        """The greatest strength among the newest candles, (symbols,)."""
        loudest = np.zeros(len(self._candles.close))
        for back in range(1, candles + 1):
            at = self._candles.close.shape[1] - back
            usual = self._candles.volume[:, at - MEAN_MINUTES : at].mean(axis=1)
            ratio = self._candles.volume[:, at] / usual
            spread = self._fast[:, at] - self._slow[:, at]
            loudest = np.maximum(loudest, self._strength(ratio, self._beyond(at), spread, self._range[:, at]))
        return loudest

    def with_candle(self, high: Floats, low: Floats, close: Floats, volume: Floats) -> Floats:
        """The strength of one candle more, (symbols,)."""
        last = self._candles.close[:, -1]
        true_range = np.maximum(high, last) - np.minimum(low, last)
        average = (13 * self._range[:, -1] + true_range) / 14
        fast = self._fast[:, -1] + 2 / 13 * (close - self._fast[:, -1])
        slow = self._slow[:, -1] + 2 / 27 * (close - self._slow[:, -1])
        kept = 1 - VWAP_MINUTES
        weights = np.column_stack([self._candles.volume[:, kept:], volume])
        typical = np.column_stack([_typical(self._candles)[:, kept:], (high + low + close) / 3])
        beyond = close - (weights * typical).sum(axis=1) / weights.sum(axis=1)
        return self._strength(volume / self.usual_volume, beyond, fast - slow, average)

    def _beyond(self, at: int) -> Floats:
        stretch = slice(at + 1 - VWAP_MINUTES, at + 1)
        weights = self._candles.volume[:, stretch]
        vwap = (weights * _typical(self._candles)[:, stretch]).sum(axis=1) / weights.sum(axis=1)
        beyond: Floats = self._candles.close[:, at] - vwap
        return beyond

    def _strength(self, ratio: Floats, beyond: Floats, spread: Floats, average: Floats) -> Floats:
        parts = (ratio - 1) / 2, self.direction * beyond / average / 4, self.direction * spread / average
        factors = np.clip(np.array(parts), 0, 1)
        present = (factors >= 0.5).sum(axis=0) >= 2
        strength: Floats = np.where(present, np.tensordot(WEIGHTS, factors, axes=1), 0.0)
        return strength


def _typical(candles: Block) -> Floats:
    return (candles.high + candles.low + candles.close) / 3


def _ema(values: Floats, period: int) -> Floats:
    column = values.copy()
    for at in range(1, values.shape[1]):
        column[:, at] = column[:, at - 1] + 2 / (period + 1) * (values[:, at] - column[:, at - 1])
    return column


def _average_range(candles: Block) -> Floats:
    last = np.column_stack([candles.close[:, :1], candles.close[:, :-1]])
    column = np.maximum(candles.high, last) - np.minimum(candles.low, last)
    for at in range(1, column.shape[1]):
        column[:, at] = (13 * column[:, at - 1] + column[:, at]) / 14
    return column
