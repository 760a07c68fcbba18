"""The market goes on where it was: the same candles whether the world ran or was down, closed or killed."""

import pathlib
import signal
import socket
from collections.abc import Iterator
from decimal import Decimal

import numpy as np
import pytest
import requests

from sandbox.bybit.history import Rows
from sandbox.bybit.practice import PracticeBybit
from tests.sandbox.bybit.practice_world import SHORT, Clock
from tests.sandbox.bybit.test_world_process import Process

SYMBOLS = ("BTCUSDT", "DOGEUSDT", "TRXUSDT")
INTERVALS = ("1", "60", "240")


def open_practice(database: pathlib.Path, clock: Clock) -> PracticeBybit:
    return PracticeBybit(database, seed=7, time_ms=clock, bursts=False, character=SHORT)


def all_candles(practice: PracticeBybit) -> list[Rows]:
    now_ms = practice.catch_up()
    return [practice.history.candles(symbol, each, 0, now_ms, now_ms) for symbol in SYMBOLS for each in INTERVALS]


def same(one: list[Rows], other: list[Rows]) -> bool:
    parts = ("time", "open", "high", "low", "close", "volume")
    pairs = [(getattr(a, part), getattr(b, part)) for a, b in zip(one, other, strict=True) for part in parts]
    return all(np.array_equal(a, b) for a, b in pairs)


def test_a_world_that_was_down_has_the_candles_of_one_that_ran(tmp_path: pathlib.Path, clock: Clock) -> None:
    ran, slept = (open_practice(tmp_path / name, clock) for name in ("ran.db", "slept.db"))
    for practice in (ran, slept):
        price = practice.market.last("DOGEUSDT", practice.catch_up())
        practice.move_price("DOGEUSDT", price * Decimal("1.25"))
    slept.close()
    for _ in range(30):
        clock.forward(minutes=97.3)
        ran.catch_up()
        ran.history.candles("DOGEUSDT", "1", clock() - 3_600_000, clock(), clock())
    woken = open_practice(tmp_path / "slept.db", clock)
    assert same(all_candles(woken), all_candles(ran))
    ran.close()
    woken.close()


def test_a_price_that_was_set_is_still_there_after_a_restart(database: pathlib.Path, clock: Clock) -> None:
    practice = open_practice(database, clock)
    moved = practice.move_price("DOGEUSDT", Decimal("0.20000"))
    before = all_candles(practice)
    practice.close()
    again = open_practice(database, clock)
    assert again.market.last("DOGEUSDT", clock()) == moved == Decimal("0.20000")
    assert same(all_candles(again), before)
    clock.forward(hours=1)
    assert abs(again.market.last("DOGEUSDT", clock()) / moved - 1) < Decimal("0.1")
    again.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def worlds() -> Iterator[list[Process]]:
    """Processes that are ended with the test."""
    started: list[Process] = []
    yield started
    for process in started:
        process.child.kill()
        process.child.wait()
        for pipe in (process.child.stdin, process.child.stdout, process.child.stderr):
            pipe.close()


def closed_minutes(url: str, symbol: str) -> dict[str, list[str]]:
    """The newest candles but the one that forms, by their opening time."""
    asked = f"{url}/v5/market/kline?category=linear&symbol={symbol}&interval=1&limit=200"
    return {row[0]: row for row in requests.get(asked, timeout=20).json()["result"]["list"][1:]}


def test_a_killed_world_has_the_candles_it_had(worlds: list[Process], database: pathlib.Path) -> None:
    worlds.append(Process(database, free_port()))
    worlds[0].ready()
    url = worlds[0].url
    requests.post(f"{url}/sandbox/price", json={"symbol": "LTCUSDT", "price": "142.50"}, timeout=20).raise_for_status()
    before = {symbol: closed_minutes(url, symbol) for symbol in ("LTCUSDT", "BCHUSDT")}
    worlds[0].child.send_signal(signal.SIGKILL)
    worlds[0].child.wait(10)

    worlds.append(Process(database, free_port()))
    worlds[1].ready()
    for symbol, known in before.items():
        after = closed_minutes(worlds[1].url, symbol)
        shared = known.keys() & after.keys()
        assert len(shared) > 190
        assert all(after[time] == known[time] for time in shared)
    ticker = f"{worlds[1].url}/v5/market/tickers?category=linear&symbol=LTCUSDT"
    last = float(requests.get(ticker, timeout=20).json()["result"]["list"][0]["lastPrice"])
    assert last == pytest.approx(142.5, rel=0.1)
