"""What is told after a run, from all its workers."""

import json
from collections import Counter

from _pytest.terminal import TerminalReporter


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """The sum of all fault schedules that were played (tests/proof)."""
    sums: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == "schedules" and getattr(report, "when", "") == "call":
                    sums.update(json.loads(value))
    if sums["schedules"]:
        terminalreporter.write_line(
            f"{sums['schedules']} schedules, {sums['crashes']} crashes, {sums['faults']} faults, {sums['taps']} taps,"
            f" {sums['orders']} orders, {sums['fills']} filled: {sums['duplicate']} duplicate, {sums['lost']} lost,"
            f" {sums['unresolved']} unresolved, {sums['unprotected']} unprotected, {sums['wrong']} otherwise wrong"
        )
