"""Candles in, scores out: the batch columns and every strategy over a block of symbols."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from indicators.batch import BatchIndicatorProcessor, Columns
from indicators.candles import Candles, FloatArray
from strategies.confluence import score
from strategies.model import Scores, Settings
from strategies.registry import all_strategies


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What all strategies say of one close. `raw` holds for each of `scores` the unclipped measures of the newest
    candle, shape (3, symbols); `atr` (symbols,) is in quote currency."""

    scores: tuple[Scores, ...]
    raw: tuple[FloatArray, ...]
    atr: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Candles of one timeframe with their columns: many candles, or the newest alone."""

    candles: Candles
    columns: Columns


class Judge:
    """All strategies over whole blocks; columns come through the batch processor's caches. Works off the event loop."""

    def __init__(self, settings: Settings, timer: Callable[[], float]) -> None:
        self.settings = settings
        self.processor = BatchIndicatorProcessor(timer, settings.periods)
        self._strategies = all_strategies(settings)
        self.ids = tuple(strategy.id for strategy in self._strategies)

    async def scores(self, fast: Candles, slow: Candles) -> tuple[Scores, ...]:
        """What every strategy says of `fast`, judged against `slow` (same symbols)."""
        return (await self.verdict(fast, slow)).scores

    async def verdict(self, fast: Candles, slow: Candles) -> Verdict:
        """Scores of every candle, and what a card tells of the newest one."""
        return await asyncio.to_thread(self._cached, fast, slow)

    def of(self, fast: Frame, slow: Frame) -> Verdict:
        """The same from columns that are known; right here, for few candles."""
        pair = fast.candles, fast.columns, slow.candles, slow.columns
        return Verdict(
            scores=tuple(score(one, *pair) for one in self._strategies),
            raw=tuple(one.raw(*pair)[:, :, -1] for one in self._strategies),
            atr=fast.columns[f"atr_{self.settings.atr}"][:, -1],
        )

    def whole(self, candles: Candles) -> Frame:
        """All columns of long histories, past the caches: for a start and for a check."""
        processor = BatchIndicatorProcessor(periods=self.settings.periods)
        return Frame(candles, processor.calculate_batch_core_indicators(candles))

    def _cached(self, fast: Candles, slow: Candles) -> Verdict:
        calculate = self.processor.calculate_batch_core_indicators
        return self.of(Frame(fast, calculate(fast)), Frame(slow, calculate(slow)))
