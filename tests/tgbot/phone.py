"""The bot's face on a practice Telegram, over HTTP in process: real storage and handlers, a desk that a test leads."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from itertools import count
from pathlib import Path
from re import sub
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from sandbox.telegram.pace import UNLIMITED, Limits
from storage.journal import JournalStore
from storage.outbox import OutboxStore
from storage.people import PeopleStore
from storage.safety import safety_book
from tests.doubles_clock import VirtualClock
from tests.doubles_exchange import ExchangeDouble, instrument
from tests.sandbox.telegram.practice_chat import TOKEN, Practice, practising
from tests.storage.samples import ACCOUNT, NOW, OTHER_ACCOUNT, OWNER, ROOMY, opened, propose
from tests.tgbot.cards import status, why
from tgbot.crier import OutboxCrier
from tgbot.handlers import build_dispatcher
from tgbot.letters import Letters
from tgbot.notify import OutboxNotifier
from tgbot.outbox import Outbox
from tgbot.safety_letters import SafetyLetters
from tgbot.services import Services
from tgbot.tasks import Tasks
from tgbot.words import Languages, load_languages
from trading.assistant import build_assistant
from trading.errors import AssistantError
from trading.model import Account, AccountId, Position, Ticket
from trading.people import Person, Role
from trading.preferences import PRESETS
from trading.safety import build_safety
from trading.states import Event
from trading.status import Nearest, Status
from trading.why import NoReading, Why, symbol_from

OTHER_OWNER, VIEWER, STRANGER = 1002, 1003, 2002
PATIENCE = 30.0


@dataclass
class Desk:
    """Does to the journal what the real desk does first, or raises what it is told; notes who asked for what."""

    journal: JournalStore
    notifier: OutboxNotifier
    asked: list[tuple[str, int, str]] = field(default_factory=list)
    refuses: AssistantError | Exception | None = None
    takes: float = 0.0

    async def confirm(self, owner: int, ticket: str, revision: int) -> Ticket:
        return await self._move("confirm", owner, ticket, Event.CLAIMED)

    async def skip(self, owner: int, ticket: str, revision: int) -> Ticket:
        return await self._move("skip", owner, ticket, Event.SKIPPED)

    async def close(self, owner: int, ticket: str) -> Ticket:
        return await self._move("close", owner, ticket, Event.CLOSE_SENT)

    async def adopt(self, owner: int, ticket: str) -> Ticket:
        return await self._move("adopt", owner, ticket, Event.ADOPTED)

    async def _move(self, wish: str, owner: int, name: str, event: Event) -> Ticket:
        self.asked.append((wish, owner, name))
        await asyncio.sleep(self.takes)
        if self.refuses is not None:
            raise self.refuses
        ticket = await self.journal.own(name, owner)
        if event is Event.CLAIMED:
            moved = await self.journal.claim(*ticket.key, owner, ROOMY, NOW)
        else:
            moved = await self.journal.advance(*ticket.key, event, NOW)
        await self.notifier.ticket(moved)
        return moved


@dataclass
class Exchange:
    """Only what the face itself asks of Bybit."""

    held: tuple[Position, ...] = ()
    refuses: AssistantError | None = None

    async def positions(self, account: AccountId, symbol: str | None = None) -> tuple[Position, ...]:
        if self.refuses is not None:
            raise self.refuses
        return tuple(one for one in self.held if symbol in (None, one.symbol))


class StatusDesk:
    async def status(self, person: Person) -> Status:
        return status(person=person)


class WhyDesk:
    """Knows SOLUSDT, and of ETHUSDT that it is not watched."""

    async def why(self, person: Person, asked: str) -> Why | NoReading:
        symbol = symbol_from(asked)
        if symbol == "SOLUSDT":
            return why()
        return NoReading(asked, symbol, ("SOLUSDT",) if symbol else (), is_listed=symbol == "ETHUSDT")

    def nearest(self, person: Person) -> tuple[Nearest, ...]:
        return (Nearest("SOLUSDT", "long", 0.68),)


@dataclass
class Phone:
    """What a test holds: the chats of people, and what stands behind them. `bybit` is what the safety acts on."""

    practice: Practice
    services: Services
    outbox: Outbox
    bot: Bot
    desk: Desk
    exchange: Exchange
    clock: VirtualClock
    bybit: ExchangeDouble

    @property
    def languages(self) -> Languages:
        return self.services.languages

    async def say(self, user: int, text: str) -> list[str]:
        """What the bot wrote or changed since, as plain texts."""
        before = await self.seen(user)
        await self.practice.say(user, text)

        async def answered() -> list[str]:
            now = await self.seen(user)
            return [plain for number, (plain, shape) in now.items() if before.get(number, ("", ""))[1] != shape]

        return await self.until(answered)

    async def tap(self, user: int, message: int, data: str) -> tuple[int, Any]:
        return await self.practice.tap(user, message, data)

    async def press(self, user: int, label: str) -> Any:
        """Taps the newest button whose text holds `label`, once it is there; what the bot showed."""

        async def button() -> tuple[int, str] | None:
            for message in reversed(await self.practice.messages(user)):
                for row in message.get("buttons") or []:
                    for one in row:
                        if label in one["text"] and one["data"]:
                            return message["message_id"], one["data"]
            return None

        return (await self.tap(user, *(await self.until(button))))[1]

    async def seen(self, user: int) -> dict[int, tuple[str, str]]:
        """The bot's messages: number -> (plain text, everything about it)."""
        told = await self.practice.messages(user)
        return {
            one["message_id"]: (plain(one), json.dumps(one, sort_keys=True)) for one in told if one["from"] == "bot"
        }

    async def texts(self, user: int) -> list[str]:
        return [text for text, _ in (await self.seen(user)).values()]

    async def until(self, what: Callable[[], Any]) -> Any:
        """The first true answer."""
        async with asyncio.timeout(PATIENCE):
            while not (got := await what()):  # noqa: ASYNC110 - it is asked over HTTP
                await asyncio.sleep(0.01)
        return got

    async def until_text(self, user: int, words: str) -> str:
        async def found() -> str:
            return next((text for text in await self.texts(user) if words in text.replace("\n", " ")), "")

        return str(await self.until(found))

    async def offer(self, name: str = "a" * 16, symbol: str = "SOLUSDT", *, owner: int = OWNER) -> Ticket:
        account = ACCOUNT if owner == OWNER else OTHER_ACCOUNT
        ticket = await propose(self.services.journal, name, symbol, account=account, owner=owner)
        await self.services.notifier.ticket(ticket)
        return ticket

    async def card(self, user: int, ticket: Ticket) -> int:
        """The number of the message that shows the ticket, once it is there."""

        async def number() -> int | None:
            return await self.services.outbox_store.message_of(user, f"t:{ticket.id}")

        return int(await self.until(number))


def plain(message: dict[str, Any]) -> str:
    return unescape(sub(r"</?[a-zA-Z][^<>]*>", "", message.get("text") or message.get("caption") or ""))


@asynccontextmanager
async def phone(folder: Path, limits: Limits = UNLIMITED) -> AsyncIterator[Phone]:
    """Owners 1001 and 1002 with accounts, viewer 1003; everybody's chat exists."""
    clock, tasks, languages = VirtualClock(NOW), Tasks(), load_languages()
    async with opened(folder) as database, practising(folder / "telegram.db", lambda: clock.at, limits) as practice:
        await practice.met(OWNER, OTHER_OWNER, VIEWER, STRANGER)
        journal, people = JournalStore(database, "sandbox"), PeopleStore(database, "sandbox")
        await _settle(people)
        store = OutboxStore(database, "sandbox")
        bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(practice.base)))
        kept = safety_book(database, "sandbox")
        others = SafetyLetters(kept.panics, kept.alarms, "sandbox").drawers()
        outbox = Outbox(bot, store, people, Letters(journal, languages, "sandbox", clock, others), clock)
        notifier = OutboxNotifier(store, journal, clock, outbox.wake)
        bybit, ids = ExchangeDouble(clock, instrument("SOLUSDT")), count(1)
        assistant = build_assistant(
            exchange=bybit,
            journal=journal,
            people=people,
            notifier=notifier,
            clock=clock,
            environment="sandbox",
            watchlist=(),
            own=tasks.own,
            new_id=lambda: f"{next(ids):016x}",
            tell=lambda *_: None,
        )
        crier = OutboxCrier(store, clock, outbox.wake)
        safety = build_safety(assistant, kept, crier, lambda: f"{next(ids):016x}")
        desk, exchange = Desk(journal, notifier), Exchange()
        services = Services(
            people=people,
            journal=journal,
            exchange=exchange,
            desk=desk,
            safety=safety,
            status_desk=StatusDesk(),
            why_desk=WhyDesk(),
            notifier=notifier,
            outbox_store=store,
            tasks=tasks,
            clock=clock,
            languages=languages,
            environment="sandbox",
            strategies=("cumdelta_sr", "fibonacci_rsi", "multitf", "range", "volume_vwap"),
            owners=frozenset({OWNER, OTHER_OWNER}),
            default=PRESETS["practice"],
        )
        dispatcher = build_dispatcher(services)
        polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False))
        letters = asyncio.create_task(outbox.run())
        try:
            yield Phone(practice, services, outbox, bot, desk, exchange, clock, bybit)
        finally:
            outbox.stop()
            await letters
            await dispatcher.stop_polling()
            await polling
            await tasks.close(1)
            await safety.runner.close()
            await bot.session.close()


async def _settle(people: PeopleStore) -> None:
    for user, role in ((OWNER, Role.OWNER), (OTHER_OWNER, Role.OWNER), (VIEWER, Role.VIEWER)):
        await people.welcome(user, role, "en", "", PRESETS["practice"], NOW)
    await people.add_account(Account(ACCOUNT, OWNER, "practice"))
    await people.add_account(Account(OTHER_ACCOUNT, OTHER_OWNER, "practice"))
