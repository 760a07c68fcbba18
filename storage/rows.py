"""Tickets, revisions and executions as rows, and rows as those."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, func, select

from storage.tables import executions, revisions, tickets
from storage.texts import fingerprint, request_from, request_text, signal_from, signal_text
from strategies.signal import Signal
from trading.model import (
    AccountId,
    Execution,
    Fill,
    OrderRequest,
    Outcome,
    Plan,
    Revision,
    Ticket,
    order_link_id,
)
from trading.ports import Facts
from trading.reasons import Reason
from trading.states import State

PLAN = tuple(Plan.__dataclass_fields__)
EXECUTION = tuple(Execution.__dataclass_fields__)


@cache
def newest_tickets() -> Select[Any]:
    """Every ticket beside its newest revision. Made once: putting it together costs more than running it."""
    newer = revisions.alias("newer")
    newest = select(func.max(newer.c.number)).where(newer.c.ticket == tickets.c.id).scalar_subquery()
    return select(tickets, revisions).where(revisions.c.ticket == tickets.c.id, revisions.c.number == newest)


def ticket_row(
    ticket: str, owner: int, account: AccountId, signal: Signal, risk: Decimal, now: int
) -> dict[str, object]:
    return {
        "id": ticket,
        "environment": account.environment,
        "uid": account.uid,
        "owner": owner,
        "signal_id": signal.id,
        "signal": signal_text(signal),
        "created_at": now,
        "first_risk": risk,
    }


def revision_row(
    ticket: Mapping[str, Any],
    number: int,
    plan: Plan,
    request: OrderRequest,
    expires_at: int,
    now: int,
    why: Reason | None = None,
) -> dict[str, object]:
    """A fresh offer: PROPOSED, with the whole plan's risk to be reserved and nothing held yet.

    Raises ValueError where the request would go out under another id than this revision's.
    """
    if request.order_link_id != order_link_id(ticket["id"], number):
        raise ValueError(f"the request of {ticket['id']}, revision {number}, carries another order id")
    text = request_text(request)
    return {
        "ticket": ticket["id"],
        "number": number,
        **{name: ticket[name] for name in ("environment", "uid", "owner", "signal_id")},
        "symbol": request.symbol,
        "state": State.PROPOSED,
        "changed_at": now,
        "expires_at": expires_at,
        **{name: getattr(plan, name) for name in PLAN},
        "order_link_id": request.order_link_id,
        "request": text,
        "request_hash": fingerprint(text),
        "reason": why,
        "detail": "",
        "risk_now": plan.risk,
        "stop_now": plan.stop,
        "target_now": plan.target,
        "size_now": Decimal(0),
        "closes": 0,
    }


def fact_columns(facts: Facts) -> dict[str, object]:
    """The columns that these facts write; what is None is left out."""
    columns: dict[str, object] = {
        name: getattr(facts, name)
        for name in (
            "reason",
            "detail",
            "signed_at",
            "order_id",
            "risk_now",
            "stop_now",
            "target_now",
            "size_now",
            "closes",
        )
    }
    if facts.fill is not None:
        columns |= {"fill_size": facts.fill.size, "fill_average": facts.fill.average, "fill_fee": facts.fill.fee}
    if facts.outcome is not None:
        columns |= {
            "ending": facts.outcome.ending,
            "net": facts.outcome.net,
            "net_r": facts.outcome.r,
            "exit": facts.outcome.exit,
            "closed_at": facts.outcome.closed_at,
        }
    written = {name: value for name, value in columns.items() if value is not None}
    if facts.target_gone:
        written["target_now"] = None
    return written


def ticket_from(row: Row[Any]) -> Ticket:
    """From a row of `newest_tickets`."""
    of = row._mapping
    return Ticket(
        id=of[tickets.c.id],
        owner=of[tickets.c.owner],
        account=AccountId(of[tickets.c.environment], of[tickets.c.uid]),
        signal=signal_from(of[tickets.c.signal]),
        created_at=of[tickets.c.created_at],
        first_risk=of[tickets.c.first_risk],
        revision=_revision_from({column.name: of[column] for column in revisions.c}),
    )


def _revision_from(of: Mapping[str, Any]) -> Revision:
    fill = None if of["fill_size"] is None else Fill(of["fill_size"], of["fill_average"], of["fill_fee"])
    ended = None
    if of["ending"] is not None:
        ended = Outcome(of["ending"], of["net"], of["net_r"], of["exit"], of["closed_at"])
    as_it_is = (
        "number",
        "state",
        "expires_at",
        "order_link_id",
        "request_hash",
        "risk_now",
        "stop_now",
        "target_now",
        "size_now",
        "changed_at",
        "signed_at",
        "order_id",
        "reason",
        "detail",
        "closes",
    )
    return Revision(
        plan=Plan(**{name: of[name] for name in PLAN}),
        request=request_from(of["request"]),
        fill=fill,
        outcome=ended,
        **{name: of[name] for name in as_it_is},
    )


def execution_row(account: AccountId, ticket: str, execution: Execution) -> dict[str, object]:
    return {
        "environment": account.environment,
        "uid": account.uid,
        "ticket": ticket,
        **{name: getattr(execution, name) for name in EXECUTION},
    }


def execution_from(row: Row[Any]) -> Execution:
    return Execution(**{name: row._mapping[executions.c[name]] for name in EXECUTION})
