"""A database made by migrations is the one that the tables describe."""

import sqlite3
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from storage.database import open_database
from storage.journal import JournalStore
from storage.tables import metadata
from storage.upgrade import MIGRATIONS, newest_revision
from tests.storage.samples import OWNER, address, file_in, opened, propose


def differences(connection: Connection) -> list[Any]:
    options = {"compare_type": True, "target_metadata": metadata}
    return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)


def definitions(file: Path) -> dict[str, set[str]]:
    """Every table and index as SQLite keeps it; of a table its parts, for their order says nothing."""
    with sqlite3.connect(file) as database:
        rows = database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    database.close()
    return {
        name: {part.strip().rstrip(",") for part in sql.splitlines()} for name, sql in rows if name != "alembic_version"
    }


async def test_the_migrations_make_exactly_the_tables(tmp_path: Path) -> None:
    await (await open_database(address(tmp_path))).close()
    async with opened(tmp_path) as database, database.reading() as connection:
        assert await connection.run_sync(differences) == []
    described = tmp_path / "described.db"
    engine = create_engine(f"sqlite:///{described}")
    metadata.create_all(engine)
    engine.dispose()
    assert definitions(file_in(tmp_path)) == definitions(described)


def test_the_newest_revision_is_alembics_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [newest_revision()]


async def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        left = await propose(JournalStore(database, "sandbox"), "t1")
    before = definitions(file_in(tmp_path))
    async with opened(tmp_path) as database:
        assert await JournalStore(database, "sandbox").own("t1", OWNER) == left
    assert definitions(file_in(tmp_path)) == before
