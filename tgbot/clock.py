"""Time, and what happens by it: the tick, the watch, housekeeping. The last net under all of them is here."""

import asyncio
import gc
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from storage.errors import DatabaseRefused
from tgbot.memory import memory_in_use
from trading.errors import AssistantError, ExchangeError
from trading.health import Health

log = structlog.get_logger(__name__)

# A loop that was held up runs its jobs late rather than not at all.
GRACE_SECONDS = 60
HOUSEKEEPING_EACH = 10

Work = Callable[[], Awaitable[object]]


class SystemClock:
    """The Clock port over this machine's clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every `seconds`; `asks` names what is in trouble when Bybit does not answer it."""

    name: str
    seconds: float
    work: Work
    asks: str = "bybit"


class LastNet:
    """Runs one job so that no failure of it reaches the scheduler.

    A failure that repeats is logged once: what we expect as a sentence, a bug with its traceback. /status shows it
    until the job works again.
    """

    def __init__(self, job: Job, health: Health) -> None:
        self._job = job
        self._health = health
        self._failing: Failure | None = None
        # Held while the job runs, so that the end of the program can wait for it.
        self._running = asyncio.Lock()

    async def run(self) -> None:
        async with self._running:
            try:
                await self._job.work()
            except Exception as error:  # noqa: BLE001 - the last net
                self._fell(error)
            else:
                self._stood()

    async def drained(self) -> None:
        """Returns when the job does not run."""
        async with self._running:
            return

    def _fell(self, error: Exception) -> None:
        failure = Failure.of(error, self._job)
        if failure != self._failing:
            self._stood()
            bug = None if isinstance(error, AssistantError) else error
            log.error("a job failed", job=self._job.name, why=str(error), exc_info=bug)
            self._health.failed(failure.what, str(error) if bug is None else type(error).__name__)
            self._failing = failure

    def _stood(self) -> None:
        if self._failing is not None:
            self._health.worked(self._failing.what)
            self._failing = None


@dataclass(frozen=True, slots=True)
class Failure:
    """What tells failures apart: their texts may hold figures that change with each try."""

    what: str
    kind: type[BaseException]
    place: str

    @classmethod
    def of(cls, error: BaseException, job: Job) -> "Failure":
        what = job.asks if isinstance(error, ExchangeError) else job.name
        what = "database" if isinstance(error, DatabaseRefused) else what
        trace = traceback.extract_tb(error.__traceback__)
        return cls(what, type(error), f"{trace[-1].filename}:{trace[-1].lineno}" if trace else "")


class Schedule:
    """Runs jobs at their pace from when they are begun, none of them twice at once."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._nets: list[LastNet] = []
        self._scheduler = AsyncIOScheduler(timezone="UTC")

    def start(self) -> None:
        """To be called inside the event loop; jobs may be begun before and after."""
        self._scheduler.start()

    def begin(self, job: Job) -> None:
        """The job runs now and then every `job.seconds`; a run that would overlap the one before is left out."""
        net = LastNet(job, self._health)
        self._nets.append(net)
        self._scheduler.add_job(
            net.run,
            IntervalTrigger(seconds=job.seconds),
            id=job.name,
            next_run_time=datetime.now(UTC),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=GRACE_SECONDS,
        )

    async def close(self, patience: float) -> None:
        """Begins nothing more and waits for what runs, at most `patience` seconds."""
        if not self._scheduler.running:
            return
        self._scheduler.pause()
        if self._nets:
            drained = [asyncio.ensure_future(net.drained()) for net in self._nets]
            _, late = await asyncio.wait(drained, timeout=patience)
            for waiting in late:
                waiting.cancel()
        # This cancels what still runs.
        self._scheduler.shutdown(wait=False)


def with_housekeeping(tick: Work, expire: Callable[[], int]) -> Work:
    """The tick, and after every tenth one a clean-up, also when it failed.

    `expire` lets go of old cache entries and gives how many went.
    """
    ticks = 0

    async def tick_and_clean() -> None:
        nonlocal ticks
        ticks += 1
        try:
            await tick()
        finally:
            if ticks % HOUSEKEEPING_EACH == 0:
                clean_up(expire)

    return tick_and_clean


def clean_up(expire: Callable[[], int]) -> None:
    """Expired cache entries go, garbage is collected; its pause and the memory in use are logged."""
    expired = expire()
    began = time.perf_counter()
    collected = gc.collect()
    pause = (time.perf_counter() - began) * 1000
    log.info("housekeeping", expired=expired, collected=collected, pause_ms=round(pause, 1), memory_mb=memory_in_use())
