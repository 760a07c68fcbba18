"""Our errors as words for a person, and the last net under every handler."""

import logging
from collections.abc import Awaitable

from aiogram import Dispatcher
from aiogram.exceptions import TelegramAPIError
from aiogram.types import ErrorEvent
from sqlalchemy.exc import SQLAlchemyError

from storage.errors import DatabaseRefused
from tgbot.screens.reasons import reason_sentence
from tgbot.words import Languages, Words
from trading.errors import (
    AccessDenied,
    AssistantError,
    ExchangeBusy,
    ExchangeError,
    ExchangeRejected,
    RiskRefused,
    TicketError,
)
from trading.preferences import Unfit
from trading.states import IllegalTransition

log = logging.getLogger(__name__)
LONGEST_TOAST = 200


def sentence(error: AssistantError, words: Words) -> str:
    """What happened, what it means for the money, what to do."""
    match error:
        case TicketError() | RiskRefused():
            return reason_sentence(error.reason, words, error.figures)
        case ExchangeBusy():
            return words("error.busy")
        case ExchangeRejected():
            return words("error.rejected", text=error.text[:80])
        case ExchangeError():
            return words("error.unknown_outcome")
        case AccessDenied():
            return words("error.denied")
        case IllegalTransition():
            return words("error.transition")
        case Unfit():
            return _unfit(error, words)
        case DatabaseRefused():
            return words("error.database")
        case _:
            return words("error.other")


def _unfit(error: Unfit, words: Words) -> str:
    if error.bounds is not None:
        scale = 100 if error.field == "risk_share" else 1
        least, most = (words.exact(limit * scale) for limit in (error.bounds.least, error.bounds.most))
        return words("unfit.number", least=least, most=most)
    if error.choices:
        return words("unfit.choice", choices=", ".join(error.choices))
    return words("unfit.last_strategy")


def toast(text: str) -> str:
    """A sentence that Telegram takes as the answer to a tap."""
    return text if len(text) <= LONGEST_TOAST else text[: LONGEST_TOAST - 1] + "…"


def catch_errors(dispatcher: Dispatcher, languages: Languages) -> None:
    """Puts the last net under every handler: ours become sentences, all else a traceback in the log and one line."""

    async def told(event: ErrorEvent, words: Words | None = None) -> None:
        user = event.update.event.from_user if hasattr(event.update.event, "from_user") else None
        spoken = words or languages[languages.spoken(user.language_code if user else None)]
        if isinstance(event.exception, AssistantError):
            log.info("told a person: %s", event.exception)
            await _tell(event, sentence(event.exception, spoken))
            return
        if isinstance(event.exception, SQLAlchemyError):
            log.warning("the database did not take a person's wish: %s", type(event.exception).__name__)
            await _tell(event, spoken("error.database"))
            return
        if isinstance(event.exception, TelegramAPIError):
            # Telegram itself does not take our answer: another message would fare no better.
            log.warning("an answer did not reach the person: %s", type(event.exception).__name__)
            return
        log.error("a handler failed", exc_info=event.exception)
        await _tell(event, spoken("error.bug"))

    dispatcher.errors.register(told)


async def _tell(event: ErrorEvent, text: str) -> None:
    query, message = event.update.callback_query, event.update.message
    try:
        if query is not None:
            await query.answer(toast(text), show_alert=True)
        elif message is not None:
            await message.answer(text, parse_mode=None)
    except TelegramAPIError as failed:
        log.warning("the sentence did not reach the person: %s", type(failed).__name__)


async def survives(work: Awaitable[object], what: str) -> bool:
    """Awaits one piece of background work; a failure of it is logged and ends nothing else. False where it failed."""
    try:
        await work
    except (AssistantError, SQLAlchemyError) as failed:
        log.warning("%s did not work: %s", what, type(failed).__name__)
        return False
    except Exception:
        log.exception("%s failed", what)
        return False
    return True
