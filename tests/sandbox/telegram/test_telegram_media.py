"""Documents, albums and reactions, through aiogram and as the person sees them."""

import json
import pathlib
import re
import sqlite3
from typing import Any

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BufferedInputFile,
    InputMediaDocument,
    InputMediaPhoto,
    Message,
    ReactionTypeCustomEmoji,
    ReactionTypeEmoji,
)

from sandbox.telegram.objects import REACTIONS
from tests.sandbox.telegram.practice_chat import HandClock, Practice, png, practising

SCHEMA = pathlib.Path(__file__).parents[4] / "shared" / "telegram" / "botapi-10.3.json"
CSV = BufferedInputFile(b"day,R\n1,+0.4\n", "журнал.csv")


async def test_a_text_becomes_a_photo_and_then_a_document(practice: Practice, bot: Bot) -> None:
    sent = await bot.send_message(1001, "soon a chart")
    pictured = await sent.edit_media(InputMediaPhoto(media=BufferedInputFile(png(), "a.png"), caption="chart"))
    assert isinstance(pictured, Message)
    assert (pictured.text, pictured.caption, bool(pictured.photo)) == (None, "chart", True)
    filed = await sent.edit_media(InputMediaDocument(media=CSV, caption="journal"))
    assert isinstance(filed, Message)
    assert filed.document is not None
    assert (filed.photo, filed.document.file_name, filed.caption) == (None, "журнал.csv", "journal")
    (shown,) = await practice.messages(1001)
    assert ("photo" in shown, shown["file_name"], shown["edited"]) == (False, "журнал.csv", True)


async def test_a_document_is_sent_fetched_and_sent_again_by_its_id(practice: Practice, bot: Bot) -> None:
    sent = await bot.send_document(1001, CSV, caption="<b>journal</b>")
    assert sent.document is not None
    assert (sent.document.file_name, sent.document.file_size, sent.caption) == ("журнал.csv", 13, "journal")
    again = await bot.send_document(1001, sent.document.file_id)
    assert again.document is not None
    assert again.document.file_unique_id == sent.document.file_unique_id
    file = await bot.get_file(sent.document.file_id)
    assert file.file_path is not None
    fetched = await bot.download_file(file.file_path)
    assert fetched is not None
    assert fetched.read() == CSV.data
    with pytest.raises(TelegramBadRequest, match="can't use file of type Document as Photo"):
        await bot.send_photo(1001, sent.document.file_id)
    with pytest.raises(TelegramBadRequest, match="file must be non-empty"):
        await bot.send_document(1001, BufferedInputFile(b"", "empty.txt"))


async def test_a_document_reaches_the_person_as_a_file_to_save(practice: Practice, bot: Bot) -> None:
    await bot.send_document(1001, BufferedInputFile(b"<script>alert(1)</script>", "page.html"))
    (shown,) = await practice.messages(1001)
    async with practice.session.get(practice.base + shown["document"]) as answer:
        assert await answer.read() == b"<script>alert(1)</script>"
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''page.html"
    async with practice.session.get(practice.base + shown["document"].replace("documents", "photos")) as answer:
        assert answer.status == 404


async def test_an_album_is_several_messages_with_one_group(practice: Practice, bot: Bot) -> None:
    media = [InputMediaPhoto(media=BufferedInputFile(png(n, 60), f"{n}.png"), caption=str(n)) for n in (90, 91, 92)]
    sent = await bot.send_media_group(1001, media)
    assert [message.caption for message in sent] == ["90", "91", "92"]
    assert [message.photo and message.photo[-1].width for message in sent] == [90, 91, 92]
    assert len({message.media_group_id for message in sent}) == 1
    shown = await practice.messages(1001)
    assert {message["album"] for message in shown} == {sent[0].media_group_id}


async def test_an_album_of_one_or_of_two_kinds_is_refused_whole(practice: Practice, bot: Bot) -> None:
    photo = InputMediaPhoto(media=BufferedInputFile(png(), "a.png"))
    with pytest.raises(TelegramBadRequest, match="wrong number of media"):
        await bot.send_media_group(1001, [photo])
    with pytest.raises(TelegramBadRequest, match="can't be mixed"):
        await bot.send_media_group(1001, [photo, InputMediaDocument(media=CSV)])
    with pytest.raises(TelegramBadRequest, match="wrong file identifier"):
        await bot.send_media_group(1001, [photo, InputMediaPhoto(media="nothing")])
    assert await practice.messages(1001) == []


def test_the_reactions_are_telegrams_own() -> None:
    if not SCHEMA.exists():
        pytest.skip("the Bot API schema is not beside this repository")
    sections = json.loads(SCHEMA.read_text())["items"]
    types = {child["name"]: child for section in sections for child in section["children"]}
    told = next(field for field in types["ReactionTypeEmoji"]["annotations"] if field["name"] == "emoji")
    assert set(re.findall('"([^"]+)"', told["rst_description"])) == REACTIONS


async def test_a_bot_reacts_with_telegrams_own_emoji_only(practice: Practice, bot: Bot) -> None:
    written = await practice.say(1001, "thank you")
    number = written["message_id"]
    assert await bot.set_message_reaction(1001, number, [ReactionTypeEmoji(emoji="👍")])
    assert (await practice.messages(1001))[0]["reactions"] == [{"from": "bot", "emoji": "👍"}]
    for wrong in ([ReactionTypeEmoji(emoji="🟢")], [ReactionTypeCustomEmoji(custom_emoji_id="5")]):
        with pytest.raises(TelegramBadRequest, match="REACTION_INVALID"):
            await bot.set_message_reaction(1001, number, wrong)
    with pytest.raises(TelegramBadRequest, match="REACTIONS_TOO_MANY"):
        await bot.set_message_reaction(1001, number, [ReactionTypeEmoji(emoji="👍"), ReactionTypeEmoji(emoji="🔥")])
    with pytest.raises(TelegramBadRequest, match="message to react not found"):
        await bot.set_message_reaction(1001, 99, [ReactionTypeEmoji(emoji="👍")])
    assert await bot.set_message_reaction(1001, number)
    assert "reactions" not in (await practice.messages(1001))[0]


async def test_a_persons_reaction_is_heard_by_a_bot_that_asked_for_it(practice: Practice, bot: Bot) -> None:
    sent = await bot.send_message(1001, "card")
    body = {"message_id": sent.message_id, "emoji": "🔥"}
    assert await bot.get_updates() == []
    await practice.person("POST", "1001/reactions", body)
    assert await bot.get_updates(allowed_updates=["message_reaction"]) == []
    status, shown = await practice.person("POST", "1001/reactions", body | {"emoji": ""})
    assert (status, "reactions" in shown) == (200, False)
    (update,) = await bot.get_updates()
    assert update.message_reaction is not None
    (old,) = update.message_reaction.old_reaction
    assert isinstance(old, ReactionTypeEmoji)
    assert old.emoji == "🔥"
    assert update.message_reaction.new_reaction == []
    assert (await practice.person("POST", "1001/reactions", body | {"emoji": "🟢"}))[0] == 400
    assert (await practice.person("POST", "1001/reactions", body | {"message_id": 99}))[0] == 404


OLD_TABLES = """
CREATE TABLE telegram_messages (
    user_id INTEGER NOT NULL, message_id INTEGER NOT NULL, bot_id INTEGER, sent_at INTEGER NOT NULL,
    edited_at INTEGER, plain TEXT NOT NULL, entities TEXT NOT NULL, html TEXT NOT NULL, photo TEXT,
    buttons TEXT NOT NULL, reply_to INTEGER, silent INTEGER NOT NULL, PRIMARY KEY (user_id, message_id));
CREATE TABLE telegram_files (
    file_id TEXT PRIMARY KEY, mime TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, body BLOB NOT NULL);
INSERT INTO telegram_messages VALUES (1001, 1, 7, 1700000000, NULL, 'old', '[]', 'old', NULL, '[]', NULL, 0);
"""


async def test_a_file_of_an_earlier_version_goes_on(tmp_path: pathlib.Path, clock: HandClock) -> None:
    with sqlite3.connect(tmp_path / "world.db") as old:
        old.executescript(OLD_TABLES)
    old.close()
    async with practising(tmp_path / "world.db", clock) as practice:
        assert [message["text"] for message in await practice.messages(1001)] == ["old"]


async def test_a_form_may_carry_a_document_as_its_own_part(practice: Practice) -> None:
    form = aiohttp.FormData({"chat_id": "1001"})
    form.add_field("document", b"x", filename="x.txt", content_type="text/plain")
    async with practice.session.post(f"{practice.base}/bot7:AAAAAAAAAAAAAAA/sendDocument", data=form) as answer:
        told: Any = await answer.json()
    assert told["result"]["document"]["mime_type"] == "text/plain"
