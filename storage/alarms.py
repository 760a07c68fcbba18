"""Alarms of positions without a stop, on SQL."""

from typing import Any

from sqlalchemy import Row, Select, select, update

from storage.database import Database, insert_once
from storage.tables import alarms
from storage.whole import whole
from trading.emergency import Alarm, AlarmState
from trading.errors import TicketError
from trading.model import AccountId
from trading.reasons import Reason

_AS_IT_IS = tuple(name for name in Alarm.__dataclass_fields__ if name not in ("account", "index"))
_PROPOSED = ("size", "average", "mark", "stop", "at_stop", "number")


class AlarmStore:
    """The alarms of one environment."""

    def __init__(self, database: Database, environment: str) -> None:
        self._database = database
        self._environment = environment

    @whole
    async def begin(self, alarm: Alarm) -> bool:
        async with self._database.transaction() as connection:
            written = await connection.execute(
                insert_once(connection, alarms).values(
                    environment=alarm.account.environment,
                    uid=alarm.account.uid,
                    position_index=alarm.index,
                    **{name: getattr(alarm, name) for name in _AS_IT_IS},
                )
            )
            return bool(written.rowcount == 1)

    @whole
    async def standing(self) -> tuple[Alarm, ...]:
        async with self._database.reading() as connection:
            rows = await connection.execute(self._alarms().where(alarms.c.state == AlarmState.STANDING))
            return tuple(_alarm_from(row) for row in rows)

    @whole
    async def ended_since(self, since: int) -> tuple[Alarm, ...]:
        async with self._database.reading() as connection:
            rows = await connection.execute(self._alarms().where(alarms.c.ended_at >= since))
            return tuple(_alarm_from(row) for row in rows)

    @whole
    async def own(self, alarm: str, owner: int) -> Alarm:
        wanted = self._alarms().where(alarms.c.id == alarm, alarms.c.owner == owner)
        async with self._database.reading() as connection:
            row = (await connection.execute(wanted)).one_or_none()
        if row is None:
            raise TicketError(Reason.NO_SUCH_TICKET)
        return _alarm_from(row)

    @whole
    async def propose(self, alarm: Alarm) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(
                update(alarms)
                .where(
                    alarms.c.id == alarm.id,
                    alarms.c.environment == self._environment,
                    alarms.c.state == AlarmState.STANDING,
                )
                .values({name: getattr(alarm, name) for name in _PROPOSED})
            )

    @whole
    async def end(self, alarm: str, state: AlarmState, now: int) -> Alarm | None:
        async with self._database.transaction() as connection:
            done = await connection.execute(
                update(alarms)
                .where(
                    alarms.c.id == alarm,
                    alarms.c.environment == self._environment,
                    alarms.c.state == AlarmState.STANDING,
                )
                .values(state=state, ended_at=now)
            )
            if done.rowcount != 1:
                return None
            return _alarm_from((await connection.execute(self._alarms().where(alarms.c.id == alarm))).one())

    def _alarms(self) -> Select[Any]:
        return select(alarms).where(alarms.c.environment == self._environment).order_by(alarms.c.begun_at, alarms.c.id)


def _alarm_from(row: Row[Any]) -> Alarm:
    told = {name: getattr(row, name) for name in _AS_IT_IS}
    return Alarm(account=AccountId(row.environment, row.uid), index=row.position_index, **told)
