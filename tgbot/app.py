"""The map of the program, read top to bottom: every object is built here, once, wired, opened and closed."""

import asyncio
import contextlib
import gc
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import stamina
import structlog

from exchange.bybit import Bybit
from exchange.market_stream import PublicStreams, public_address, wired
from storage.database import open_database
from storage.errors import DatabaseRefused
from storage.journal import JournalStore
from storage.outbox import OutboxStore
from storage.people import PeopleStore
from storage.safety import safety_book
from storage.vault import Vault, master_key_file
from tgbot.accounts import Accounts
from tgbot.beginning import Beginning
from tgbot.clock import Job, Schedule, SystemClock
from tgbot.crier import OutboxCrier
from tgbot.envfile import StartRefused
from tgbot.handlers import build_dispatcher, places
from tgbot.letters import Letters
from tgbot.logs import Redaction
from tgbot.menu import set_menus
from tgbot.notify import OutboxNotifier
from tgbot.outbox import Outbox
from tgbot.practice import PracticeWorld
from tgbot.safety_letters import SafetyLetters
from tgbot.services import Services
from tgbot.settings import Settings
from tgbot.tasks import Tasks
from tgbot.telegram import Polling, heed, telegram_client
from tgbot.words import load_languages
from trading.assistant import Assistant, build_assistant
from trading.ports import Clock
from trading.preferences import with_preset
from trading.safety import build_safety

log = structlog.get_logger(__name__)

# What runs when we are told to end may go on for so long, all of it together.
PATIENCE = 15.0
LETTERS_SECONDS = 3.0
PANIC_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class App:
    """The open program: what runs until it is told to end."""

    assistant: Assistant
    streams: PublicStreams
    polling: Polling
    outbox: Outbox
    beginning: Beginning
    schedule: Schedule
    tasks: Tasks
    services: Services

    async def serve(self, stop: asyncio.Event) -> None:
        """Runs until `stop` is set, then lets what is under way come to its end.

        Raises what broke one of its parts, StartRefused among it.
        """
        self.schedule.start()
        letters = asyncio.create_task(self.outbox.run(), name="outbox")
        parts = [
            letters,
            asyncio.create_task(self.polling.run(self._tell_menus), name="polling"),
            asyncio.create_task(self.beginning.run(), name="beginning"),
        ]
        told = asyncio.create_task(stop.wait(), name="told to end")
        try:
            waiting = {told, *parts}
            while not told.done():
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for part in done:
                    part.result()
        finally:
            told.cancel()
            await self._end(letters, parts)

    async def _tell_menus(self) -> None:
        await set_menus(self.polling.bot, places(), self.services.languages)

    async def _end(self, letters: asyncio.Task[None], parts: list[asyncio.Task[None]]) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        await self.streams.close()
        self.assistant.scanner.gathering.close()
        await self.polling.stop(PATIENCE)
        for part in parts:
            if part is not letters:
                part.cancel()
        await self.schedule.close(max(0.0, until - loop.time()))
        await self.tasks.close(until - loop.time())
        self.outbox.stop()
        await asyncio.wait({letters}, timeout=LETTERS_SECONDS)
        letters.cancel()
        await asyncio.gather(*parts, return_exceptions=True)


@asynccontextmanager
async def open_app(settings: Settings, redaction: Redaction, clock: Clock | None = None) -> AsyncIterator[App]:
    """Raises StartRefused, or DatabaseRefused, for what stands in the way. `clock` is the machine's unless given."""
    async with AsyncExitStack() as closing:
        clock, tasks = clock or SystemClock(), Tasks()
        environment = settings.bybit_env

        # what must survive
        url = settings.database.reveal()
        database = await open_database(url)
        closing.push_async_callback(database.close)
        journal = JournalStore(database, environment)
        people = PeopleStore(database, environment)
        letter_box = OutboxStore(database, environment)
        kept = safety_book(database, environment)
        vault = Vault(database, master_key_file(url, environment))

        # Bybit
        exchange = Bybit(environment, clock, base_url=settings.exchange_url)
        closing.callback(exchange.close)
        address = public_address(environment, settings.bybit_ws_public_url, settings.exchange_url)
        streams = PublicStreams(wired(address))
        closing.push_async_callback(streams.close)

        # Telegram
        bot = telegram_client(settings)
        closing.push_async_callback(bot.session.close)
        languages = load_languages()
        others = SafetyLetters(kept.panics, kept.alarms, environment).drawers()
        outbox = Outbox(bot, letter_box, people, Letters(journal, languages, environment, clock, others), clock)
        notifier = OutboxNotifier(letter_box, journal, clock, outbox.wake)

        # what the assistant does
        assistant = build_assistant(
            exchange=exchange,
            journal=journal,
            people=people,
            notifier=notifier,
            clock=clock,
            environment=environment,
            watchlist=settings.watchlist,
            own=tasks.own,
            new_id=lambda: secrets.token_hex(8),
            tell=lambda what, text: log.warning(text, what=what),
            stream=streams,
        )
        crier = OutboxCrier(letter_box, clock, outbox.wake)
        safety = build_safety(assistant, kept, crier, lambda: secrets.token_hex(8))
        closing.push_async_callback(safety.runner.close)
        heed(bot, assistant.context.health)

        # who may use it, and with which keys
        accounts = Accounts(settings, people, vault, exchange, redaction, clock)
        await accounts.welcome_owners()
        await accounts.reconnect()
        await safety.load()

        # what answers in the chat
        services = Services(
            people=people,
            journal=journal,
            exchange=exchange,
            desk=assistant.desk,
            safety=safety,
            status_desk=assistant.report,
            why_desk=assistant.why,
            notifier=notifier,
            outbox_store=letter_box,
            tasks=tasks,
            clock=clock,
            languages=languages,
            environment=environment,
            strategies=assistant.judge.ids,
            owners=frozenset(settings.owners),
            default=with_preset(settings.preset),
        )
        polling = Polling(bot, build_dispatcher(services), clock)

        schedule = Schedule(assistant.context.health)
        schedule.begin(Job("panic", PANIC_SECONDS, safety.runner.tend))
        beginning = Beginning(accounts.connect_owners, assistant, schedule, settings.tick_seconds)
        yield App(assistant, streams, polling, outbox, beginning, schedule, tasks, services)


async def run_app(settings: Settings, redaction: Redaction, world: PracticeWorld | None) -> int:
    """Runs until SIGTERM, SIGINT or the death of the practice world; gives the exit code. Raises StartRefused."""
    stamina.instrumentation.set_on_retry_hooks([])  # they would log every try, arguments included
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    deaths: list[str] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    def world_died() -> None:
        deaths.append("the practice world")
        with contextlib.suppress(RuntimeError):  # the loop may have ended meanwhile
            loop.call_soon_threadsafe(stop.set)

    if world is not None:
        world.on_death(world_died)
    try:
        async with open_app(settings, redaction) as app:
            # Nothing that the imports and the wiring made will ever be garbage.
            gc.freeze()
            gc.enable()
            await app.serve(stop)
    except DatabaseRefused as refused:
        raise StartRefused(str(refused)) from None
    if deaths:
        log.error("the practice world ended by itself, and bybot ends with it; start it again to go on")
        return 1
    log.info("ended")
    return 0
