"""aiogram, unchanged, against the practice Telegram: its own types parse all that comes back."""

import asyncio
import pathlib

import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.enums import ButtonStyle, ChatAction
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.filters import Command
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    BufferedInputFile,
    CallbackQuery,
    ChatMemberBanned,
    CopyTextButton,
    DisabledButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    MenuButtonCommands,
    Message,
    ReplyParameters,
)
from aiogram.utils.formatting import Bold, Code, Text

from sandbox.telegram.pace import Limits
from tests.sandbox.telegram.practice_chat import HandClock, Practice, bot_at, png, practising


def keyboard() -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [InlineKeyboardButton(text="Confirm", callback_data="t:1:1:ok", style=ButtonStyle.SUCCESS)],
            [
                InlineKeyboardButton(text="Working", disabled=DisabledButton()),
                InlineKeyboardButton(text="Copy", copy_text=CopyTextButton(text="148.32")),
                InlineKeyboardButton(text="Site", url="https://example.org/"),
            ],
        ]
    )


async def test_a_dispatcher_hears_answers_and_edits(practice: Practice, bot: Bot) -> None:
    dispatcher = Dispatcher()

    @dispatcher.message(Command("start"))
    async def start(message: Message) -> None:
        await message.answer(
            f"<b>Hello</b>, {message.from_user and message.from_user.first_name}", reply_markup=keyboard()
        )

    @dispatcher.callback_query(F.data == "t:1:1:ok")
    async def confirm(tap: CallbackQuery) -> None:
        assert isinstance(tap.message, Message)
        await tap.answer("Sending")
        await tap.message.edit_text("⏳ <b>Sending</b>")

    polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, polling_timeout=5))
    await practice.say(1001, "/start")
    for _ in range(200):
        if len(shown := await practice.messages(1001)) == 2:
            break
        await asyncio.sleep(0.02)
    assert shown[1]["text"] == "<b>Hello</b>, P1001"
    assert [[(b["text"], b["data"], b["style"], b["disabled"]) for b in row] for row in shown[1]["buttons"]] == [
        [("Confirm", "t:1:1:ok", "success", False)],
        [("Working", None, None, True), ("Copy", None, None, False), ("Site", None, None, False)],
    ]
    assert (shown[1]["buttons"][1][1]["copy_text"], shown[1]["buttons"][1][2]["url"]) == (
        "148.32",
        "https://example.org/",
    )
    assert await practice.tap(1001, 2, "t:1:1:ok") == (200, {"text": "Sending", "show_alert": False})
    for _ in range(200):
        if (shown := await practice.messages(1001))[1]["edited"]:
            break
        await asyncio.sleep(0.02)
    assert (shown[1]["text"], shown[1]["buttons"]) == ("⏳ <b>Sending</b>", [])
    await dispatcher.stop_polling()
    await polling


async def test_formatting_that_comes_as_entities_is_shown_as_html(practice: Practice, bot: Bot) -> None:
    text = Text("🟡 ", Bold("SOL & <co>"), " at ", Code("148.32"))
    sent = await bot.send_message(1001, **text.as_kwargs())
    assert sent.html_text == "🟡 <b>SOL &amp; &lt;co&gt;</b> at <code>148.32</code>"
    assert (await practice.messages(1001))[0]["text"] == sent.html_text
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await sent.edit_text(**text.as_kwargs())


async def test_photos_are_sent_edited_and_sent_again(practice: Practice, bot: Bot) -> None:
    sent = await bot.send_photo(
        1001, BufferedInputFile(png(), "chart.png"), caption="<i>a</i>", reply_markup=keyboard()
    )
    assert sent.photo is not None
    again = await bot.send_photo(
        1001, sent.photo[-1].file_id, reply_parameters=ReplyParameters(message_id=sent.message_id)
    )
    assert again.reply_to_message is not None
    assert again.reply_to_message.message_id == sent.message_id
    edited = await sent.edit_caption(caption="b", reply_markup=keyboard())
    assert isinstance(edited, Message)
    assert edited.caption == "b"
    media = InputMediaPhoto(media=BufferedInputFile(png(30, 20), "new.png"), caption="<b>c</b>")
    changed = await sent.edit_media(media)
    assert isinstance(changed, Message)
    assert changed.photo is not None
    assert (changed.photo[-1].width, changed.caption, changed.reply_markup) == (30, "c", None)
    assert (await practice.messages(1001))[0]["caption"] == "<b>c</b>"
    file = await bot.get_file(changed.photo[-1].file_id)
    assert file.file_path is not None
    fetched = await bot.download_file(file.file_path)
    assert fetched is not None
    assert fetched.read() == png(30, 20)


async def test_the_small_methods_answer_what_aiogram_expects(practice: Practice, bot: Bot) -> None:
    assert (await bot.get_me()).username == "practice_7000000001_bot"
    commands = [BotCommand(command="start", description="Begin")]
    assert await bot.set_my_commands(commands)
    assert await bot.set_my_commands(commands, scope=BotCommandScopeChat(chat_id=1001), language_code="ru")
    assert [(c.command, c.description) for c in await bot.get_my_commands()] == [("start", "Begin")]
    assert await bot.delete_my_commands(scope=BotCommandScopeChat(chat_id=1001), language_code="ru")
    assert await bot.send_chat_action(1001, ChatAction.TYPING)
    assert await bot.set_my_name("bybot") is True
    assert await bot.set_my_description("Watches") is True
    assert await bot.set_my_short_description("Watches") is True
    assert await bot.set_chat_menu_button(menu_button=MenuButtonCommands()) is True
    assert isinstance(await bot.get_chat_menu_button(), MenuButtonCommands)
    assert await bot.delete_webhook(drop_pending_updates=True) is True
    assert (await bot.get_webhook_info()).url == ""
    sent = await bot.send_message(1001, "x")
    assert await bot.pin_chat_message(1001, sent.message_id) is True
    pinned = (await bot.get_chat(1001)).pinned_message
    assert pinned is not None
    assert pinned.message_id == sent.message_id
    assert await bot.edit_message_reply_markup(chat_id=1001, message_id=sent.message_id, reply_markup=keyboard())
    assert await bot.delete_messages(1001, [sent.message_id, 99]) is True


async def test_a_block_is_a_member_update(practice: Practice, bot: Bot) -> None:
    await bot.get_updates()
    await practice.person("PUT", "1001", {"blocked": True})
    (update,) = await bot.get_updates(allowed_updates=["my_chat_member"])
    assert update.my_chat_member is not None
    assert isinstance(update.my_chat_member.new_chat_member, ChatMemberBanned)
    with pytest.raises(TelegramForbiddenError):
        await bot.send_message(1001, "x")


async def test_refusals_become_aiograms_errors(practice: Practice, bot: Bot) -> None:
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(4004, "x")
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await bot.answer_callback_query("1")
    poll = asyncio.create_task(bot.get_updates(timeout=10))
    while not poll.done():
        await asyncio.sleep(0.05)
        await practice.ok("getUpdates")
    with pytest.raises(TelegramConflictError):
        await poll
    stranger = bot_at(practice, "12345:short")
    with pytest.raises(TelegramUnauthorizedError):
        await stranger.get_me()
    await stranger.session.close()


async def test_a_flood_tells_aiogram_how_long_to_wait(tmp_path: pathlib.Path, clock: HandClock) -> None:
    async with practising(tmp_path / "flood.db", clock, Limits(chat_burst=1)) as practice:
        await practice.met(1001)
        bot = bot_at(practice)
        await bot.send_message(1001, "x")
        with pytest.raises(TelegramRetryAfter) as refused:
            await bot.send_message(1001, "y")
        assert refused.value.retry_after == 1
        await bot.session.close()
