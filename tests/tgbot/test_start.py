"""The program as somebody starts it: refused in one line, told to end, left alone by its practice world."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import open_database
from storage.lock import lock_for_one_program
from storage.people import PeopleStore
from tgbot.envfile import StartRefused
from tgbot.practice import PracticeWorld, practice_arguments
from tgbot.settings import NAMES, Settings
from trading.people import Role
from trading.preferences import with_preset

CANARY = "CANARYVALUE"
SECONDS = 120  # far more than anything here takes, on a machine that is busy


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A fresh folder, free ports, and none of our settings from outside."""
    outside = {name: value for name, value in os.environ.items() if name not in NAMES}
    return outside | {
        "SANDBOX_TELEGRAM_PORT": str(free_port()),
        "SANDBOX_BYBIT_PORT": str(free_port()),
        "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/bot.db",
        "SANDBOX_DATABASE": str(tmp_path / "world.db"),
    }


def begin(environment: dict[str, str], folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tgbot", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refused(environment: dict[str, str], folder: Path, *arguments: str) -> str:
    """The one line with which the program refuses to start."""
    with begin(environment, folder, *arguments) as program:
        said, complained = program.communicate(timeout=SECONDS)
    assert program.returncode == 2
    assert said == ""
    assert complained.count("\n") == 1
    assert CANARY not in complained
    return complained


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"TICK_SECONDS": CANARY}, "TICK_SECONDS"),
        ({"BYBIT_ENV": "moon", "BYBIT_API_SECRET": CANARY}, "BYBIT_ENV"),
        ({"BYBIT_ENV": "demo"}, "BYBIT_API_KEY"),
        ({"TELEGRAM_TOKEN": f"123456:{CANARY}"}, "OWNER_IDS"),
        ({"BYBIT_ENV": "live", "BYBIT_API_KEY": "key", "BYBIT_API_SECRET": CANARY}, "practice Telegram"),
    ],
)
def test_settings_that_do_not_do_end_the_start_before_anything_is_touched(
    environment: dict[str, str], tmp_path: Path, settings: dict[str, str], names: str
) -> None:
    assert names in refused(environment | settings, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_misspelt_name_in_bot_env_ends_the_start(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bot.env").write_text(f"TICK_SECOND={CANARY}\n")
    assert "did you mean TICK_SECONDS?" in refused(environment, tmp_path)


def test_a_second_bot_on_the_same_database_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    first = lock_for_one_program(environment["DATABASE_URL"])
    try:
        assert "Another bybot" in refused(environment, tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["bot.db.lock"]
    finally:
        first.release()


def test_a_port_in_use_is_named_once_nobody_lets_go_of_it(environment: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = str(held.getsockname()[1])
        assert port in refused(environment | {"SANDBOX_TELEGRAM_PORT": port}, tmp_path)
    assert not (tmp_path / "world.db").exists()
    assert not (tmp_path / "bot.db").exists()


def test_practice_servers_that_nobody_needs_are_not_started(environment: dict[str, str], tmp_path: Path) -> None:
    real = {"TELEGRAM_API_URL": "http://127.0.0.1:9", "BYBIT_URL": "http://127.0.0.1:9"}
    assert "no practice server" in refused(environment | real, tmp_path, "sandbox")
    assert "--fresh" in refused(environment | real, tmp_path, "--fresh")


async def test_a_database_with_real_accounts_is_not_begun_anew(environment: dict[str, str], tmp_path: Path) -> None:
    database = await open_database(environment["DATABASE_URL"])
    people = PeopleStore(database, "live")
    await people.welcome(5, Role.OWNER, "en", "Ann", with_preset("careful"), 1)
    await database.close()
    said = await asyncio.to_thread(refused, environment, tmp_path, "--fresh")
    assert "real accounts" in said
    assert (tmp_path / "bot.db").exists()
    assert not (tmp_path / "world.db").exists()


def test_help_and_version_are_told_and_nonsense_is_not_run(environment: dict[str, str], tmp_path: Path) -> None:
    for arguments, code, words in ((["--help"], 0, "bot.env"), (["--version"], 0, "bybot"), (["fly"], 2, "fly")):
        with begin(environment, tmp_path, *arguments) as program:
            told = "".join(program.communicate(timeout=SECONDS))
        assert program.returncode == code
        assert words in told


def call(port: str, path: str, body: object = None) -> object:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=40) as answer:
        return json.load(answer)


def answers(port: str, user: int) -> list[object]:
    """What the bot has written in this chat; empty while nobody answers there."""
    try:
        messages = call(port, f"/chat/{user}/messages")
    except OSError:
        return []
    assert isinstance(messages, list)
    return [message for message in messages if message["from"] == "bot"]


def test_told_to_end_it_answers_to_the_last_and_takes_its_practice_world_with_it(
    environment: dict[str, str], tmp_path: Path
) -> None:
    port = environment["SANDBOX_TELEGRAM_PORT"]
    with begin(environment, tmp_path) as program:
        until = time.monotonic() + SECONDS
        assert program.stdout is not None
        told = ""
        while f"http://127.0.0.1:{port}/?user=1001" not in told:
            told += program.stdout.readline()
        call(port, "/chat/1001/messages", {"text": "/start"})
        while not answers(port, 1001) and time.monotonic() < until:
            assert program.poll() is None
            time.sleep(0.1)
        assert answers(port, 1001)
        program.send_signal(signal.SIGTERM)
        _, log = program.communicate(timeout=SECONDS)
    assert program.returncode == 0
    assert "Traceback" not in log
    for held in (port, environment["SANDBOX_BYBIT_PORT"]):
        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", int(held)))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[PracticeWorld]:
    settings = Settings(
        sandbox_telegram_port=free_port(),
        sandbox_database=tmp_path / "world.db",
        bybit_url="http://127.0.0.1:9",  # its own start would be the longest part of these tests
    )
    begun = PracticeWorld(practice_arguments(settings), on_ready=lambda: None, complain=print)
    yield begun
    begun.close()


def test_a_practice_world_that_dies_is_noticed(world: PracticeWorld) -> None:
    deaths: list[str] = []
    world.ready()
    world.on_death(lambda: deaths.append("died"))
    os.kill(world.pid, signal.SIGKILL)
    world.wait()
    world.close()
    assert deaths == ["died"]


def test_a_practice_world_that_is_closed_does_not_count_as_dead(world: PracticeWorld) -> None:
    deaths: list[str] = []
    world.on_death(lambda: deaths.append("died"))
    world.ready()
    world.close()
    assert deaths == []


def test_a_practice_world_that_can_not_start_says_why_in_its_own_words() -> None:
    world = PracticeWorld(["--no-such-option"], on_ready=lambda: None, complain=print)
    with pytest.raises(StartRefused, match="--no-such-option"):
        world.ready()
    world.close()
