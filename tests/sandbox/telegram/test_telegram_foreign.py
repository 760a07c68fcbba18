"""python-telegram-bot, a client of other people, unchanged: it sends, hears taps, edits, sends photos, meets errors."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.sandbox.telegram.practice_chat import TOKEN, Practice, png

telegram = pytest.importorskip("telegram", reason="python-telegram-bot is not installed")
ext = pytest.importorskip("telegram.ext", reason="python-telegram-bot is not installed")


def application(practice: Practice) -> Any:
    builder = ext.Application.builder().token(TOKEN)
    return builder.base_url(f"{practice.base}/bot").base_file_url(f"{practice.base}/file/bot").build()


@pytest.fixture
async def foreign(practice: Practice) -> AsyncIterator[Any]:
    """The foreign client's bot."""
    made = application(practice).bot
    async with made:
        yield made


def keyboard() -> Any:
    return telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("Confirm", callback_data="ok")]])


async def test_an_application_hears_a_command_and_a_tap(practice: Practice) -> None:
    async def start(update: Any, context: Any) -> None:
        await update.message.reply_text("<b>Card</b>", parse_mode="HTML", reply_markup=keyboard())

    async def tapped(update: Any, context: Any) -> None:
        await update.callback_query.answer("Sending")
        await update.callback_query.edit_message_text("Done")

    app = application(practice)
    app.add_handler(ext.CommandHandler("start", start))
    app.add_handler(ext.CallbackQueryHandler(tapped, pattern="^ok$"))
    async with app:
        await app.start()
        await app.updater.start_polling(poll_interval=0, timeout=1)
        await practice.say(1001, "/start")
        for _ in range(500):
            if len(shown := await practice.messages(1001)) == 2:
                break
            await asyncio.sleep(0.01)
        assert shown[1]["text"] == "<b>Card</b>"
        tap = practice.tap(1001, shown[1]["message_id"], "ok")
        assert await tap == (200, {"text": "Sending", "show_alert": False})
        for _ in range(500):
            if (shown := await practice.messages(1001))[1]["edited"]:
                break
            await asyncio.sleep(0.01)
        assert (shown[1]["text"], shown[1]["buttons"]) == ("Done", [])
        await app.updater.stop()
        await app.stop()


async def test_photos_documents_and_albums(practice: Practice, foreign: Any) -> None:
    sent = await foreign.send_photo(1001, png(), caption="chart", reply_markup=keyboard())
    assert (sent.photo[-1].width, sent.caption) == (90, "chart")
    again = await foreign.send_photo(1001, sent.photo[-1].file_id)
    assert again.photo[-1].file_unique_id == sent.photo[-1].file_unique_id
    changed = await sent.edit_media(telegram.InputMediaPhoto(png(30, 20), caption="new"))
    assert (changed.photo[-1].width, changed.caption) == (30, "new")
    filed = await foreign.send_document(1001, b"a,b\n", filename="journal.csv")
    assert filed.document.file_name == "journal.csv"
    file = await foreign.get_file(filed.document.file_id)
    assert bytes(await file.download_as_bytearray()) == b"a,b\n"
    album = await foreign.send_media_group(1001, [telegram.InputMediaPhoto(png(n, 60)) for n in (90, 91)])
    assert len({message.media_group_id for message in album}) == 1
    assert await foreign.set_message_reaction(1001, sent.message_id, "👍")
    assert await foreign.pin_chat_message(1001, sent.message_id)
    assert (await foreign.get_chat(1001)).pinned_message.message_id == sent.message_id
    assert await foreign.delete_message(1001, again.message_id)


async def test_refusals_become_its_own_errors(practice: Practice, foreign: Any) -> None:
    sent = await foreign.send_message(1001, "same")
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)message is not modified"):
        await sent.edit_text("same")
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)message to edit not found"):
        await foreign.edit_message_text("x", chat_id=1001, message_id=99)
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)query is too old"):
        await foreign.answer_callback_query("1")
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)chat not found"):
        await foreign.send_message(4004, "x")
    await practice.person("PUT", "1001", {"blocked": True})
    with pytest.raises(telegram.error.Forbidden, match="blocked by the user"):
        await foreign.send_message(1001, "x")
    address = f"{practice.base}/sandbox/telegram/faults"
    rules = [{"path": "getMe", "kind": "429", "seconds": 3, "times": 1}]
    async with practice.session.post(address, json={"rules": rules}) as answer:
        assert answer.status == 200
    with pytest.raises(telegram.error.RetryAfter):
        await foreign.get_me()


async def test_a_webhook_is_told_by_its_info(practice: Practice, foreign: Any) -> None:
    assert await foreign.set_webhook("http://127.0.0.1:9/hook", secret_token="s", allowed_updates=["message"])
    info = await foreign.get_webhook_info()
    assert (info.url, info.allowed_updates, info.pending_update_count) == ("http://127.0.0.1:9/hook", ("message",), 0)
    with pytest.raises(telegram.error.Conflict):
        await foreign.get_updates()
    assert await foreign.delete_webhook()
