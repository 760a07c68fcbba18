"""What holds when all else fails, wired once: panic, halt, the watchdog over every position, adoption."""

from collections.abc import Callable
from dataclasses import dataclass

from trading.adopting import Adopter
from trading.assistant import Assistant
from trading.emergency import Crier, SafetyBook
from trading.halting import HaltDesk
from trading.panic import PanicDesk
from trading.panic_run import PanicRunner
from trading.stops import StopSetter
from trading.watchdog import Watchdog


@dataclass(frozen=True, slots=True)
class Safety:
    """What the face calls; `runner` is to be tended every second and closed at the end."""

    panic: PanicDesk
    runner: PanicRunner
    halt: HaltDesk
    watchdog: Watchdog
    adopter: Adopter
    stops: StopSetter

    async def load(self) -> None:
        """What stood before the start stands again, and what was promised goes on. Before the first tap and tick."""
        await self.halt.load()
        await self.watchdog.load()
        await self.runner.load()


def build_safety(assistant: Assistant, book: SafetyBook, crier: Crier, new_id: Callable[[], str]) -> Safety:
    """Beside an assistant, whose watch shows every position to the watchdog from now on."""
    context = assistant.context
    watchdog = Watchdog(context, book.alarms, crier, new_id)
    assistant.watch.accompany(watchdog)
    runner = PanicRunner(context, book.panics, crier, assistant.watch, assistant.desk.closer)
    return Safety(
        panic=PanicDesk(context, book.panics, crier, runner, new_id),
        runner=runner,
        halt=HaltDesk(context.halting, book.halts, context.people, crier, context.clock, new_id),
        watchdog=watchdog,
        adopter=Adopter(context, book.adoptions, new_id),
        stops=StopSetter(context),
    )
