"""Many taps at once, cancelled tasks and killed processes."""

import asyncio
import random
import signal as signals
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from storage.journal import JournalStore
from storage.outbox import OutboxStore
from storage.people import PeopleStore
from storage.tables import revisions, transitions
from storage.vault import Vault
from tests.storage.samples import (
    ACCOUNT,
    EXPIRES,
    NOW,
    OWNER,
    ROOMY,
    D,
    address,
    opened,
    plan,
    propose,
    request,
    signal,
)
from trading.errors import RiskRefused, TicketError
from trading.ports import ClaimLimits
from trading.reasons import Reason
from trading.states import LIVE, Event, State


async def test_of_sixty_claims_at_once_one_wins(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        journal = JournalStore(database, "sandbox")
        await propose(journal, "t1")
        claims = (journal.claim("t1", 1, OWNER, ROOMY, NOW) for _ in range(60))
        results = await asyncio.gather(*claims, return_exceptions=True)
        won = [result for result in results if not isinstance(result, BaseException)]
        lost = [result.reason for result in results if isinstance(result, TicketError)]
        assert len(won) == 1
        assert lost == [Reason.ALREADY_TAKEN] * 59


@pytest.mark.parametrize(
    ("limits", "winners"),
    [
        (ClaimLimits(max_open=7, max_risk=D(10_000), foreign_open=2), 5),
        (ClaimLimits(max_open=100, max_risk=D("500"), foreign_risk=D("100")), 7),
    ],
)
async def test_forty_claims_at_once_never_pass_a_limit(tmp_path: Path, limits: ClaimLimits, winners: int) -> None:
    async with opened(tmp_path) as database:
        journal = JournalStore(database, "sandbox")
        for n in range(40):
            await propose(journal, f"t{n}", f"C{n}USDT", risk=D("50.95"))
        claims = (journal.claim(f"t{n}", 1, OWNER, limits, NOW) for n in range(40))
        results = await asyncio.gather(*claims, return_exceptions=True)
        assert sum(isinstance(result, RiskRefused) for result in results) == 40 - winners
        live = await journal.in_states(LIVE)
        assert len(live) == winners
        assert sum(t.revision.risk_now for t in live) + limits.foreign_risk <= limits.max_risk


async def test_a_claim_and_a_requote_at_once_have_one_winner(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        journal = JournalStore(database, "sandbox")
        for n in range(10):
            name = f"t{n}"
            await propose(journal, name, f"C{n}USDT")
            claim = journal.claim(name, 1, OWNER, ROOMY, NOW)
            requote = journal.requote(name, 1, plan(), request(name, 2, f"C{n}USDT"), NOW)
            both = [claim, requote] if n % 2 else [requote, claim]
            results = await asyncio.gather(*both, return_exceptions=True)
            assert sum(isinstance(result, Exception) for result in results) == 1
            now = await journal.own(name, OWNER)
            assert (now.revision.number, now.state) in {(1, State.CONFIRMED), (2, State.PROPOSED)}


async def test_of_two_proposals_of_one_signal_at_once_one_is_written(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        journal = JournalStore(database, "sandbox")
        proposals = (
            journal.propose(f"t{n}", OWNER, ACCOUNT, signal(), plan(), request(f"t{n}"), EXPIRES, NOW)
            for n in range(10)
        )
        results = await asyncio.gather(*proposals)
        assert sum(result is not None for result in results) == 1


async def test_a_cancelled_claim_is_whole_or_nothing_and_the_database_stays_open(tmp_path: Path) -> None:
    seeded = random.Random(10)
    async with opened(tmp_path) as database:
        journal = JournalStore(database, "sandbox")
        for n in range(60):
            await propose(journal, f"t{n}", f"C{n}USDT")
            task = asyncio.ensure_future(journal.claim(f"t{n}", 1, OWNER, ROOMY, NOW))
            for _ in range(seeded.randrange(80)):
                await asyncio.sleep(0)
            await asyncio.sleep(seeded.choice([0, 0.001, 0.003]))
            task.cancel()
            await asyncio.wait([task])
            ticket = await asyncio.wait_for(journal.own(f"t{n}", OWNER), 2)
            if not task.cancelled():
                assert ticket.state is State.CONFIRMED
        async with database.reading() as connection:
            confirmed = select(revisions.c.ticket).where(revisions.c.state == State.CONFIRMED)
            claimed = select(transitions.c.ticket).where(transitions.c.event == Event.CLAIMED.value)
            assert set((await connection.execute(confirmed)).scalars()) == set(
                (await connection.execute(claimed)).scalars()
            )


def test_every_public_method_of_a_store_comes_to_its_end() -> None:
    for store in (JournalStore, PeopleStore, OutboxStore, Vault):
        for name, method in vars(store).items():
            if asyncio.iscoroutinefunction(method) and not name.startswith("_"):
                assert hasattr(method, "__wrapped__"), f"{store.__name__}.{name}"


# --- the unique indexes themselves, past the code that asks first


@pytest.mark.parametrize(
    "columns",
    [
        {"order_link_id": request("t1").order_link_id, "symbol": "XUSDT", "signal_id": "x", "state": State.EXPIRED},
        {"order_link_id": "x1-other", "symbol": "XUSDT", "signal_id": signal().id, "state": State.PROPOSED},
        {"order_link_id": "x1-other", "symbol": "SOLUSDT", "signal_id": "x", "state": State.CLOSING},
    ],
    ids=["one order id", "one open offer of a signal", "one live entry of a symbol"],
)
async def test_the_tables_themselves_refuse_a_second(tmp_path: Path, columns: dict[str, object]) -> None:
    async with opened(tmp_path) as database:
        journal = JournalStore(database, "sandbox")
        await propose(journal, "t1")
        await journal.claim("t1", 1, OWNER, ROOMY, NOW)
        await propose(journal, "t2", "BUSDT")
        with pytest.raises(IntegrityError, match="(?i)unique"):
            async with database.transaction() as connection:
                await connection.execute(revisions.update().where(revisions.c.ticket == "t2").values(columns))
        assert (await journal.own("t2", OWNER)).revision.request.symbol == "BUSDT"


# --- crashes


async def test_a_fresh_store_sees_what_was_committed(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        journal = JournalStore(database, "sandbox")
        await propose(journal, "t1")
        left = await journal.claim("t1", 1, OWNER, ROOMY, NOW)
    async with opened(tmp_path) as database:
        assert await JournalStore(database, "sandbox").own("t1", OWNER) == left


KILLED = """
import asyncio, os, signal, sys
from storage.database import open_database
from storage.journal import JournalStore
from storage.tables import revisions
from tests.storage.samples import NOW, OWNER, ROOMY, propose

async def main(url):
    database = await open_database(url)
    journal = JournalStore(database, "sandbox")
    await propose(journal, "t1")
    await propose(journal, "t2", "BUSDT")
    await journal.claim("t1", 1, OWNER, ROOMY, NOW)
    async with database.transaction() as connection:
        await connection.execute(revisions.update().where(revisions.c.ticket == "t2").values(state="CONFIRMED"))
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(sys.argv[1]))
"""


async def test_a_killed_process_leaves_its_commits_and_nothing_half_done(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    died = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", KILLED, address(tmp_path)], cwd=root, check=False
    )
    assert died.returncode == -signals.SIGKILL
    async with opened(tmp_path) as database:
        journal = JournalStore(database, "sandbox")
        assert (await journal.own("t1", OWNER)).state is State.CONFIRMED
        assert (await journal.own("t2", OWNER)).state is State.PROPOSED
        assert (await journal.claim("t2", 1, OWNER, ROOMY, NOW)).state is State.CONFIRMED


async def test_an_order_that_was_changed_in_the_database_is_not_sent(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        journal = JournalStore(database, "sandbox")
        await propose(journal, "t1")
        await journal.claim("t1", 1, OWNER, ROOMY, NOW)
        async with database.transaction() as connection:
            larger = revisions.c.request.op("||")(" ")
            await connection.execute(revisions.update().values(request=larger))
        with pytest.raises(Exception, match="not the one that was shown"):
            await journal.advance("t1", 1, Event.SENDING, NOW)
        assert (await journal.own("t1", OWNER)).state is State.CONFIRMED
