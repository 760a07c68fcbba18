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

from storage.claim import win
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
from trading.ports import ClaimLimits, Facts
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


async def test_the_statement_that_takes_an_offer_names_its_owner_itself(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        await propose(JournalStore(database, "sandbox"), "t1")
        async with database.transaction() as connection:
            assert not await win(connection, "sandbox", "t1", 1, OWNER + 1, NOW)
            assert not await win(connection, "live", "t1", 1, OWNER, NOW)
            assert await win(connection, "sandbox", "t1", 1, OWNER, NOW)


async def test_every_step_is_in_the_history_and_older_revisions_stay_as_they_ended(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        journal = JournalStore(database, "sandbox")
        await propose(journal, "t1")
        await journal.requote("t1", 1, plan(risk=D(40)), request("t1", 2), NOW + 1)
        await journal.claim("t1", 2, OWNER, ROOMY, NOW + 2)
        await journal.note("t1", 2, NOW + 3, Facts(stop_now=D(140), closes=1))
        await journal.advance("t1", 2, Event.GUARD_FAILED, NOW + 4, Facts(detail="too late"))
        async with database.reading() as connection:
            steps = (await connection.execute(select(transitions).order_by(transitions.c.id))).all()
            kept = (await connection.execute(select(revisions).order_by(revisions.c.number))).all()
    assert [(s.number, s.event, s.before, s.after, s.at, s.detail) for s in steps] == [
        (1, "proposed", None, State.PROPOSED, NOW, ""),
        (1, "requoted", State.PROPOSED, State.SUPERSEDED, NOW + 1, ""),
        (2, "proposed", None, State.PROPOSED, NOW + 1, ""),
        (2, "claimed", State.PROPOSED, State.CONFIRMED, NOW + 2, ""),
        (2, "noted", State.CONFIRMED, State.CONFIRMED, NOW + 3, "stop_now, closes"),
        (2, "guard_failed", State.CONFIRMED, State.NOT_PLACED, NOW + 4, "too late"),
    ]
    assert [(r.state, r.changed_at, r.stop_now, r.risk) for r in kept] == [
        (State.SUPERSEDED, NOW + 1, plan().stop, plan().risk),
        (State.NOT_PLACED, NOW + 4, D(140), D(40)),
    ]


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
        with pytest.raises(IntegrityError, match=r"(?i)unique"):
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


async def test_our_own_writers_never_find_the_database_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.database.BUSY_MS", 0)
    async with opened(tmp_path) as database:
        journal = JournalStore(database, "sandbox")
        await asyncio.gather(*(propose(journal, f"t{n}", f"C{n}USDT") for n in range(30)))
        assert len(await journal.in_states(frozenset({State.PROPOSED}))) == 30
