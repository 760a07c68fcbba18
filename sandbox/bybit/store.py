"""The world's SQLite file, Bybit's part of it. One writer; every change of one event is one transaction."""

import contextlib
import os
import pathlib
import sqlite3
from collections.abc import Iterator

from sandbox.bybit.model import Account, Amendment, Execution, Instruction, Order, Position
from sandbox.bybit.moves import Move
from sandbox.bybit.records import from_json, to_json

TABLES = """
CREATE TABLE IF NOT EXISTS bybit_facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS bybit_moves (
    symbol TEXT NOT NULL, start_ms INTEGER NOT NULL, duration_ms INTEGER NOT NULL,
    delta REAL NOT NULL, volume_factor REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS bybit_accounts (name TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS bybit_positions (
    account TEXT NOT NULL, symbol TEXT NOT NULL, idx INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL,
    PRIMARY KEY (account, symbol, idx)
);
CREATE TABLE IF NOT EXISTS bybit_instructions (
    number INTEGER PRIMARY KEY, account TEXT NOT NULL, order_id TEXT NOT NULL, due_ms INTEGER NOT NULL,
    amendment TEXT
);
CREATE TABLE IF NOT EXISTS bybit_orders (
    number INTEGER PRIMARY KEY, order_id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, symbol TEXT NOT NULL,
    link_id TEXT NOT NULL, is_open INTEGER NOT NULL, created_ms INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS bybit_orders_link ON bybit_orders (account, link_id) WHERE link_id <> '';
CREATE INDEX IF NOT EXISTS bybit_orders_open ON bybit_orders (is_open) WHERE is_open;
CREATE TABLE IF NOT EXISTS bybit_executions (
    number INTEGER PRIMARY KEY, exec_id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, symbol TEXT NOT NULL,
    order_id TEXT NOT NULL, link_id TEXT NOT NULL, exec_type TEXT NOT NULL, closes INTEGER NOT NULL,
    time_ms INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS bybit_executions_account ON bybit_executions (account, time_ms);
"""

WITHOUT_SIDES = """
ALTER TABLE bybit_positions RENAME TO bybit_positions_before;
CREATE TABLE bybit_positions (
    account TEXT NOT NULL, symbol TEXT NOT NULL, idx INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL,
    PRIMARY KEY (account, symbol, idx)
);
INSERT INTO bybit_positions (account, symbol, body) SELECT account, symbol, body FROM bybit_positions_before;
DROP TABLE bybit_positions_before;
"""
"""Brings a world's file from the time before hedge mode, when a symbol had one position, to the present form."""


def open_database(path: pathlib.Path) -> sqlite3.Connection:
    """The world's file, made with mode 0600 where it is absent."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


class Store:
    """Reads and writes of Bybit's tables. Lists of orders and executions come newest first."""

    def __init__(self, path: pathlib.Path) -> None:
        self._sql = open_database(path)
        self._sql.executescript(TABLES)
        columns = self._sql.execute("SELECT name FROM pragma_table_info('bybit_positions')").fetchall()
        if ("idx",) not in columns:
            self._sql.executescript(f"BEGIN IMMEDIATE; {WITHOUT_SIDES} COMMIT;")

    def close(self) -> None:
        """Lets go of the file."""
        self._sql.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen together or not at all; a transaction inside another belongs to the outer one."""
        if self._sql.in_transaction:
            yield
            return
        self._sql.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._sql.execute("ROLLBACK")
            raise
        self._sql.execute("COMMIT")

    def fact(self, name: str) -> str | None:
        """A single remembered value."""
        row = self._sql.execute("SELECT value FROM bybit_facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def keep_fact(self, name: str, value: str) -> None:
        """Remembers a single value."""
        self._sql.execute("INSERT OR REPLACE INTO bybit_facts VALUES (?, ?)", (name, value))

    def moves(self) -> list[Move]:
        """All moves of the market."""
        rows = self._sql.execute("SELECT symbol, start_ms, duration_ms, delta, volume_factor FROM bybit_moves")
        return [Move(*row) for row in rows]

    def keep_move(self, move: Move) -> None:
        """Remembers a move."""
        values = (move.symbol, move.start_ms, move.duration_ms, move.delta, move.volume_factor)
        self._sql.execute("INSERT INTO bybit_moves VALUES (?, ?, ?, ?, ?)", values)

    def accounts(self) -> list[Account]:
        """All accounts, the oldest first."""
        rows = self._sql.execute("SELECT body FROM bybit_accounts ORDER BY rowid")
        return [from_json(Account, body) for (body,) in rows]

    def keep_account(self, account: Account) -> None:
        """Writes an account."""
        self._sql.execute(
            "INSERT INTO bybit_accounts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body",
            (account.name, to_json(account)),
        )

    def positions(self) -> list[Position]:
        """All positions, flat ones included."""
        rows = self._sql.execute("SELECT body FROM bybit_positions")
        return [from_json(Position, body) for (body,) in rows]

    def keep_position(self, position: Position) -> None:
        """Writes a position."""
        self._sql.execute(
            "INSERT OR REPLACE INTO bybit_positions (account, symbol, idx, body) VALUES (?, ?, ?, ?)",
            (position.account, position.symbol, position.idx, to_json(position)),
        )

    def instructions(self) -> list[Instruction]:
        """Changes of orders that were accepted and not taken up yet, the oldest first."""
        rows = self._sql.execute(
            "SELECT number, account, order_id, due_ms, amendment FROM bybit_instructions ORDER BY number"
        )
        return [
            Instruction(number, account, order_id, due_ms, None if body is None else from_json(Amendment, body))
            for number, account, order_id, due_ms, body in rows
        ]

    def keep_instruction(self, account: str, order_id: str, due_ms: int, amendment: Amendment | None) -> Instruction:
        """Adds an instruction and numbers it."""
        body = None if amendment is None else to_json(amendment)
        query = "INSERT INTO bybit_instructions (account, order_id, due_ms, amendment) VALUES (?, ?, ?, ?)"
        number = self._sql.execute(query, (account, order_id, due_ms, body)).lastrowid
        return Instruction(int(number or 0), account, order_id, due_ms, amendment)

    def drop_instruction(self, number: int) -> None:
        """Takes an instruction out that was taken up."""
        self._sql.execute("DELETE FROM bybit_instructions WHERE number = ?", (number,))

    def open_orders(self) -> list[Order]:
        """Every account's open orders and those that were only accepted so far, the oldest first."""
        rows = self._sql.execute("SELECT body FROM bybit_orders WHERE is_open ORDER BY number")
        return [from_json(Order, body) for (body,) in rows]

    def orders(
        self,
        account: str,
        *,
        symbol: str = "",
        order_id: str = "",
        link_id: str = "",
        closed_only: bool = False,
        after_ms: int = 0,
        before_ms: int = 2**62,
        most: int = -1,
    ) -> list[Order]:
        """An account's orders created in after_ms <= t <= before_ms, the newest first, at most so many."""
        rows = self._sql.execute(
            "SELECT body FROM bybit_orders WHERE account = ?1 AND (?2 = '' OR symbol = ?2)"
            " AND (?3 = '' OR order_id = ?3) AND (?4 = '' OR link_id = ?4)"
            " AND NOT (?5 AND is_open) AND created_ms BETWEEN ?6 AND ?7"
            " ORDER BY number DESC LIMIT ?8",
            (account, symbol, order_id, link_id, closed_only, after_ms, before_ms, most),
        )
        return [from_json(Order, body) for (body,) in rows]

    def has_link_id(self, account: str, link_id: str) -> bool:
        """Whether the account ever used an orderLinkId."""
        query = "SELECT 1 FROM bybit_orders WHERE account = ? AND link_id = ? AND link_id <> ''"
        return self._sql.execute(query, (account, link_id)).fetchone() is not None

    def keep_order(self, order: Order) -> None:
        """Writes an order; a new one comes after all others."""
        self._sql.execute(
            "INSERT INTO bybit_orders (order_id, account, symbol, link_id, is_open, created_ms, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (order_id) DO UPDATE SET is_open = excluded.is_open, body = excluded.body",
            (
                order.order_id,
                order.account,
                order.symbol,
                order.link_id,
                order.is_open or not order.is_visible,
                order.created_ms,
                to_json(order),
            ),
        )

    def executions(
        self,
        account: str,
        *,
        symbol: str = "",
        order_id: str = "",
        link_id: str = "",
        exec_type: str = "",
        closing_only: bool = False,
        after_ms: int = 0,
        before_ms: int = 2**62,
    ) -> list[Execution]:
        """An account's executions in after_ms <= t <= before_ms, the newest first."""
        rows = self._sql.execute(
            "SELECT body FROM bybit_executions WHERE account = ?1 AND (?2 = '' OR symbol = ?2)"
            " AND (?3 = '' OR order_id = ?3) AND (?4 = '' OR link_id = ?4) AND (?5 = '' OR exec_type = ?5)"
            " AND (NOT ?6 OR closes) AND time_ms BETWEEN ?7 AND ?8 ORDER BY number DESC",
            (account, symbol, order_id, link_id, exec_type, closing_only, after_ms, before_ms),
        )
        return [from_json(Execution, body) for (body,) in rows]

    def keep_execution(self, execution: Execution) -> None:
        """Adds an execution."""
        self._sql.execute(
            "INSERT INTO bybit_executions"
            " (exec_id, account, symbol, order_id, link_id, exec_type, closes, time_ms, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                execution.exec_id,
                execution.account,
                execution.symbol,
                execution.order_id,
                execution.link_id,
                execution.exec_type,
                execution.closed_size > 0,
                execution.time_ms,
                to_json(execution),
            ),
        )
