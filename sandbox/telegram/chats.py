"""Messages of the private chats: kept, found, changed, and told to the bot and to the person."""

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from sandbox.telegram.bots import named_bot
from sandbox.telegram.files import Photo, find_document, find_photo
from sandbox.telegram.keyboards import Rows, shown_keyboard
from sandbox.telegram.markup import Formatted
from sandbox.telegram.people import find_person


@dataclass(frozen=True, slots=True)
class Message:
    """One message of one chat. `bot_id` is None for the person's own; times are Unix seconds.

    `photo` and `document` are ids of files, `album` is what the messages of one album share, `rich` the Bot API's
    RichMessage, `reactions` the emoji by who set it ("bot" or "user").
    """

    user_id: int
    message_id: int
    bot_id: int | None
    sent_at: int
    content: Formatted
    edited_at: int | None = None
    photo: str | None = None
    buttons: Rows = field(default_factory=list)
    reply_to: int | None = None
    silent: bool = False
    document: str | None = None
    album: str | None = None
    rich: dict[str, Any] | None = None
    reactions: dict[str, str] = field(default_factory=dict)

    @property
    def has_media(self) -> bool:
        """Whether its words are a caption."""
        return self.photo is not None or self.document is not None

    def looks_like(self, other: "Message") -> bool:
        """Whether an edit from one to the other would change nothing."""
        return self._look() == other._look()

    def _look(self) -> tuple[Any, ...]:
        return self.content.plain, self.content.entities, self.photo, self.document, self.rich, self.buttons


def next_message_id(connection: sqlite3.Connection, user_id: int) -> int:
    """Takes the chat's next message number."""
    row = connection.execute(
        "UPDATE telegram_people SET next_message_id = next_message_id + 1 WHERE user_id = ? "
        "RETURNING next_message_id - 1 AS number",
        (user_id,),
    ).fetchone()
    return int(row["number"])


def keep_message(connection: sqlite3.Connection, message: Message) -> None:
    """Writes a new or changed message."""
    connection.execute(
        "INSERT OR REPLACE INTO telegram_messages (user_id, message_id, bot_id, sent_at, edited_at, plain, entities, "
        "html, photo, buttons, reply_to, silent, document, album, rich, reactions) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            message.user_id,
            message.message_id,
            message.bot_id,
            message.sent_at,
            message.edited_at,
            message.content.plain,
            json.dumps(message.content.entities),
            message.content.html,
            message.photo,
            json.dumps(message.buttons),
            message.reply_to,
            message.silent,
            message.document,
            message.album,
            None if message.rich is None else json.dumps(message.rich),
            json.dumps(message.reactions),
        ),
    )


def _message(row: sqlite3.Row) -> Message:
    return Message(
        user_id=row["user_id"],
        message_id=row["message_id"],
        bot_id=row["bot_id"],
        sent_at=row["sent_at"],
        content=Formatted(row["plain"], tuple(json.loads(row["entities"])), row["html"]),
        edited_at=row["edited_at"],
        photo=row["photo"],
        buttons=json.loads(row["buttons"]),
        reply_to=row["reply_to"],
        silent=bool(row["silent"]),
        document=row["document"],
        album=row["album"],
        rich=None if row["rich"] is None else json.loads(row["rich"]),
        reactions=dict(json.loads(row["reactions"])),
    )


def find_message(connection: sqlite3.Connection, user_id: int, message_id: int) -> Message | None:
    """The message, if this chat holds it."""
    row = connection.execute(
        "SELECT * FROM telegram_messages WHERE user_id = ? AND message_id = ?", (user_id, message_id)
    ).fetchone()
    return _message(row) if row else None


def album_of(connection: sqlite3.Connection, message: Message) -> list[Message]:
    """The messages of the message's album that are still there, oldest first."""
    rows = connection.execute(
        "SELECT * FROM telegram_messages WHERE user_id = ? AND album = ? ORDER BY message_id",
        (message.user_id, message.album),
    ).fetchall()
    return [_message(row) for row in rows]


def messages_before(connection: sqlite3.Connection, user_id: int, *, before: int, last: int) -> list[Message]:
    """The `last` messages (-1: all) of the chat whose numbers are below `before`, oldest first."""
    rows = connection.execute(
        "SELECT * FROM telegram_messages WHERE user_id = ? AND message_id < ? ORDER BY message_id DESC LIMIT ?",
        (user_id, before, last),
    ).fetchall()
    return [_message(row) for row in reversed(rows)]


def drop_message(connection: sqlite3.Connection, user_id: int, message_id: int) -> None:
    """Removes a message; its number is not given again."""
    connection.execute("DELETE FROM telegram_messages WHERE user_id = ? AND message_id = ?", (user_id, message_id))


def told_to_bot(connection: sqlite3.Connection, message: Message, *, quoting: bool = True) -> dict[str, Any]:
    """The Bot API's Message."""
    person = find_person(connection, message.user_id)
    sender = named_bot(connection, message.bot_id).as_user() if message.bot_id is not None else person.as_user()
    told: dict[str, Any] = {
        "message_id": message.message_id,
        "from": sender,
        "chat": person.as_chat(),
        "date": message.sent_at,
    }
    if message.edited_at is not None:
        told["edit_date"] = message.edited_at
    told |= _shown_to_bot(connection, message)
    if message.album:
        told["media_group_id"] = message.album
    if message.buttons:
        told["reply_markup"] = {"inline_keyboard": message.buttons}
    if message.reply_to is not None and quoting:
        quoted = find_message(connection, message.user_id, message.reply_to)
        if quoted:
            told["reply_to_message"] = told_to_bot(connection, quoted, quoting=False)
    return told


def _shown_to_bot(connection: sqlite3.Connection, message: Message) -> dict[str, Any]:
    """What the message shows: a rich message, or media and a caption, or a text."""
    if message.rich is not None:
        return {"rich_message": message.rich}
    shown: dict[str, Any] = {}
    if message.photo:
        shown["photo"] = [_photo_size(find_photo(connection, message.photo), message.photo)]
    document = find_document(connection, message.document) if message.document else None
    if document:
        shown["document"] = document.as_document()
    words, marks = ("caption", "caption_entities") if message.has_media else ("text", "entities")
    if message.content.plain or not message.has_media:
        shown[words] = message.content.plain
    if message.content.entities:
        shown[marks] = list(message.content.entities)
    return shown


def _photo_size(photo: Photo | None, file_id: str) -> dict[str, Any]:
    if photo is None:
        return {"file_id": file_id, "file_unique_id": file_id[-16:], "width": 1, "height": 1}
    return photo.as_size()


def told_to_person(connection: sqlite3.Connection, message: Message) -> dict[str, Any]:
    """A message as the person's side tells it (texts are HTML); `date` and `edited_at` are Unix seconds."""
    told: dict[str, Any] = {
        "message_id": message.message_id,
        "from": "user" if message.bot_id is None else "bot",
        "date": message.sent_at,
        "edited": message.edited_at is not None,
        "buttons": shown_keyboard(message.buttons),
        "silent": message.silent,
    }
    if message.photo:
        told["photo"] = f"/photos/{message.photo}"
        told["caption"] = message.content.html
        photo = find_photo(connection, message.photo)
        if photo:
            told["photo_size"] = [photo.width, photo.height]
    elif message.document:
        told["document"] = f"/documents/{message.document}"
        told["caption"] = message.content.html
        document = find_document(connection, message.document)
        if document:
            told |= {"file_name": document.name, "file_size": document.size}
    else:
        told["text"] = message.content.html
    if message.edited_at is not None:
        told["edited_at"] = message.edited_at
    if message.reply_to is not None:
        told["reply_to"] = message.reply_to
    if message.album:
        told["album"] = message.album
    if message.rich is not None:
        told["rich"] = True
    if message.reactions:
        told["reactions"] = [{"from": who, "emoji": emoji} for who, emoji in sorted(message.reactions.items())]
    return told
