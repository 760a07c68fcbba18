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
    """Median milliseconds of each call, the calls taking turns so that a busy machine slows them alike."""
    return prepared(rounds, *((lambda: None, lambda _, call=call: call()) for call in calls))


def prepared(rounds: int, *pairs: tuple[Callable[[], object], Callable[[object], object]]) -> list[float]:
    """As `interleaved`, of (prepare, call): what prepare gives is handed to call, and only the call is timed."""
    taken: list[list[float]] = [[] for _ in pairs]
    for _ in range(rounds):
        for times, (prepare, call) in zip(taken, pairs, strict=True):
            made = prepare()
            begin = time.perf_counter()
            call(made)
            times.append((time.perf_counter() - begin) * 1e3)
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
