"""The bots that spoke to the practice Telegram. The one that polls is whom a person's chat leads to."""

import json
import re
import sqlite3
from dataclasses import dataclass
from typing import Any

TOKEN = re.compile(r"([1-9][0-9]{0,15}):[A-Za-z0-9_-]{10,}")
NOBODY = 0  # what people did before any bot came; the first bot gets it
FIRST_UPDATE_ID = 100_000_001


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot, known by the number before the colon of its token."""

    bot_id: int
    first_name: str = "bybot"

    def as_user(self) -> dict[str, Any]:
        """The Bot API's User."""
        return {
            "id": self.bot_id,
            "is_bot": True,
            "first_name": self.first_name,
            "username": f"practice_{self.bot_id}_bot",
        }


def bot_of(token: str) -> Bot | None:
    """The bot that a well-formed token names, else None."""
    found = TOKEN.fullmatch(token)
    return Bot(int(found[1])) if found else None


def current_bot(connection: sqlite3.Connection) -> Bot | None:
    """The bot that people write to: the last one that took the lead by polling."""
    row = connection.execute(
        "SELECT bot_id FROM telegram_bots WHERE bot_id != ? AND turn > 0 ORDER BY turn DESC LIMIT 1", (NOBODY,)
    ).fetchone()
    return named_bot(connection, row["bot_id"]) if row else None


def named_bot(connection: sqlite3.Connection, bot_id: int) -> Bot:
    """The bot with the name it gave itself, if any."""
    row = connection.execute(
        "SELECT value FROM telegram_profile WHERE bot_id = ? AND name = 'name' AND language = ''", (bot_id,)
    ).fetchone()
    return Bot(bot_id, row["value"]) if row and row["value"] else Bot(bot_id)


def lead_chats(connection: sqlite3.Connection, bot_id: int) -> None:
    """From now on people write to this bot."""
    connection.execute(
        "INSERT INTO telegram_bots (bot_id, turn, next_update_id) "
        "VALUES (?, (SELECT COALESCE(MAX(turn), 0) + 1 FROM telegram_bots), ?) "
        "ON CONFLICT (bot_id) DO UPDATE SET turn = excluded.turn",
        (bot_id, FIRST_UPDATE_ID),
    )


def allowed_updates(connection: sqlite3.Connection, bot_id: int) -> list[str] | None:
    """Kinds of updates the bot asked for; None for Telegram's default."""
    row = connection.execute("SELECT allowed_updates FROM telegram_bots WHERE bot_id = ?", (bot_id,)).fetchone()
    return json.loads(row["allowed_updates"]) if row and row["allowed_updates"] else None


def keep_allowed_updates(connection: sqlite3.Connection, bot_id: int, kinds: list[str]) -> None:
    """Remembers the kinds asked for; an empty list means the default again."""
    connection.execute(
        "INSERT INTO telegram_bots (bot_id, turn, next_update_id, allowed_updates) VALUES (?, 0, ?, ?) "
        "ON CONFLICT (bot_id) DO UPDATE SET allowed_updates = excluded.allowed_updates",
        (bot_id, FIRST_UPDATE_ID, json.dumps(kinds) if kinds else None),
    )
