"""The owner's halt on SQL: at most one stands."""

from typing import Any

from sqlalchemy import Row, select, update

from storage.database import Database, insert_once
from storage.tables import halts
from storage.whole import whole
from trading.emergency import Halt


class HaltStore:
    """The halts of one environment, kept with who began and ended them."""

    def __init__(self, database: Database, environment: str) -> None:
        self._database = database
        self._environment = environment

    @whole
    async def begin(self, halt: str, owner: int, now: int) -> tuple[Halt, bool]:
        async with self._database.transaction() as connection:
            written = await connection.execute(
                insert_once(connection, halts).values(
                    id=halt, environment=self._environment, begun_by=owner, begun_at=now, told=False
                )
            )
            standing = (await connection.execute(self._halts().where(halts.c.ended_at.is_(None)))).one()
            return _halt_from(standing), bool(written.rowcount == 1)

    @whole
    async def end(self, owner: int, now: int) -> Halt | None:
        async with self._database.transaction() as connection:
            wanted = self._halts().where(halts.c.ended_at.is_(None)).with_for_update()
            row = (await connection.execute(wanted)).one_or_none()
            if row is None:
                return None
            ended = {"ended_by": owner, "ended_at": now, "told": False}
            await connection.execute(update(halts).where(halts.c.id == row.id).values(ended))
            return _halt_from((await connection.execute(self._halts().where(halts.c.id == row.id))).one())

    @whole
    async def newest(self) -> Halt | None:
        wanted = self._halts().order_by(halts.c.begun_at.desc(), halts.c.ended_at.desc()).limit(1)
        async with self._database.reading() as connection:
            standing = (await connection.execute(self._halts().where(halts.c.ended_at.is_(None)))).one_or_none()
            row = standing or (await connection.execute(wanted)).one_or_none()
        return None if row is None else _halt_from(row)

    @whole
    async def told(self, halt: str) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(
                update(halts).where(halts.c.id == halt, halts.c.environment == self._environment).values(told=True)
            )

    def _halts(self) -> Any:
        return select(halts).where(halts.c.environment == self._environment)


def _halt_from(row: Row[Any]) -> Halt:
    return Halt(row.id, row.begun_by, row.begun_at, row.ended_by, row.ended_at, row.told)
