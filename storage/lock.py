"""One program at a time on one database."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from storage.errors import DatabaseRefused
from storage.files import check_folder, database_file


@dataclass(slots=True)
class ProgramLock:
    """Held until `release()` or the end of the process, however it ends. `file` is None for a database server."""

    file: Path | None
    _held: int | None = None

    def release(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None


def lock_for_one_program(url: str) -> ProgramLock:
    """Takes "<database>.lock" beside the SQLite file, touching nothing else; raises DatabaseRefused where it is held.

    A PostgreSQL address holds nothing here: `open_database` takes the server's own lock.
    """
    database = database_file(url)
    if database is None:
        return ProgramLock(None)
    check_folder(database)
    file = database.with_name(database.name + ".lock")
    try:
        held = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise DatabaseRefused(f"{file} can not be opened: {problem.strerror}.") from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(held, 20).decode("ascii", "replace").strip()
        os.close(held)
        named = f" (process {holder})" if holder.isdecimal() else ""
        raise DatabaseRefused(
            f"Another bybot{named} already runs on {database}; two would trade side by side. Stop it first."
        ) from None
    os.ftruncate(held, 0)
    os.write(held, str(os.getpid()).encode())
    return ProgramLock(file, held)
