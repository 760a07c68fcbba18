"""Candles in, scores out: the batch columns and every strategy over a block of symbols."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from indicators.batch import BatchIndicatorProcessor
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


class Judge:
    """All strategies over whole blocks; columns come through the batch processor's caches. Works off the event loop."""

    def __init__(self, settings: Settings, timer: Callable[[], float]) -> None:
        self._settings = settings
        self.processor = BatchIndicatorProcessor(timer, settings.periods)
        self._strategies = all_strategies(settings)
        self.ids = tuple(strategy.id for strategy in self._strategies)

    async def scores(self, fast: Candles, slow: Candles) -> tuple[Scores, ...]:
        """What every strategy says of `fast`, judged against `slow` (same symbols)."""
        return (await self.verdict(fast, slow)).scores

    async def verdict(self, fast: Candles, slow: Candles) -> Verdict:
        """Scores of every candle, and what a card tells of the newest one."""
        return await asyncio.to_thread(self._verdict, fast, slow)

    def _verdict(self, fast: Candles, slow: Candles) -> Verdict:
        columns = self.processor.calculate_batch_core_indicators(fast)
        slow_columns = self.processor.calculate_batch_core_indicators(slow)
        return Verdict(
            scores=tuple(score(one, fast, columns, slow, slow_columns) for one in self._strategies),
            raw=tuple(one.raw(fast, columns, slow, slow_columns)[:, :, -1] for one in self._strategies),
            atr=columns[f"atr_{self._settings.atr}"][:, -1],
        )
