"""What is done once after the start, in this order, however long Bybit can not be reached."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from tgbot.clock import Job, Schedule, with_housekeeping
from tgbot.pauses import pauses
from trading.assistant import Assistant
from trading.errors import AssistantError, ExchangeError

log = structlog.get_logger(__name__)

# Known accounts are looked after even while a new key is not accepted.
KEYS_SECONDS = 5.0
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Beginning:
    """From an open database to a running tick."""

    connect_owners: Callable[[], Awaitable[None]]
    assistant: Assistant
    schedule: Schedule
    tick_seconds: float

    async def run(self) -> None:
        """Connects the owners, reconciles and warms up, then begins the tick; tries each again until it works."""
        keys = asyncio.ensure_future(self._insist(self.connect_owners))
        try:
            await asyncio.wait({keys}, timeout=KEYS_SECONDS)
            if keys.done():
                keys.result()  # a key that can not sign ends the start
            await self._insist(self.assistant.start)
            tick = with_housekeeping(self.assistant.tick, self.assistant.expire)
            self.schedule.begin(Job("watch", self.tick_seconds, self.assistant.look_after))
            self.schedule.begin(Job("tick", self.tick_seconds, tick, asks="feed"))
            self.schedule.begin(Job("minute", MINUTE, self.assistant.each_minute))
            self._name_unknown_symbols()
            log.info("watching the market", tick_seconds=self.tick_seconds)
            await keys
        finally:
            keys.cancel()

    async def _insist(self, work: Callable[[], Awaitable[None]]) -> None:
        health, clock = self.assistant.context.health, self.assistant.context.clock
        for pause in pauses():
            try:
                await work()
            except AssistantError as error:
                troubled = "bybit" if isinstance(error, ExchangeError) else "database"
                health.failed(troubled, str(error))
                await clock.sleep(pause)
            else:
                health.worked("bybit")
                health.worked("database")
                return

    def _name_unknown_symbols(self) -> None:
        unknown = self.assistant.context.universe.unknown_fixed()
        if unknown:
            log.warning("WATCHLIST names symbols that Bybit does not trade", symbols=", ".join(unknown))
