"""The face of the bot on a practice Telegram."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.tgbot.phone import Phone, phone
from tgbot.handlers import tickets


@pytest.fixture
async def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Phone]:
    """A running bot whose people a test can be. A machine that is busy with other things is no slow answer."""
    monkeypatch.setattr(tickets, "ANSWER_WITHIN", 10.0)
    async with phone(tmp_path) as opened:
        yield opened
