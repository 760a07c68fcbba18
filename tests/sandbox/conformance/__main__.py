"""Writes docs/conformance.md."""

from tests.sandbox.conformance.table import FILE, text

FILE.write_text(text())
