"""The list of guards must go with the source: a mutant that no longer applies proves nothing."""

from pathlib import Path

import pytest

from tests.proof.guards import MUTANTS, Mutant
from tests.proof.mutants import mutated

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_guard_is_still_where_its_mutant_looks_for_it(mutant: Mutant) -> None:
    for file, old, new in mutant.edits:
        source = (ROOT / file).read_text()
        compile(mutated(source, old, new, file), file, "exec")
    for test in mutant.tests:
        assert (ROOT / test.partition("::")[0]).is_file()


def test_there_are_at_least_twenty() -> None:
    assert len({mutant.name for mutant in MUTANTS}) >= 20
