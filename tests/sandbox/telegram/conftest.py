"""What every test of the practice Telegram stands on."""

import pathlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiogram import Bot
from playwright.async_api import Browser, async_playwright

from tests.sandbox.telegram.browsing import ARGUMENTS, CHROMIUM
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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for all tests of a file."""
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        await opened.close()


@pytest_asyncio.fixture(loop_scope="module")
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """The browser, without the pages of the test before."""
    yield chromium
    for context in chromium.contexts:
        await context.close()
