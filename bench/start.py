"""What a start costs until the program is wired, against importing the packages it stands on at once.

Ours is a process of its own that imports the whole program as `bybot` does, without collecting garbage meanwhile; the
peer one that imports the design's packages, all of them and nothing else. Time is the processor's, memory the largest
that the process ever held.

    python bench/start.py [--rounds 5]
"""

import argparse
import json
import statistics
import subprocess
import sys

from bench.measure import Row, printed

PROGRAM = "import gc; gc.disable(); import tgbot.__main__, tgbot.app"
PACKAGES = (
    "import aiogram, pybit.unified_trading, pandas, numpy, cachetools, aiosqlite, apscheduler.schedulers.asyncio, "
    "pytest, pytest_asyncio"
)
MEASURED = r"""
import json, pathlib, re, time
{}
# Not getrusage: what it calls the largest includes the process that this one was forked from.
peak = re.search(r"VmHWM:\s+(\d+)", pathlib.Path("/proc/self/status").read_text()).group(1)
print(json.dumps([time.process_time() * 1e3, int(peak) / 1024]))
"""


def cost(statement: str) -> tuple[float, float]:
    """Milliseconds of the processor and MB of a process that does only this."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED.format(statement)], capture_output=True, text=True, check=True
    )
    spent, memory = json.loads(done.stdout)
    return float(spent), float(memory)


def rows(rounds: int = 5) -> list[Row]:
    """Time and memory; the first round warms the disk's cache and is not counted."""
    taken: dict[str, list[tuple[float, float]]] = {PROGRAM: [], PACKAGES: []}
    for turn in range(rounds + 1):
        for statement, costs in taken.items():
            found = cost(statement)
            if turn:
                costs.append(found)
    (ours, our_memory), (peer, peer_memory) = (
        (statistics.median(one[0] for one in costs), statistics.median(one[1] for one in costs))
        for costs in taken.values()
    )
    return [
        Row("start: imports of the program", ours, peer, bound=0.75, note="peer: the packages at once"),
        Row("start: memory in MB, not ms", our_memory, peer_memory, bound=0.85),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Imports of the program against its packages at once.")
    parser.add_argument("--rounds", type=int, default=5)
    print(printed(rows(parser.parse_args().rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
