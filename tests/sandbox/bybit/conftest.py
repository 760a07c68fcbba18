"""Worlds for the tests of the practice Bybit."""

import contextlib
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from pybit import _helpers
from pybit.unified_trading import HTTP

from sandbox.bybit.practice import PracticeBybit
from tests.sandbox.bybit.practice_world import SHORT, STILL, Clock, Open, Served


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    turned = Clock()
    monkeypatch.setattr(_helpers, "generate_timestamp", turned)
    return turned


@pytest.fixture
def database(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "world.db"


@pytest.fixture
def open_world(database: pathlib.Path, clock: Clock) -> Iterator[Open]:
    """Opens the world of this test, again and again if need be: `open_world(market=..., seed=..., bursts=...)`."""
    with contextlib.ExitStack() as kept:

        def open_again(**wishes: Any) -> Served:
            served = Served(PracticeBybit(database, time_ms=clock, **{**STILL, "character": SHORT, **wishes}))
            kept.callback(served.stop)
            return served

        yield open_again


@pytest.fixture
def served(open_world: Open) -> Served:
    return open_world()


@pytest.fixture
def client(served: Served) -> HTTP:
    return served.client()
