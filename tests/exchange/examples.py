"""The answers that Bybit's own documentation shows, where they are at hand."""

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "bybit" / "examples"


def example(name: str) -> Any:
    """The `result` of one example; the test is skipped by name where it is absent."""
    file = FOLDER / f"{name}.json"
    if not file.exists():
        pytest.skip(f"Bybit's documented example {name} is not here")
    return json.loads(file.read_text())["result"]
