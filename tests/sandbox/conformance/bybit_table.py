"""Every endpoint and stream of Bybit that the practice server offers, with the count of its fields that are checked."""

import pathlib
import tempfile

from tests.sandbox.conformance.bybit_contract import absent, address, check, subjects
from tests.sandbox.conformance.bybit_story import Told, of_subject, tell


def rows() -> tuple[tuple[str, int, str], ...]:
    """(method and path or topic, count of checked fields, documented ones that are not there and why), as documented.

    The contract must be there (`bybit_contract.CONTRACT`). Raises AssertionError where an answer is not as documented.
    """
    with tempfile.TemporaryDirectory() as folder:
        told = tell(pathlib.Path(folder))
    return tuple((address(subject), len(checked(subject, told)), _not_there(subject)) for subject in subjects())


def checked(subject: str, told: Told) -> frozenset[tuple[str, ...]]:
    """The documented fields of one endpoint or stream that the day's answers and messages hold, each looked at."""
    found: frozenset[tuple[str, ...]] = frozenset()
    for one in of_subject(told, subject, address(subject)):
        found |= check(subject, one)
    return found


def _not_there(subject: str) -> str:
    reasons: dict[str, list[str]] = {}
    for name, why in absent(subject).items():
        reasons.setdefault(why, []).append(f"`{name}`")
    return "; ".join(f"{', '.join(names)}: {why}" for why, names in reasons.items())
