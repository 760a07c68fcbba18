"""The state table: complete, closed, and as EXECUTION.md draws it."""

import pytest

from trading.states import ENDED, HOLDING, LIVE, TABLE, Event, IllegalTransition, State, after

S, E = State, Event


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("event", list(Event))
def test_every_pair_is_a_row_of_the_table_or_raises(state: State, event: Event) -> None:
    if (state, event) in TABLE:
        assert after(state, event) is TABLE[state, event]
        return
    with pytest.raises(IllegalTransition) as refused:
        after(state, event)
    assert (refused.value.state, refused.value.event) == (state, event)


def test_nothing_leads_out_of_an_end() -> None:
    assert not [state for state, _ in TABLE if state in ENDED]


def test_proposed_live_and_ended_are_all_there_is_and_share_nothing() -> None:
    assert {S.PROPOSED} | LIVE | ENDED == set(State)
    assert len(LIVE) + len(ENDED) + 1 == len(State)
    assert HOLDING < LIVE


def test_every_state_but_the_first_can_be_reached_and_every_live_one_can_end() -> None:
    reached = {S.PROPOSED}
    for _ in State:
        reached |= {to for (state, _), to in TABLE.items() if state in reached}
    assert reached == set(State)
    ends = set(ENDED)
    for _ in State:
        ends |= {state for (state, _), to in TABLE.items() if to in ends}
    assert ends == set(State)


def test_nothing_is_sent_but_from_confirmed_and_only_a_claim_or_a_proof_of_absence_confirms() -> None:
    assert [state for state, event in TABLE if event is E.SENDING] == [S.CONFIRMED]
    assert {row for row, to in TABLE.items() if to is S.CONFIRMED} == {
        (S.PROPOSED, E.CLAIMED),
        (S.UNKNOWN, E.ABSENT_RETRY),
    }


def test_an_unknown_order_is_never_given_up_without_a_proof() -> None:
    assert {event: to for (state, event), to in TABLE.items() if state is S.UNKNOWN} == {
        E.FOUND: S.ACKED,
        E.ABSENT: S.NOT_PLACED,
        E.ABSENT_RETRY: S.CONFIRMED,
    }


def test_open_is_reached_only_by_a_stop_that_was_read_back_or_an_adopted_change() -> None:
    assert {event for (_, event), to in TABLE.items() if to is S.OPEN} == {E.PROTECTED, E.ADOPTED, E.CLOSE_FAILED}
