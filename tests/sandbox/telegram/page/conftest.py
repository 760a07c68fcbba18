"""What every test of the chat page stands on."""

import pathlib
from collections.abc import AsyncIterator

import pytest_asyncio

from tests.sandbox.telegram.practice_chat import HandClock, Practice, practising


@pytest_asyncio.fixture(loop_scope="module")
async def practice(tmp_path: pathlib.Path, clock: HandClock) -> AsyncIterator[Practice]:
    """A practice Telegram in the loop of the file's one browser, where person 1001 has a chat."""
    async with practising(tmp_path / "world.db", clock) as served:
        yield await served.met(1001)
