"""The practice world as a process of its own: how it starts, refuses, holds its file and ends."""

import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

Start = Callable[..., "Process"]


class Process:
    """`python -m sandbox` with the practice Bybit alone, unless told otherwise."""

    def __init__(self, database: pathlib.Path, port: int, *more: str) -> None:
        command = [sys.executable, "-m", "sandbox", "--no-telegram", "--bybit-port", str(port)]
        command += ["--database", str(database), "--until-stdin-closes", *more]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.child = subprocess.Popen(command, text=True, **pipes)  # type: ignore[call-overload]
        self.url = f"http://127.0.0.1:{port}"

    def ready(self) -> dict[str, Any]:
        line = self.child.stdout.readline()
        assert line, self.child.stderr.read()
        told: dict[str, Any] = json.loads(line)
        return told

    def refusal(self) -> str:
        """The one line of a start that failed with code 2."""
        out, err = self.child.communicate(timeout=30)
        assert (self.child.returncode, out) == (2, "")
        assert err.count("\n") == 1, err
        return str(err)

    def account(self) -> dict[str, str]:
        body = {"name": "ann", "equity": 10000}
        told: dict[str, str] = requests.post(self.url + "/sandbox/accounts", json=body, timeout=20).json()
        return told


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def start(database: pathlib.Path, port: int) -> Iterator[Start]:
    started: list[Process] = []

    def begin(*more: str, database: pathlib.Path = database, port: int = port) -> Process:
        started.append(Process(database, port, *more))
        return started[-1]

    yield begin
    for process in started:
        process.child.kill()
        process.child.wait()
        for pipe in (process.child.stdin, process.child.stdout, process.child.stderr):
            pipe.close()


def test_it_says_when_it_is_ready_and_answers_then(start: Start, database: pathlib.Path) -> None:
    world = start("--names", "1001,1002")
    assert world.ready() == {"ready": True, "telegram": None, "bybit": world.url}
    assert requests.get(world.url + "/v5/market/time", timeout=20).json()["retCode"] == 0
    assert requests.get(world.url + "/sandbox/ledger", timeout=20).json() == {"1001": [], "1002": []}
    for ending in ("", "-wal", ".lock"):
        assert stat.S_IMODE(os.stat(f"{database}{ending}").st_mode) == 0o600


def test_it_ends_when_standard_input_closes(start: Start) -> None:
    world = start()
    world.ready()
    world.child.stdin.close()
    assert world.child.wait(10) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(start: Start, number: signal.Signals) -> None:
    world = start()
    world.ready()
    world.child.send_signal(number)
    assert world.child.wait(10) == 0
    assert world.child.stderr.read() == ""


def test_a_killed_world_comes_back_with_its_accounts_and_ends_anew_only_when_fresh(start: Start) -> None:
    world = start()
    world.ready()
    account = world.account()
    world.child.send_signal(signal.SIGKILL)
    world.child.wait(10)
    again = start()
    again.ready()
    assert again.account() == account
    again.child.stdin.close()
    again.child.wait(10)
    fresh = start("--fresh")
    fresh.ready()
    assert fresh.account()["apiKey"] != account["apiKey"]


def test_a_port_in_use_is_named_and_the_file_left_alone(start: Start, database: pathlib.Path, port: int) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", port))
        held.listen()
        told = start("--fresh").refusal()
    assert str(port) in told
    assert "SANDBOX_BYBIT_PORT" in told
    assert not database.exists()


def test_it_waits_for_a_port_that_is_about_to_be_free(start: Start, port: int) -> None:
    held = socket.socket()
    held.bind(("127.0.0.1", port))
    held.listen()
    threading.Timer(1.5, held.close).start()
    assert start().ready()["ready"] is True


def test_two_worlds_do_not_share_a_file(start: Start, port: int) -> None:
    first = start()
    first.ready()
    account = first.account()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        other = int(probe.getsockname()[1])
    told = start("--fresh", port=other).refusal()
    assert "SANDBOX_DATABASE" in told
    assert first.account() == account


def test_a_broken_candle_file_stops_the_start_with_file_and_line(start: Start, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "BTCUSDT-1m.csv"
    path.write_text("open_time,open,high,low,close,volume\n0,1,2,1,2,5\n60000,2,1,1,2,5\n")
    told = start("--market", str(path)).refusal()
    assert told.startswith(f"{path}:3: ")


def test_a_folder_that_is_not_there_stops_the_start(start: Start, tmp_path: pathlib.Path) -> None:
    assert "nowhere" in start("--market", str(tmp_path / "nowhere")).refusal()


def test_a_file_that_is_no_database_stops_the_start(start: Start, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database, but long enough to look like one to nobody " * 10)
    assert "SANDBOX_DATABASE" in start(database=path).refusal()
