"""The way to Telegram: one client for the real Bot API and for the practice one, and polling that never gives up."""

from typing import Any

import structlog
from aiogram import Bot, Dispatcher
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
from aiogram.utils.backoff import BackoffConfig
from aiohttp import ClientSession, TCPConnector

from tgbot.envfile import StartRefused
from tgbot.pauses import pauses
from tgbot.settings import Settings
from trading.health import Health
from trading.ports import Clock

log = structlog.get_logger(__name__)

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


def telegram_client(settings: Settings, health: Health, **options: Any) -> Bot:
    """The bot's client; `options` go to aiogram's Bot. Raises StartRefused for a proxy that can not be used here."""
    session = _session(settings)
    session.api = PRODUCTION if settings.telegram_url is None else TelegramAPIServer.from_base(settings.telegram_url)
    session.middleware(_Heeding(health))
    token = settings.telegram_token.reveal() if settings.telegram_token else MADE_UP_TOKEN
    return Bot(token, session=session, **options)


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


async def poll(bot: Bot, dispatcher: Dispatcher, clock: Clock) -> None:
    """Takes updates until `stop_polling`, however long Telegram can not be reached.

    Raises StartRefused where Telegram does not know the token.
    """
    await _first_answer(bot, clock)
    await dispatcher.start_polling(
        bot,
        polling_timeout=LONG_POLL_SECONDS,
        backoff_config=BACKOFF,
        handle_signals=False,
        close_bot_session=False,
    )


async def _first_answer(bot: Bot, clock: Clock) -> None:
    # aiogram asks for the bot's name before it polls, and ends where that once fails.
    for pause in pauses():
        try:
            me = await bot.me()
        except (TelegramUnauthorizedError, TelegramNotFound):
            raise StartRefused("TELEGRAM_TOKEN is not known to Telegram: copy it again from @BotFather") from None
        except (TelegramAPIError, TimeoutError):
            await clock.sleep(pause)
        else:
            log.info("Telegram answers", bot=me.username)
            return
