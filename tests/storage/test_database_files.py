"""What is refused at the door, each in a sentence that names what is wrong."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from storage.database import Database, DatabaseRefused, lock_for_one_program, open_database
from storage.journal import JournalStore
from tests.storage.samples import address, file_in, opened, propose


async def refusal(url: str) -> str:
    with pytest.raises(DatabaseRefused) as refused:
        await open_database(url)
    said = str(refused.value)
    assert said.endswith(".")
    return said


async def make(folder: Path) -> Path:
    """A database as an earlier run left it."""
    async with opened(folder):
        pass
    return file_in(folder)


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


async def test_new_files_are_for_their_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        lock = lock_for_one_program(address(tmp_path))
        database = await open_database(address(tmp_path))
        await propose(JournalStore(database, "sandbox"), "t1")
        files = files_in(tmp_path)
        assert [file.suffix for file in files] == [".db", ".db-shm", ".db-wal", ".lock"]
        assert {mode(file) for file in files} == {0o600}
        await database.close()
        lock.release()
    finally:
        os.umask(before)


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
async def test_files_that_others_can_read_are_refused_by_name(tmp_path: Path, suffix: str) -> None:
    file = await make(tmp_path)
    lax = file.with_name(file.name + suffix)
    lax.touch()
    lax.chmod(0o640)
    said = await refusal(address(tmp_path))
    assert str(lax) in said
    assert "0640" in said
    assert f"chmod 600 {lax}" in said
    lax.chmod(0o600)
    await (await open_database(address(tmp_path))).close()


async def test_a_read_only_database_is_refused_in_words(tmp_path: Path) -> None:
    file = await make(tmp_path)
    file.chmod(0o400)
    said = await refusal(address(tmp_path))
    assert str(file) in said
    assert "read-only" in said


async def test_a_database_that_becomes_read_only_is_told_in_words(tmp_path: Path) -> None:
    async def write(database: Database) -> None:
        async with database.transaction() as connection:
            await connection.exec_driver_sql("PRAGMA query_only=ON")
            await connection.exec_driver_sql("DELETE FROM outbox")

    async with opened(tmp_path) as database:
        with pytest.raises(DatabaseRefused, match="read-only; bybot must be able to write it"):
            await write(database)


async def test_a_locked_database_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = await make(tmp_path)
    monkeypatch.setattr("storage.database.BUSY_MS", 50)
    other = sqlite3.connect(file, isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        said = await refusal(address(tmp_path))
    finally:
        other.close()
    assert str(file) in said
    assert "locked by another program" in said
    await (await open_database(address(tmp_path))).close()


async def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    file.touch(0o600)
    file.write_text("my diary, long enough to be taken for a page of something " * 20)
    before = file.read_bytes()
    assert "is not a database" in await refusal(address(tmp_path))
    assert file.read_bytes() == before


async def test_a_damaged_database_is_refused_in_words(tmp_path: Path) -> None:
    file = await make(tmp_path)
    content = file.read_bytes()
    file.write_bytes(content[:100] + b"\xff" * (len(content) - 100))
    assert "is damaged" in await refusal(address(tmp_path))


async def test_another_programs_database_is_left_as_it_is(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    file.touch(0o600)
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE songs (name TEXT)")
    other.close()
    assert "another program" in await refusal(address(tmp_path))
    with sqlite3.connect(file) as other:
        assert [name for (name,) in other.execute("SELECT name FROM sqlite_master")] == ["songs"]
    other.close()


async def test_a_newer_versions_database_is_left_as_it_is(tmp_path: Path) -> None:
    file = await make(tmp_path)
    with sqlite3.connect(file) as other:
        other.execute("UPDATE alembic_version SET version_num = 'r9999'")
    other.close()
    assert "newer bybot" in await refusal(address(tmp_path))


async def test_missing_and_open_folders_are_refused(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere"
    assert str(missing) in await refusal(address(missing))
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    assert "Anybody may replace files" in await refusal(address(shared))
    assert list(shared.iterdir()) == []
    shared.chmod(0o1777)
    await (await open_database(address(shared))).close()


async def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    file_in(tmp_path).mkdir()
    assert "is not a file" in await refusal(address(tmp_path))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "CANARY",
        "mysql://me:CANARY@host/db",
        "sqlite:///CANARY.db",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///:memory:",
    ],
)
async def test_an_address_that_can_not_be_used_is_refused_without_repeating_it(url: str) -> None:
    said = await refusal(url)
    assert "DATABASE_URL" in said
    assert "CANARY" not in said
    with pytest.raises(DatabaseRefused, match="DATABASE_URL"):
        lock_for_one_program(url)


async def test_a_server_that_does_not_answer_is_refused_without_its_password() -> None:
    said = await refusal("postgresql+asyncpg://me:CANARY@127.0.0.1:9/db")
    assert "CANARY" not in said


# --- one program


async def test_a_second_program_on_the_same_database_is_refused_before_it_touches_anything(tmp_path: Path) -> None:
    lock = lock_for_one_program(address(tmp_path))
    second = (
        "import sys\n"
        "from storage.database import DatabaseRefused, lock_for_one_program\n"
        "try:\n"
        "    lock_for_one_program(sys.argv[1])\n"
        "except DatabaseRefused as refused:\n"
        "    sys.exit(str(refused))\n"
    )
    asked = [sys.executable, "-c", second, address(tmp_path)]
    root = Path(__file__).parents[2]
    refused = await asyncio.to_thread(subprocess.run, asked, cwd=root, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        f"Another bybot (process {os.getpid()}) already runs on {file_in(tmp_path)}; "
        "two would trade side by side. Stop it first."
    )
    assert [file.name for file in files_in(tmp_path)] == [file_in(tmp_path).name + ".lock"]
    lock.release()
    free = await asyncio.to_thread(subprocess.run, asked, cwd=root, capture_output=True, check=False)
    assert free.returncode == 0


def test_another_way_to_the_same_file_is_the_same_database(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    lock = lock_for_one_program(address(real))
    with pytest.raises(DatabaseRefused, match="already runs"):
        lock_for_one_program(address(tmp_path / "link"))
    lock.release()
    lock.release()
    lock_for_one_program(address(tmp_path / "link")).release()


# --- transactions


async def test_what_fails_inside_a_transaction_leaves_nothing(tmp_path: Path) -> None:
    async def fail(database: Database) -> None:
        async with database.transaction() as connection:
            await connection.exec_driver_sql("INSERT INTO limits_told VALUES ('sandbox', 1, 'paused')")
            raise KeyError

    async with opened(tmp_path) as database:
        with pytest.raises(KeyError):
            await fail(database)
        async with database.reading() as connection:
            assert (await connection.exec_driver_sql("SELECT * FROM limits_told")).all() == []


async def test_reading_waits_for_no_writer(tmp_path: Path) -> None:
    async with opened(tmp_path) as database, database.transaction() as writing:
        await writing.exec_driver_sql("INSERT INTO limits_told VALUES ('sandbox', 1, 'paused')")
        async with asyncio.timeout(2), database.reading() as connection:
            assert (await connection.exec_driver_sql("SELECT * FROM limits_told")).all() == []


async def test_every_commit_is_on_disk_before_it_is_believed(tmp_path: Path) -> None:
    async with opened(tmp_path) as database, database.reading() as connection:
        told = {}
        for pragma in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout"):
            told[pragma] = (await connection.exec_driver_sql(f"PRAGMA {pragma}")).scalar_one()
        assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
