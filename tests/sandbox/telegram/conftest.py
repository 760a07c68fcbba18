"""What every test of the practice Telegram stands on."""

import pathlib
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot

from tests.sandbox.telegram.practice_chat import HandClock, Practice, bot_at, practising


@pytest.fixture
def clock() -> HandClock:
    """Time that only the test moves."""
    return HandClock()


@pytest.fixture
async def practice(tmp_path: pathlib.Path, clock: HandClock) -> AsyncIterator[Practice]:
    """A practice Telegram without flood limits, where person 1001 has a chat."""
    async with practising(tmp_path / "world.db", clock) as served:
        yield await served.met(1001)


@pytest.fixture
async def bot(practice: Practice) -> AsyncIterator[Bot]:
    """aiogram's own bot, speaking to the practice Telegram."""
    made = bot_at(practice)
    yield made
    await made.session.close()
