"""The way to Telegram: which server is spoken to, what is noted of its silence, and how polling begins and ends."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import Dispatcher
from aiogram.exceptions import TelegramNetworkError
from aiogram.types import Message
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from sandbox.telegram.server import build_telegram
from tgbot.clock import SystemClock
from tgbot.envfile import StartRefused
from tgbot.settings import NAMES, Settings
from tgbot.telegram import Polling, heed, telegram_client
from trading.health import Health

REAL = {"telegram_token": "123456789:AAF-abcdefghijklmnopqrstuvwxyz012345", "owner_ids": "5"}
SILENT = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[str]:
    """The address of a practice Telegram."""
    async with TestServer(build_telegram(tmp_path / "telegram.db", time_ms=SystemClock().now)) as served:
        yield str(served.make_url("")).rstrip("/")


async def no_menu() -> None:
    return


def test_the_address_follows_from_the_settings() -> None:
    def asked(**settings: object) -> str:
        return telegram_client(Settings(**settings)).session.api.api_url("1:a", "getMe")  # type: ignore[arg-type]

    assert asked(**REAL) == "https://api.telegram.org/bot1:a/getMe"
    assert asked(sandbox_telegram_port=1234) == "http://127.0.0.1:1234/bot1:a/getMe"
    assert asked(telegram_api_url="https://bots.example.org/", **REAL) == "https://bots.example.org/bot1:a/getMe"


async def test_an_http_proxy_is_used_without_another_package() -> None:
    heard: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readline())
        writer.close()

    listening = await asyncio.start_server(proxy, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    bot = telegram_client(Settings(telegram_proxy=f"http://user:pw@127.0.0.1:{port}", **REAL))  # type: ignore[arg-type]
    with pytest.raises(TelegramNetworkError):
        await bot.get_me()
    await bot.session.close()
    listening.close()
    assert heard[0].startswith(b"CONNECT api.telegram.org:443")


def test_a_socks_proxy_without_its_package_refuses_the_start_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp_socks", None)  # as if it were not installed
    with pytest.raises(StartRefused, match="aiohttp-socks") as refused:
        telegram_client(Settings(telegram_proxy="socks5://user:CANARY@host:1", **REAL))  # type: ignore[arg-type]
    assert "CANARY" not in str(refused.value)


async def test_silence_is_noted_without_the_token_and_so_is_its_end(server: str) -> None:
    health = Health(SystemClock(), lambda what, text: None)
    settings = Settings(telegram_api_url=SILENT, **REAL)  # type: ignore[arg-type]
    bot = telegram_client(settings)
    heed(bot, health)
    with pytest.raises(TelegramNetworkError):
        await bot.get_me()
    assert [(trouble.what, "AAF" in trouble.text) for trouble in health.troubles] == [("telegram", False)]
    bot.session.api = telegram_client(Settings(telegram_api_url=server)).session.api
    await bot.get_me()
    await bot.session.close()
    assert health.troubles == ()


async def test_an_unknown_token_ends_the_start_with_the_name_of_its_setting(server: str) -> None:
    bot = telegram_client(Settings(telegram_token="1:x", telegram_api_url=server, owner_ids="5"))
    with pytest.raises(StartRefused, match="TELEGRAM_TOKEN"):
        await Polling(bot, Dispatcher(), SystemClock()).run(no_menu)
    await bot.session.close()


async def test_stopping_waits_for_the_update_that_is_being_answered(server: str) -> None:
    dispatcher, bot = Dispatcher(), telegram_client(Settings(telegram_api_url=server))
    began, let_go, answered = asyncio.Event(), asyncio.Event(), []

    @dispatcher.message()
    async def slow(message: Message) -> None:
        began.set()
        await let_go.wait()
        answered.append(message.text)

    polling = Polling(bot, dispatcher, SystemClock())
    running = asyncio.create_task(polling.run(no_menu))
    async with ClientSession() as person:
        while not began.is_set():  # a text that comes before the first poll is not for a bot that nobody knew yet
            await person.post(f"{server}/chat/5/messages", json={"text": "hello"})
            await asyncio.sleep(0.05)
    stopping = asyncio.create_task(polling.stop(patience=10))
    await asyncio.wait({running}, timeout=10)
    assert running.done()
    assert not stopping.done()
    let_go.set()
    await stopping
    await bot.session.close()
    assert answered[0] == "hello"


async def test_stopping_before_telegram_was_ever_reached_is_no_error() -> None:
    bot = telegram_client(Settings(telegram_api_url=SILENT))
    polling = Polling(bot, Dispatcher(), SystemClock())
    running = asyncio.create_task(polling.run(no_menu))
    await asyncio.sleep(0.05)
    await polling.stop(patience=1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await bot.session.close()
    assert running.cancelled()
