"""Each fault on demand: what it does to a bot, and that it ends."""

import asyncio
from typing import Any

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from aiohttp import web

from tests.sandbox.telegram.practice_chat import TOKEN, HandClock, Practice


async def faults(practice: Practice, *rules: dict[str, Any], seed: int = 1) -> Any:
    address = f"{practice.base}/sandbox/telegram/faults"
    async with practice.session.post(address, json={"seed": seed, "rules": list(rules)}) as answer:
        return await answer.json()


async def texts(practice: Practice) -> list[str]:
    return [message["text"] for message in await practice.messages(1001)]


async def test_a_lost_answer_is_done_once_and_unknown_to_the_bot(practice: Practice, bot: Bot) -> None:
    await faults(practice, {"path": "sendMessage", "kind": "lose_answer", "times": 1})
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(1001, "done")
    assert await texts(practice) == ["done"]
    assert (await bot.send_message(1001, "told")).text == "told"
    assert await texts(practice) == ["done", "told"]


async def test_a_lost_request_is_not_done(practice: Practice, bot: Bot) -> None:
    await faults(practice, {"path": "sendMessage", "kind": "lose_request", "times": 1})
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(1001, "lost")
    assert await texts(practice) == []
    await bot.send_message(1001, "told")
    assert await texts(practice) == ["told"]


async def test_a_delayed_answer_comes_late_though_it_is_done(practice: Practice, bot: Bot) -> None:
    await faults(practice, {"path": "sendMessage", "kind": "delay_after", "times": 1, "seconds": 1})
    sending = asyncio.create_task(bot.send_message(1001, "late"))
    async with practice.session.get(f"{practice.base}/chat/1001/events") as news:
        while b"late" not in await news.content.readline() and not await texts(practice):
            continue
    assert not sending.done()
    assert (await sending).text == "late"
    assert (await bot.send_message(1001, "at once")).text == "at once"


async def test_a_delayed_call_is_done_late(practice: Practice, bot: Bot) -> None:
    await faults(practice, {"path": "sendMessage", "kind": "delay", "times": 1, "seconds": 0.5})
    late = asyncio.create_task(bot.send_message(1001, "late"))
    await asyncio.sleep(0.1)
    assert (await bot.send_message(1001, "at once")).text == "at once"
    await late
    assert await texts(practice) == ["at once", "late"]


async def test_a_rule_of_some_seconds_ends_by_itself(practice: Practice, clock: HandClock) -> None:
    await faults(practice, {"path": "*", "kind": "5xx", "seconds": 30})
    clock.now += 29_999
    assert (await practice.bot("getMe"))["error_code"] == 502
    clock.now += 1
    assert (await practice.bot("getMe"))["ok"]


FAILING: list[tuple[dict[str, Any], type[Exception], list[str]]] = [
    ({"kind": "5xx"}, TelegramServerError, []),
    ({"kind": "5xx_after"}, TelegramServerError, ["x"]),
    ({"kind": "bad_json"}, ClientDecodeError, []),
    ({"kind": "bad_json_after"}, ClientDecodeError, ["x"]),
    ({"kind": "429", "seconds": 7}, TelegramRetryAfter, []),
]


@pytest.mark.parametrize(("rule", "error", "done"), FAILING, ids=[str(rule["kind"]) for rule, _, _ in FAILING])
async def test_a_bad_answer_is_aiograms_error_once(
    practice: Practice, bot: Bot, rule: dict[str, Any], error: type[Exception], done: list[str]
) -> None:
    await faults(practice, {"path": "*", "times": 1} | rule)
    with pytest.raises(error) as refused:
        await bot.send_message(1001, "x")
    if isinstance(refused.value, TelegramRetryAfter):
        assert refused.value.retry_after == 7
    assert await texts(practice) == done
    await bot.send_message(1001, "y")
    assert await texts(practice) == [*done, "y"]


async def test_an_update_comes_again_though_it_was_confirmed(practice: Practice, bot: Bot) -> None:
    await practice.say(1001, "one")
    (first,) = await bot.get_updates()
    await faults(practice, {"path": "getUpdates", "kind": "repeat_update", "times": 1})
    (again,) = await bot.get_updates(offset=first.update_id + 1, timeout=20)
    assert again.update_id == first.update_id
    assert await bot.get_updates(offset=first.update_id + 1) == []


async def test_a_webhook_hears_an_update_twice(practice: Practice) -> None:
    heard: asyncio.Queue[int] = asyncio.Queue()

    async def hear(request: web.Request) -> web.Response:
        heard.put_nowait((await request.json())["update_id"])
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await practice.ok("setWebhook", url=f"http://127.0.0.1:{runner.addresses[0][1]}/hook")
    await faults(practice, {"path": "getUpdates", "kind": "repeat_update", "times": 1})
    await practice.say(1001, "one")
    await practice.say(1001, "two")
    ids = [await asyncio.wait_for(heard.get(), 5) for _ in range(3)]
    assert (ids[1], ids[2]) == (ids[0], ids[0] + 1)
    await practice.ok("deleteWebhook")
    await runner.cleanup()


async def pattern(practice: Practice, seed: int) -> str:
    await faults(practice, {"path": "getMe", "kind": "5xx", "p": 0.5}, seed=seed)
    return "".join([str(int((await practice.bot("getMe"))["ok"])) for _ in range(24)])


async def test_a_seed_gives_the_same_faults_again(practice: Practice) -> None:
    first = await pattern(practice, 7)
    assert set(first) == {"0", "1"}
    assert await pattern(practice, 7) == first
    assert await pattern(practice, 8) != first


async def test_faults_are_for_the_named_method_and_end_when_they_are_deleted(practice: Practice) -> None:
    told = await faults(practice, {"path": "sendmessage", "kind": "5xx"})
    assert told["rules"][0]["path"] == "sendMessage"
    await practice.ok("getMe")
    for _ in range(3):
        assert (await practice.bot("sendMessage", chat_id=1001, text="x"))["error_code"] == 502
    async with practice.session.delete(f"{practice.base}/sandbox/telegram/faults") as answer:
        assert (await answer.json())["rules"][0]["struck"] == 3
    await practice.ok("sendMessage", chat_id=1001, text="x")


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "unknown"},
        {"kind": "5xx", "path": "sendNothing"},
        {"kind": "5xx", "p": 1.5},
        {"kind": "5xx", "times": 0},
        {"kind": "delay", "seconds": -1},
        {"kind": "5xx", "often": 2},
    ],
)
async def test_a_rule_that_is_not_in_order_is_refused_in_words(practice: Practice, rule: dict[str, Any]) -> None:
    assert (await faults(practice, rule))["error"].endswith(".")
    await practice.ok("getMe")


async def test_no_foreign_page_may_set_faults(practice: Practice) -> None:
    headers = {"Origin": "https://example.org"}
    address = f"{practice.base}/sandbox/telegram/faults"
    async with practice.session.post(address, json={"rules": []}, headers=headers) as answer:
        assert answer.status == 403


async def test_a_client_of_plain_http_sees_the_connection_end(practice: Practice) -> None:
    await faults(practice, {"path": "*", "kind": "lose_answer", "times": 1})
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await practice.session.post(f"{practice.base}/bot{TOKEN}/sendMessage", json={"chat_id": 1001, "text": "x"})
    assert await texts(practice) == ["x"]
