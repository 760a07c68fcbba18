"""From an open database to a running tick, though Bybit does not answer at first."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.storage.samples import opened
from tests.trading.world import World
from tgbot.beginning import Beginning
from tgbot.clock import Schedule
from tgbot.envfile import StartRefused
from trading.errors import OutcomeUnknown

HOUR = 3600.0  # between two ticks: the first one is what these tests wait for


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened(tmp_path) as database:
        world = World(database)
        world.lay_quiet()
        yield world


@pytest.fixture
async def schedule(world: World) -> AsyncIterator[Schedule]:
    schedule = Schedule(world.assistant.context.health)
    schedule.start()
    yield schedule
    await schedule.close(patience=5)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


async def test_what_bybit_did_not_answer_is_tried_again_until_the_tick_runs(world: World, schedule: Schedule) -> None:
    tries = 0

    async def connect() -> None:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise OutcomeUnknown("no account yet")
        await world.welcome()

    world.exchange.trouble["measure_clock"] = [OutcomeUnknown("no answer")] * 3
    await Beginning(connect, world.assistant, schedule, HOUR).run()
    await until(lambda: world.assistant.scanner.report)
    assert tries == 4
    assert world.told.count(("bybit", "trouble: no account yet")) == 1
    assert world.assistant.context.health.troubles == ()
    account = await world.account()
    assert world.assistant.standings.of(account.id).reconciled


async def test_known_accounts_are_looked_after_though_a_new_key_is_not_accepted(
    world: World, schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tgbot.beginning.KEYS_SECONDS", 0.05)
    account = await world.welcome()

    async def connect() -> None:
        await asyncio.Event().wait()

    running = asyncio.create_task(Beginning(connect, world.assistant, schedule, HOUR).run())
    await until(lambda: world.assistant.scanner.report)
    assert world.assistant.standings.of(account.id).reconciled
    assert not running.done()
    running.cancel()


async def test_a_key_that_can_not_sign_ends_the_start(world: World, schedule: Schedule) -> None:
    async def connect() -> None:
        raise StartRefused("BYBIT_RSA_KEY_FILE holds no key")

    with pytest.raises(StartRefused):
        await Beginning(connect, world.assistant, schedule, HOUR).run()
    assert world.assistant.scanner.report is None
