"""The face of the bot on a practice Telegram."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.tgbot.phone import Phone, phone


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Phone]:
    """A running bot whose people a test can be."""
    async with phone(tmp_path) as opened:
        yield opened
