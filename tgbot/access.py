"""Who may do what: nothing passes unless it comes from a known person in a private chat."""

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from aiogram import BaseMiddleware
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramAPIError
from aiogram.types import CallbackQuery, Message, TelegramObject, Update, User
from cachetools import TTLCache

from storage.people import PeopleStore
from tgbot.errors import toast
from tgbot.notify import OutboxNotifier
from tgbot.words import Languages
from trading.errors import AccessDenied
from trading.people import Person, Role
from trading.ports import Clock
from trading.preferences import Preferences

log = logging.getLogger(__name__)

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]
# A stranger who floods gets one line in so many seconds, and nobody's line costs more memory than this.
STRANGER_SECONDS = 2.0
_KNOWN_STRANGERS = 10_000


def _recently(seconds: float, size: int = _KNOWN_STRANGERS) -> TTLCache[int, Any]:
    return TTLCache(maxsize=size, ttl=seconds, timer=time.monotonic)


@dataclass(slots=True)
class Access(BaseMiddleware):
    """Outer middleware on every update; adds `person` and `words` for the handlers.

    Owners are welcomed when they are first seen, and everyone's language is taken from Telegram then and only then:
    /lang changes it, and what was chosen stays.
    """

    people: PeopleStore
    notifier: OutboxNotifier
    languages: Languages
    clock: Clock
    owners: frozenset[int]
    default: Preferences
    _told: TTLCache[int, Any] = field(default_factory=lambda: _recently(STRANGER_SECONDS))

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        asked = _private(event)
        if asked is None or asked.from_user is None:
            return None
        person = await self._known(asked.from_user)
        if person is None:
            await self._turn_away(asked, asked.from_user)
            return None
        data["person"], data["words"] = person, self.languages[person.language]
        return await handler(event, data)

    async def _known(self, user: User) -> Person | None:
        person = await self.people.person(user.id)
        spoken = self.languages.spoken(user.language_code)
        if person is None:
            if user.id not in self.owners:
                return None
            now = self.clock.now()
            return await self.people.welcome(user.id, Role.OWNER, spoken, user.first_name, self.default, now)
        if person.blocked:
            await self.people.set_blocked(user.id, False)
            person = replace(person, blocked=False)
        # An owner who was only named in the settings has no name yet: this is the first sight.
        # The name is written last: cut short, this is the first sight once more.
        turned = not person.first_name and person.language != spoken
        if turned:
            await self.people.set_language(user.id, spoken)
        if person.first_name != user.first_name:
            person = await self.people.rename(user.id, user.first_name)
        if turned:
            await self.notifier.redraw(person)
        return person

    async def _turn_away(self, asked: Message | CallbackQuery, user: User) -> None:
        quiet = user.id in self._told
        self._told[user.id] = True
        line = self.languages[self.languages.spoken(user.language_code)]("access.stranger")
        try:
            if isinstance(asked, CallbackQuery):
                await asked.answer("" if quiet else toast(line))
            elif not quiet:
                await asked.answer(line, parse_mode=None)
        except TelegramAPIError as failed:
            log.info("a stranger was not answered: %s", type(failed).__name__)


def _private(event: TelegramObject) -> Message | CallbackQuery | None:
    """The message or tap of an update, if a person sent it in a private chat; all else is not for us."""
    if not isinstance(event, Update):
        return None
    asked = event.message or event.callback_query
    where = event.message or (event.callback_query.message if event.callback_query else None)
    if asked is None or where is None or where.chat.type != ChatType.PRIVATE:
        return None
    return asked


def owners_only(person: Person) -> None:
    """Raises AccessDenied for everybody but an owner."""
    if person.role is not Role.OWNER:
        raise AccessDenied(f"{person.id} is not an owner")


def traders_only(person: Person) -> None:
    """Raises AccessDenied for someone who may only look."""
    if person.role is Role.VIEWER:
        raise AccessDenied(f"{person.id} may only look")
