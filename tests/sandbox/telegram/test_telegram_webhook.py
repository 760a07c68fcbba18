"""Webhooks: delivered with the secret, again until it is taken, in order, and over a restart."""

import asyncio
import contextlib
import pathlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramConflictError
from aiogram.methods import SendMessage
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from tests.sandbox.telegram.practice_chat import HandClock, Practice, practising

HEADER = "X-Telegram-Bot-Api-Secret-Token"


class Receiver:
    """A bot's own server: what it heard, and the statuses that it answers with before it says 200."""

    def __init__(self) -> None:
        self.url = ""
        self.heard: list[dict[str, Any]] = []
        self.secrets: list[str | None] = []
        self.statuses: list[int] = []
        self.reply: dict[str, Any] | None = None

    async def hear(self, request: web.Request) -> web.Response:
        self.heard.append(await request.json())
        self.secrets.append(request.headers.get(HEADER))
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status) if self.reply is None else web.json_response(self.reply, status=status)

    async def texts(self, count: int) -> list[str]:
        """The first `count` texts heard, once they are there."""
        for _ in range(500):
            if len(self.heard) >= count:
                break
            await asyncio.sleep(0.01)
        return [update["message"]["text"] for update in self.heard]


@contextlib.asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/hook", made.hear)
    async with served(app) as made.url:
        yield made


async def nothing_waits(practice: Practice) -> dict[str, Any]:
    """What getWebhookInfo tells once all is delivered."""
    for _ in range(500):
        info: dict[str, Any] = await practice.ok("getWebhookInfo")
        if info["pending_update_count"] == 0:
            return info
        await asyncio.sleep(0.01)
    raise AssertionError(info)


async def test_updates_come_in_order_with_the_secret(practice: Practice, receiver: Receiver) -> None:
    await practice.say(1001, "before")
    assert await practice.ok("setWebhook", url=receiver.url, secret_token="s3cret_-") is True
    await practice.say(1001, "after")
    assert await receiver.texts(2) == ["before", "after"]
    assert receiver.secrets == ["s3cret_-"] * 2
    info = await nothing_waits(practice)
    assert (info["url"], info["max_connections"], "last_error_date" in info) == (receiver.url, 40, False)


async def test_what_is_not_taken_is_sent_again_and_holds_up_what_follows(
    practice: Practice, receiver: Receiver, clock: HandClock
) -> None:
    receiver.statuses = [500, 302, 404]
    await practice.ok("setWebhook", url=receiver.url)
    await practice.say(1001, "one")
    await practice.say(1001, "two")
    assert await receiver.texts(5) == ["one"] * 4 + ["two"]
    assert receiver.secrets == [None] * 5
    info = await nothing_waits(practice)
    assert info["last_error_message"] == "Wrong response from the webhook: 404 Not Found"
    assert info["last_error_date"] == clock.now // 1000


async def test_nobody_at_the_address_is_told_as_an_error(practice: Practice) -> None:
    async with served(web.Application()) as gone:
        pass
    await practice.ok("setWebhook", url=gone)
    await practice.say(1001, "unheard")
    for _ in range(500):
        if "last_error_message" in (info := await practice.ok("getWebhookInfo")):
            break
        await asyncio.sleep(0.01)
    assert (info["last_error_message"], info["pending_update_count"]) == ("Connection refused", 1)
    assert await practice.ok("deleteWebhook") is True
    (update,) = await practice.ok("getUpdates")
    assert update["message"]["text"] == "unheard"


async def test_polling_is_refused_while_there_is_a_webhook(practice: Practice, receiver: Receiver, bot: Bot) -> None:
    poll = asyncio.create_task(practice.bot("getUpdates", timeout=15))
    await asyncio.sleep(0.3)
    await bot.set_webhook(receiver.url)
    assert (await poll)["description"] == "Conflict: terminated by setWebhook request"
    with pytest.raises(TelegramConflictError, match="can't use getUpdates method while webhook is active"):
        await bot.get_updates()
    await practice.ok("setWebhook", url="")
    assert await bot.get_updates() == []


async def test_pending_updates_may_be_dropped_and_kinds_chosen(practice: Practice, receiver: Receiver) -> None:
    await practice.say(1001, "dropped")
    kinds = ["message", "message_reaction"]
    await practice.ok("setWebhook", url=receiver.url, drop_pending_updates=True, allowed_updates=kinds)
    await practice.say(1001, "kept")
    assert await receiver.texts(1) == ["kept"]
    assert (await practice.ok("getWebhookInfo"))["allowed_updates"] == kinds


async def test_updates_and_the_webhook_survive_a_restart(
    tmp_path: pathlib.Path, clock: HandClock, receiver: Receiver
) -> None:
    receiver.statuses = [503] * 10_000
    async with practising(tmp_path / "world.db", clock) as before:
        await before.ok("setWebhook", url=receiver.url, secret_token="kept")
        await before.say(1001, "over the restart")
        await receiver.texts(1)
    receiver.statuses, receiver.heard, receiver.secrets = [], [], []
    clock.now += 23 * 3600 * 1000
    async with practising(tmp_path / "world.db", clock) as after:
        assert await receiver.texts(1) == ["over the restart"]
        assert receiver.secrets == ["kept"]
        await nothing_waits(after)


async def test_updates_that_no_webhook_took_for_a_day_are_forgotten(
    tmp_path: pathlib.Path, clock: HandClock, receiver: Receiver
) -> None:
    receiver.statuses = [503] * 10_000
    async with practising(tmp_path / "world.db", clock) as practice:
        await practice.ok("setWebhook", url=receiver.url)
        await practice.say(1001, "too old")
        await receiver.texts(1)
        clock.now += 24 * 3600 * 1000 + 1
        await nothing_waits(practice)
        receiver.statuses, receiver.heard = [], []
        await practice.say(1001, "young")
        assert await receiver.texts(1) == ["young"]


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"url": "http://example.org/hook"}, "delivers to this machine only"),
        ({"url": "http://127.0.0.1@example.org/hook"}, "delivers to this machine only"),
        ({"url": "ftp://127.0.0.1/hook"}, "An HTTPS URL must be provided"),
        ({"url": "http://[::1"}, "invalid URL specified"),
        ({"url": "http://127.0.0.1:1/", "secret_token": "a b"}, "secret token contains unallowed characters"),
        ({"url": "http://127.0.0.1:1/", "secret_token": ""}, "secret token contains unallowed characters"),
        ({"url": "http://127.0.0.1:1/", "max_connections": 101}, "max_connections must be from 1 to 100"),
    ],
)
async def test_a_webhook_that_cannot_be_is_refused(practice: Practice, params: dict[str, Any], why: str) -> None:
    assert why in await practice.refused("setWebhook", **params)
    assert (await practice.ok("getWebhookInfo"))["url"] == ""


@pytest.mark.parametrize("in_background", [True, False])
async def test_aiograms_webhook_server_hears_and_answers(practice: Practice, bot: Bot, in_background: bool) -> None:
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def echo(message: Message) -> SendMessage:
        return message.answer(f"heard {message.text}")  # in the foreground it goes in the answer to the update

    app = web.Application()
    handler = SimpleRequestHandler(dispatcher, bot, handle_in_background=in_background, secret_token="right")
    handler.register(app, "/hook")
    async with served(app) as url:
        await bot.set_webhook(url, secret_token="right")
        await practice.say(1001, "hello")
        for _ in range(500):
            if len(shown := await practice.messages(1001)) == 2:
                break
            await asyncio.sleep(0.01)
        assert shown[1]["text"] == "heard hello"
        await bot.delete_webhook()


async def test_an_answer_in_json_is_carried_out_and_a_wrong_one_holds_nothing_up(
    practice: Practice, receiver: Receiver
) -> None:
    receiver.reply = {"method": "sendMessage", "chat_id": 4004, "text": "nobody"}
    await practice.ok("setWebhook", url=receiver.url)
    await practice.say(1001, "one")
    await nothing_waits(practice)
    receiver.reply = {"method": "sendMessage", "chat_id": 1001, "text": "answered"}
    await practice.say(1001, "two")
    for _ in range(500):
        if len(shown := await practice.messages(1001)) == 3:
            break
        await asyncio.sleep(0.01)
    assert [message["text"] for message in shown] == ["one", "two", "answered"]
