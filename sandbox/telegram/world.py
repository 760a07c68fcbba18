"""Everything the practice Telegram's routes share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.telegram.bybit_app import BybitApp
from sandbox.telegram.chats import Message, told_to_person
from sandbox.telegram.database import Database
from sandbox.telegram.faults import Faults
from sandbox.telegram.hub import Hub, Taps
from sandbox.telegram.pace import Pace
from sandbox.telegram.updates import Bells
from sandbox.telegram.webhooks import Couriers


@dataclass(frozen=True, slots=True)
class World:
    """The store, the clock (`time_ms`, Unix milliseconds) and those who wait for news.

    `drafts` are what bots are still writing, by chat, as the person's side tells them.
    """

    database: Database
    time_ms: Callable[[], int]
    pace: Pace
    hub: Hub
    taps: Taps
    couriers: Couriers
    bells: Bells
    faults: Faults
    bybit: BybitApp | None = None
    drafts: dict[int, dict[str, Any]] = field(default_factory=dict)

    def seconds(self) -> int:
        """Now in Unix seconds, as messages carry it."""
        return self.time_ms() // 1000

    def tell_message(self, message: Message) -> None:
        """Shows a new or changed message on the chat's pages."""
        self.hub.tell(message.user_id, "message", told_to_person(self.database.reading, message))


WORLD: web.AppKey[World] = web.AppKey("world", World)
