"""The one way a screen becomes a message: sent, or edited into what is there already."""

import logging
from dataclasses import dataclass
from typing import Any

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.types import BufferedInputFile, CallbackQuery, InputMediaPhoto, Message, ReplyParameters

from tgbot.errors import toast
from tgbot.screens.screen import Screen
from tgbot.taps import PageTap

log = logging.getLogger(__name__)

_SAME = "message is not modified"
_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid", "there is no text", "no caption")


@dataclass(frozen=True, slots=True)
class Shown:
    """The message that shows a screen; one that was born a photo stays one."""

    message_id: int
    is_photo: bool = False


async def show(
    bot: Bot,
    chat: int,
    screen: Screen,
    *,
    shown: Shown | None = None,
    silent: bool = False,
    reply_to: int | None = None,
) -> Shown:
    """Edits `shown` into the screen, or sends it anew where there is nothing to edit (any more); says what shows it.

    Raises TelegramAPIError. What looks the same already is fine.
    """
    if shown is not None:
        try:
            return await _edit(bot, chat, screen, shown)
        except TelegramBadRequest as refused:
            text = refused.message.lower()
            if _SAME in text:
                return shown
            if not any(gone in text for gone in _GONE):
                raise
    return await _send(bot, chat, screen, silent, reply_to)


async def _edit(bot: Bot, chat: int, screen: Screen, shown: Shown) -> Shown:
    where: dict[str, Any] = {"chat_id": chat, "message_id": shown.message_id}
    keyboard = screen.keyboard()
    if screen.picture is not None:
        media = InputMediaPhoto(media=BufferedInputFile(screen.picture, "chart.png"), **screen.text.as_caption_kwargs())
        await bot.edit_message_media(media=media, reply_markup=keyboard, **where)
        return Shown(shown.message_id, is_photo=True)
    if shown.is_photo:
        await bot.edit_message_caption(**screen.text.as_caption_kwargs(), reply_markup=keyboard, **where)
    else:
        await bot.edit_message_text(**screen.text.as_kwargs(), reply_markup=keyboard, **where)
    return shown


async def _send(bot: Bot, chat: int, screen: Screen, silent: bool, reply_to: int | None) -> Shown:
    reply = ReplyParameters(message_id=reply_to, allow_sending_without_reply=True) if reply_to is not None else None
    how: dict[str, Any] = {"disable_notification": silent, "reply_parameters": reply, "reply_markup": screen.keyboard()}
    if screen.picture is None:
        message = await bot.send_message(chat, **screen.text.as_kwargs(), **how)
        return Shown(message.message_id)
    photo = BufferedInputFile(screen.picture, "chart.png")
    message = await bot.send_photo(chat, photo, **screen.text.as_caption_kwargs(), **how)
    return Shown(message.message_id, is_photo=True)


async def answer(message: Message, screen: Screen) -> None:
    """The screen as a new message below what the person wrote."""
    assert message.bot is not None, "messages come from a bot's updates"
    await show(message.bot, message.chat.id, screen)


async def turn(query: CallbackQuery, screen: Screen) -> None:
    """The screen in the message whose button was tapped."""
    assert query.bot is not None, "queries come from a bot's updates"
    message = query.message
    shown = Shown(message.message_id, is_photo=bool(message.photo)) if isinstance(message, Message) else None
    await show(query.bot, query.from_user.id, screen, shown=shown)


async def turn_page(query: CallbackQuery, tap: PageTap, screen: Screen) -> None:
    """The page that a button leads to: in the same message, or in one of its own where the tap says so."""
    if tap.anew and query.bot is not None:
        await show(query.bot, query.from_user.id, screen)
    else:
        await turn(query, screen)


async def settle(query: CallbackQuery, text: str = "", *, alert: bool = False) -> None:
    """Answers a tap. An answer that does not arrive changes nothing, so it is only noted."""
    try:
        await query.answer(toast(text) if text else None, show_alert=alert)
    except TelegramAPIError as failed:
        log.info("a tap's answer did not arrive: %s", type(failed).__name__)
