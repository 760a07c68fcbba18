"""The SQLite file: chats, people, messages, undelivered updates, files. Every change is committed before it is told."""

import contextlib
import os
import pathlib
import sqlite3
from collections.abc import Iterator

SCHEMA = """
CREATE TABLE IF NOT EXISTS telegram_bots (
    bot_id INTEGER PRIMARY KEY, turn INTEGER NOT NULL, next_update_id INTEGER NOT NULL, allowed_updates TEXT);
CREATE TABLE IF NOT EXISTS telegram_people (
    user_id INTEGER PRIMARY KEY, first_name TEXT NOT NULL, language_code TEXT NOT NULL,
    blocked INTEGER NOT NULL DEFAULT 0, next_message_id INTEGER NOT NULL DEFAULT 1, pinned TEXT NOT NULL DEFAULT '[]');
CREATE TABLE IF NOT EXISTS telegram_messages (
    user_id INTEGER NOT NULL, message_id INTEGER NOT NULL, bot_id INTEGER, sent_at INTEGER NOT NULL,
    edited_at INTEGER, plain TEXT NOT NULL, entities TEXT NOT NULL, html TEXT NOT NULL, photo TEXT,
    buttons TEXT NOT NULL, reply_to INTEGER, silent INTEGER NOT NULL, PRIMARY KEY (user_id, message_id));
CREATE TABLE IF NOT EXISTS telegram_updates (
    bot_id INTEGER NOT NULL, update_id INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    made_at INTEGER NOT NULL, PRIMARY KEY (bot_id, update_id));
CREATE TABLE IF NOT EXISTS telegram_queries (
    query_id TEXT PRIMARY KEY, bot_id INTEGER NOT NULL, user_id INTEGER NOT NULL, message_id INTEGER NOT NULL,
    made_at INTEGER NOT NULL, answered INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS telegram_files (
    file_id TEXT PRIMARY KEY, mime TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS telegram_commands (
    bot_id INTEGER NOT NULL, scope TEXT NOT NULL, language TEXT NOT NULL, commands TEXT NOT NULL,
    PRIMARY KEY (bot_id, scope, language));
CREATE TABLE IF NOT EXISTS telegram_webhooks (
    bot_id INTEGER PRIMARY KEY, url TEXT NOT NULL, secret TEXT, connections INTEGER NOT NULL,
    error_at INTEGER, error TEXT);
CREATE TABLE IF NOT EXISTS telegram_profile (
    bot_id INTEGER NOT NULL, name TEXT NOT NULL, language TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (bot_id, name, language));
"""
GROWN = {
    "telegram_messages": {
        "document": "TEXT",
        "album": "TEXT",
        "rich": "TEXT",
        "reactions": "TEXT NOT NULL DEFAULT '[]'",
    },
    "telegram_files": {"name": "TEXT"},
}
"""Columns that files of an earlier version do not have yet."""


class Database:
    """One connection to the world's file, which other servers share through connections of their own."""

    def __init__(self, path: pathlib.Path) -> None:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        os.chmod(path, 0o600)
        self._connection = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        # A killed process loses nothing with NORMAL; only a power cut could, and this is a practice world.
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(SCHEMA)
        self._grow()

    def _grow(self) -> None:
        for table, columns in GROWN.items():
            known = {row["name"] for row in self._connection.execute(f"PRAGMA table_info({table})")}
            for name in columns.keys() - known:
                self._connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {columns[name]}")

    @property
    def reading(self) -> sqlite3.Connection:
        """For single SELECTs outside a change."""
        return self._connection

    @contextlib.contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed when the block ends, undone when it raises. No await inside."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Closes the connection; the object is of no use afterwards."""
        self._connection.close()
