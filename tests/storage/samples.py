"""Signals, plans and tickets to store; every figure can be changed by name."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from storage.database import Database, open_database
from storage.journal import JournalStore
from strategies.signal import Direction, Factor, Signal
from trading.model import AccountId, Execution, OrderRequest, Plan, Ticket, order_link_id
from trading.ports import ClaimLimits

D = Decimal
NOW = 1_780_000_000_000
EXPIRES = NOW + 600_000
OWNER = 1001
ACCOUNT = AccountId("sandbox", "70001")
OTHER_ACCOUNT = AccountId("sandbox", "70002")
ROOMY = ClaimLimits(max_open=100, max_risk=D(100_000))


def file_in(folder: Path) -> Path:
    return folder / "bybot-sandbox.db"


def address(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{file_in(folder)}"


@cache
def migrated() -> bytes:
    """An empty database with all its tables, made once: a copy is quicker than a migration."""

    async def make(folder: Path) -> None:
        await (await open_database(address(folder))).close()

    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as beside:
        beside.submit(asyncio.run, make(Path(folder))).result()
        return file_in(Path(folder)).read_bytes()


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Database]:
    """The database of this folder, new where it has none."""
    file = file_in(folder)
    if not file.exists():
        file.touch(0o600)
        file.write_bytes(migrated())
    database = await open_database(address(folder))
    try:
        yield database
    finally:
        await database.close()


def signal(symbol: str = "SOLUSDT", **changes: Any) -> Signal:
    factors = (
        Factor("volume_confirmation", 0.9, 2.9),
        Factor("vwap_position", 0.8, 3.2),
        Factor("trend_alignment", 0.1 + 0.2, -1e-7),
    )
    said = Signal(
        symbol=symbol,
        strategy="volume_vwap",
        minutes=240,
        direction=Direction.LONG,
        open_time=NOW - 240 * 60_000,
        factors=factors,
        strength=0.85,
        confluence=3,
        close=148.32,
        atr=3.48,
        also=("multitf",),
        rank=2,
        of=6,
    )
    return replace(said, **changes)


def plan(**changes: Any) -> Plan:
    sized = Plan(
        entry=D("148.32"),
        limit=D("149.36"),
        stop=D("143.10"),
        target=D("156.15"),
        size=D("7.9"),
        leverage=5,
        notional=D("1171.728"),
        risk=D("50.95"),
        r=D("41.238"),
        costs=D("1.32"),
        net_reward=D("1.47"),
        net_loss=D("-1.04"),
        bound_by="risk",
    )
    return replace(sized, **changes)


def request(ticket: str, revision: int = 1, symbol: str = "SOLUSDT", **changes: Any) -> OrderRequest:
    order = OrderRequest(
        symbol=symbol,
        side="Buy",
        size=D("7.9"),
        order_link_id=order_link_id(ticket, revision),
        price=D("149.36"),
        stop=D("143.10"),
        target=D("156.15"),
    )
    return replace(order, **changes)


async def propose(
    journal: JournalStore,
    ticket: str,
    symbol: str = "SOLUSDT",
    *,
    account: AccountId = ACCOUNT,
    owner: int = OWNER,
    now: int = NOW,
    **changes: Any,
) -> Ticket:
    offered = await journal.propose(
        ticket,
        owner,
        account,
        signal(symbol),
        plan(**changes),
        request(ticket, symbol=symbol),
        EXPIRES,
        now,
    )
    assert offered is not None
    return offered


def execution(id_: str, **changes: Any) -> Execution:
    fill = Execution(
        id=id_,
        symbol="SOLUSDT",
        order_id="o-1",
        order_link_id="x1-1",
        side="Buy",
        kind="Trade",
        create_type="CreateByUser",
        price=D("148.35"),
        size=D("1.3"),
        closed_size=D("0"),
        fee=D("0.1060703"),
        at=NOW + 5,
    )
    return replace(fill, **changes)
