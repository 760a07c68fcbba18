"""Which database an address means, and whether its files are ours alone."""

import os
import stat
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from storage.errors import DatabaseRefused

DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")
SQLITE_HEAD = b"SQLite format 3\x00"


def database_address(url: str) -> URL:
    """The parsed address. Raises DatabaseRefused without repeating it: it may hold a password."""
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise DatabaseRefused(f"DATABASE_URL is not an address that begins with {' or '.join(DRIVERS)}.") from None
    if address.drivername not in DRIVERS:
        raise DatabaseRefused(f"DATABASE_URL must begin with {' or '.join(DRIVERS)}.")
    if address.get_backend_name() == "sqlite" and address.database in (None, "", ":memory:"):
        raise DatabaseRefused("DATABASE_URL must name a file: sqlite+aiosqlite:///bybot.db, for example.")
    return address


def database_file(url: str) -> Path | None:
    """The SQLite file, its links followed; None for a database server."""
    address = database_address(url)
    if address.get_backend_name() != "sqlite" or address.database is None:
        return None
    return Path(address.database).expanduser().resolve()


def check_folder(file: Path) -> None:
    """Raises DatabaseRefused where the folder of `file` is missing, can not be written, or lets anybody replace it."""
    folder = file.parent
    if not folder.is_dir():
        raise DatabaseRefused(f"The folder {folder} for the database {file.name} does not exist.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DatabaseRefused(f"The folder {folder} can not be written, and the database {file.name} lives in it.")
    mode = folder.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise DatabaseRefused(f"Anybody may replace files in {folder}: run `chmod o-w {folder}` first.")


def check_private(file: Path) -> None:
    """Raises DatabaseRefused where an existing file can be read by others, is read-only, or is no file."""
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as problem:
        raise DatabaseRefused(f"{file} can not be looked at: {problem.strerror}.") from None
    if not stat.S_ISREG(mode):
        raise DatabaseRefused(f"{file} is not a file.")
    if mode & 0o077:
        raise DatabaseRefused(
            f"{file} can be read by others (mode {stat.S_IMODE(mode):04o}): run `chmod 600 {file}` first."
        )
    if not mode & stat.S_IWUSR or not os.access(file, os.R_OK | os.W_OK):
        raise DatabaseRefused(
            f"{file} is read-only (mode {stat.S_IMODE(mode):04o}); bybot must be able to write it: "
            f"run `chmod 600 {file}`, or choose another DATABASE_URL."
        )


def prepare_sqlite(file: Path) -> None:
    """Checks the file with its WAL and index, and creates it empty, mode 0600, where there is none."""
    check_folder(file)
    for each in (file, file.with_name(file.name + "-wal"), file.with_name(file.name + "-shm")):
        check_private(each)
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        with file.open("rb") as opened:
            head = opened.read(len(SQLITE_HEAD))
        if head and head != SQLITE_HEAD:
            raise DatabaseRefused(
                f"{file} is not a database; it is left as it is. Choose another DATABASE_URL."
            ) from None
    except OSError as problem:
        raise DatabaseRefused(f"{file} can not be created: {problem.strerror}.") from None
