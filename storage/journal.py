"""The Journal port on SQL: what we intend, written before anything happens, and what became of it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.claim import hold_to_limits, lock_account, refuse_ticket, win
from storage.database import Database, insert_once
from storage.errors import DatabaseRefused
from storage.rows import (
    execution_from,
    execution_row,
    fact_columns,
    newest_tickets,
    revision_row,
    ticket_from,
    ticket_row,
)
from storage.steps import keep_step, move, offer, write
from storage.tables import executions as kept
from storage.tables import heard, revisions, tickets
from storage.texts import fingerprint, signal_from, signal_text
from storage.whole import whole
from strategies.signal import Signal
from trading.errors import TicketError
from trading.model import AccountId, Execution, OrderRequest, Plan, Ticket
from trading.ports import ClaimLimits, Facts, Heard
from trading.reasons import Reason
from trading.states import Event, IllegalTransition, State

# A claim is held to its limits and a re-quote brings its next revision: neither is a mere step.
_OWN_WAYS = frozenset({Event.CLAIMED, Event.REQUOTED})
_NO_FACTS = Facts()


class JournalStore:
    """The journal of one environment; rows of other environments are never seen nor touched."""

    def __init__(self, database: Database, environment: str) -> None:
        self._database = database
        self._environment = environment

    @whole
    async def propose(
        self,
        ticket: str,
        owner: int,
        account: AccountId,
        signal: Signal,
        plan: Plan,
        request: OrderRequest,
        expires_at: int,
        now: int,
    ) -> Ticket | None:
        """Revision 1 as PROPOSED, or None where this account has a ticket of this signal, living or over."""
        if account.environment != self._environment:
            raise ValueError(f"an account of {account.environment} has no ticket in {self._environment}")
        row = ticket_row(ticket, owner, account, signal, plan.risk, now)
        try:
            async with self._database.transaction() as connection:
                if await self._has_signal(connection, account, signal):
                    return None
                await connection.execute(insert(tickets).values(row))
                await offer(connection, revision_row(row, 1, plan, request, expires_at, now))
                return await self._read(connection, ticket)
        except IntegrityError:
            # on a server two may pass the first look together; the unique index lets one through
            async with self._database.reading() as connection:
                if await self._has_signal(connection, account, signal):
                    return None
            raise

    @whole
    async def requote(
        self,
        ticket: str,
        revision: int,
        plan: Plan,
        request: OrderRequest,
        now: int,
        *,
        event: Event = Event.REQUOTED,
        facts: Facts | None = None,
        why: Reason | None = None,
    ) -> Ticket:
        async with self._database.transaction() as connection:
            old = await self._locked(connection, ticket, revision)
            if event not in (Event.REQUOTED, Event.DRY):
                raise IllegalTransition(old.state, event)
            await move(connection, old, event, now, facts or _NO_FACTS)
            known = dict(old._mapping) | {"id": ticket}
            await offer(connection, revision_row(known, revision + 1, plan, request, old.expires_at, now, why))
            return await self._read(connection, ticket)

    @whole
    async def claim(self, ticket: str, revision: int, owner: int, limits: ClaimLimits, now: int) -> Ticket:
        """PROPOSED to CONFIRMED with its risk reserved, for one of however many try.

        TicketError: NO_SUCH_TICKET, SUPERSEDED, ALREADY_TAKEN, SKIPPED, EXPIRED (at `expires_at` too) or OVER, with
        `state`. RiskRefused: POSITION_HERE, OPEN_POSITIONS, RISK_ON_TABLE with the figures of `hold_to_limits`; the
        offer then stays as it is.
        """
        async with self._database.transaction() as connection:
            row = await self._owned(connection, ticket, revision, owner)
            if row is not None:
                await lock_account(connection, AccountId(row.environment, row.uid), self._database.on_server)
                row = await self._owned(connection, ticket, revision, owner)
            if row is not None and row.state is State.PROPOSED and now < row.expires_at:
                await hold_to_limits(connection, row, limits)
            if row is None or not await win(connection, self._environment, ticket, revision, owner, now):
                raise refuse_ticket(row, await self._newest_number(connection, ticket), now)
            await keep_step(connection, row, Event.CLAIMED, State.CONFIRMED, now, "")
            return await self._read(connection, ticket)

    @whole
    async def advance(self, ticket: str, revision: int, event: Event, now: int, facts: Facts | None = None) -> Ticket:
        async with self._database.transaction() as connection:
            row = await self._locked(connection, ticket, revision)
            if event in _OWN_WAYS:
                raise IllegalTransition(row.state, event)
            if event is Event.SENDING and fingerprint(row.request) != row.request_hash:
                raise DatabaseRefused(f"The order of ticket {ticket} is not the one that was shown; it is not sent.")
            await move(connection, row, event, now, facts or _NO_FACTS)
            return await self._read(connection, ticket)

    @whole
    async def note(self, ticket: str, revision: int, now: int, facts: Facts) -> Ticket:
        async with self._database.transaction() as connection:
            row = await self._locked(connection, ticket, revision)
            changed = {name: value for name, value in fact_columns(facts).items() if row._mapping[name] != value}
            if changed:
                await write(connection, row, changed | {"changed_at": now})
                await keep_step(connection, row, "noted", row.state, now, ", ".join(changed))
            return await self._read(connection, ticket)

    @whole
    async def own(self, ticket: str, owner: int) -> Ticket:
        async with self._database.reading() as connection:
            rows = await connection.execute(self._tickets().where(tickets.c.id == ticket, tickets.c.owner == owner))
            row = rows.one_or_none()
        if row is None:
            raise TicketError(Reason.NO_SUCH_TICKET)
        return ticket_from(row)

    @whole
    async def in_states(self, states: frozenset[State], account: AccountId | None = None) -> tuple[Ticket, ...]:
        wanted = self._tickets().where(revisions.c.state.in_(states)).order_by(tickets.c.created_at, tickets.c.id)
        if account is not None:
            wanted = wanted.where(tickets.c.environment == account.environment, tickets.c.uid == account.uid)
        async with self._database.reading() as connection:
            return tuple(ticket_from(row) for row in await connection.execute(wanted))

    @whole
    async def closed_since(self, account: AccountId, since: int) -> tuple[Ticket, ...]:
        """Oldest close first."""
        wanted = (
            self._tickets()
            .where(
                tickets.c.environment == account.environment,
                tickets.c.uid == account.uid,
                revisions.c.state == State.CLOSED,
                revisions.c.closed_at >= since,
            )
            .order_by(revisions.c.closed_at, tickets.c.id)
        )
        async with self._database.reading() as connection:
            return tuple(ticket_from(row) for row in await connection.execute(wanted))

    @whole
    async def count_executions(self, ticket: str, executions: Sequence[Execution]) -> None:
        """One that is kept already, under whichever ticket of the account, stays there."""
        async with self._database.transaction() as connection:
            account = await self._account_of(connection, ticket)
            for execution in executions:
                await connection.execute(
                    insert_once(connection, kept).values(execution_row(account, ticket, execution))
                )

    @whole
    async def executions_of(self, ticket: str) -> tuple[Execution, ...]:
        wanted = (
            select(kept)
            .where(kept.c.ticket == ticket, kept.c.environment == self._environment)
            .order_by(kept.c.at, kept.c.id)
        )
        async with self._database.reading() as connection:
            return tuple(execution_from(row) for row in await connection.execute(wanted))

    @whole
    async def hear(
        self, account: AccountId, owner: int, signal: Signal, now: int, ticket: str | None, refused: Reason | None
    ) -> bool:
        async with self._database.transaction() as connection:
            written = await connection.execute(
                insert_once(connection, heard).values(
                    environment=account.environment,
                    uid=account.uid,
                    owner=owner,
                    signal_id=signal.id,
                    signal=signal_text(signal),
                    heard_at=now,
                    ticket=ticket,
                    refused=refused,
                )
            )
            return bool(written.rowcount == 1)

    @whole
    async def heard(self, owner: int, limit: int) -> tuple[Heard, ...]:
        wanted = (
            select(heard)
            .where(heard.c.environment == self._environment, heard.c.owner == owner)
            .order_by(heard.c.heard_at.desc(), heard.c.id.desc())
            .limit(limit)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(wanted)).all()
            named = [row.ticket for row in rows if row.ticket is not None]
            found = await connection.execute(self._tickets().where(tickets.c.id.in_(named)))
            became = {ticket.id: ticket for ticket in map(ticket_from, found)}
        return tuple(
            Heard(
                signal=signal_from(row.signal),
                account=AccountId(row.environment, row.uid),
                heard_at=row.heard_at,
                ticket=became.get(row.ticket),
                refused=row.refused,
            )
            for row in rows
        )

    @whole
    async def heard_since(self, owner: int, since: int) -> int:
        wanted = select(func.count()).where(
            heard.c.environment == self._environment, heard.c.owner == owner, heard.c.heard_at >= since
        )
        async with self._database.reading() as connection:
            return int((await connection.execute(wanted)).scalar_one())

    # --- one step of a transaction each

    def _tickets(self) -> Select[Any]:
        return newest_tickets().where(tickets.c.environment == self._environment)

    async def _read(self, connection: AsyncConnection, ticket: str) -> Ticket:
        return ticket_from((await connection.execute(self._tickets().where(tickets.c.id == ticket))).one())

    async def _has_signal(self, connection: AsyncConnection, account: AccountId, signal: Signal) -> bool:
        found = await connection.execute(
            select(tickets.c.id).where(
                tickets.c.environment == account.environment,
                tickets.c.uid == account.uid,
                tickets.c.signal_id == signal.id,
            )
        )
        return found.first() is not None

    async def _owned(self, connection: AsyncConnection, ticket: str, revision: int, owner: int) -> Row[Any] | None:
        found = await connection.execute(self._revision(ticket, revision).where(revisions.c.owner == owner))
        row: Row[Any] | None = found.one_or_none()
        return row

    async def _locked(self, connection: AsyncConnection, ticket: str, revision: int) -> Row[Any]:
        found = await connection.execute(self._revision(ticket, revision).with_for_update())
        row: Row[Any] | None = found.one_or_none()
        if row is None:
            raise TicketError(Reason.NO_SUCH_TICKET)
        return row

    def _revision(self, ticket: str, revision: int) -> Select[Any]:
        return select(revisions).where(
            revisions.c.ticket == ticket,
            revisions.c.number == revision,
            revisions.c.environment == self._environment,
        )

    async def _newest_number(self, connection: AsyncConnection, ticket: str) -> int:
        found = await connection.execute(select(func.max(revisions.c.number)).where(revisions.c.ticket == ticket))
        return found.scalar_one() or 0

    async def _account_of(self, connection: AsyncConnection, ticket: str) -> AccountId:
        found = await connection.execute(
            select(tickets.c.environment, tickets.c.uid).where(
                tickets.c.id == ticket, tickets.c.environment == self._environment
            )
        )
        row = found.one_or_none()
        if row is None:
            raise TicketError(Reason.NO_SUCH_TICKET)
        return AccountId(row.environment, row.uid)
