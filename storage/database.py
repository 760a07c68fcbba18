"""The database of one run: its engine, its transactions, and what is refused in words."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import URL, Connection, NullPool, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.errors import DatabaseRefused, VaultError
from storage.files import database_address, database_file, prepare_sqlite
from storage.lock import ProgramLock, lock_for_one_program
from storage.upgrade import upgrade

__all__ = ["Database", "DatabaseRefused", "ProgramLock", "VaultError", "lock_for_one_program", "open_database"]

# How long SQLite waits for somebody else's lock; within this process nobody waits for it.
BUSY_MS = 5_000
# "bybot" as a number: the server's advisory lock for one program on one database.
ADVISORY = int.from_bytes(b"bybot", "big")


class Database:
    """An open, migrated database. Build it with `open_database`, end it with `close`."""

    def __init__(self, engine: AsyncEngine, name: str, held: AsyncConnection | None) -> None:
        self._engine = engine
        self._name = name
        self._held = held
        # SQLite has one writer and lets the others starve; a lock of ours lets them pass in order.
        self._one_writer = asyncio.Lock() if engine.dialect.name == "sqlite" else None

    @property
    def on_server(self) -> bool:
        """Whether it is PostgreSQL, where rows must be locked by name."""
        return self._one_writer is None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Everything inside is committed together, or nothing. Not to be nested: the inner one would wait for ever.

        Raises DatabaseRefused where the database is locked, read-only, full or gone.
        """
        async with self._one_writer or nullcontext():
            with in_words(self._name):
                async with self._engine.begin() as connection:
                    yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A look that waits for no writer: of one moment on SQLite, of one moment each statement on a server.

        Raises DatabaseRefused as `transaction` does.
        """
        with in_words(self._name):
            async with self._engine.connect() as connection:
                await connection.execution_options(reading=True)
                async with connection.begin():
                    yield connection

    async def close(self) -> None:
        """Ends every connection; on a server its program lock goes too."""
        if self._held is not None:
            await self._held.close()
            self._held = None
        await self._engine.dispose()


async def open_database(url: str) -> Database:
    """Opens it, creating what is missing and migrating what is old. Raises DatabaseRefused with a sentence.

    SQLite (`sqlite+aiosqlite:///file`): new files are 0600, older ones must be. Take `lock_for_one_program` first.
    PostgreSQL (`postgresql+asyncpg://...`): the server's lock for one program is taken here.
    """
    address = database_address(url)
    file = database_file(url)
    if file is not None:
        prepare_sqlite(file)
        address = address.set(database=str(file))
    name = str(file) if file is not None else f"the database {address.database} on {address.host}"
    migrating = _engine(address, name, foreign_keys=False, poolclass=NullPool)
    held = None
    try:
        with in_words(name):
            held = await _program_lock(migrating, name)
            await upgrade(migrating, name)
    except BaseException as problem:
        if held is not None:
            await held.close()
        await migrating.dispose()
        if isinstance(problem, DBAPIError):
            raise DatabaseRefused(f"{name} can not be used: {problem.orig}.") from problem
        raise
    # a server may have been restarted since a connection was last used
    return Database(_engine(address, name, foreign_keys=True, pool_pre_ping=file is None), name, held)


def _engine(address: URL, name: str, *, foreign_keys: bool, **options: Any) -> AsyncEngine:
    try:
        engine = create_async_engine(address, **options)
    except ModuleNotFoundError as missing:
        raise DatabaseRefused(f"{name} needs the package {missing.name}, which is not installed.") from None
    if engine.dialect.name == "sqlite":
        _hook_sqlite(engine, foreign_keys)
    return engine


def _hook_sqlite(engine: AsyncEngine, foreign_keys: bool) -> None:
    """Transactions that begin where they say: the driver alone begins them late, and two that read first both write."""
    pragmas = (
        f"busy_timeout={BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        # batch migrations copy a table and drop it: with this on, they would delete its children
        f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
    )

    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def begun(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    event.listen(engine.sync_engine, "connect", connected)
    event.listen(engine.sync_engine, "begin", begun)


async def _program_lock(engine: AsyncEngine, name: str) -> AsyncConnection | None:
    """A server's advisory lock, held by a connection of its own for as long as that lives."""
    if engine.dialect.name != "postgresql":
        return None
    connection = await engine.connect()
    taken = await connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({ADVISORY})")
    if taken.scalar_one() is not True:
        await connection.close()
        raise DatabaseRefused(f"Another bybot already runs on {name}; two would trade side by side. Stop it first.")
    await connection.commit()
    return connection


@contextmanager
def in_words(name: str) -> Iterator[None]:
    """Turns what a driver says of files, locks and connections into a sentence; a broken rule of a table stays one."""
    try:
        yield
    except DBAPIError as problem:
        said = str(problem.orig).lower()
        for clue, sentence in _SENTENCES.items():
            if clue in said:
                raise DatabaseRefused(f"{name} {sentence}") from problem
        if problem.connection_invalidated:
            raise DatabaseRefused(f"The connection to {name} was lost.") from problem
        raise
    except OSError as problem:
        raise DatabaseRefused(f"{name} can not be reached: {problem.strerror or type(problem).__name__}.") from problem


_SENTENCES: Mapping[str, str] = {
    "readonly database": "is read-only; bybot must be able to write it.",
    "locked": "is locked by another program; end that first.",
    "not a database": "is not a database; it is left as it is.",
    "malformed": "is damaged; put back a copy, or choose another DATABASE_URL.",
    "disk is full": "has no room left on its disk.",
    "disk i/o error": "can not be read or written: its disk reports errors.",
    "unable to open": "can not be opened.",
}


def insert_once(connection: AsyncConnection, table: Table) -> Any:
    """An INSERT that leaves a row alone which is there already; its `rowcount` tells."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing()
