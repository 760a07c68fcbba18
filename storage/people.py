"""The People port on SQL: persons, their settings with every change of them, and their accounts."""

from typing import Any

from sqlalchemy import Row, Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, insert_once
from storage.tables import accounts, people, preference_changes
from storage.tables import preferences as _settings
from storage.texts import preferences_from, preferences_text
from storage.whole import whole
from trading.errors import AccessDenied
from trading.model import Account, AccountId
from trading.people import Person, Role
from trading.preferences import Preferences


class PeopleStore:
    """The people of one environment. A method that changes somebody unknown raises AccessDenied."""

    def __init__(self, database: Database, environment: str) -> None:
        self._database = database
        self._environment = environment

    @whole
    async def welcome(
        self, user: int, role: Role, language: str, first_name: str, preferences: Preferences, now: int
    ) -> Person:
        """The person, new or as already known: what is there is kept."""
        async with self._database.transaction() as connection:
            written = await connection.execute(
                insert_once(connection, people).values(
                    environment=self._environment,
                    id=user,
                    role=role,
                    language=language,
                    first_name=first_name,
                    paused=False,
                    blocked=False,
                    joined_at=now,
                )
            )
            if written.rowcount == 1:
                await connection.execute(
                    insert(_settings).values(
                        environment=self._environment,
                        person=user,
                        settings=preferences_text(preferences),
                        changed_at=now,
                    )
                )
            return await self._known(connection, user)

    @whole
    async def person(self, user: int) -> Person | None:
        async with self._database.reading() as connection:
            row = (await connection.execute(self._people().where(people.c.id == user))).one_or_none()
        return None if row is None else _person_from(row)

    @whole
    async def everyone(self) -> tuple[Person, ...]:
        """In the order they came."""
        async with self._database.reading() as connection:
            rows = await connection.execute(self._people().order_by(people.c.joined_at, people.c.id))
            return tuple(_person_from(row) for row in rows)

    @whole
    async def set_preferences(self, user: int, preferences: Preferences, now: int) -> Person:
        new = preferences_text(preferences)
        async with self._database.transaction() as connection:
            mine = (_settings.c.environment == self._environment, _settings.c.person == user)
            row = (await connection.execute(select(_settings).where(*mine).with_for_update())).one_or_none()
            if row is None:
                raise AccessDenied(f"nobody here has the id {user}")
            if row.settings != new:
                await connection.execute(update(_settings).where(*mine).values(settings=new, changed_at=now))
                await connection.execute(
                    insert(preference_changes).values(
                        environment=self._environment, person=user, old=row.settings, new=new, at=now
                    )
                )
            return await self._known(connection, user)

    @whole
    async def preferences_history(self, user: int) -> tuple[tuple[int, Preferences, Preferences], ...]:
        """(at, old, new) of every change, oldest first."""
        wanted = (
            select(preference_changes)
            .where(preference_changes.c.environment == self._environment, preference_changes.c.person == user)
            .order_by(preference_changes.c.id)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(wanted)).all()
        return tuple((row.at, preferences_from(row.old), preferences_from(row.new)) for row in rows)

    @whole
    async def set_language(self, user: int, language: str) -> Person:
        return await self._change(user, language=language)

    @whole
    async def set_paused(self, user: int, paused: bool) -> Person:
        return await self._change(user, paused=paused)

    @whole
    async def set_blocked(self, user: int, blocked: bool) -> None:
        await self._change(user, blocked=blocked)

    @whole
    async def set_role(self, user: int, role: Role) -> Person:
        return await self._change(user, role=role)

    @whole
    async def rename(self, user: int, first_name: str) -> Person:
        return await self._change(user, first_name=first_name)

    @whole
    async def add_account(self, account: Account) -> None:
        """Makes it its owner's one active account; another that was active stays known, but is not used any more.

        Raises AccessDenied where the account is somebody else's, or its owner unknown.
        """
        if account.id.environment != self._environment:
            raise ValueError(f"an account of {account.id.environment} is not kept among those of {self._environment}")
        async with self._database.transaction() as connection:
            await self._known(connection, account.owner)
            this = (accounts.c.environment == self._environment, accounts.c.uid == account.id.uid)
            theirs = (accounts.c.environment == self._environment, accounts.c.owner == account.owner)
            await connection.execute(
                update(accounts).where(*theirs, accounts.c.uid != account.id.uid).values(active=False)
            )
            written = await connection.execute(
                insert_once(connection, accounts).values(
                    environment=self._environment,
                    uid=account.id.uid,
                    owner=account.owner,
                    name=account.name,
                    active=True,
                )
            )
            if written.rowcount == 1:
                return
            kept = await connection.execute(
                update(accounts).where(*this, accounts.c.owner == account.owner).values(name=account.name, active=True)
            )
            if kept.rowcount != 1:
                raise AccessDenied(f"account {account.id.uid} belongs to another person")

    @whole
    async def account_of(self, user: int) -> Account | None:
        async with self._database.reading() as connection:
            row = (await connection.execute(self._accounts().where(accounts.c.owner == user))).one_or_none()
        return None if row is None else _account_from(row)

    @whole
    async def accounts(self) -> tuple[Account, ...]:
        """The active ones, by owner."""
        async with self._database.reading() as connection:
            rows = await connection.execute(self._accounts().order_by(accounts.c.owner))
            return tuple(_account_from(row) for row in rows)

    def _people(self) -> Select[Any]:
        return (
            select(people, _settings.c.settings)
            .join(_settings, (_settings.c.environment == people.c.environment) & (_settings.c.person == people.c.id))
            .where(people.c.environment == self._environment)
        )

    def _accounts(self) -> Select[Any]:
        return select(accounts).where(accounts.c.environment == self._environment, accounts.c.active)

    async def _known(self, connection: AsyncConnection, user: int) -> Person:
        row = (await connection.execute(self._people().where(people.c.id == user))).one_or_none()
        if row is None:
            raise AccessDenied(f"nobody here has the id {user}")
        return _person_from(row)

    async def _change(self, user: int, **columns: object) -> Person:
        async with self._database.transaction() as connection:
            await connection.execute(
                update(people).where(people.c.environment == self._environment, people.c.id == user).values(**columns)
            )
            return await self._known(connection, user)


def _person_from(row: Row[Any]) -> Person:
    return Person(
        id=row.id,
        role=row.role,
        language=row.language,
        first_name=row.first_name,
        preferences=preferences_from(row.settings),
        paused=row.paused,
        blocked=row.blocked,
        joined_at=row.joined_at,
    )


def _account_from(row: Row[Any]) -> Account:
    return Account(id=AccountId(row.environment, row.uid), owner=row.owner, name=row.name)
