"""The people of the practice world: who they are, and whether they blocked the bot."""

import sqlite3
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with a private chat. `met` is false for a person that nobody has heard of."""

    user_id: int
    first_name: str
    language_code: str
    blocked: bool
    met: bool

    def as_user(self) -> dict[str, Any]:
        """The Bot API's User."""
        return {
            "id": self.user_id,
            "is_bot": False,
            "first_name": self.first_name,
            "language_code": self.language_code,
        }

    def as_chat(self) -> dict[str, Any]:
        """The Bot API's Chat: a private one has its person's number and name."""
        return {"id": self.user_id, "type": "private", "first_name": self.first_name}


def find_person(connection: sqlite3.Connection, user_id: int) -> Person:
    """The person, or what Telegram would assume of one: a name made from the number, language en."""
    row = connection.execute(
        "SELECT first_name, language_code, blocked FROM telegram_people WHERE user_id = ?", (user_id,)
    ).fetchone()
    if row is None:
        return Person(user_id, f"User {user_id}", "en", blocked=False, met=False)
    return Person(user_id, row["first_name"], row["language_code"], bool(row["blocked"]), met=True)


def keep_person(connection: sqlite3.Connection, person: Person) -> None:
    """Writes a person down; from now on the chat exists."""
    connection.execute(
        "INSERT INTO telegram_people (user_id, first_name, language_code, blocked) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (user_id) DO UPDATE SET first_name = excluded.first_name, "
        "language_code = excluded.language_code, blocked = excluded.blocked",
        (person.user_id, person.first_name, person.language_code, person.blocked),
    )
