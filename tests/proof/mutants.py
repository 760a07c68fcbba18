"""`python -m tests.proof.mutants [NAME PART ...]`: takes each guard away in turn; the tests must notice every one.

Works on a copy of the tree. First the directed tests of a guard, then, where they let it pass, seeded schedules.
Exits with 1 where a mutant survives.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.proof.guards import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("trading", "exchange", "storage", "strategies", "indicators", "sandbox", "tgbot", "tests", "pyproject.toml")
SCHEDULES = "tests/proof/test_schedules.py::test_whatever_fails_no_order_is_doubled_lost_unresolved_or_unprotected"
HOW_MANY = "150"


class DoesNotApply(AssertionError):
    """The source no longer looks as a mutant expects."""


def mutated(source: str, old: str, new: str, where: str) -> str:
    """The source with its one `old` replaced. Raises DoesNotApply where there is none or more than one."""
    if source.count(old) != 1:
        raise DoesNotApply(f"{where}: found {source.count(old)} times: {old!r}")
    return source.replace(old, new)


@contextmanager
def without_guard(tree: Path, mutant: Mutant) -> Iterator[None]:
    """The tree with this guard taken away."""
    before = {file: (tree / file).read_text() for file, _, _ in mutant.edits}
    try:
        for file, old, new in mutant.edits:
            (tree / file).write_text(mutated((tree / file).read_text(), old, new, file))
        yield
    finally:
        for file, text in before.items():
            (tree / file).write_text(text)


def fails(tree: Path, tests: Sequence[str], schedules: str = HOW_MANY) -> str:
    """The first test that notices, "" where all pass. Raises RuntimeError where they could not even be run."""
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *tests],
        cwd=tree,
        env={**os.environ, "BYBOT_SCHEDULES": schedules, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode == 0:
        return ""
    failed = [line for line in told.stdout.splitlines() if line.startswith(("FAILED tests", "ERROR tests"))]
    if told.returncode != 1 or not failed:
        raise RuntimeError(told.stdout[-2_000:] + told.stderr[-2_000:])
    return failed[0].split(" ", 1)[1].split(" - ")[0]


def main(wanted: Sequence[str]) -> int:
    """How many survive."""
    chosen = [mutant for mutant in MUTANTS if not wanted or any(part in mutant.name for part in wanted)]
    survivors = 0
    with tempfile.TemporaryDirectory() as made:
        tree = Path(made) / "tree"
        tree.mkdir()
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, tree / name)
        everything = sorted({test for mutant in chosen for test in mutant.tests})
        if noticed := fails(tree, everything):
            print(f"{noticed} fails without any mutation")
            return 1
        for mutant in chosen:
            began = time.monotonic()
            with without_guard(tree, mutant):
                killer = fails(tree, mutant.tests) or fails(tree, [SCHEDULES])
            survivors += not killer
            print(f"{mutant.name:62} {time.monotonic() - began:6.1f} s  {killer or 'SURVIVES'}", flush=True)
    print(f"{len(chosen)} mutants, {len(chosen) - survivors} killed, {survivors} survive")
    return survivors


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
