"""Panics on SQL: what was promised, and each close order before it goes out."""

import hashlib
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.safety_texts import progress_from, progress_text, seen_from, seen_text
from storage.tables import closes, panics, people, revisions
from storage.whole import whole
from trading.emergency import Close, CloseState, Panic, PanicState, Progress, Scope, Seen
from trading.errors import TicketError
from trading.model import AccountId, Position
from trading.reasons import Reason
from trading.states import State


class PanicStore:
    """The panics of one environment."""

    def __init__(self, database: Database, environment: str) -> None:
        self._database = database
        self._environment = environment

    @whole
    async def ask(self, panic: str, owner: int, account: AccountId, seen: Seen, now: int) -> tuple[Panic, ...]:
        asked = self._of(owner) & (panics.c.state == PanicState.ASKED)
        async with self._database.transaction() as connection:
            older = [row.id for row in await connection.execute(select(panics.c.id).where(asked))]
            await connection.execute(
                update(panics).where(panics.c.id.in_(older)).values(state=PanicState.CANCELLED, ended_at=now)
            )
            await connection.execute(
                insert(panics).values(
                    id=panic,
                    environment=account.environment,
                    uid=account.uid,
                    owner=owner,
                    state=PanicState.ASKED,
                    asked_at=now,
                    seen=seen_text(seen),
                    progress=progress_text(Progress()),
                )
            )
            return tuple([await self._read(connection, each, owner) for each in (panic, *older)])

    @whole
    async def begin(self, panic: str, owner: int, scope: Scope, now: int) -> Panic:
        try:
            async with self._database.transaction() as connection:
                row = await self._locked(connection, panic, owner)
                if row.state is PanicState.ASKED:
                    begun = {"state": PanicState.RUNNING, "scope": scope, "begun_at": now}
                    await connection.execute(update(panics).where(panics.c.id == panic).values(begun))
                    await connection.execute(
                        update(people)
                        .where(people.c.environment == self._environment, people.c.id == owner)
                        .values(paused=True)
                    )
                elif row.state is not PanicState.RUNNING:
                    raise TicketError(Reason.OVER)
                elif scope is Scope.ALL:
                    await connection.execute(update(panics).where(panics.c.id == panic).values(scope=scope))
                return await self._read(connection, panic, owner)
        except IntegrityError:
            # the one index that this can break: another panic of this person runs
            raise TicketError(Reason.ALREADY_TAKEN) from None

    @whole
    async def cancel(self, panic: str, owner: int, now: int) -> Panic:
        async with self._database.transaction() as connection:
            row = await self._locked(connection, panic, owner)
            if row.state not in (PanicState.ASKED, PanicState.RUNNING):
                raise TicketError(Reason.OVER)
            ended = {"state": PanicState.CANCELLED, "ended_at": now}
            await connection.execute(update(panics).where(panics.c.id == panic).values(ended))
            return await self._read(connection, panic, owner)

    @whole
    async def finish(self, panic: Panic, now: int) -> Panic:
        async with self._database.transaction() as connection:
            await connection.execute(
                update(panics)
                .where(
                    panics.c.id == panic.id,
                    self._of(panic.owner),
                    panics.c.state == PanicState.RUNNING,
                    panics.c.scope == panic.scope,
                )
                .values(state=PanicState.DONE, ended_at=now)
            )
            return await self._read(connection, panic.id, panic.owner)

    @whole
    async def save(self, panic: str, progress: Progress) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(
                update(panics)
                .where(panics.c.id == panic, panics.c.environment == self._environment)
                .values(progress=progress_text(progress))
            )

    @whole
    async def own(self, panic: str, owner: int) -> Panic:
        async with self._database.reading() as connection:
            return await self._read(connection, panic, owner)

    @whole
    async def running(self, owner: int | None = None) -> tuple[Panic, ...]:
        wanted = select(panics).where(panics.c.environment == self._environment, panics.c.state == PanicState.RUNNING)
        if owner is not None:
            wanted = wanted.where(panics.c.owner == owner)
        async with self._database.reading() as connection:
            return tuple(_panic_from(row) for row in await connection.execute(wanted))

    @whole
    async def ended_since(self, since: int) -> tuple[Panic, ...]:
        wanted = select(panics).where(panics.c.environment == self._environment, panics.c.ended_at >= since)
        async with self._database.reading() as connection:
            return tuple(_panic_from(row) for row in await connection.execute(wanted))

    @whole
    async def swept(self, account: AccountId, since: int) -> tuple[int, int]:
        wanted = (
            select(revisions.c.state, func.count())
            .where(
                revisions.c.environment == account.environment,
                revisions.c.uid == account.uid,
                # the tick and the sender may be quicker: they find the person paused
                revisions.c.reason.in_((Reason.PANIC, Reason.PAUSED)),
                revisions.c.state.in_((State.VOID, State.NOT_PLACED)),
                revisions.c.changed_at >= since,
            )
            .group_by(revisions.c.state)
        )
        async with self._database.reading() as connection:
            counted = {row[0]: int(row[1]) for row in await connection.execute(wanted)}
        return counted.get(State.VOID, 0), counted.get(State.NOT_PLACED, 0)

    # --- close orders of positions that no ticket holds

    @whole
    async def begin_close(self, panic: Panic, position: Position, signed_at: int) -> Close:
        account = panic.account
        here = self._of_position(account, position.symbol, position.index)
        try:
            async with self._database.transaction() as connection:
                found = await connection.execute(select(func.max(closes.c.number)).where(here))
                number = (found.scalar_one() or 0) + 1
                name = close_name(account, position.symbol, position.index, number)
                await connection.execute(
                    insert(closes).values(
                        id=name,
                        environment=account.environment,
                        uid=account.uid,
                        owner=panic.owner,
                        panic=panic.id,
                        symbol=position.symbol,
                        position_index=position.index,
                        direction=position.direction,
                        number=number,
                        state=CloseState.SENT,
                        size=position.size,
                        entry=position.average,
                        signed_at=signed_at,
                        filled=Decimal(0),
                        detail="",
                    )
                )
                return _close_from((await connection.execute(select(closes).where(closes.c.id == name))).one())
        except IntegrityError:
            raise TicketError(Reason.ALREADY_TAKEN) from None

    @whole
    async def settle_close(
        self, close: Close, state: CloseState, filled: Decimal, average: Decimal | None, detail: str
    ) -> Close:
        async with self._database.transaction() as connection:
            await connection.execute(
                update(closes)
                .where(closes.c.id == close.id, closes.c.environment == self._environment)
                .values(state=state, filled=filled, average=average, detail=detail)
            )
            return _close_from((await connection.execute(select(closes).where(closes.c.id == close.id))).one())

    @whole
    async def live_closes(self, account: AccountId) -> tuple[Close, ...]:
        wanted = select(closes).where(
            closes.c.environment == account.environment,
            closes.c.uid == account.uid,
            closes.c.state == CloseState.SENT,
        )
        async with self._database.reading() as connection:
            return tuple(_close_from(row) for row in await connection.execute(wanted))

    @whole
    async def closes_of(self, panic: str) -> tuple[Close, ...]:
        """In the order they were sent."""
        wanted = (
            select(closes)
            .where(closes.c.environment == self._environment, closes.c.panic == panic)
            .order_by(closes.c.signed_at, closes.c.number)
        )
        async with self._database.reading() as connection:
            return tuple(_close_from(row) for row in await connection.execute(wanted))

    # --- one step of a transaction each

    def _of(self, owner: int) -> ColumnElement[bool]:
        return (panics.c.environment == self._environment) & (panics.c.owner == owner)

    def _of_position(self, account: AccountId, symbol: str, index: int) -> ColumnElement[bool]:
        return (
            (closes.c.environment == account.environment)
            & (closes.c.uid == account.uid)
            & (closes.c.symbol == symbol)
            & (closes.c.position_index == index)
        )

    async def _read(self, connection: AsyncConnection, panic: str, owner: int) -> Panic:
        found = await connection.execute(select(panics).where(panics.c.id == panic, self._of(owner)))
        return _panic_from(_there(found.one_or_none()))

    async def _locked(self, connection: AsyncConnection, panic: str, owner: int) -> Row[Any]:
        wanted = select(panics).where(panics.c.id == panic, self._of(owner)).with_for_update()
        return _there((await connection.execute(wanted)).one_or_none())


def close_name(account: AccountId, symbol: str, index: int, number: int) -> str:
    """The one id of the so-manieth close of a position that no ticket holds, as tickets' ids are made."""
    named = f"{account.environment}|{account.uid}|{symbol}|{index}|close|{number}"
    return "x1-" + hashlib.blake2s(named.encode(), digest_size=14).hexdigest()


def _there(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise TicketError(Reason.NO_SUCH_TICKET)
    return row


def _panic_from(row: Row[Any]) -> Panic:
    return Panic(
        id=row.id,
        owner=row.owner,
        account=AccountId(row.environment, row.uid),
        state=row.state,
        scope=row.scope,
        asked_at=row.asked_at,
        begun_at=row.begun_at,
        ended_at=row.ended_at,
        seen=seen_from(row.seen),
        progress=progress_from(row.progress),
    )


def _close_from(row: Row[Any]) -> Close:
    return Close(
        id=row.id,
        account=AccountId(row.environment, row.uid),
        panic=row.panic,
        symbol=row.symbol,
        index=row.position_index,
        direction=row.direction,
        number=row.number,
        state=row.state,
        size=row.size,
        entry=row.entry,
        signed_at=row.signed_at,
        filled=row.filled,
        average=row.average,
        detail=row.detail,
    )
