"""A practice world that was killed goes on where it was: the chat, what the bot has not heard, pins, files, webhook."""

import asyncio
import contextlib
import json
import pathlib
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from aiohttp import web

from tests.sandbox.telegram.practice_chat import TOKEN, Practice, png

ROOT = pathlib.Path(__file__).parents[3]
KEYS = {"inline_keyboard": [[{"text": "Go", "callback_data": "go", "style": "success"}]]}


@contextlib.asynccontextmanager
async def world(database: pathlib.Path) -> AsyncIterator[Practice]:
    """The practice world in a process of its own, killed without a warning at the end."""
    command = [sys.executable, "-m", "sandbox", "--no-bybit", "--telegram-port", "0", "--database", str(database)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    try:
        told = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(20)) as session:
            yield Practice(told["telegram"], session)
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def send_photo(practice: Practice) -> Any:
    form = aiohttp.FormData({"chat_id": "1001", "caption": "chart"})
    form.add_field("photo", png(), filename="chart.png")
    async with practice.session.post(f"{practice.base}/bot{TOKEN}/sendPhoto", data=form) as answer:
        return (await answer.json())["result"]


async def test_a_killed_world_lost_nothing_it_had_answered(tmp_path: pathlib.Path) -> None:
    async with world(tmp_path / "world.db") as before:
        await before.person("PUT", "1001", {"first_name": "Анна", "language_code": "ru"})
        await before.ok("getUpdates", allowed_updates=["message", "message_reaction", "callback_query"])
        card = await before.ok("sendMessage", chat_id=1001, text="card", reply_markup=KEYS)
        photo = await send_photo(before)
        await before.ok("pinChatMessage", chat_id=1001, message_id=card["message_id"])
        await before.ok("editMessageText", chat_id=1001, message_id=card["message_id"], text="now", reply_markup=KEYS)
        await before.say(1001, "unheard")
        await before.person("POST", "1001/reactions", {"message_id": card["message_id"], "emoji": "🔥"})
        await before.ok("setMyCommands", commands=[{"command": "go", "description": "Go on"}])
        tap = before.tap(1001, card["message_id"], "go")
        while len(await before.ok("getUpdates", timeout=5)) < 3:
            continue
        chat, person = await before.messages(1001), await before.person("GET", "1001")
    with contextlib.suppress(aiohttp.ClientError):
        await tap
    async with world(tmp_path / "world.db") as after:
        assert await after.messages(1001) == chat
        assert await after.person("GET", "1001") == person
        assert person[1]["pinned"] == [card["message_id"]]
        heard = await after.ok("getUpdates")
        kinds = [next(iter(update.keys() - {"update_id"})) for update in heard]
        assert kinds == ["message", "message_reaction", "callback_query"]
        assert (heard[0]["message"]["text"], heard[2]["callback_query"]["data"]) == ("unheard", "go")
        assert await after.ok("answerCallbackQuery", callback_query_id=heard[2]["callback_query"]["id"]) is True
        file = await after.ok("getFile", file_id=photo["photo"][0]["file_id"])
        async with after.session.get(f"{after.base}/file/bot{TOKEN}/{file['file_path']}") as answer:
            assert await answer.read() == png()
        again = await after.ok("sendPhoto", chat_id=1001, photo=photo["photo"][0]["file_id"])
        assert again["message_id"] == chat[-1]["message_id"] + 1
        assert (await after.person("GET", "1001/commands"))[1] == [{"command": "go", "description": "Go on"}]
        await after.say(1001, "next")
        (update,) = await after.ok("getUpdates", offset=heard[-1]["update_id"] + 1)
        assert update["update_id"] == heard[-1]["update_id"] + 1


async def test_a_killed_worlds_webhook_delivers_what_waited(tmp_path: pathlib.Path) -> None:
    heard: asyncio.Queue[tuple[str | None, str]] = asyncio.Queue()
    taken = False

    async def hear(request: web.Request) -> web.Response:
        if not taken:
            return web.Response(status=503)
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        heard.put_nowait((secret, (await request.json())["message"]["text"]))
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with world(tmp_path / "world.db") as before:
        await before.met(1001)
        await before.ok("setWebhook", url=f"http://127.0.0.1:{runner.addresses[0][1]}/hook", secret_token="kept")
        await before.say(1001, "over the kill")
    taken = True
    async with world(tmp_path / "world.db") as after:
        assert await asyncio.wait_for(heard.get(), 10) == ("kept", "over the kill")
        assert (await after.ok("getWebhookInfo"))["url"].endswith("/hook")
    await runner.cleanup()
