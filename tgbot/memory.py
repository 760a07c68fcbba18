"""How much memory the process uses now."""

import os
import resource
import sys
from pathlib import Path

PAGES = Path("/proc/self/statm")


def memory_in_use() -> int:
    """Resident MB (10^6 bytes); where the system does not tell, the most that it ever was."""
    try:
        pages = int(PAGES.read_text().split()[1])
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most // (1_000_000 if sys.platform == "darwin" else 1_000)
    return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000
