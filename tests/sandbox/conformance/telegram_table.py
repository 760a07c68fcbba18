"""Every Bot API method that the practice Telegram offers, with the count of its fields that are checked."""

import asyncio
import pathlib
import tempfile

from sandbox.telegram.catalog import FIELDS
from tests.sandbox.conformance.telegram_schema import Walk, documented, returned
from tests.sandbox.conformance.telegram_story import Story, tell


def rows() -> tuple[tuple[str, int], ...]:
    """(method, count of checked fields), by name. The schema must be there (`telegram_schema.SCHEMA`).

    Checked are the parameters, each refused when it is wrong, and the documented fields that the answers hold.
    """
    with tempfile.TemporaryDirectory() as folder:
        story = asyncio.run(tell(pathlib.Path(folder)))
    return tuple((method, checked(method, story)) for method in sorted(FIELDS))


def checked(method: str, story: Story) -> int:
    """How many parameters and fields of the answers are checked; an answer of True counts as one."""
    return len(documented(method)) + max(1, len(walked(method, story).fields))


def walked(method: str, story: Story) -> Walk:
    """The method's answers in the conversation, held against the documents."""
    walk = Walk()
    for number, result in enumerate(story.results(method)):
        walk.value(result, returned(method), f"{method}[{number}]")
    return walk
