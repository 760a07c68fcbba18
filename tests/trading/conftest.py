"""One person, one account, three symbols, and an assistant that is up and running."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from storage.database import Database
from tests.storage.samples import opened
from tests.trading.safety_world import SafetyWorld
from tests.trading.world import ACCOUNT, OWNER, World

IN_MEMORY = Path("/dev/shm")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """For database files: in memory where the system has such a place, since every step is a synced commit."""
    if not IN_MEMORY.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as there:
        yield Path(there)


@pytest.fixture
async def database(folder: Path) -> AsyncIterator[Database]:
    async with opened(folder) as database:
        yield database


@pytest.fixture
async def empty_world(database: Database) -> World:
    """Built, but not started: nobody and no candles yet."""
    return World(database)


@pytest.fixture
async def world(empty_world: World) -> World:
    account = await empty_world.welcome(OWNER, ACCOUNT.uid)
    assert account.id == ACCOUNT
    await empty_world.start()
    return empty_world


@pytest.fixture
async def safe(database: Database) -> AsyncIterator[SafetyWorld]:
    """The same, with panics, halts and alarms."""
    world = SafetyWorld(database)
    await world.welcome(OWNER, ACCOUNT.uid)
    await world.start()
    yield world
    await world.safety.runner.close()
