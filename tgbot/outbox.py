"""Paced delivery to Telegram. What is shown is drawn at the moment it goes out, so it is always the newest state.

A letter stays in the database until Telegram has it: nothing is lost over a crash, and it is sent twice only where
Telegram's own answer was lost.
"""

import asyncio
import logging
from dataclasses import dataclass

from aiogram import Bot
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramRetryAfter,
)
from sqlalchemy.exc import SQLAlchemyError

from storage.outbox import Letter, OutboxStore
from tgbot.errors import survives
from tgbot.letters import Drawn, Letters
from tgbot.pace import Paced
from tgbot.show import Shown, show
from trading.errors import AssistantError
from trading.people import Person
from trading.ports import Clock, People

log = logging.getLogger(__name__)

AT_ONCE = 100  # letters read from the database in one go
LONGEST_PAUSE_MS = 60_000
IDLE_SECONDS = 30.0
DATABASE_PAUSE_SECONDS = 1.0
# Telegram's words for a chat that will not open: the person never began it, or is gone.
_NO_CHAT = ("chat not found", "can't initiate conversation")


@dataclass(frozen=True, slots=True)
class _Sent:
    """What Telegram has taken of a letter."""

    letter: Letter
    shown: Shown
    digest: str


class Outbox:
    """Delivers letters, one chat's one after the other, different chats beside each other."""

    def __init__(self, bot: Bot, store: OutboxStore, people: People, letters: Letters, clock: Clock) -> None:
        # Answers of handlers go to the same chats, so they share the pace.
        bot.session.middleware(Paced())
        self._bot = bot
        self._store = store
        self._people = people
        self._letters = letters
        self._clock = clock
        self._awake = asyncio.Event()
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._unrecorded: dict[int, _Sent] = {}
        self._ending = False

    def wake(self) -> None:
        """Something is wanted: look at once."""
        self._awake.set()

    def stop(self) -> None:
        """Lets `run` return when what is on its way has arrived."""
        self._ending = True
        self._awake.set()

    async def run(self) -> None:
        """Delivers until `stop`; what is not delivered then goes out after the next start."""
        async with asyncio.TaskGroup() as group:
            while not self._ending:
                self._awake.clear()
                try:
                    wait = await self._round(group)
                except (AssistantError, SQLAlchemyError) as error:
                    log.warning("the outbox could not be read: %s", type(error).__name__)
                    wait = DATABASE_PAUSE_SECONDS
                try:
                    await asyncio.wait_for(self._awake.wait(), wait)
                except TimeoutError:
                    continue

    async def _round(self, group: asyncio.TaskGroup) -> float:
        """Begins what is due; returns how many seconds may pass before the next look."""
        now = self._clock.now()
        by_chat: dict[int, list[Letter]] = {}
        for letter in await self._store.due(now, AT_ONCE):
            if letter.chat not in self._busy:
                by_chat.setdefault(letter.chat, []).append(letter)
        for chat, letters in by_chat.items():
            self._busy[chat] = group.create_task(self._deliver_all(chat, letters), name=f"letters to {chat}")
        if by_chat or self._busy:
            return IDLE_SECONDS  # the end of a chat's letters wakes us
        due = await self._store.next_due()
        return IDLE_SECONDS if due is None else min(IDLE_SECONDS, max(0.0, (due - now) / 1000))

    async def _deliver_all(self, chat: int, letters: list[Letter]) -> None:
        try:
            for letter in letters:
                if await survives(self._deliver(letter), f"letter {letter.subject}"):
                    continue
                if not await survives(self._later(letter), f"putting off {letter.subject}"):
                    # The database takes nothing: this chat waits, or the same letter would be tried without end.
                    await self._clock.sleep(DATABASE_PAUSE_SECONDS)
        finally:
            del self._busy[chat]
            self.wake()

    async def _deliver(self, letter: Letter) -> None:
        if (sent := self._unrecorded.get(letter.id)) is not None:
            await self._record(letter, sent)
            return
        person = await self._people.person(letter.chat)
        drawn = None if person is None or person.blocked else await self._letters.draw(letter, person)
        if person is None or drawn is None:
            await self._store.drop(letter)
            return
        digest = drawn.screen.digest()
        if letter.message_id is not None and letter.digest == digest and not drawn.anew:
            await self._store.delivered(letter, letter.message_id, digest, self._clock.now())
            return
        try:
            shown = await self._show(letter, drawn)
        except TelegramRetryAfter as busy:
            await self._store.postpone(letter, self._clock.now() + busy.retry_after * 1000)
        except TelegramForbiddenError as refused:
            await self._forbidden(letter, person, refused)
        except TelegramBadRequest as refused:
            await self._refused(letter, refused)
        except TelegramAPIError as failed:
            log.info("Telegram did not take %s: %s", letter.subject, type(failed).__name__)
            await self._later(letter)
        else:
            await self._record(letter, _Sent(letter, shown, digest))

    async def _record(self, letter: Letter, sent: _Sent) -> None:
        """Keeps what shows the subject; while the database does not take it, the letter is not sent once more."""
        self._unrecorded[letter.id] = sent
        now, shown = self._clock.now(), sent.shown
        await self._store.delivered(sent.letter, shown.message_id, sent.digest, now, is_photo=shown.is_photo)
        del self._unrecorded[letter.id]

    async def _show(self, letter: Letter, drawn: Drawn) -> Shown:
        shown = Shown(letter.message_id, letter.is_photo) if letter.message_id is not None else None
        if shown is not None and drawn.anew:
            await self._take_away(letter.chat, shown.message_id)
            shown = None
        reply_to = await self._store.message_of(letter.chat, letter.reply_to) if letter.reply_to else None
        return await show(self._bot, letter.chat, drawn.screen, shown=shown, silent=not letter.ring, reply_to=reply_to)

    async def _take_away(self, chat: int, message_id: int) -> None:
        try:
            await self._bot.delete_message(chat, message_id)
        except TelegramBadRequest as refused:  # gone already, or too old: then it stays, and its buttons find nothing
            log.info("an old card stays: %s", refused.message)

    async def _forbidden(self, letter: Letter, person: Person, refused: TelegramForbiddenError) -> None:
        """They blocked the bot: no more letters. Their positions stay watched."""
        if not any(words in refused.message.lower() for words in _NO_CHAT):
            await self._people.set_blocked(person.id, True)
        log.info("%s can not be written to: %s", person.id, refused.message)
        await self._store.drop(letter)

    async def _refused(self, letter: Letter, refused: TelegramBadRequest) -> None:
        # Someone who never pressed START has no chat yet: /start shows what is open then.
        if not any(words in refused.message.lower() for words in _NO_CHAT):
            log.error("Telegram refused %s: %s", letter.subject, refused.message)
        await self._store.drop(letter)

    async def _later(self, letter: Letter) -> None:
        pause = min(LONGEST_PAUSE_MS, 1000 * 2 ** min(letter.attempts, 10))
        await self._store.postpone(letter, self._clock.now() + pause)
