"""docs/conformance.md: what of the documents the practice servers were held against, one row a call."""

import importlib
import importlib.util
import pathlib
from collections.abc import Iterable
from dataclasses import dataclass

FILE = pathlib.Path(__file__).parents[3] / "docs" / "conformance.md"
COMMAND = "python -m tests.sandbox.conformance"
HEAD = f"""# What the practice servers were held against

Every call below was made to a practice server over HTTP or WebSocket, and what came back was held against the
documents. `{COMMAND}` makes this file again; a test fails while it is out of date.
"""


@dataclass(frozen=True, slots=True)
class Part:
    """One practice server: the module whose `rows()` are asked for, the titles of their columns, and what they say."""

    title: str
    module: str
    columns: tuple[str, ...]
    said: str


PARTS = (
    Part(
        "Practice Bybit",
        "tests.sandbox.conformance.bybit_table",
        ("Endpoint or stream", "Checked fields", "Documented but not there"),
        "Read off an extract of Bybit's V5 documentation. A checked field was there, of its documented type, a time "
        "where it is one, and one of the documented words where there are a few. A field that no document knows, or "
        "one that is missing, fails the test; what is documented without fields answers `{}`.",
    ),
    Part(
        "Practice Telegram",
        "tests.sandbox.conformance.telegram_table",
        ("Method", "Checked fields"),
        "Read off the Bot API's schema. Counted are a method's parameters, each refused when it is wrong, and the "
        "fields of what it returns; aiogram's own types read all of it too.",
    ),
)


def parts() -> list[Part]:
    """The parts whose module exists."""
    return [part for part in PARTS if importlib.util.find_spec(part.module) is not None]


def text() -> str:
    """The whole file. Raises AssertionError where a practice server is not as documented."""
    return "\n".join([HEAD, *(_section(part) for part in parts())])


def _section(part: Part) -> str:
    rows = list(importlib.import_module(part.module).rows())
    total = f"**{len(rows)} calls, {sum(row[1] for row in rows)} checked fields**"
    return "\n".join([f"## {part.title}", "", part.said, "", total, "", *_table(part.columns, rows), ""])


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str | int, ...]]) -> list[str]:
    ruler = ("---", "--:", "---")[: len(columns)]
    cells = [(f"`{name}`", *map(str, rest)) for name, *rest in rows]
    return [f"| {' | '.join(line)} |" for line in (columns, ruler, *cells)]
