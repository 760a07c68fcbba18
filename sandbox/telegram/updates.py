"""Updates on their way to a bot: kept for 24 hours, confirmed by the next offset, one poller at a time."""

import asyncio
import json
import sqlite3
from typing import Any

from sandbox.telegram.bots import FIRST_UPDATE_ID, NOBODY, allowed_updates
from sandbox.telegram.refusals import Refused

KEPT_MS = 24 * 3600 * 1000
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
KINDS = frozenset(
    [
        "message",
        "edited_message",
        "channel_post",
        "edited_channel_post",
        "business_connection",
        "business_message",
        "edited_business_message",
        "deleted_business_messages",
        "guest_message",
        "message_reaction",
        "message_reaction_count",
        "inline_query",
        "chosen_inline_result",
        "callback_query",
        "shipping_query",
        "pre_checkout_query",
        "purchased_paid_media",
        "poll",
        "poll_answer",
        "my_chat_member",
        "chat_member",
        "chat_join_request",
        "chat_boost",
        "removed_chat_boost",
        "managed_bot",
        "subscription",
        "stopped_message_generation",
    ]
)
"""All that an update may carry."""


def queue_update(connection: sqlite3.Connection, bot_id: int, kind: str, body: dict[str, Any], now: int) -> bool:
    """Adds an update for the bot unless it asked for other kinds only; says whether it was added."""
    asked = allowed_updates(connection, bot_id)
    if kind in NOT_BY_DEFAULT if asked is None else kind not in asked:
        return False
    row = connection.execute(
        "INSERT INTO telegram_bots (bot_id, turn, next_update_id) VALUES (?, 0, ?) "
        "ON CONFLICT (bot_id) DO UPDATE SET next_update_id = next_update_id + 1 RETURNING next_update_id",
        (bot_id, FIRST_UPDATE_ID),
    ).fetchone()
    connection.execute(
        "INSERT INTO telegram_updates VALUES (?, ?, ?, ?, ?)",
        (bot_id, row["next_update_id"], kind, json.dumps(body), now),
    )
    return True


def adopt_updates(connection: sqlite3.Connection, bot_id: int) -> None:
    """Gives the bot what people did before any bot came, numbered after what it has."""
    waited = connection.execute(
        "DELETE FROM telegram_updates WHERE bot_id = ? RETURNING update_id, kind, body, made_at", (NOBODY,)
    ).fetchall()
    for row in sorted(waited, key=lambda row: int(row["update_id"])):
        queue_update(connection, bot_id, row["kind"], json.loads(row["body"]), row["made_at"])


def forget_updates(connection: sqlite3.Connection, bot_id: int, offset: int | None, now: int) -> None:
    """Drops what is confirmed by `offset` (negative: all but the last so many) and what is over 24 hours old."""
    connection.execute("DELETE FROM telegram_updates WHERE made_at < ?", (now - KEPT_MS,))
    if offset is None or offset == 0:
        return
    if offset < 0:
        row = connection.execute(
            "SELECT MIN(update_id) AS first FROM (SELECT update_id FROM telegram_updates WHERE bot_id = ? "
            "ORDER BY update_id DESC LIMIT ?)",
            (bot_id, -offset),
        ).fetchone()
        offset = row["first"] or 0
    connection.execute("DELETE FROM telegram_updates WHERE bot_id = ? AND update_id < ?", (bot_id, offset))


def waiting_updates(connection: sqlite3.Connection, bot_id: int, limit: int) -> list[dict[str, Any]]:
    """The oldest undelivered updates, as the Bot API tells them."""
    rows = connection.execute(
        "SELECT update_id, kind, body FROM telegram_updates WHERE bot_id = ? ORDER BY update_id LIMIT ?",
        (bot_id, limit),
    )
    return [{"update_id": row["update_id"], row["kind"]: json.loads(row["body"])} for row in rows]


def drop_updates(connection: sqlite3.Connection, bot_id: int) -> None:
    """Forgets all that waits for the bot."""
    connection.execute("DELETE FROM telegram_updates WHERE bot_id = ?", (bot_id,))


def count_updates(connection: sqlite3.Connection, bot_id: int) -> int:
    """How many updates wait."""
    row = connection.execute("SELECT COUNT(*) AS n FROM telegram_updates WHERE bot_id = ?", (bot_id,)).fetchone()
    return int(row["n"])


class Bells:
    """Wakes the one long poll that each bot may hold."""

    def __init__(self) -> None:
        self._polls: dict[int, asyncio.Future[str]] = {}

    def holds(self, bot_id: int) -> bool:
        """Whether the bot has a poll open."""
        return bot_id in self._polls

    def take(self, bot_id: int) -> asyncio.Future[str]:
        """A bell for a new poll; an older poll of the same bot ends with 409, as at Telegram."""
        self._tell(bot_id, "taken")
        bell: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._polls[bot_id] = bell
        return bell

    def hook(self, bot_id: int) -> None:
        """The bot is served by a webhook from now on: its poll ends with 409, as at Telegram."""
        self._tell(bot_id, "hooked")

    def leave(self, bot_id: int, bell: asyncio.Future[str]) -> None:
        """The poll is over."""
        if self._polls.get(bot_id) is bell:
            del self._polls[bot_id]

    def ring(self, bot_id: int) -> None:
        """There is something new for this bot."""
        self._tell(bot_id, "rung")

    def close(self) -> None:
        """Ends every poll at once."""
        for bot_id in list(self._polls):
            self._tell(bot_id, "closed")

    def _tell(self, bot_id: int, word: str) -> None:
        bell = self._polls.get(bot_id)
        if bell is not None and not bell.done():
            bell.set_result(word)

    @staticmethod
    async def wait(bell: asyncio.Future[str], seconds: float) -> None:
        """Returns when rung, closed or late; raises Refused (409) when a second poller took over."""
        done, _ = await asyncio.wait({bell}, timeout=seconds)
        if done and bell.result() == "hooked":
            raise Refused("Conflict: terminated by setWebhook request", 409)
        if done and bell.result() == "taken":
            raise Refused(
                "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running", 409
            )
