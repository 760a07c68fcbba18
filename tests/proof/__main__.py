"""`python -m tests.proof SEED`: plays one seed again and prints all that happened, and what is wrong with it."""

import hashlib
import sys

from tests.proof.schedule import played

outcome = played(int(sys.argv[1]))
print("\n".join(outcome.trace))
print(dict(outcome.counts))
print(f"sha256 {hashlib.sha256(chr(10).join(outcome.trace).encode()).hexdigest()}")
sys.exit("\n".join(map(str, outcome.findings)) or 0)
