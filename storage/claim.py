"""What a claim finds: one winner, and never more risk or positions than the limits allow (EXECUTION 2.3)."""

import hashlib
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import revisions
from trading.errors import RiskRefused, TicketError
from trading.model import AccountId
from trading.ports import ClaimLimits
from trading.reasons import Reason
from trading.states import LIVE, Event, State, after

_OVER = {
    State.SUPERSEDED: Reason.SUPERSEDED,
    State.SKIPPED: Reason.SKIPPED,
    State.EXPIRED: Reason.EXPIRED,
}


async def lock_account(connection: AsyncConnection, account: AccountId, on_server: bool) -> None:
    """Lets one claim at a time look at an account. SQLite has one writer anyway; a server needs its lock by name."""
    if on_server:
        named = hashlib.blake2s(f"{account.environment}|{account.uid}".encode(), digest_size=8).digest()
        await connection.execute(select(func.pg_advisory_xact_lock(int.from_bytes(named, "big", signed=True))))


async def win(connection: AsyncConnection, environment: str, ticket: str, revision: int, owner: int, now: int) -> bool:
    """The one statement that takes an offer: true for whoever changed its row."""
    taken = await connection.execute(
        update(revisions)
        .where(
            revisions.c.ticket == ticket,
            revisions.c.number == revision,
            revisions.c.owner == owner,
            revisions.c.environment == environment,
            revisions.c.state == State.PROPOSED,
            revisions.c.expires_at > now,
        )
        .values(state=after(State.PROPOSED, Event.CLAIMED), changed_at=now)
    )
    return taken.rowcount == 1


def refuse_ticket(row: Row[Any] | None, newest: int, now: int) -> TicketError:
    """Why an offer could not be taken, from its row as the same transaction sees it (None: not this person's)."""
    if row is None:
        return TicketError(Reason.NO_SUCH_TICKET)
    state = row.state
    if row.number < newest:
        return TicketError(Reason.SUPERSEDED, state=state)
    if state is State.PROPOSED and row.expires_at <= now:
        return TicketError(Reason.EXPIRED, state=state)
    if state in LIVE:
        return TicketError(Reason.ALREADY_TAKEN, state=state)
    return TicketError(_OVER.get(state, Reason.OVER), state=state)


async def hold_to_limits(connection: AsyncConnection, row: Row[Any], limits: ClaimLimits) -> None:
    """Raises RiskRefused where `row` beside all that is live on its account is too much.

    POSITION_HERE (symbol), OPEN_POSITIONS (open, limit), RISK_ON_TABLE (risk with this ticket's, limit; USDT).
    """
    live = (
        await connection.execute(
            select(revisions.c.symbol, revisions.c.risk_now).where(
                revisions.c.environment == row.environment,
                revisions.c.uid == row.uid,
                revisions.c.state.in_(LIVE),
                revisions.c.ticket != row.ticket,
            )
        )
    ).all()
    if any(other.symbol == row.symbol for other in live):
        raise RiskRefused(Reason.POSITION_HERE, symbol=row.symbol)
    opened = len(live) + limits.foreign_open
    if opened >= limits.max_open:
        raise RiskRefused(Reason.OPEN_POSITIONS, open=opened, limit=limits.max_open)
    risk = sum((other.risk_now for other in live), limits.foreign_risk) + row.risk_now
    if risk > limits.max_risk:
        raise RiskRefused(Reason.RISK_ON_TABLE, risk=risk, limit=limits.max_risk)
