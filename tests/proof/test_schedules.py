"""Seeded schedules on the whole program and the practice Bybit; a failure names its seed, and the seed replays it.

BYBOT_SCHEDULES is how many are played (2,000 where it is not set), from seed BYBOT_FIRST_SEED (0) on.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.proof.schedule import played

ROOT = Path(__file__).resolve().parents[2]
IN_A_BLOCK = 25
FIRST = int(os.environ.get("BYBOT_FIRST_SEED", "0"))
LAST = FIRST + int(os.environ.get("BYBOT_SCHEDULES", "500"))
TWICE = (3, 24, 44, 90)

# A process that is killed gives no connection back.
pytestmark = pytest.mark.filterwarnings("ignore:The garbage collector is trying to clean up:sqlalchemy.exc.SAWarning")

Property = Callable[[str, object], None]


@pytest.mark.parametrize("first", range(FIRST, LAST, IN_A_BLOCK))
def test_whatever_fails_no_order_is_doubled_lost_unresolved_or_unprotected(
    first: int, record_property: Property
) -> None:
    counts: Counter[str] = Counter()
    told = ""
    for seed in range(first, min(first + IN_A_BLOCK, LAST)):
        outcome = played(seed)
        counts += outcome.counts + Counter(schedules=1) + Counter(finding.kind for finding in outcome.findings)
        if outcome.findings and not told:
            told = f"seed {seed}: {outcome.findings}\n" + "\n".join(outcome.trace)
    record_property("schedules", json.dumps(counts))
    assert not told, told


@pytest.mark.parametrize("seed", TWICE)
def test_a_seed_replays_its_run_to_the_last_line(seed: int) -> None:
    assert played(seed).trace == played(seed).trace


def test_another_process_with_another_order_of_its_sets_replays_the_same_run() -> None:
    replayed = subprocess.run(
        [sys.executable, "-m", "tests.proof", str(TWICE[0])],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    digest = hashlib.sha256("\n".join(played(TWICE[0]).trace).encode()).hexdigest()
    assert f"sha256 {digest}" in replayed.stdout


def test_the_schedules_do_what_they_are_there_for() -> None:
    """Entries that fill and that do not, crashes, closes and hands: without them nothing would be proven."""
    counts: Counter[str] = Counter()
    for seed in range(20):
        counts += played(seed).counts
    assert counts["crashes"] > 10
    assert counts["faults"] > 50
    assert counts["fills"] > 5
    assert counts["CLOSED"] > 1
    assert counts["OPEN"] > 1
    assert counts["NOT_PLACED"] > 1
