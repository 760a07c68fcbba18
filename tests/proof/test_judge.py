"""The judge finds each kind of wrong in a ledger and a journal that were right before."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from strategies.signal import Direction
from tests.proof import practice as small
from tests.proof.judge import Case, read_journal
from tests.proof.loop import run
from tests.proof.schedule import Story
from tests.proof.stage import OWNER, prepared, staged

pytestmark = pytest.mark.filterwarnings("ignore:The garbage collector is trying to clean up:sqlalchemy.exc.SAWarning")

Rows = list[dict[str, Any]]


async def _opened(then_closed: bool) -> Case:
    """One tap that became a position with its stop, and was closed by a tap or is held."""
    async with staged(1) as stage:
        await stage.rise()
        await stage.program.up.wait()
        await stage.program.do(Story(stage).offered(small.BTC, Direction.LONG, "volume_vwap"))
        desk = stage.program.assistant.desk
        await stage.program.do(desk.confirm(OWNER, "t1", 1))
        await stage.sleep(20)
        if then_closed:
            await stage.program.do(desk.close(OWNER, "t1"))
            await stage.sleep(20)
        ledger = (await stage.ledger())[small.MAIN]
        return Case(ledger, read_journal(stage.journal_file, small.MAIN), (), small.wall_ms())


@cache
def held() -> Case:
    prepared()
    return run(_opened(then_closed=False))


@cache
def closed() -> Case:
    prepared()
    return run(_opened(then_closed=True))


@dataclass(frozen=True)
class Doctored:
    """A case with something changed in it: rows of the ledger, of the journal, or its claims."""

    case: Case

    def ledger(self, change: Callable[[Rows], Rows]) -> Case:
        return replace(self.case, ledger=change([dict(order) for order in self.case.ledger]))

    def rows(self, **changed: Any) -> Case:
        rows = tuple({**row, **changed} for row in self.case.journal.revisions)
        return replace(self.case, journal=replace(self.case.journal, revisions=rows))


def kinds(case: Case) -> set[str]:
    return {finding.kind for finding in case.findings()}


def is_stop(order: dict[str, Any]) -> bool:
    return bool(order["stopOrderType"] == "StopLoss")


@pytest.mark.parametrize("case", [held, closed])
def test_nothing_is_found_where_all_is_right(case: Callable[[], Case]) -> None:
    assert case().findings() == []
    assert case().journal.claims == {("t1", 1): 1}


def test_an_order_that_was_accepted_twice_is_a_duplicate() -> None:
    assert "duplicate" in kinds(Doctored(held()).ledger(lambda orders: [*orders, orders[0]]))


def test_an_order_of_nobody_is_wrong() -> None:
    alien = {"orderLinkId": "x1-" + "0" * 28}
    assert kinds(Doctored(held()).ledger(lambda orders: [orders[0] | alien, *orders[1:]])) >= {"wrong", "lost"}


def test_an_order_without_a_tap_is_wrong() -> None:
    journal = replace(held().journal, claims=Counter[tuple[str, int]]())
    assert "wrong" in kinds(replace(held(), journal=journal))


@pytest.mark.parametrize(
    ("field", "other"), [("qty", "9"), ("stopLoss", "1"), ("price", "99999"), ("timeInForce", "GTC")]
)
def test_an_order_with_other_numbers_than_the_card_is_wrong(field: str, other: str) -> None:
    assert "wrong" in kinds(Doctored(held()).ledger(lambda orders: [orders[0] | {field: other}, *orders[1:]]))


def test_a_tap_whose_order_is_gone_is_lost() -> None:
    assert "lost" in kinds(Doctored(held()).ledger(lambda orders: orders[1:]))


@pytest.mark.parametrize("state", ["NOT_PLACED", "REFUSED"])
def test_an_order_that_filled_for_a_tap_that_was_told_no_is_lost(state: str) -> None:
    assert "lost" in kinds(Doctored(held()).rows(state=state))


@pytest.mark.parametrize("state", ["CONFIRMED", "SUBMITTING", "UNKNOWN", "ACKED", "FILLED", "CLOSING", "UNPROTECTED"])
def test_what_is_not_at_rest_is_unresolved(state: str) -> None:
    assert "unresolved" in kinds(Doctored(held()).rows(state=state))


def test_a_position_of_another_size_than_the_journal_knows_is_wrong() -> None:
    assert "wrong" in kinds(Doctored(held()).rows(size_now="0.001"))


def test_a_close_that_may_open_something_is_wrong() -> None:
    changed = Doctored(closed()).ledger(
        lambda orders: [order | ({"reduceOnly": False} if order["closeOnTrigger"] else {}) for order in orders]
    )
    assert "wrong" in kinds(changed)


def test_a_fill_that_never_had_a_stop_is_unprotected_after_fifteen_seconds() -> None:
    assert kinds(Doctored(held()).ledger(lambda orders: [o for o in orders if not is_stop(o)])) == {"unprotected"}


@pytest.mark.parametrize(("late_ms", "found"), [(15_000, set()), (15_001, {"unprotected"})])
def test_a_late_stop_counts_from_the_fill_on(late_ms: int, found: set[str]) -> None:
    def late(orders: Rows) -> Rows:
        filled = int(orders[0]["updatedTime"])
        return [order | ({"createdTime": str(filled + late_ms)} if is_stop(order) else {}) for order in orders]

    assert kinds(Doctored(held()).ledger(late)) == found


def test_a_stop_that_could_not_be_set_meanwhile_is_excused() -> None:
    naked = Doctored(held()).ledger(lambda orders: [order for order in orders if not is_stop(order)])
    assert kinds(replace(naked, excused=[(0, naked.now_ms - 10_000)])) == set()


def test_an_execution_that_was_counted_twice_is_wrong() -> None:
    journal = closed().journal
    assert "wrong" in kinds(replace(closed(), journal=replace(journal, executions=journal.executions * 2)))
