"""Background work has an owner that logs its failures and awaits it at the end."""

import asyncio

import pytest
import structlog
from structlog.testing import capture_logs

from tgbot.tasks import Tasks


async def test_closing_waits_for_work_and_for_what_that_began_meanwhile() -> None:
    tasks, done = Tasks(), []

    async def second() -> None:
        await asyncio.sleep(0.01)
        done.append("second")

    async def first() -> None:
        await asyncio.sleep(0.01)
        tasks.own(second(), "second")
        done.append("first")

    tasks.own(first(), "first")
    await tasks.close(patience=5)
    assert done == ["first", "second"]
    assert len(tasks) == 0


async def test_work_that_does_not_end_in_time_is_ended_and_named() -> None:
    tasks = Tasks()
    task = tasks.own(asyncio.Event().wait(), "waits for ever")
    with capture_logs() as logs:
        await tasks.close(patience=0.01)
    assert task.cancelled()
    assert [entry["task"] for entry in logs] == ["waits for ever"]


async def test_a_failure_is_logged_with_its_traceback_and_reaches_who_awaits_it() -> None:
    async def fails() -> None:
        raise ValueError("why")

    tasks = Tasks()
    with capture_logs() as logs:
        task = tasks.own(fails(), "the failing one")
        with pytest.raises(ValueError, match="why"):
            await task
        await tasks.close(patience=1)
    assert [(entry["task"], str(entry["exc_info"])) for entry in logs] == [("the failing one", "why")]


async def test_nothing_begins_after_the_end() -> None:
    tasks, began = Tasks(), []

    async def work() -> None:
        began.append(True)

    await tasks.close(patience=1)
    with pytest.raises(RuntimeError, match="late work"):
        tasks.own(work(), "late work")
    assert not began


async def test_cancelled_work_is_no_failure() -> None:
    tasks = Tasks()
    with capture_logs() as logs:
        task = tasks.own(asyncio.sleep(60), "cancelled by its owner")
        task.cancel()
        await asyncio.wait([task])
        await tasks.close(patience=1)
    assert logs == []
    assert structlog.get_config()  # capture_logs put the configuration back
