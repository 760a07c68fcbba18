"""Single steps of a journal transaction: a revision offered, moved or noted, and the history that each leaves."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.rows import fact_columns
from storage.tables import revisions, transitions
from trading.ports import Facts
from trading.states import ENDED, Event, State, after

PROPOSED = "proposed"
NOTED = "noted"


async def offer(connection: AsyncConnection, row: Mapping[str, Any], event: str = PROPOSED) -> None:
    """Writes a fresh revision (`storage.rows.revision_row`) and how it came to be."""
    await connection.execute(insert(revisions).values(row))
    await connection.execute(
        insert(transitions).values(
            ticket=row["ticket"],
            number=row["number"],
            environment=row["environment"],
            uid=row["uid"],
            event=event,
            before=None,
            after=row["state"],
            at=row["changed_at"],
            detail="",
        )
    )


async def move(connection: AsyncConnection, row: Row[Any], event: Event, now: int, facts: Facts) -> None:
    """One step of the table with its facts; what ends has nothing on the table any more. Raises IllegalTransition."""
    state = after(row.state, event)
    columns = fact_columns(facts) | {"state": state, "changed_at": now}
    if state in ENDED:
        columns["risk_now"] = Decimal(0)
    await write(connection, row, columns)
    await keep_step(connection, row, event, state, now, facts.detail or "")


async def write(connection: AsyncConnection, row: Row[Any], columns: Mapping[str, object]) -> None:
    """Changes the columns of one revision."""
    await connection.execute(
        update(revisions)
        .where(revisions.c.ticket == row.ticket, revisions.c.number == row.number)
        .values(dict(columns))
    )


async def keep_step(
    connection: AsyncConnection, row: Row[Any], event: str, state: State, now: int, detail: str
) -> None:
    """Adds to the history what happened to a revision, whose `row` is as it was before."""
    await connection.execute(
        insert(transitions).values(
            ticket=row.ticket,
            number=row.number,
            environment=row.environment,
            uid=row.uid,
            event=str(event),
            before=row.state,
            after=state,
            at=now,
            detail=detail,
        )
    )
