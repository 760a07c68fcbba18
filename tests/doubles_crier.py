"""A Crier that keeps what it was told."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from trading.emergency import Alarm, Halt, Panic


@dataclass
class CrierDouble:
    """Everything as it was told, oldest first; `rung` are those that rang."""

    panics: list[Panic] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    rung: list[Panic | Alarm] = field(default_factory=list)
    halts: list[tuple[Halt, tuple[int, ...]]] = field(default_factory=list)

    async def panic(self, panic: Panic, *, ring: bool = False, anew: bool = False) -> None:
        self.panics.append(panic)
        if ring:
            self.rung.append(panic)

    async def alarm(self, alarm: Alarm, *, ring: bool = False, anew: bool = False) -> None:
        self.alarms.append(alarm)
        if ring:
            self.rung.append(alarm)

    async def halt(self, halt: Halt, people: Sequence[int]) -> None:
        self.halts.append((halt, tuple(people)))
