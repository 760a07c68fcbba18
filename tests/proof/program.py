"""The whole of the program below the chat, as one process that can be killed: real client, door, trading, journal."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextvars import Context, copy_context
from pathlib import Path
from typing import Any, TypeVar

from exchange.bybit import Bybit
from exchange.door import Threads
from storage.database import Database, open_database
from storage.journal import JournalStore
from storage.people import PeopleStore
from tests.doubles_notifier import NotifierDouble
from tests.proof.at_once import LoopExecutor
from tests.proof.life import WHOSE, Life, Mortal
from tests.proof.wire import HOST, Wire
from trading.assistant import Assistant, build_assistant
from trading.errors import AssistantError
from trading.model import AccountId
from trading.ports import Clock
from trading.secret import Credentials

Found = TypeVar("Found")

ENVIRONMENT = "sandbox"
WATCH_SECONDS, TICK_SECONDS, MINUTE_SECONDS = 2.0, 8.0, 60.0
PAUSE_SECONDS = 1.0


class Program:
    """One process from its start to its end. `keys` are the accounts' credentials by name."""

    def __init__(
        self, file: Path, wire: Wire, clock: Clock, keys: Iterable[tuple[str, Credentials]], new_id: Callable[[], str]
    ) -> None:
        self.life = Life()
        self.up = asyncio.Event()
        self.watched = 0
        """Looks after all that is ours which went well."""
        self._file = file
        self._clock = clock
        self.new_id = new_id
        threads = Threads(LoopExecutor(), LoopExecutor(), LoopExecutor())
        self._bybit = Bybit(ENVIRONMENT, clock, base_url=HOST, threads=threads, adapter=wire)
        for name, credentials in keys:
            self._bybit.connect(AccountId(ENVIRONMENT, name), credentials)
        self._database: Database | None = None
        self.assistant: Assistant

    def begin(self) -> None:
        self.do(self._live())

    def do(self, work: Coroutine[Any, Any, Found]) -> asyncio.Task[Found]:
        """Work of this process: it dies with it."""
        task = asyncio.get_running_loop().create_task(work, context=self._context())
        self.life.roots.append(task)
        return task

    async def end(self) -> None:
        """Kills it, where it still lives, and lets go of what only memory held."""
        if not self.life.is_over:
            self.life.end()
        try:
            await self.life.buried()
        finally:
            if self._database is not None:
                await self._database.close()

    def _context(self) -> Context:
        context = copy_context()
        context.run(WHOSE.set, self.life)
        return context

    async def _live(self) -> None:
        self._database = await open_database(f"sqlite+aiosqlite:///{self._file}")
        self.assistant = self._built(self._database)
        await self._insist(self.assistant.start)
        await self._insist(self.assistant.tick)
        self.up.set()
        every = asyncio.get_running_loop().create_task
        every(self._each(WATCH_SECONDS, self._look_after))
        every(self._each(TICK_SECONDS, self.assistant.tick))
        every(self._each(MINUTE_SECONDS, self.assistant.each_minute))

    def _built(self, database: Database) -> Assistant:
        life = self.life
        return build_assistant(
            exchange=Mortal(self._bybit, life),
            journal=Mortal(JournalStore(database, ENVIRONMENT), life),
            people=Mortal(PeopleStore(database, ENVIRONMENT), life),
            notifier=Mortal(NotifierDouble(), life),
            clock=self._clock,
            environment=ENVIRONMENT,
            watchlist=(),
            own=lambda work, name: self.do(work),
            new_id=self.new_id,
            tell=lambda what, text: None,
        )

    async def _look_after(self) -> None:
        await self.assistant.look_after()
        if not self.assistant.context.health.troubles:
            self.watched += 1

    async def _insist(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            with contextlib.suppress(AssistantError):
                await work()
                return
            await asyncio.sleep(PAUSE_SECONDS)

    async def _each(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """As the program's own clock: never twice at once, and a failure that was foreseen ends nothing."""
        while True:
            with contextlib.suppress(AssistantError):
                await work()
            await asyncio.sleep(seconds)
