"""The world's file of yesterday is read today."""

import contextlib
import pathlib
import sqlite3
from decimal import Decimal

from sandbox.bybit.model import Position
from sandbox.bybit.store import Store

BEFORE_HEDGE_MODE = """
CREATE TABLE bybit_positions (
    account TEXT NOT NULL, symbol TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (account, symbol)
);
INSERT INTO bybit_positions VALUES
    ('ann', 'SOLUSDT', '{"account": "ann", "symbol": "SOLUSDT", "leverage": "7", "side": "Buy", "size": "10"}');
"""


def test_positions_from_before_hedge_mode_are_one_way_positions(database: pathlib.Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as file:
        file.executescript(BEFORE_HEDGE_MODE)
    before = Position("ann", "SOLUSDT", Decimal(7), side="Buy", size=Decimal(10))
    short = Position("ann", "SOLUSDT", Decimal(3), side="Sell", size=Decimal(4), idx=2)
    for kept in ([before], [before, short]):
        with contextlib.closing(Store(database)) as store:
            assert store.positions() == kept
            store.keep_position(short)
