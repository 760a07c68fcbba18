"""Flood limits: small bursts pass, a flood gets 429 with the seconds to wait."""

import pathlib

import pytest

from sandbox.telegram.pace import UNLIMITED, Limits, Pace
from sandbox.telegram.refusals import Refused
from tests.sandbox.telegram.practice_chat import HandClock, practising


def flood(pace: Pace, user: int, most: int = 1000) -> int:
    """How many messages to one chat pass at this moment."""
    for passed in range(most):
        try:
            pace.spend(1, user)
        except Refused:
            return passed
    return most


def test_a_burst_to_one_chat_passes_then_one_a_second(clock: HandClock) -> None:
    pace = Pace(Limits(), clock)
    assert flood(pace, 1001) == 20
    clock.now += 1000
    assert flood(pace, 1001) == 1
    clock.now += 5000
    assert flood(pace, 1001) == 5


def test_one_bot_sends_thirty_a_second_over_all_chats(clock: HandClock) -> None:
    pace = Pace(Limits(), clock)
    assert [flood(pace, user) for user in (1, 2, 3)] == [20, 10, 0]
    clock.now += 500
    assert flood(pace, 3) == 15


def test_a_refused_message_costs_nothing(clock: HandClock) -> None:
    pace = Pace(Limits(), clock)
    flood(pace, 1001)
    for _ in range(50):
        with pytest.raises(Refused) as refused:
            pace.spend(1, 1001)
        assert (refused.value.code, refused.value.retry_after) == (429, 1)
    clock.now += 1000
    pace.spend(1, 1001)


def test_without_limits_everything_passes(clock: HandClock) -> None:
    assert flood(Pace(UNLIMITED, clock), 1001, most=200) == 200


async def test_a_flood_is_refused_as_telegram_refuses_it(tmp_path: pathlib.Path, clock: HandClock) -> None:
    async with practising(tmp_path / "world.db", clock, Limits(chat_burst=1, chat_rate=0.25)) as practice:
        await practice.met(1001, 1002)
        sent = await practice.ok("sendMessage", chat_id=1001, text="a")
        told = await practice.bot("sendMessage", chat_id=1001, text="b")
        words = {"error_code": 429, "description": "Too Many Requests: retry after 4", "parameters": {"retry_after": 4}}
        assert told == {"ok": False, **words}
        edit = {"chat_id": 1001, "message_id": sent["message_id"], "text": "c"}
        assert (await practice.bot("editMessageText", **edit))["error_code"] == 429
        await practice.ok("sendMessage", chat_id=1002, text="a")
        clock.now += 4000
        await practice.ok("editMessageText", **edit)
        assert [m["text"] for m in await practice.messages(1001)] == ["c"]
