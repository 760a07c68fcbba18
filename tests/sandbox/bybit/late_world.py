"""`python -m tests.sandbox.bybit.late_world SECONDS ...`: the practice world's process on a clock that is ahead.

So a test kills a world and starts it again hours later without waiting for them.
"""

import sys
import time

from sandbox.__main__ import main

if __name__ == "__main__":
    real, ahead_ns = time.time_ns, int(sys.argv[1]) * 1_000_000_000
    time.time_ns = lambda: real() + ahead_ns
    raise SystemExit(main(sys.argv[2:]))
