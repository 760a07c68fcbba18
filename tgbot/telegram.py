"""The way to Telegram: one client for the real Bot API and for the practice one, and polling that never gives up."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

import structlog
from aiogram import BaseMiddleware, Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod
from aiogram.methods.base import Response, TelegramType
from aiogram.types import TelegramObject
from aiogram.utils.backoff import BackoffConfig
from aiohttp import ClientSession, TCPConnector

from tgbot.envfile import StartRefused
from tgbot.errors import survives
from tgbot.pace import Paced
from tgbot.pauses import pauses
from tgbot.settings import Settings
from trading.health import Health
from trading.ports import Clock

log = structlog.get_logger(__name__)

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]

# Well formed, so that the practice Telegram takes it for a bot; it opens nothing anywhere else.
MADE_UP_TOKEN = "1000000001:practice-practice-practice-practice"  # noqa: S105
LONG_POLL_SECONDS = 25
BACKOFF = BackoffConfig(min_delay=0.5, max_delay=30, factor=2, jitter=0.1)


class _ThroughHttpProxy(AiohttpSession):
    """aiohttp itself speaks to an HTTP proxy; only SOCKS needs a package of its own."""

    def __init__(self, http_proxy: str) -> None:
        super().__init__()
        self._http_proxy = http_proxy

    async def create_session(self) -> ClientSession:
        if self._session is None or self._session.closed:
            self._session = ClientSession(connector=TCPConnector(**self._connector_init), proxy=self._http_proxy)
        return self._session


class _Heeding(BaseRequestMiddleware):
    """Notes in Health whether Telegram answers, whoever asks."""

    def __init__(self, health: Health) -> None:
        self._health = health

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        try:
            answer = await make_request(bot, method)
        except (TelegramNetworkError, TelegramServerError) as error:
            # Its text may hold the address, and the address holds the token.
            self._health.failed("telegram", f"no answer ({type(error.__cause__ or error).__name__})")
            raise
        self._health.worked("telegram")
        return answer


def telegram_client(settings: Settings) -> Bot:
    """The bot's client, paced. Raises StartRefused for a proxy that can not be used here."""
    session = _session(settings)
    session.api = PRODUCTION if settings.telegram_url is None else TelegramAPIServer.from_base(settings.telegram_url)
    session.middleware(Paced())
    return Bot(settings.telegram_token.reveal() if settings.telegram_token else MADE_UP_TOKEN, session=session)


def heed(bot: Bot, health: Health) -> None:
    """From now on /status knows whether Telegram answers."""
    bot.session.middleware(_Heeding(health))


def _session(settings: Settings) -> AiohttpSession:
    if settings.telegram_proxy is None:
        return AiohttpSession()
    proxy = settings.telegram_proxy.reveal()
    if proxy.startswith("http"):
        return _ThroughHttpProxy(proxy)
    try:
        return AiohttpSession(proxy=proxy)
    except (RuntimeError, ImportError):
        raise StartRefused(
            "TELEGRAM_PROXY names a SOCKS proxy, which needs the package aiohttp-socks beside bybot; "
            "an http:// proxy needs nothing"
        ) from None


class Polling(BaseMiddleware):
    """Takes updates however long Telegram can not be reached, and knows which of them are still being answered."""

    def __init__(self, bot: Bot, dispatcher: Dispatcher, clock: Clock) -> None:
        self.bot = bot
        self._dispatcher = dispatcher
        self._clock = clock
        self._answering: set[asyncio.Task[Any]] = set()
        dispatcher.update.outer_middleware(self)

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        task = asyncio.current_task()
        assert task is not None
        self._answering.add(task)
        try:
            return await handler(event, data)
        finally:
            self._answering.discard(task)

    async def run(self, once_there: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Polls until `stop`; `once_there` is called when Telegram has answered for the first time.

        Raises StartRefused where Telegram does not know the token.
        """
        await self._first_answer()
        await survives(once_there(), "telling Telegram the menu")
        await self._dispatcher.start_polling(
            self.bot,
            polling_timeout=LONG_POLL_SECONDS,
            backoff_config=BACKOFF,
            handle_signals=False,
            close_bot_session=False,
        )

    async def stop(self, patience: float) -> None:
        """Takes no more updates, and waits for those that are being answered, at most `patience` seconds."""
        with suppress(RuntimeError):  # Telegram was never reached
            await self._dispatcher.stop_polling()
        if self._answering:
            await asyncio.wait(self._answering, timeout=patience)

    async def _first_answer(self) -> None:
        # aiogram asks for the bot's name before it polls, and ends where that once fails.
        for pause in pauses():
            try:
                me = await self.bot.me()
            except (TelegramUnauthorizedError, TelegramNotFound):
                raise StartRefused("TELEGRAM_TOKEN is not known to Telegram: copy it again from @BotFather") from None
            except (TelegramAPIError, TimeoutError):
                await self._clock.sleep(pause)
            else:
                log.info("Telegram answers", bot=me.username)
                return
