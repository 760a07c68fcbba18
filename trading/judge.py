"""Candles in, scores out: the batch columns and every strategy over a block of symbols."""

import asyncio
from collections.abc import Callable

from indicators.batch import BatchIndicatorProcessor
from indicators.candles import Candles
from strategies.confluence import score
from strategies.model import Scores, Settings
from strategies.registry import all_strategies


class Judge:
    """All strategies over whole blocks; columns come through the batch processor's caches."""

    def __init__(self, settings: Settings, timer: Callable[[], float]) -> None:
        self.settings = settings
        self.processor = BatchIndicatorProcessor(timer, settings.periods)
        self.strategies = all_strategies(settings)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(strategy.id for strategy in self.strategies)

    async def scores(self, fast: Candles, slow: Candles) -> tuple[Scores, ...]:
        """What every strategy says of `fast`, judged against `slow` (same symbols). Computed off the event loop."""
        return await asyncio.to_thread(self._scores, fast, slow)

    def _scores(self, fast: Candles, slow: Candles) -> tuple[Scores, ...]:
        columns = self.processor.calculate_batch_core_indicators(fast)
        slow_columns = self.processor.calculate_batch_core_indicators(slow)
        return tuple(score(strategy, fast, columns, slow, slow_columns) for strategy in self.strategies)

    def raw(self, strategy: str, fast: Candles, slow: Candles) -> tuple[tuple[float, ...], ...]:
        """The three unclipped measures of the newest candle, for each symbol: what a card tells in words."""
        found = next(one for one in self.strategies if one.id == strategy)
        columns = self.processor.calculate_batch_core_indicators(fast)
        slow_columns = self.processor.calculate_batch_core_indicators(slow)
        newest = found.raw(fast, columns, slow, slow_columns)[:, :, -1]
        return tuple(tuple(float(value) for value in measures) for measures in newest.T)

    def atr(self, fast: Candles) -> tuple[float, ...]:
        """ATR of the newest candle for each symbol, in quote currency."""
        columns = self.processor.calculate_batch_core_indicators(fast)
        return tuple(float(value) for value in columns[f"atr_{self.settings.atr}"][:, -1])
