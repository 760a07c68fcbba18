"""How the benchmarks measure: calls that take turns, and rows of a table."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: medians in milliseconds, `ratio` of ours to the peer's, and what it may be at most."""

    what: str
    ours: float
    peer: float | None = None
    bound: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return None if self.peer is None else self.ours / self.peer


def interleaved(rounds: int, *calls: Callable[[], object]) -> list[float]:
    """Median milliseconds of the processor for each call; they take turns, so that a busy machine slows all alike."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for times, call in zip(taken, calls, strict=True):
            begin = time.process_time()
            call()
            times.append((time.process_time() - begin) * 1e3)
    return [statistics.median(times) for times in taken]


def printed(rows: list[Row]) -> str:
    """The rows as a table in plain text."""
    lines = [f"{'':<46}{'ours':>12}{'peer':>12}{'ratio':>9}{'at most':>9}"]
    for row in rows:
        peer = "" if row.peer is None else f"{row.peer:.3f} ms"
        ratio = "" if row.ratio is None else f"{row.ratio:.4f}"
        bound = "" if row.bound is None else f"{row.bound:g}"
        lines.append(f"{row.what:<46}{row.ours:>9.3f} ms{peer:>12}{ratio:>9}{bound:>9}  {row.note}".rstrip())
    return "\n".join(lines)
