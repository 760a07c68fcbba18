"""The process is killed at every await of a tap, a close, a repair and a re-quote, each beside each fault.

BYBOT_STRIDE (60 where it is not set) is how many awaits lie between two kills: with 1 every single one has its turn.
"""

import asyncio
import os
import random as everybodys
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

import pytest

from strategies.signal import Direction
from tests.proof import practice as small
from tests.proof.judge import Case
from tests.proof.loop import run
from tests.proof.schedule import STRIKING, Story
from tests.proof.stage import OWNER, Stage, prepared, staged

pytestmark = [
    pytest.mark.filterwarnings("ignore:The garbage collector is trying to clean up:sqlalchemy.exc.SAWarning"),
    pytest.mark.skipif("BYBOT_STRIDE" not in os.environ, reason="a long proof: `make soak` runs it"),
]

STRIDE = int(os.environ.get("BYBOT_STRIDE", "60"))
LASTS_SECONDS = 6.0
FAULTS = ("none", *STRIKING, "hide_order", "drop_stop")
Act = Callable[[Story], Awaitable[None]]


async def offered(story: Story) -> None:
    await story.guarded(story.offered(small.BTC, Direction.LONG, "volume_vwap"), "offer")


async def opened(story: Story) -> None:
    await offered(story)
    await tap(story)
    await asyncio.sleep(LASTS_SECONDS)


async def beyond_its_band(story: Story) -> None:
    await offered(story)
    await story.levered("price", symbol=small.BTC, price="50300")


async def bare(story: Story) -> None:
    """Open, but for the stop that Bybit has lost."""
    await offered(story)
    await story.levered("faults", seed=1, rules=[{"path": "/v5/order/create", "kind": "drop_stop", "times": 1}])
    await tap(story)
    await asyncio.sleep(0.3)


async def tap(story: Story) -> None:
    await story.guarded(story.stage.program.assistant.desk.confirm(OWNER, "t1", 1), "tap")


async def close(story: Story) -> None:
    await story.guarded(story.stage.program.assistant.desk.close(OWNER, "t1"), "close")


async def wait(story: Story) -> None:
    """The watch does it by itself."""


SCENES: Mapping[str, tuple[Act, Act, str]] = MappingProxyType(
    {
        "tap": (offered, tap, "/v5/order/create"),
        "close": (opened, close, "/v5/order/create"),
        "repair": (bare, wait, "/v5/position/trading-stop"),
        "requote": (beyond_its_band, tap, "/v5/account/wallet-balance"),
    }
)


async def _killed(scene: str, fault: str, at: int) -> tuple[Case, bool, list[str]]:
    """What the judge is shown, and whether the scene was long enough for that await."""
    before, act, path = SCENES[scene]
    async with staged(0) as stage:
        story = Story(stage)
        await stage.rise()
        await stage.program.up.wait()
        await before(story)
        await _strike(story, stage, path, fault)
        life = stage.program.life
        life.at = life.steps + at
        await act(story)
        ends = asyncio.create_task(life.ended.wait())
        await asyncio.wait({ends}, timeout=LASTS_SECONDS)
        ends.cancel()
        was_killed = life.is_over
        await story.calm_down()
        return await story.case(), was_killed, stage.log


async def _strike(story: Story, stage: Stage, path: str, fault: str) -> None:
    story.in_trouble()
    if fault != "none":
        rule = {"path": path, "kind": fault, "times": 2, "seconds": 9.0 if fault.startswith(("delay", "hide")) else 0}
        await story.levered("faults", seed=1, rules=[rule])


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("scene", SCENES)
def test_killed_at_any_await_beside_any_fault_it_is_one_protected_position_or_none(scene: str, fault: str) -> None:
    prepared()
    first = 1 + FAULTS.index(fault) * 7 % STRIDE
    kills = 0
    for at in range(first, 10_000, STRIDE):
        everybodys.seed(at)
        case, was_killed, log = run(_killed(scene, fault, at))
        assert not case.findings(), f"{scene}, {fault}, await {at}: {case.findings()}\n" + "\n".join(log)
        if not was_killed:
            break
        kills += 1
    assert not was_killed, "the scene never came to its end"
    assert kills >= 100 // STRIDE
