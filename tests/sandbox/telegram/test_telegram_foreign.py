"""python-telegram-bot, a client of other people, unchanged: it sends, hears taps, edits, sends files, meets errors."""

import asyncio
import datetime
import pathlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from telegram import (
    BotCommand,
    BotCommandScopeChat,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    Message,
    ReplyParameters,
    Update,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ExtBot,
    MessageHandler,
    MessageReactionHandler,
    filters,
)

from sandbox.telegram.pace import Limits
from tests.sandbox.telegram.practice_chat import TOKEN, HandClock, Practice, png, practising

Foreign = ExtBot[None]


def application(practice: Practice, token: str = TOKEN) -> Any:
    builder = Application.builder().token(token)
    return builder.base_url(f"{practice.base}/bot").base_file_url(f"{practice.base}/file/bot").build()


@pytest.fixture
async def foreign(practice: Practice) -> AsyncIterator[Foreign]:
    """The foreign client's bot."""
    made: Foreign = application(practice).bot
    async with made:
        yield made


def keyboard() -> InlineKeyboardMarkup:
    copy = InlineKeyboardButton("Copy", copy_text=CopyTextButton("148.32"))
    site = InlineKeyboardButton("Site", url="https://example.org/")
    return InlineKeyboardMarkup([[InlineKeyboardButton("Confirm", callback_data="ok")], [copy, site]])


async def seen(practice: Practice, right: Callable[[Any], bool]) -> Any:
    """The chat, once it is as it should be."""
    for _ in range(500):
        if right(shown := await practice.messages(1001)):
            return shown
        await asyncio.sleep(0.01)
    raise AssertionError(shown)


async def until_conflict(practice: Practice, first: "asyncio.Task[Any]") -> None:
    """Polls as a second poller does, until the first one's poll has begun and ended."""
    while not first.done():
        await asyncio.sleep(0.05)
        await practice.ok("getUpdates")


async def faults(practice: Practice, **rule: Any) -> None:
    address = f"{practice.base}/sandbox/telegram/faults"
    async with practice.session.post(address, json={"rules": [{"times": 1} | rule]}) as answer:
        assert answer.status == 200


async def test_an_application_hears_commands_texts_and_taps(practice: Practice) -> None:
    async def start(update: Any, context: Any) -> None:
        await update.message.reply_text("<b>Card</b>", parse_mode=ParseMode.HTML, reply_markup=keyboard())

    async def tapped(update: Any, context: Any) -> None:
        await update.callback_query.answer("Sending", show_alert=True)
        await update.callback_query.edit_message_text("Done")

    async def echo(update: Any, context: Any) -> None:
        await update.effective_message.reply_text(f"heard {update.effective_message.text}", do_quote=True)

    app = application(practice)
    app.add_handler(CommandHandler("start", start))
    app.add_handler(CallbackQueryHandler(tapped, pattern="^ok$"))
    app.add_handler(MessageHandler(filters.TEXT, echo))
    async with app:
        await app.start()
        await app.updater.start_polling(poll_interval=0, timeout=datetime.timedelta(seconds=1))
        await practice.say(1001, "/start")
        shown = await seen(practice, lambda chat: len(chat) == 2)
        assert shown[1]["text"] == "<b>Card</b>"
        tap = practice.tap(1001, shown[1]["message_id"], "ok")
        assert await tap == (200, {"text": "Sending", "show_alert": True})
        shown = await seen(practice, lambda chat: chat[1]["edited"])
        assert (shown[1]["text"], shown[1]["buttons"]) == ("Done", [])
        await practice.say(1001, "hello")
        shown = await seen(practice, lambda chat: len(chat) == 4)
        assert (shown[3]["text"], shown[3]["reply_to"]) == ("heard hello", 3)
        await app.updater.stop()
        await app.stop()


async def test_an_application_hears_blocks_edits_and_reactions(practice: Practice) -> None:
    heard: list[Update] = []

    async def hear(update: Update, context: Any) -> None:
        heard.append(update)

    app = application(practice)
    app.add_handler(ChatMemberHandler(hear, ChatMemberHandler.MY_CHAT_MEMBER))
    app.add_handler(MessageReactionHandler(hear))
    app.add_handler(MessageHandler(filters.UpdateType.EDITED_MESSAGE, hear))
    async with app:
        sent = await app.bot.send_message(1001, "card")
        await app.start()
        await practice.ok("getUpdates", allowed_updates=Update.ALL_TYPES)  # what people do from here on is heard
        await app.updater.start_polling(poll_interval=0, timeout=1, allowed_updates=Update.ALL_TYPES)
        written = await practice.say(1001, "148.3")
        await practice.person("PUT", "1001/messages", {"message_id": written["message_id"], "text": "148.32"})
        await practice.person("POST", "1001/reactions", {"message_id": sent.message_id, "emoji": "🔥"})
        await practice.person("PUT", "1001", {"blocked": True})
        for _ in range(500):
            if len(heard) == 3:
                break
            await asyncio.sleep(0.01)
        await app.updater.stop()
        await app.stop()
    edited, reacted, blocked = heard
    assert edited.edited_message is not None
    assert edited.edited_message.text == "148.32"
    assert reacted.message_reaction is not None
    assert reacted.message_reaction.new_reaction[0].to_dict() == {"type": "emoji", "emoji": "🔥"}
    assert blocked.my_chat_member is not None
    assert blocked.my_chat_member.new_chat_member.status == "kicked"


async def test_texts_are_sent_answered_edited_and_deleted(practice: Practice, foreign: Foreign) -> None:
    sent = await foreign.send_message(1001, "<b>card</b>", parse_mode=ParseMode.HTML, reply_markup=keyboard())
    assert (sent.text_html, sent.reply_markup) == ("<b>card</b>", keyboard())
    answer = await foreign.send_message(1001, "ring", reply_parameters=ReplyParameters(sent.message_id))
    assert answer.reply_to_message is not None
    assert answer.reply_to_message.message_id == sent.message_id
    edited = await sent.edit_text("over")
    assert isinstance(edited, Message)
    assert (edited.text, edited.reply_markup) == ("over", None)
    assert await foreign.edit_message_reply_markup(1001, sent.message_id, reply_markup=keyboard())
    assert await foreign.delete_messages(1001, [answer.message_id])
    assert [message["text"] for message in await practice.messages(1001)] == ["over"]
    assert await foreign.send_chat_action(1001, ChatAction.TYPING)
    assert await foreign.send_message_draft(1001, 5, "so far")


async def test_photos_documents_and_albums(practice: Practice, foreign: Foreign) -> None:
    sent = await foreign.send_photo(1001, png(), caption="chart", reply_markup=keyboard())
    assert (sent.photo[-1].width, sent.caption) == (90, "chart")
    again = await foreign.send_photo(1001, sent.photo[-1].file_id)
    assert again.photo[-1].file_unique_id == sent.photo[-1].file_unique_id
    captioned = await sent.edit_caption("<i>now</i>", parse_mode=ParseMode.HTML)
    assert isinstance(captioned, Message)
    assert captioned.caption_html == "<i>now</i>"
    changed = await sent.edit_media(InputMediaPhoto(png(30, 20), caption="new"))
    assert isinstance(changed, Message)
    assert (changed.photo[-1].width, changed.caption) == (30, "new")
    filed = await foreign.send_document(1001, b"a,b\n", filename="journal.csv")
    assert filed.document is not None
    assert filed.document.file_name == "journal.csv"
    file = await foreign.get_file(filed.document.file_id)
    assert bytes(await file.download_as_bytearray()) == b"a,b\n"
    turned = await again.edit_media(InputMediaDocument(b"c,d\n", filename="new.csv"))
    assert isinstance(turned, Message)
    assert turned.document is not None
    assert (turned.photo, turned.document.file_name) == ((), "new.csv")
    album = await foreign.send_media_group(1001, [InputMediaPhoto(png(n, 60)) for n in (90, 91)])
    assert len({message.media_group_id for message in album}) == 1
    assert await foreign.set_message_reaction(1001, sent.message_id, "👍")
    assert await foreign.pin_chat_message(1001, sent.message_id)
    pinned = (await foreign.get_chat(1001)).pinned_message
    assert pinned is not None
    assert pinned.message_id == sent.message_id
    assert await foreign.unpin_chat_message(1001)


async def test_commands_names_and_the_menu(practice: Practice, foreign: Foreign) -> None:
    assert (await foreign.get_me()).username == "practice_7000000001_bot"
    commands = [BotCommand("start", "Begin"), BotCommand("status", "How it stands")]
    assert await foreign.set_my_commands(commands)
    assert await foreign.set_my_commands([("start", "Начать")], scope=BotCommandScopeChat(1001), language_code="ru")
    assert await foreign.get_my_commands() == tuple(commands)
    assert await foreign.delete_my_commands(BotCommandScopeChat(1001), "ru")
    assert await foreign.get_my_commands(BotCommandScopeChat(1001), "ru") == ()
    assert (await foreign.get_chat_menu_button(1001)).type == "default"
    assert await foreign.set_my_name("bybot")
    assert await foreign.set_my_description("Watches")
    assert await foreign.set_my_short_description("Watches")


async def test_refusals_become_its_own_errors(practice: Practice, foreign: Foreign) -> None:
    sent = await foreign.send_message(1001, "same")
    refused: list[tuple[Callable[[], Awaitable[Any]], str]] = [
        (lambda: sent.edit_text("same"), "Message is not modified: specified new message content and reply markup are"),
        (lambda: foreign.edit_message_text("x", chat_id=1001, message_id=99), "Message to edit not found"),
        (lambda: foreign.delete_message(1001, 99), "Message to delete not found"),
        (lambda: sent.edit_caption("x"), "There is no caption in the message to edit"),
        (lambda: foreign.answer_callback_query("1"), "Query is too old and response timeout expired or query ID is"),
        (lambda: foreign.send_message(4004, "x"), "Chat not found"),
        (lambda: foreign.send_message(1001, "a < b", parse_mode=ParseMode.HTML), "Can't parse entities: unsupported"),
        (lambda: foreign.send_message(1001, "x" * 4097), "Message is too long"),
    ]
    for call, words in refused:
        with pytest.raises(BadRequest, match=f"(?i)^{words}"):
            await call()
    await practice.person("PUT", "1001", {"blocked": True})
    with pytest.raises(Forbidden, match="Forbidden: bot was blocked by the user"):
        await foreign.send_message(1001, "x")
    with pytest.raises(InvalidToken):
        await application(practice, "12345:short").bot.get_me()


async def test_a_second_poller_is_a_conflict(practice: Practice, foreign: Foreign) -> None:
    first = asyncio.create_task(foreign.get_updates(timeout=10))
    await until_conflict(practice, first)
    with pytest.raises(Conflict, match="terminated by other getUpdates request; make sure that only one bot instance"):
        await first


@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
async def test_a_flood_says_when_to_try_again(tmp_path: pathlib.Path, clock: HandClock) -> None:
    async with practising(tmp_path / "flood.db", clock, Limits(chat_burst=1, chat_rate=0.25)) as practice:
        await practice.met(1001)
        async with application(practice).bot as foreign:
            await foreign.send_message(1001, "x")
            with pytest.raises(RetryAfter, match="Retry in 4 seconds"):
                await foreign.send_message(1001, "y")
            clock.now += 4000
            await foreign.send_message(1001, "y")


async def test_a_bad_line_is_a_network_error(practice: Practice, foreign: Foreign) -> None:
    await faults(practice, path="sendMessage", kind="lose_answer")
    with pytest.raises(NetworkError):
        await foreign.send_message(1001, "done")
    await faults(practice, path="sendMessage", kind="5xx")
    with pytest.raises(NetworkError, match="Bad Gateway"):
        await foreign.send_message(1001, "lost")
    await faults(practice, path="sendMessage", kind="delay_after", seconds=0.6)
    with pytest.raises(TimedOut):
        await foreign.send_message(1001, "late", read_timeout=0.2)
    assert [message["text"] for message in await practice.messages(1001)] == ["done", "late"]


async def test_a_webhook_is_told_by_its_info(practice: Practice, foreign: Foreign) -> None:
    assert await foreign.set_webhook("http://127.0.0.1:9/hook", secret_token="s", allowed_updates=["message"])
    info = await foreign.get_webhook_info()
    assert (info.url, info.allowed_updates, info.pending_update_count) == ("http://127.0.0.1:9/hook", ("message",), 0)
    with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
        await foreign.get_updates()
    assert await foreign.delete_webhook()
