"""Messages still to be delivered, and what was: one row for each (chat, subject), however often it changes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select, update

from storage.database import Database, insert_once
from storage.tables import limits_told, outbox
from storage.whole import whole
from trading.reasons import Reason


@dataclass(frozen=True, slots=True)
class Letter:
    """What one chat is to be told of one subject (a ticket's card, an answer). Times are ms UTC.

    `priority` 0 is the most urgent: alarms, tap results, tickets, live prices. `message_id` is the message that shows
    the subject already, `digest` tells what it shows, `is_photo` that it was born a photo. `reply_to` names the
    subject whose message this one answers. `version` grows each time the subject is wanted again.
    """

    id: int
    chat: int
    subject: str
    payload: Mapping[str, Any]
    priority: int
    ring: bool
    wanted_at: int
    due_at: int
    attempts: int
    message_id: int | None
    digest: str | None
    reply_to: str | None
    is_photo: bool
    version: int


class OutboxStore:
    """The outbox of one environment, and which limits each person was told of."""

    def __init__(self, database: Database, environment: str) -> None:
        self._database = database
        self._environment = environment

    @whole
    async def want(
        self,
        chat: int,
        subject: str,
        now: int,
        *,
        payload: Mapping[str, Any],
        priority: int,
        ring: bool = False,
        reply_to: str | None = None,
    ) -> None:
        """Wants the subject shown as of now; one that waits already takes the new payload and its most urgent wish.

        A postponed one stays postponed, unless this wish is more urgent than the one that waits.
        """
        text = json.dumps(payload, sort_keys=True, ensure_ascii=False)
        async with self._database.transaction() as connection:
            # the row first, then its lock: so that two first wishes at once are one letter on a server too
            await connection.execute(
                insert_once(connection, outbox).values(
                    environment=self._environment,
                    chat=chat,
                    subject=subject,
                    payload=text,
                    priority=priority,
                    ring=False,
                    wanted=False,
                    version=0,
                    wanted_at=now,
                    due_at=now,
                    attempts=0,
                    is_photo=False,
                )
            )
            row = (await connection.execute(select(outbox).where(self._is(chat, subject)).with_for_update())).one()
            wish: dict[str, object] = {
                "payload": text,
                "priority": min(priority, row.priority) if row.wanted else priority,
                "ring": ring or (row.wanted and row.ring),
                "wanted": True,
                "version": row.version + 1,
            }
            if reply_to is not None:
                wish["reply_to"] = reply_to
            if not row.wanted:
                wish["wanted_at"] = now
            if not row.wanted or priority < row.priority:
                wish |= {"due_at": now, "attempts": 0}
            await connection.execute(update(outbox).where(outbox.c.id == row.id).values(wish))

    @whole
    async def due(self, now: int, limit: int) -> tuple[Letter, ...]:
        """What is to be delivered now, the most urgent first, then the oldest."""
        wanted = (
            select(outbox)
            .where(outbox.c.environment == self._environment, outbox.c.wanted, outbox.c.due_at <= now)
            .order_by(outbox.c.priority, outbox.c.wanted_at, outbox.c.id)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return tuple(_letter_from(row) for row in await connection.execute(wanted))

    @whole
    async def next_due(self) -> int | None:
        """When the next one is due (ms), perhaps in the past; None where nothing waits."""
        wanted = select(func.min(outbox.c.due_at)).where(outbox.c.environment == self._environment, outbox.c.wanted)
        async with self._database.reading() as connection:
            first: int | None = (await connection.execute(wanted)).scalar_one()
            return first

    @whole
    async def delivered(
        self, letter: Letter, message_id: int, digest: str | None, now: int, *, is_photo: bool | None = None
    ) -> bool:
        """Keeps which message shows the subject, and what; false where it was wanted anew since `letter` was read."""
        shown: dict[str, object] = {"message_id": message_id, "digest": digest, "delivered_at": now, "attempts": 0}
        if is_photo is not None:
            shown["is_photo"] = is_photo
        async with self._database.transaction() as connection:
            await connection.execute(update(outbox).where(outbox.c.id == letter.id).values(shown))
            done = await connection.execute(
                update(outbox).where(self._unchanged(letter)).values(wanted=False, ring=False)
            )
            return bool(done.rowcount == 1)

    @whole
    async def postpone(self, letter: Letter, until: int) -> None:
        """Tries again at `until`; a newer wish for the subject is left as it is."""
        await self._settle(letter, due_at=until, attempts=letter.attempts + 1)

    @whole
    async def drop(self, letter: Letter) -> None:
        """Gives it up, unless it was wanted anew; what shows the subject stays known."""
        await self._settle(letter, wanted=False, ring=False)

    @whole
    async def message_of(self, chat: int, subject: str) -> int | None:
        """The message that shows the subject."""
        async with self._database.reading() as connection:
            found = await connection.execute(select(outbox.c.message_id).where(self._is(chat, subject)))
            return found.scalar_one_or_none()

    @whole
    async def subject_of(self, chat: int, message_id: int) -> str | None:
        """What the message shows; None for one that is not ours, or was replaced by a newer copy."""
        wanted = select(outbox.c.subject).where(
            outbox.c.environment == self._environment, outbox.c.chat == chat, outbox.c.message_id == message_id
        )
        async with self._database.reading() as connection:
            return (await connection.execute(wanted)).scalars().first()

    @whole
    async def tell_limit_once(self, owner: int, reason: Reason) -> bool:
        """True the first time since it was last over."""
        async with self._database.transaction() as connection:
            written = await connection.execute(
                insert_once(connection, limits_told).values(environment=self._environment, owner=owner, reason=reason)
            )
            return bool(written.rowcount == 1)

    @whole
    async def limit_is_over(self, owner: int, reason: Reason) -> bool:
        """True where this person had been told of it."""
        async with self._database.transaction() as connection:
            gone = await connection.execute(
                delete(limits_told).where(
                    limits_told.c.environment == self._environment,
                    limits_told.c.owner == owner,
                    limits_told.c.reason == reason,
                )
            )
            return bool(gone.rowcount == 1)

    @whole
    async def limits_told(self, owner: int) -> frozenset[Reason]:
        wanted = select(limits_told.c.reason).where(
            limits_told.c.environment == self._environment, limits_told.c.owner == owner
        )
        async with self._database.reading() as connection:
            return frozenset((await connection.execute(wanted)).scalars())

    def _is(self, chat: int, subject: str) -> ColumnElement[bool]:
        return (outbox.c.environment == self._environment) & (outbox.c.chat == chat) & (outbox.c.subject == subject)

    def _unchanged(self, letter: Letter) -> ColumnElement[bool]:
        return (outbox.c.id == letter.id) & (outbox.c.version == letter.version)

    async def _settle(self, letter: Letter, **columns: object) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(update(outbox).where(self._unchanged(letter)).values(**columns))


def _letter_from(row: Row[Any]) -> Letter:
    told = dict(row._mapping)
    kept = {name: told[name] for name in Letter.__dataclass_fields__ if name != "payload"}
    return Letter(payload=json.loads(row.payload), **kept)
