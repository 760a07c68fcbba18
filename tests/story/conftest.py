from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.story.practice import Practice, practice_world


@pytest.fixture
async def practice(tmp_path: Path) -> AsyncIterator[Practice]:
    """Both servers and a running bot; owners 1001 and 1002."""
    async with practice_world(tmp_path) as world:
        await world.start_bot()
        yield world
