"""The practice world's process: its ports, its file, its servers, and how it ends."""

import asyncio
import contextlib
import fcntl
import json
import os
import pathlib
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import IO

from aiohttp import web

from sandbox.bybit.practice import PracticeBybit, wall_clock_ms
from sandbox.bybit.source import MarketRefused
from sandbox.telegram.server import build_telegram

HOST = "127.0.0.1"
PATIENCE_SECONDS = 5.0
"""How long another world may take to let go of a port or the file: the one before us may still be ending."""
SERVED_LAST_SECONDS = 0.5
EQUITY = Decimal(10_000)


class CannotStart(Exception):
    """The world cannot start; the text is the one line that says why."""


@dataclass(frozen=True, slots=True)
class World:
    """What to serve. A port of None leaves that server out; `names` are accounts of 10,000 USDT to open."""

    database: pathlib.Path
    telegram_port: int | None
    bybit_port: int | None
    market: str = "synthetic"
    seed: int | None = None
    names: tuple[str, ...] = ()
    fresh: bool = False
    until_stdin_closes: bool = False


def run(world: World) -> None:
    """Serves until SIGTERM, SIGINT or the end of standard input. Raises CannotStart."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with contextlib.ExitStack() as kept:
        telegram = kept.enter_context(_port(world.telegram_port, "SANDBOX_TELEGRAM_PORT", deadline))
        bybit = kept.enter_context(_port(world.bybit_port, "SANDBOX_BYBIT_PORT", deadline))
        kept.enter_context(_locked(world.database, deadline))
        try:
            if world.fresh:
                _forget(world.database)
            asyncio.run(_serve(world, telegram, bybit))
        except MarketRefused as refused:
            raise CannotStart(str(refused)) from None
        except (OSError, sqlite3.Error) as failed:
            raise CannotStart(f"{world.database} (SANDBOX_DATABASE) cannot be used: {failed}") from None


async def _serve(world: World, telegram: socket.socket | None, bybit: socket.socket | None) -> None:
    ended = asyncio.Event()
    _listen_for_the_end(ended, world.until_stdin_closes)
    async with contextlib.AsyncExitStack() as serving:
        answers: dict[str, object] = {"ready": True, "telegram": None, "bybit": None}
        if telegram is not None:
            beside = None if bybit is None else f"http://{HOST}:{bybit.getsockname()[1]}"
            app = build_telegram(world.database, time_ms=wall_clock_ms, bybit=beside)
            answers["telegram"] = await serving.enter_async_context(_served(app, telegram))
        if bybit is not None:
            # in a thread: reading candle files takes seconds, and the chat page answers meanwhile
            practice = await asyncio.to_thread(PracticeBybit, world.database, market=world.market, seed=world.seed)
            serving.callback(practice.close)
            for name in world.names:
                practice.ledger.open_account(name, EQUITY)
            answers["bybit"] = await serving.enter_async_context(_served(practice.app(), bybit))
        print(json.dumps(answers), flush=True)
        await ended.wait()
        _end_at_last()


@contextlib.asynccontextmanager
async def _served(app: web.Application, listening: socket.socket) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SERVED_LAST_SECONDS / 2)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        yield f"http://{HOST}:{listening.getsockname()[1]}"
    finally:
        await runner.cleanup()


def _listen_for_the_end(ended: asyncio.Event, until_stdin_closes: bool) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if until_stdin_closes:
        threading.Thread(target=_wait_for_stdin, args=(loop, ended), daemon=True).start()


def _wait_for_stdin(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        continue
    with contextlib.suppress(RuntimeError):  # the loop has ended already
        loop.call_soon_threadsafe(ended.set)


def _end_at_last() -> None:
    """A request that will not end must not keep the ports: everything that matters is committed already."""
    timer = threading.Timer(SERVED_LAST_SECONDS, os._exit, args=(0,))
    timer.daemon = True
    timer.start()


@contextlib.contextmanager
def _port(port: int | None, setting: str, deadline: float) -> Iterator[socket.socket | None]:
    """A listening socket. Two sockets may be bound to one port until one of them listens, so it listens at once."""
    if port is None:
        yield None
        return
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        while True:
            try:
                listening.bind((HOST, port))
                listening.listen(128)
                break
            except OverflowError:
                raise CannotStart(f"port {port} ({setting}) is not a port") from None
            except OSError as taken:
                if time.monotonic() >= deadline:
                    raise CannotStart(f"port {port} ({setting}) cannot be opened: {taken.strerror}") from None
            time.sleep(0.05)
        listening.setblocking(False)
        yield listening


@contextlib.contextmanager
def _locked(database: pathlib.Path, deadline: float) -> Iterator[None]:
    """The world's file is ours alone, by a lock on a file beside it; the kernel lets go of it with the process."""
    beside = database.with_name(database.name + ".lock")
    try:
        file = os.fdopen(os.open(beside, os.O_RDWR | os.O_CREAT, 0o600), "w")
    except OSError as failed:
        raise CannotStart(f"{database} (SANDBOX_DATABASE) cannot be used: {failed.strerror}") from None
    with file:
        while not _is_ours(file):
            if time.monotonic() >= deadline:
                raise CannotStart(f"{database} (SANDBOX_DATABASE) is in use by another practice world")
            time.sleep(0.05)
        yield


def _is_ours(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _forget(database: pathlib.Path) -> None:
    for ending in ("", "-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
