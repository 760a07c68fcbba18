"""How a bot hears of things: offsets, one poller, 24 hours, and nothing lost by a restart."""

import asyncio
import os
import pathlib
import sqlite3
import stat
import sys
import threading

import aiohttp
from aiohttp import web

from sandbox.telegram.server import build_telegram
from tests.sandbox.telegram.practice_chat import HandClock, Practice, practising

OTHER = "42:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"


async def texts(practice: Practice, **params: object) -> list[str]:
    return [update["message"]["text"] for update in await practice.ok("getUpdates", **params)]


async def test_updates_stay_until_an_offset_confirms_them(practice: Practice) -> None:
    for text in ("a", "b", "c"):
        await practice.say(1001, text)
    assert await texts(practice) == ["a", "b", "c"]
    assert await texts(practice, limit=2) == ["a", "b"]
    first = (await practice.ok("getUpdates"))[0]["update_id"]
    assert await texts(practice, offset=first + 1) == ["b", "c"]
    assert await texts(practice) == ["b", "c"]
    assert await texts(practice, offset=first + 3) == []


async def test_a_negative_offset_forgets_all_but_the_last(practice: Practice) -> None:
    for text in ("a", "b", "c"):
        await practice.say(1001, text)
    assert await texts(practice, offset=-1) == ["c"]
    assert await texts(practice) == ["c"]


async def test_numbers_of_updates_only_grow(practice: Practice) -> None:
    await practice.say(1001, "a")
    (first,) = await practice.ok("getUpdates")
    assert await practice.ok("getUpdates", offset=first["update_id"] + 1) == []
    await practice.say(1001, "b")
    (second,) = await practice.ok("getUpdates")
    assert second["update_id"] == first["update_id"] + 1


async def test_a_long_poll_ends_with_the_first_news(practice: Practice) -> None:
    await practice.ok("getUpdates")
    poll = asyncio.create_task(practice.ok("getUpdates", timeout=15))
    await asyncio.sleep(0.3)
    assert not poll.done()
    await practice.say(1001, "hello")
    (update,) = await asyncio.wait_for(poll, 5)
    assert update["message"]["text"] == "hello"


async def test_a_second_poller_ends_the_first_with_409(practice: Practice) -> None:
    first = asyncio.create_task(practice.bot("getUpdates", timeout=15))
    while not first.done():
        await asyncio.sleep(0.3)
        assert await practice.ok("getUpdates") == []
    told = await first
    assert told["error_code"] == 409
    words = "terminated by other getUpdates request; make sure that only one bot instance is running"
    assert told["description"] == f"Conflict: {words}"


async def test_updates_older_than_a_day_are_forgotten(practice: Practice, clock: HandClock) -> None:
    await practice.say(1001, "old")
    clock.now += 3600 * 1000
    await practice.say(1001, "young")
    clock.now += 23 * 3600 * 1000 - 1
    assert await texts(practice) == ["old", "young"]
    clock.now += 2
    assert await texts(practice) == ["young"]


async def test_only_the_kinds_that_were_asked_for_come(practice: Practice) -> None:
    assert await practice.ok("getUpdates", allowed_updates=["callback_query"]) == []
    await practice.say(1001, "unheard")
    assert await practice.ok("getUpdates", allowed_updates=[]) == []
    await practice.say(1001, "heard")
    assert await texts(practice) == ["heard"]


async def test_what_was_written_before_any_bot_came_waits_for_the_first(practice: Practice) -> None:
    await practice.say(1001, "anybody?")
    assert await texts(practice) == ["anybody?"]
    assert await practice.ok("getUpdates", OTHER) == []


async def test_a_bot_that_was_tapped_before_it_polled_hears_the_tap_and_what_waited(practice: Practice) -> None:
    sent = await practice.ok("sendMessage", chat_id=1001, text="card")
    tap = practice.tap(1001, sent["message_id"], "go")
    await practice.say(1001, "anybody?")
    heard = await practice.ok("getUpdates")
    assert sorted(next(iter(update.keys() - {"update_id"})) for update in heard) == ["callback_query", "message"]
    query = next(update["callback_query"] for update in heard if "callback_query" in update)
    await practice.ok("answerCallbackQuery", callback_query_id=query["id"])
    assert (await tap)[0] == 200


async def test_another_token_does_not_steal_the_messages_of_a_bot_that_polls(practice: Practice) -> None:
    poll = asyncio.create_task(practice.ok("getUpdates", timeout=15))
    await asyncio.sleep(0.3)
    await practice.ok("getMe", OTHER)
    assert await practice.ok("getUpdates", OTHER) == []
    await practice.say(1001, "for the first")
    (update,) = await asyncio.wait_for(poll, 5)
    assert update["message"]["text"] == "for the first"


async def test_a_new_token_takes_over_when_the_former_bot_no_longer_polls(practice: Practice) -> None:
    await practice.ok("getUpdates")
    assert await practice.ok("getUpdates", OTHER) == []
    await practice.say(1001, "for the second")
    (update,) = await practice.ok("getUpdates", OTHER)
    assert update["message"]["text"] == "for the second"


async def test_everything_survives_a_restart(tmp_path: pathlib.Path, clock: HandClock) -> None:
    keyboard = {"inline_keyboard": [[{"text": "Go", "callback_data": "go", "style": "success"}]]}
    async with practising(tmp_path / "world.db", clock) as before:
        await before.person("PUT", "1001", {"first_name": "Анна", "language_code": "ru"})
        await before.ok("getUpdates")
        await before.ok("setMyCommands", commands=[{"command": "go", "description": "Go on"}])
        sent = await before.ok("sendMessage", chat_id=1001, text="card", reply_markup=keyboard)
        await before.say(1001, "unheard")
        seen = await before.messages(1001)
    async with practising(tmp_path / "world.db", clock) as after:
        assert await after.messages(1001) == seen
        assert await texts(after) == ["unheard"]
        person = (await after.person("GET", "1001"))[1]
        assert (person["first_name"], person["language_code"]) == ("Анна", "ru")
        assert (await after.person("GET", "1001/commands"))[1] == [{"command": "go", "description": "Go on"}]
        assert (await after.say(1001, "next"))["message_id"] == sent["message_id"] + 2


async def test_updates_wait_over_a_restart_for_a_day_and_no_longer(tmp_path: pathlib.Path, clock: HandClock) -> None:
    async with practising(tmp_path / "world.db", clock) as before:
        await before.say(1001, "waits")
    clock.now += 24 * 3600 * 1000
    async with practising(tmp_path / "world.db", clock) as in_time:
        assert await texts(in_time) == ["waits"]
    clock.now += 1
    async with practising(tmp_path / "world.db", clock) as late:
        assert await texts(late) == []
        assert [message["text"] for message in await late.messages(1001)] == ["waits"]


async def test_the_file_belongs_to_its_owner_alone(tmp_path: pathlib.Path, clock: HandClock) -> None:
    async with practising(tmp_path / "world.db", clock) as served:
        await served.say(1001, "x")
        modes = {name: stat.S_IMODE(os.stat(tmp_path / name).st_mode) for name in os.listdir(tmp_path)}
        assert set(modes.values()) == {0o600}, modes


async def test_another_server_may_write_to_the_same_file(tmp_path: pathlib.Path, clock: HandClock) -> None:
    async with practising(tmp_path / "world.db", clock) as practice:
        other = sqlite3.connect(tmp_path / "world.db", isolation_level=None, check_same_thread=False)
        other.execute("CREATE TABLE others (x)")
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO others VALUES (1)")
        threading.Timer(0.2, other.execute, ["COMMIT"]).start()
        assert (await practice.say(1001, "waits for the lock"))["message_id"] == 1
        assert other.execute("SELECT COUNT(*) FROM others").fetchone() == (1,)
        other.close()


async def test_a_file_that_cannot_be_written_is_a_500_in_words(tmp_path: pathlib.Path, clock: HandClock) -> None:
    async with practising(tmp_path / "world.db", clock) as practice:
        other = sqlite3.connect(tmp_path / "world.db")
        other.execute("DROP TABLE telegram_messages")
        other.close()
        status, told = await practice.person("POST", "1001/messages", {"text": "x"})
        assert (status, told["error"]) == (500, "The practice Telegram cannot use its file.")
        await practice.person("PUT", "1001", {"first_name": "A"})
        assert (await practice.bot("sendMessage", chat_id=1001, text="x"))["error_code"] == 500


async def test_importing_the_server_pulls_in_nothing_heavy() -> None:
    code = "import sys, sandbox.telegram.server; print([m for m in ('pandas', 'numpy', 'aiogram') if m in sys.modules])"
    root = pathlib.Path(__file__).parents[3]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, cwd=root, env=os.environ
    )
    out, _ = await process.communicate()
    assert out.decode().strip() == "[]"


async def test_a_shutdown_ends_polls_taps_and_pages(tmp_path: pathlib.Path, clock: HandClock) -> None:
    app = build_telegram(tmp_path / "world.db", time_ms=clock)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        practice = await Practice(f"http://127.0.0.1:{runner.addresses[0][1]}", session).met(1001)
        sent = await practice.ok("sendMessage", chat_id=1001, text="x")
        page = await session.get(f"{practice.base}/chat/1001/events")
        tap = practice.tap(1001, sent["message_id"], "x")
        await asyncio.sleep(0.3)
        (update,) = await practice.ok("getUpdates")
        poll = asyncio.create_task(practice.ok("getUpdates", offset=update["update_id"] + 1, timeout=50))
        await asyncio.sleep(0.3)
        await asyncio.wait_for(runner.cleanup(), 5)
        assert await poll == []
        assert await tap == (200, None)
        assert b"event: hello" in await page.read()
