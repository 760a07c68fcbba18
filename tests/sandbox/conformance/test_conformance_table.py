"""The committed table says what the practice servers do today."""

import pytest

from tests.sandbox.conformance.bybit_contract import CONTRACT, MISSING, address, subjects
from tests.sandbox.conformance.table import COMMAND, FILE, parts, text
from tests.sandbox.conformance.telegram_schema import ABSENT, SCHEMA

pytestmark = [
    pytest.mark.skipif(not CONTRACT.exists(), reason=MISSING),
    pytest.mark.skipif(not SCHEMA.exists(), reason=ABSENT),
]


def test_the_committed_table_is_up_to_date() -> None:
    assert FILE.read_text() == text(), f"out of date: {COMMAND}"


def test_the_table_names_every_endpoint_and_stream() -> None:
    written = FILE.read_text()
    assert [part.title for part in parts()] == ["Practice Bybit", "Practice Telegram"]
    assert [subject for subject in subjects() if f"| `{address(subject)}` |" not in written] == []
