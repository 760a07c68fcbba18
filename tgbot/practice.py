"""The practice world as a child process: begun before anything heavy is imported, ended with us, watched meanwhile."""

import contextlib
import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from tgbot.envfile import StartRefused
from tgbot.settings import Settings

# The child may wait 5 s for a port, and makes a month of candles at its first start.
READY_SECONDS = 120
END_SECONDS = 5


def practice_arguments(settings: Settings, *, fresh: bool = False) -> list[str]:
    """The arguments of `python -m sandbox` for the servers that these settings ask for."""
    arguments = [
        *("--telegram-port", str(settings.sandbox_telegram_port)),
        *("--bybit-port", str(settings.sandbox_bybit_port)),
        *("--database", str(settings.sandbox_database)),
        *("--market", settings.sandbox_market),
        *("--names", ",".join(map(str, settings.owners))),
    ]
    if settings.sandbox_seed is not None:
        arguments += ["--seed", str(settings.sandbox_seed)]
    optional = {
        "--no-bybit": not settings.practice_bybit,
        "--no-telegram": not settings.practice_telegram,
        "--fresh": fresh,
    }
    return arguments + [name for name, wanted in optional.items() if wanted]


class PracticeWorld:
    """The running child. It ends when its standard input closes, so also when we are killed."""

    def __init__(self, arguments: Sequence[str], on_ready: Callable[[], None], complain: Callable[[str], None]) -> None:
        """Begins the child at once. From other threads, `on_ready` is called when its servers answer, and `complain`
        with each line that it writes to stderr after that."""
        self._process = subprocess.Popen(  # noqa: S603 - our own module, and numbers and paths of the settings
            [sys.executable, "-m", "sandbox", *arguments, "--until-stdin-closes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            # A Ctrl+C in the terminal is for us: the child stays until we have closed what is open.
            start_new_session=True,
        )
        self.pid = self._process.pid
        self._on_ready = on_ready
        self._complain = complain
        self._answered = False
        self._ended = threading.Event()
        self._settled = threading.Event()  # it has answered or ended
        self._closing = False
        self._last_words: list[str] = []
        self._on_death: list[Callable[[], None]] = []
        # Both pipes are read to their end: one that nobody empties would stop the child one day.
        self._listener = threading.Thread(target=self._listen, name="practice world, stderr", daemon=True)
        self._reader = threading.Thread(target=self._read, name="practice world, stdout", daemon=True)
        self._listener.start()
        self._reader.start()

    def ready(self, patience: float = READY_SECONDS) -> None:
        """Waits until its servers answer. Raises StartRefused in the child's own words where they do not."""
        self._settled.wait(patience)
        if self._ended.is_set() and not self._answered:
            self._listener.join(END_SECONDS)
            raise StartRefused(self._last_words[-1] if self._last_words else "the practice world ended at once")
        if not self._settled.is_set():
            raise StartRefused(f"the practice world did not answer within {patience:.0f} s")

    def wait(self) -> None:
        """Returns when the child has ended."""
        self._ended.wait()

    def on_death(self, tell: Callable[[], None]) -> None:
        """`tell` is called, from another thread, when the child ends before `close`."""
        self._on_death.append(tell)
        if self._ended.is_set():
            tell()

    def close(self) -> None:
        """Ends the child and returns when it is gone."""
        self._closing = True
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(END_SECONDS)
        self._listener.join(END_SECONDS)

    def _read(self) -> None:
        for line in self._process.stdout or ():
            if _says_ready(line):
                self._answered = True
                self._on_ready()
                self._settled.set()
        self._process.wait()
        self._ended.set()
        self._settled.set()
        if not self._closing:
            for tell in self._on_death:
                tell()

    def _listen(self) -> None:
        for line in self._process.stderr or ():
            if self._answered:
                self._complain(line.rstrip())
            elif line.strip():
                self._last_words.append(line.strip())


def check_only_practice(database: Path | None) -> None:
    """Raises StartRefused where the bot's database can not be begun anew with the practice world.

    One database may serve several environments; what belongs to real accounts is never deleted here.
    """
    if database is None:
        raise StartRefused(
            "--fresh needs a DATABASE_URL that names an SQLite file: its practice tickets go with the world"
        )
    if not database.exists():
        return
    try:
        with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            real = "SELECT 1 FROM people WHERE environment <> 'sandbox' LIMIT 1"
            others = connection.execute(real).fetchone() if "people" in tables else None
    except sqlite3.Error:
        raise StartRefused(f"{database} can not be read, so --fresh does not delete it") from None
    if others is not None:
        raise StartRefused("--fresh would delete more than practice: DATABASE_URL names a database with real accounts")


def forget_files(database: Path) -> None:
    """Removes an SQLite database with its WAL and index."""
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def _says_ready(line: str) -> bool:
    try:
        said = json.loads(line)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("ready") is True
