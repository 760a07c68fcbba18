"""Photos and documents: what was uploaded, kept under ids that can be sent again."""

import secrets
import sqlite3
import struct
from dataclasses import dataclass
from typing import Any

from sandbox.telegram.refusals import Refused, bad_request

LARGEST = 10 * 1024 * 1024
LARGEST_DOCUMENT = 50 * 1024 * 1024
LONGEST_SIDES = 10_000  # width and height together


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a request."""

    name: str
    mime: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Document:
    """One stored file of any kind; `size` in bytes."""

    file_id: str
    mime: str
    name: str
    size: int

    @property
    def unique_id(self) -> str:
        """An id that is the same for all bots."""
        return self.file_id[-16:]

    def as_document(self) -> dict[str, Any]:
        """The Bot API's Document."""
        return {
            "file_id": self.file_id,
            "file_unique_id": self.unique_id,
            "file_name": self.name,
            "mime_type": self.mime,
            "file_size": self.size,
        }

    def as_file(self) -> dict[str, Any]:
        """The Bot API's File."""
        return {
            "file_id": self.file_id,
            "file_unique_id": self.unique_id,
            "file_size": self.size,
            "file_path": f"documents/{self.file_id}",
        }


@dataclass(frozen=True, slots=True)
class Photo:
    """One stored picture; sizes in pixels, `size` in bytes."""

    file_id: str
    mime: str
    width: int
    height: int
    size: int

    @property
    def unique_id(self) -> str:
        """An id that is the same for all bots."""
        return self.file_id[-16:]

    @property
    def path(self) -> str:
        """Where a bot downloads it, below /file/bot<token>/."""
        return f"photos/{self.file_id}.{self.mime.removeprefix('image/')}"

    def as_size(self) -> dict[str, Any]:
        """The Bot API's PhotoSize."""
        return {
            "file_id": self.file_id,
            "file_unique_id": self.unique_id,
            "width": self.width,
            "height": self.height,
            "file_size": self.size,
        }

    def as_file(self) -> dict[str, Any]:
        """The Bot API's File."""
        return {
            "file_id": self.file_id,
            "file_unique_id": self.unique_id,
            "file_size": self.size,
            "file_path": self.path,
        }


def keep_photo(connection: sqlite3.Connection, body: bytes) -> str:
    """Stores an uploaded picture and returns its file id; Refused when it is none, too large or too long."""
    if len(body) > LARGEST:
        raise Refused("Request Entity Too Large", 413)
    mime, width, height = measured(body)
    if width + height > LONGEST_SIDES or not 0 < width <= 20 * height or height > 20 * width:
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    file_id = "Ag" + secrets.token_urlsafe(30)
    connection.execute(
        "INSERT INTO telegram_files (file_id, mime, width, height, body) VALUES (?, ?, ?, ?, ?)",
        (file_id, mime, width, height, body),
    )
    return file_id


def keep_document(connection: sqlite3.Connection, upload: Upload) -> str:
    """Stores an uploaded file as it is and returns its file id; Refused when it is too large."""
    if len(upload.body) > LARGEST_DOCUMENT:
        raise Refused("Request Entity Too Large", 413)
    file_id = "BQ" + secrets.token_urlsafe(30)
    connection.execute(
        "INSERT INTO telegram_files (file_id, mime, width, height, body, name) VALUES (?, ?, 0, 0, ?, ?)",
        (file_id, upload.mime, upload.body, upload.name),
    )
    return file_id


def find_document(connection: sqlite3.Connection, file_id: str) -> Document | None:
    """The stored document's facts without its bytes."""
    row = connection.execute(
        "SELECT file_id, mime, name, LENGTH(body) AS size FROM telegram_files WHERE file_id = ? AND name IS NOT NULL",
        (file_id,),
    ).fetchone()
    return Document(row["file_id"], row["mime"], row["name"], row["size"]) if row else None


def find_photo(connection: sqlite3.Connection, file_id: str) -> Photo | None:
    """The stored picture's facts without its bytes."""
    row = connection.execute(
        "SELECT file_id, mime, width, height, LENGTH(body) AS size FROM telegram_files "
        "WHERE file_id = ? AND name IS NULL",
        (file_id,),
    ).fetchone()
    return Photo(row["file_id"], row["mime"], row["width"], row["height"], row["size"]) if row else None


def file_bytes(connection: sqlite3.Connection, file_id: str) -> bytes:
    """The file itself; empty when there is none."""
    row = connection.execute("SELECT body FROM telegram_files WHERE file_id = ?", (file_id,)).fetchone()
    return bytes(row["body"]) if row else b""


def measured(body: bytes) -> tuple[str, int, int]:
    """(mime, width, height) of a PNG, GIF or JPEG, read from its header; Refused for anything else."""
    if body[:8] == b"\x89PNG\r\n\x1a\n" and len(body) > 24:
        width, height = struct.unpack(">II", body[16:24])
        return "image/png", width, height
    if body[:6] in (b"GIF87a", b"GIF89a") and len(body) > 10:
        width, height = struct.unpack("<HH", body[6:10])
        return "image/gif", width, height
    if body[:3] == b"\xff\xd8\xff":
        return "image/jpeg", *_jpeg_size(body)
    raise bad_request("IMAGE_PROCESS_FAILED")


def _jpeg_size(body: bytes) -> tuple[int, int]:
    """Width and height from the first start-of-frame segment."""
    at = 2
    while at + 9 < len(body) and body[at] == 0xFF:
        marker = body[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", body[at + 5 : at + 9])
            return width, height
        at += 2 + int(struct.unpack(">H", body[at + 2 : at + 4])[0])
    raise bad_request("IMAGE_PROCESS_FAILED")
