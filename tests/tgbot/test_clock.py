"""What happens by time: never twice at once, told once when it fails, awaited at the end."""

import asyncio
import gc
import time
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from storage.errors import DatabaseRefused
from tgbot.clock import Job, LastNet, Schedule, SystemClock, clean_up, with_housekeeping
from tgbot.memory import memory_in_use
from trading.errors import OutcomeUnknown
from trading.health import Health


@pytest.fixture
def health() -> Health:
    return Health(SystemClock(), lambda what, text: None)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


async def test_the_clock_tells_utc_in_milliseconds() -> None:
    clock = SystemClock()
    assert abs(clock.now() - time.time() * 1000) < 1000
    await clock.sleep(0)


async def test_a_tick_that_takes_long_never_overlaps_itself(health: Health) -> None:
    running, most, ticks = 0, 0, 0

    async def tick() -> None:
        nonlocal running, most, ticks
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        ticks += 1

    schedule = Schedule(health)
    schedule.start()
    schedule.begin(Job("tick", 0.01, tick))
    await until(lambda: ticks >= 3)
    await schedule.close(patience=5)
    assert most == 1


async def test_closing_waits_for_the_tick_that_runs(health: Health) -> None:
    began, let_go, ended = asyncio.Event(), asyncio.Event(), []

    async def tick() -> None:
        began.set()
        await let_go.wait()
        ended.append(True)

    schedule = Schedule(health)
    schedule.start()
    schedule.begin(Job("tick", 0.01, tick))
    await began.wait()
    closing = asyncio.ensure_future(schedule.close(patience=5))
    await asyncio.sleep(0.02)
    assert not closing.done()
    let_go.set()
    await closing
    assert ended == [True]


async def test_a_job_runs_at_once_and_one_that_comes_later_beside_it(health: Health) -> None:
    ran: list[str] = []

    async def first() -> None:
        ran.append("first")

    async def second() -> None:
        ran.append("second")

    schedule = Schedule(health)
    schedule.begin(Job("first", 3600, first))
    schedule.start()
    await until(lambda: ran == ["first"])
    schedule.begin(Job("second", 3600, second))
    await until(lambda: ran == ["first", "second"])
    await schedule.close(patience=5)


async def test_every_tenth_tick_cleans_up_even_when_ticks_fail(health: Health) -> None:
    ticks, cleaned = 0, []

    async def tick() -> None:
        nonlocal ticks
        ticks += 1
        raise OutcomeUnknown("nobody answers")

    def expire() -> int:
        cleaned.append(ticks)
        return 3

    schedule = Schedule(health)
    with capture_logs() as logs:
        schedule.start()
        schedule.begin(Job("tick", 0.005, with_housekeeping(tick, expire)))
        await until(lambda: len(cleaned) >= 2)
        await schedule.close(patience=5)
    assert cleaned[:2] == [10, 20]
    told = next(entry for entry in logs if entry["event"] == "housekeeping")
    assert told["expired"] == 3
    assert told["memory_mb"] > 10
    assert told["pause_ms"] >= 0


async def test_the_same_failure_is_told_once_and_its_end_too() -> None:
    told: list[tuple[str, str]] = []
    health = Health(SystemClock(), lambda what, text: told.append((what, text)))
    failing = True

    async def work() -> None:
        if failing:
            raise ZeroDivisionError(time.perf_counter_ns())  # another text each time

    net = LastNet(Job("tick", 2, work), health)
    with capture_logs() as logs:
        for _ in range(5):
            await net.run()
        assert [trouble.what for trouble in health.troubles] == ["tick"]
        failing = False
        await net.run()
    assert [entry["exc_info"].__class__ for entry in logs] == [ZeroDivisionError]
    assert [what for what, _ in told] == ["tick", "tick"]
    assert health.troubles == ()


@pytest.mark.parametrize(
    ("error", "what"),
    [(OutcomeUnknown("no answer"), "feed"), (DatabaseRefused("x.db is read-only."), "database")],
)
async def test_what_is_expected_to_fail_is_a_sentence_without_a_traceback(error: Exception, what: str) -> None:
    health = Health(SystemClock(), lambda what, text: None)

    async def work() -> None:
        raise error

    with capture_logs() as logs:
        await LastNet(Job("tick", 2, work, asks="feed"), health).run()
    assert [(entry["why"], entry["exc_info"]) for entry in logs] == [(str(error), None)]
    assert [(trouble.what, trouble.text) for trouble in health.troubles] == [(what, str(error))]


async def test_another_failure_is_told_again_and_replaces_the_first() -> None:
    health = Health(SystemClock(), lambda what, text: None)
    errors = [OutcomeUnknown("no answer"), ZeroDivisionError()]

    async def work() -> None:
        raise errors.pop(0)

    net = LastNet(Job("watch", 2, work), health)
    with capture_logs() as logs:
        await net.run()
        await net.run()
    assert len(logs) == 2
    assert [trouble.what for trouble in health.troubles] == ["watch"]


def test_cleaning_up_collects_what_only_points_at_itself() -> None:
    class Ring:
        def __init__(self) -> None:
            self.me = self

    gc.collect()
    Ring()
    with capture_logs() as logs:
        clean_up(lambda: 0)
    assert logs[0]["collected"] >= 1


def test_memory_is_told_in_megabytes() -> None:
    assert 10 < memory_in_use() < 100_000
