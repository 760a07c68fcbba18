"""Bringing a database to the newest revision of its tables, all of it or nothing."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.errors import DatabaseRefused

MIGRATIONS = Path(__file__).parent / "migrations"


def newest_revision() -> str:
    """The revision that this program's tables have: migrations are numbered "r0001_what.py" in one line."""
    return max(file.stem for file in (MIGRATIONS / "versions").glob("r[0-9]*.py")).partition("_")[0]


async def upgrade(engine: AsyncEngine, name: str) -> None:
    """Migrates in one transaction; quick where nothing is to be done. `engine` enforces no foreign keys meanwhile.

    Raises DatabaseRefused for another program's tables, or those of a newer bybot.
    """
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade, name)


def _upgrade(connection: Connection, name: str) -> None:
    present = _present_revision(connection, name)
    newest = newest_revision()
    if present == newest:
        return
    # Alembic takes a while to import and is needed once for each new version.
    from alembic.command import upgrade as migrate
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if present is not None and present not in known:
        raise DatabaseRefused(f"{name} was written by a newer bybot, or by another program; it is left as it is.")
    config.attributes["connection"] = connection
    migrate(config, newest)
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise DatabaseRefused(f"{name} could not be brought to this version: its rows do not fit; it is left as it is.")


def _present_revision(connection: Connection, name: str) -> str | None:
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise DatabaseRefused(
            f"{name} holds tables of another program; it is left as it is. Choose another DATABASE_URL."
        )
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
