"""What the Journal port promises, held against the store that keeps it."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from storage.journal import JournalStore
from tests.storage.samples import (
    ACCOUNT,
    EXPIRES,
    NOW,
    OTHER_ACCOUNT,
    OWNER,
    ROOMY,
    D,
    execution,
    opened,
    plan,
    propose,
    request,
    signal,
)
from tests.storage.ways import step, way_to
from trading.errors import RiskRefused, TicketError
from trading.model import AccountId, Fill, Outcome, Ticket
from trading.ports import ClaimLimits, Facts, Journal
from trading.reasons import Ending, Reason
from trading.states import ENDED, LIVE, TABLE, Event, IllegalTransition, State

STRANGER = 6666


@pytest_asyncio.fixture
async def journal(tmp_path: Path) -> AsyncIterator[JournalStore]:
    async with opened(tmp_path) as database:
        yield JournalStore(database, "sandbox")


def test_the_store_is_a_journal(journal: JournalStore) -> None:
    port: Journal = journal
    assert port is journal


# --- offers


async def test_an_offer_is_read_back_as_it_was_written(journal: JournalStore) -> None:
    offered = await propose(journal, "t1")
    assert offered == await journal.own("t1", OWNER)
    assert offered.signal == signal()
    assert offered.account == ACCOUNT
    assert offered.created_at == NOW
    assert offered.first_risk == plan().risk
    revision = offered.revision
    assert (revision.number, revision.state, revision.expires_at) == (1, State.PROPOSED, EXPIRES)
    assert revision.plan == plan()
    assert revision.request == request("t1")
    assert revision.order_link_id == request("t1").order_link_id
    assert (revision.risk_now, revision.stop_now, revision.target_now) == (plan().risk, plan().stop, plan().target)
    assert (revision.size_now, revision.closes, revision.fill, revision.outcome) == (D(0), 0, None, None)


async def test_decimals_of_25_digits_survive(journal: JournalStore) -> None:
    long = D("1234567.123456789012345678")
    offered = await propose(journal, "t1", risk=long, r=D("0.0000001"), notional=D("1E+3"))
    stored = await journal.own("t1", OWNER)
    assert stored.first_risk == stored.revision.risk_now == stored.revision.plan.risk == long
    assert stored.revision.plan.r == D("0.0000001")
    assert stored.revision.plan.notional == D(1000)
    assert stored == offered


async def test_one_signal_makes_one_ticket_for_an_account_even_after_it_is_over(journal: JournalStore) -> None:
    await propose(journal, "t1")
    assert await journal.propose("t2", OWNER, ACCOUNT, signal(), plan(), request("t2"), EXPIRES, NOW) is None
    await journal.advance("t1", 1, Event.SKIPPED, NOW)
    assert await journal.propose("t3", OWNER, ACCOUNT, signal(), plan(), request("t3"), EXPIRES, NOW) is None
    with pytest.raises(TicketError):
        await journal.own("t3", OWNER)


async def test_another_account_gets_its_own_ticket_of_the_signal(journal: JournalStore) -> None:
    await propose(journal, "t1")
    other = await propose(journal, "t2", account=OTHER_ACCOUNT, owner=1002)
    assert other.account == OTHER_ACCOUNT


async def test_a_request_under_another_id_is_never_written(journal: JournalStore) -> None:
    with pytest.raises(ValueError, match="another order id"):
        await journal.propose("t1", OWNER, ACCOUNT, signal(), plan(), request("t2"), EXPIRES, NOW)
    assert await journal.in_states(frozenset(State)) == ()


async def test_an_account_of_another_environment_is_a_mistake(journal: JournalStore) -> None:
    with pytest.raises(ValueError, match="live"):
        await journal.propose("t1", OWNER, AccountId("live", "1"), signal(), plan(), request("t1"), EXPIRES, NOW)


async def test_only_its_owner_sees_a_ticket(journal: JournalStore) -> None:
    await propose(journal, "t1")
    for ticket, owner in (("t1", STRANGER), ("no such", OWNER)):
        with pytest.raises(TicketError) as refused:
            await journal.own(ticket, owner)
        assert refused.value.reason is Reason.NO_SUCH_TICKET


# --- claims


async def test_a_claim_confirms_and_keeps_the_risk_reserved(journal: JournalStore) -> None:
    await propose(journal, "t1")
    claimed = await journal.claim("t1", 1, OWNER, ROOMY, NOW + 1)
    assert claimed.state is State.CONFIRMED
    assert claimed.revision.risk_now == plan().risk
    assert claimed.revision.changed_at == NOW + 1


async def refusal(journal: JournalStore, ticket: str, revision: int = 1, owner: int = OWNER, now: int = NOW) -> Reason:
    with pytest.raises(TicketError) as refused:
        await journal.claim(ticket, revision, owner, ROOMY, now)
    return refused.value.reason


async def test_a_foreign_or_guessed_claim_finds_nothing_and_changes_nothing(journal: JournalStore) -> None:
    offered = await propose(journal, "t1")
    assert await refusal(journal, "t1", owner=STRANGER) is Reason.NO_SUCH_TICKET
    assert await refusal(journal, "t1", revision=2) is Reason.NO_SUCH_TICKET
    assert await refusal(journal, "t1", revision=0) is Reason.NO_SUCH_TICKET
    assert await refusal(journal, "' OR 1=1 --") is Reason.NO_SUCH_TICKET
    assert await journal.own("t1", OWNER) == offered


async def test_an_offer_ends_at_its_expiry_and_not_before(journal: JournalStore) -> None:
    await propose(journal, "t1")
    assert await refusal(journal, "t1", now=EXPIRES) is Reason.EXPIRED
    assert (await journal.claim("t1", 1, OWNER, ROOMY, EXPIRES - 1)).state is State.CONFIRMED


async def test_a_second_claim_is_told_that_it_was_taken_from_every_live_state(journal: JournalStore) -> None:
    for n, state in enumerate(sorted(LIVE)):
        ticket = await propose(journal, f"t{n}", f"C{n}USDT")
        for event in way_to(state):
            ticket = await step(journal, ticket, event)
        assert await refusal(journal, ticket.id) is Reason.ALREADY_TAKEN, state


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.SKIPPED, Reason.SKIPPED),
        (State.EXPIRED, Reason.EXPIRED),
        (State.VOID, Reason.OVER),
        (State.NOT_PLACED, Reason.OVER),
        (State.REFUSED, Reason.OVER),
        (State.CLOSED, Reason.OVER),
    ],
)
async def test_a_claim_of_what_is_over_is_told_what_became_of_it(
    journal: JournalStore, state: State, reason: Reason
) -> None:
    ticket = await propose(journal, "t1")
    for event in way_to(state):
        ticket = await step(journal, ticket, event)
    assert await refusal(journal, "t1") is reason


async def test_a_claim_of_an_older_revision_is_told_that_a_newer_one_stands(journal: JournalStore) -> None:
    await propose(journal, "t1")
    await journal.requote("t1", 1, plan(), request("t1", 2), NOW)
    assert await refusal(journal, "t1", revision=1) is Reason.SUPERSEDED
    ticket = await journal.claim("t1", 2, OWNER, ROOMY, NOW)
    assert ticket.revision.number == 2
    for event in (Event.SENDING, Event.ACCEPTED):
        await journal.advance("t1", 2, event, NOW)
    await journal.requote("t1", 2, plan(), request("t1", 3), NOW, event=Event.DRY)
    assert await refusal(journal, "t1", revision=2) is Reason.SUPERSEDED, "also after a dry order"


async def test_one_symbol_holds_one_live_entry(journal: JournalStore) -> None:
    await propose(journal, "t1")
    later = signal(open_time=NOW)
    assert await journal.propose("t2", OWNER, ACCOUNT, later, plan(), request("t2"), EXPIRES, NOW) is not None
    await journal.claim("t1", 1, OWNER, ROOMY, NOW)
    with pytest.raises(RiskRefused) as refused:
        await journal.claim("t2", 1, OWNER, ROOMY, NOW)
    assert refused.value.reason is Reason.POSITION_HERE
    assert refused.value.figures == {"symbol": "SOLUSDT"}
    assert (await journal.own("t2", OWNER)).state is State.PROPOSED, "a limit leaves the card as it is"


async def test_the_symbol_of_another_account_is_free(journal: JournalStore) -> None:
    await propose(journal, "t1")
    await propose(journal, "t2", account=OTHER_ACCOUNT)
    await journal.claim("t1", 1, OWNER, ROOMY, NOW)
    assert (await journal.claim("t2", 1, OWNER, ROOMY, NOW)).state is State.CONFIRMED


async def test_open_positions_count_ours_and_foreign_ones(journal: JournalStore) -> None:
    await propose(journal, "t1", "AUSDT")
    await propose(journal, "t2", "BUSDT")
    await journal.claim("t1", 1, OWNER, ROOMY, NOW)
    with pytest.raises(RiskRefused) as refused:
        await journal.claim("t2", 1, OWNER, ClaimLimits(max_open=3, max_risk=D(1000), foreign_open=2), NOW)
    assert refused.value.reason is Reason.OPEN_POSITIONS
    assert refused.value.figures == {"open": 3, "limit": 3}
    fits = ClaimLimits(max_open=4, max_risk=D(1000), foreign_open=2)
    assert (await journal.claim("t2", 1, OWNER, fits, NOW)).state is State.CONFIRMED


async def test_risk_on_the_table_is_summed_to_the_last_digit(journal: JournalStore) -> None:
    await propose(journal, "t1", "AUSDT", risk=D("10.000000000000000001"))
    await propose(journal, "t2", "BUSDT", risk=D("5"))
    await journal.claim("t1", 1, OWNER, ROOMY, NOW)
    tight = ClaimLimits(max_open=9, max_risk=D("17.5"), foreign_risk=D("2.5"))
    with pytest.raises(RiskRefused) as refused:
        await journal.claim("t2", 1, OWNER, tight, NOW)
    assert refused.value.reason is Reason.RISK_ON_TABLE
    assert refused.value.figures == {"risk": D("17.500000000000000001"), "limit": D("17.5")}
    await journal.note("t1", 1, NOW, Facts(risk_now=D("10")))
    assert (await journal.claim("t2", 1, OWNER, tight, NOW)).state is State.CONFIRMED


@pytest.mark.parametrize("state", sorted(LIVE))
async def test_every_live_state_counts_against_every_limit(journal: JournalStore, state: State) -> None:
    ticket = await propose(journal, "t1")
    for event in way_to(state):
        ticket = await step(journal, ticket, event)
    later = signal(open_time=NOW)
    await journal.propose("t2", OWNER, ACCOUNT, later, plan(), request("t2"), EXPIRES, NOW)
    await propose(journal, "t3", "BUSDT")
    refusals = []
    for name, limits in (
        ("t2", ROOMY),
        ("t3", ClaimLimits(max_open=1, max_risk=D(1000))),
        ("t3", ClaimLimits(max_open=2, max_risk=D("101.89"))),
    ):
        with pytest.raises(RiskRefused) as refused:
            await journal.claim(name, 1, OWNER, limits, NOW)
        refusals.append(refused.value.reason)
    assert refusals == [Reason.POSITION_HERE, Reason.OPEN_POSITIONS, Reason.RISK_ON_TABLE]


async def test_what_ended_frees_its_risk_and_its_place(journal: JournalStore) -> None:
    one = ClaimLimits(max_open=1, max_risk=D("50.95"))
    await propose(journal, "t1", "AUSDT")
    await propose(journal, "t2", "BUSDT")
    await journal.claim("t1", 1, OWNER, one, NOW)
    ended = await journal.advance("t1", 1, Event.GUARD_FAILED, NOW)
    assert ended.revision.risk_now == 0
    assert (await journal.claim("t2", 1, OWNER, one, NOW)).state is State.CONFIRMED


# --- steps


@pytest.mark.parametrize("state", sorted(set(State) - {State.SUPERSEDED}))
async def test_every_row_of_the_table_leads_where_it_says_and_nothing_else_leads_anywhere(
    journal: JournalStore, state: State
) -> None:
    async def brought_there(ticket: str) -> Ticket:
        there = await propose(journal, ticket, f"{ticket}USDT")
        for earlier in way_to(state):
            there = await step(journal, there, earlier)
        assert there.state is state
        return there

    still = await brought_there("S")
    for event in Event:
        expected = TABLE.get((state, event))
        if expected is None:
            with pytest.raises((IllegalTransition, TicketError)):
                await step(journal, still, event)
            assert await journal.own(still.id, OWNER) == still
        elif event is not Event.REQUOTED:
            after = await step(journal, await brought_there(f"T{event.name}"), event)
            assert after.state is expected
            assert after.revision.risk_now == (0 if expected in ENDED else plan().risk)


async def test_a_superseded_revision_has_no_way_out(journal: JournalStore) -> None:
    await propose(journal, "t1")
    newest = await journal.requote("t1", 1, plan(), request("t1", 2), NOW)
    for event in Event:
        with pytest.raises(IllegalTransition):
            await journal.advance("t1", 1, event, NOW)
    assert await journal.own("t1", OWNER) == newest


async def test_claims_and_requotes_have_their_own_ways(journal: JournalStore) -> None:
    offered = await propose(journal, "t1")
    for event in (Event.CLAIMED, Event.REQUOTED):
        with pytest.raises(IllegalTransition):
            await journal.advance("t1", 1, event, NOW)
    assert await journal.own("t1", OWNER) == offered


async def test_a_step_writes_its_facts_and_leaves_the_others(journal: JournalStore) -> None:
    await propose(journal, "t1")
    await journal.claim("t1", 1, OWNER, ROOMY, NOW)
    await journal.advance("t1", 1, Event.SENDING, NOW + 1, Facts(signed_at=NOW + 2))
    await journal.advance("t1", 1, Event.ACCEPTED, NOW + 3, Facts(order_id="o-1"))
    fill = Fill(D("1.3"), D("148.3512345678"), D("0.106"))
    filled = await journal.advance(
        "t1", 1, Event.FILLED, NOW + 4, Facts(fill=fill, size_now=D("1.3"), risk_now=D("8.38"))
    )
    opened_ = await journal.advance("t1", 1, Event.PROTECTED, NOW + 5, Facts(stop_now=D("143.2")))
    assert filled.revision.fill == fill
    revision = opened_.revision
    assert (revision.signed_at, revision.order_id, revision.fill) == (NOW + 2, "o-1", fill)
    assert (revision.size_now, revision.risk_now, revision.stop_now) == (D("1.3"), D("8.38"), D("143.2"))
    outcome = Outcome(Ending.STOP, D("-8.4"), D("-1.04"), D("143.19"), NOW + 9)
    gone = await journal.advance("t1", 1, Event.GONE, NOW + 10, Facts(outcome=outcome, detail="slipped"))
    assert gone.revision.outcome == outcome
    assert gone.revision.detail == "slipped"
    assert gone.revision.risk_now == 0


async def test_a_note_changes_facts_without_a_step(journal: JournalStore) -> None:
    await propose(journal, "t1")
    noted = await journal.note("t1", 1, NOW + 1, Facts(stop_now=D("140"), closes=2, reason=Reason.PRICE_MOVED))
    assert noted.state is State.PROPOSED
    assert (noted.revision.stop_now, noted.revision.closes) == (D(140), 2)
    assert noted.revision.reason is Reason.PRICE_MOVED
    again = await journal.note("t1", 1, NOW + 2, Facts(stop_now=D("140.0")))
    assert again == noted, "a note of nothing new leaves no trace"


async def test_a_target_that_is_gone_is_emptied_once(journal: JournalStore) -> None:
    await propose(journal, "t1")
    noted = await journal.note("t1", 1, NOW + 1, Facts(target_gone=True))
    assert noted.revision.target_now is None
    assert await journal.note("t1", 1, NOW + 2, Facts(target_gone=True)) == noted
    back = await journal.note("t1", 1, NOW + 3, Facts(target_now=D("156")))
    assert back.revision.target_now == D("156")


async def test_a_step_of_what_does_not_exist_finds_no_ticket(journal: JournalStore) -> None:
    for call in (
        journal.advance("t1", 1, Event.SKIPPED, NOW),
        journal.note("t1", 1, NOW, Facts(closes=1)),
        journal.requote("t1", 1, plan(), request("t1", 2), NOW),
        journal.count_executions("t1", [execution("e1")]),
    ):
        with pytest.raises(TicketError):
            await call


# --- re-quotes


async def test_a_requote_supersedes_and_offers_the_next_with_the_old_expiry(journal: JournalStore) -> None:
    first = await propose(journal, "t1")
    dearer = plan(entry=D("149.80"), limit=D("150.84"), size=D("6.4"), risk=D("50.90"))
    second = await journal.requote("t1", 1, dearer, request("t1", 2, size=D("6.4")), NOW + 9)
    assert (second.revision.number, second.state, second.revision.expires_at) == (2, State.PROPOSED, EXPIRES)
    assert second.revision.plan == dearer
    assert second.revision.risk_now == D("50.90")
    assert second.first_risk == first.first_risk
    assert second.revision.order_link_id != first.revision.order_link_id
    assert [t.key for t in await journal.in_states(frozenset({State.PROPOSED}))] == [("t1", 2)]
    assert await journal.in_states(frozenset({State.SUPERSEDED})) == ()


async def test_a_dry_order_is_followed_by_the_next_offer(journal: JournalStore) -> None:
    ticket = await propose(journal, "t1")
    for event in way_to(State.ACKED):
        ticket = await step(journal, ticket, event)
    facts = Facts(reason=Reason.NOTHING_FILLED)
    offered = await journal.requote("t1", 1, plan(), request("t1", 2), NOW, event=Event.DRY, facts=facts)
    assert (offered.revision.number, offered.state) == (2, State.PROPOSED)
    with pytest.raises(IllegalTransition):
        await journal.requote("t1", 1, plan(), request("t1", 3), NOW, event=Event.DRY)


@pytest.mark.parametrize("state", sorted(set(State) - {State.PROPOSED, State.SUPERSEDED}))
async def test_a_requote_needs_an_open_offer(journal: JournalStore, state: State) -> None:
    ticket = await propose(journal, "t1")
    for event in way_to(state):
        ticket = await step(journal, ticket, event)
    with pytest.raises(IllegalTransition):
        await journal.requote("t1", 1, plan(), request("t1", 2), NOW)
    assert await journal.own("t1", OWNER) == ticket


async def test_no_other_event_requotes(journal: JournalStore) -> None:
    offered = await propose(journal, "t1")
    for event in set(Event) - {Event.REQUOTED}:
        with pytest.raises(IllegalTransition):
            await journal.requote("t1", 1, plan(), request("t1", 2), NOW, event=event)
    assert await journal.own("t1", OWNER) == offered


# --- looks


async def test_tickets_are_found_by_state_and_account_oldest_first(journal: JournalStore) -> None:
    await propose(journal, "b", "BUSDT", now=NOW + 1)
    await propose(journal, "a", "AUSDT", now=NOW + 2)
    await propose(journal, "c", "CUSDT", now=NOW, account=OTHER_ACCOUNT)
    await journal.claim("a", 1, OWNER, ROOMY, NOW)
    proposed = frozenset({State.PROPOSED})
    assert [t.id for t in await journal.in_states(proposed)] == ["c", "b"]
    assert [t.id for t in await journal.in_states(proposed, ACCOUNT)] == ["b"]
    assert [t.id for t in await journal.in_states(LIVE)] == ["a"]
    assert await journal.in_states(frozenset()) == ()


async def test_closed_positions_are_found_by_when_they_closed(journal: JournalStore) -> None:
    for n, closed_at in (("a", NOW + 100), ("b", NOW + 50), ("c", NOW + 49)):
        ticket = await propose(journal, n, f"{n.upper()}USDT")
        for event in way_to(State.OPEN):
            ticket = await step(journal, ticket, event)
        outcome = Outcome(Ending.TARGET, D("60.25"), D("1.45"), D("156.15"), closed_at)
        await journal.advance(n, 1, Event.GONE, NOW + 200, Facts(outcome=outcome))
    assert [t.id for t in await journal.closed_since(ACCOUNT, NOW + 50)] == ["b", "a"]
    assert await journal.closed_since(OTHER_ACCOUNT, 0) == ()


async def test_an_execution_counts_once_whoever_tells_of_it(journal: JournalStore) -> None:
    await propose(journal, "t1")
    await propose(journal, "t2", "BUSDT")
    first, second = execution("e1", at=NOW + 9), execution("e2", at=NOW + 3)
    await journal.count_executions("t1", [first, second, first])
    await journal.count_executions("t1", [second])
    await journal.count_executions("t2", [first])
    assert await journal.executions_of("t1") == (second, first)
    assert await journal.executions_of("t2") == ()


async def test_two_accounts_may_have_executions_of_one_id(journal: JournalStore) -> None:
    await propose(journal, "t1")
    await propose(journal, "t2", account=OTHER_ACCOUNT)
    await journal.count_executions("t1", [execution("e1")])
    await journal.count_executions("t2", [execution("e1", side="Sell")])
    assert [each.side for each in await journal.executions_of("t2")] == ["Sell"]


async def test_a_signal_is_heard_once_and_tells_what_became_of_it(journal: JournalStore) -> None:
    offered = await propose(journal, "t1")
    assert await journal.hear(ACCOUNT, OWNER, signal(), NOW, "t1", None)
    assert not await journal.hear(ACCOUNT, OWNER, signal(), NOW + 1, None, Reason.PAUSED)
    listed = signal("BUSDT")
    assert await journal.hear(ACCOUNT, OWNER, listed, NOW + 2, None, Reason.OPEN_POSITIONS)
    assert await journal.hear(OTHER_ACCOUNT, 1002, listed, NOW + 3, None, None)
    newest, oldest = await journal.heard(OWNER, 10)
    assert (newest.signal, newest.heard_at, newest.ticket) == (listed, NOW + 2, None)
    assert newest.refused is Reason.OPEN_POSITIONS
    assert (oldest.signal, oldest.account, oldest.ticket, oldest.refused) == (signal(), ACCOUNT, offered, None)
    assert await journal.heard(OWNER, 1) == (newest,)
    assert await journal.heard_since(OWNER, NOW) == 2
    assert await journal.heard_since(OWNER, NOW + 1) == 1
    assert await journal.heard_since(STRANGER, 0) == 0


async def test_another_environment_sees_and_changes_nothing_of_ours(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        ours, theirs = JournalStore(database, "sandbox"), JournalStore(database, "live")
        offered = await propose(ours, "t1")
        await ours.hear(ACCOUNT, OWNER, signal(), NOW, "t1", None)
        await ours.count_executions("t1", [execution("e1")])
        assert await theirs.in_states(frozenset(State)) == ()
        assert await theirs.in_states(frozenset(State), ACCOUNT) == ()
        assert await theirs.heard(OWNER, 9) == ()
        assert await theirs.heard_since(OWNER, 0) == 0
        assert await theirs.executions_of("t1") == ()
        assert await theirs.closed_since(ACCOUNT, 0) == ()
        for call in (
            theirs.own("t1", OWNER),
            theirs.claim("t1", 1, OWNER, ROOMY, NOW),
            theirs.advance("t1", 1, Event.SKIPPED, NOW),
        ):
            with pytest.raises(TicketError):
                await call
        assert await ours.own("t1", OWNER) == offered


async def test_no_float_ever_becomes_money(journal: JournalStore) -> None:
    await propose(journal, "t1")
    for wrong in (1.5, Decimal("NaN"), Decimal("Infinity")):
        with pytest.raises(Exception, match="finite Decimals"):
            await journal.note("t1", 1, NOW, Facts(risk_now=wrong))  # type: ignore[arg-type]
    assert (await journal.own("t1", OWNER)).revision.risk_now == plan().risk
