"""What became of an order, counted from executions alone (SPEC 5: fills - fees + funding). Pure."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from trading.model import Execution, Fill, Outcome, Revision, Ticket
from trading.reasons import Ending

ZERO = Decimal(0)
FUNDING = "Funding"
# Bybit's execType of what changes a position's size; MovePosition and CorporateAction are not fills.
FILLS = frozenset({"Trade", "AdlTrade", "BustTrade", "Delivery", "Settle"})


def fill_of(executions: Iterable[Execution], order_link_id: str) -> Fill | None:
    """What the order under this id bought or sold; None without a fill."""
    ours = [one for one in executions if one.order_link_id == order_link_id and one.kind in FILLS]
    size = sum((one.size for one in ours), ZERO)
    if not size:
        return None
    value = sum((one.price * one.size for one in ours), ZERO)
    return Fill(size=size, average=value / size, fee=sum((one.fee for one in ours), ZERO))


def r_money(revision: Revision) -> Decimal:
    """One R in USDT: |average fill - first stop| x filled size, the plan's own while nothing has filled."""
    if revision.fill is None:
        return revision.plan.r
    return abs(revision.fill.average - revision.plan.stop) * revision.fill.size


def outcome_of(ticket: Ticket, executions: Sequence[Execution]) -> Outcome | None:
    """How the position ended, or None while the closing fills do not yet add up to what was filled.

    `executions`: all of the ticket's symbol since before the entry, in any order. Sizes beyond ours are not counted.
    """
    revision = ticket.revision
    entry, entered_at = _entered(ticket, executions)
    if entry is None:
        return None
    exits = _exits(ticket, entry.size, entered_at, executions)
    closed = sum((size for _, size in exits), ZERO)
    if closed < entry.size:
        return None
    last = exits[-1][0]
    value = sum((one.price * size for one, size in exits), ZERO)
    exit_fees = sum((one.fee * size / one.size for one, size in exits), ZERO)
    funding = sum((one.fee for one in executions if one.kind == FUNDING and entered_at <= one.at <= last.at), ZERO)
    gross = ticket.direction.sign * (value - entry.average * entry.size)
    net = gross - entry.fee - exit_fees - funding
    r = abs(entry.average - revision.plan.stop) * entry.size
    return Outcome(
        ending=ending_of(last),
        net=net,
        r=net / r if r else ZERO,
        exit=value / entry.size,
        closed_at=last.at,
    )


def _entered(ticket: Ticket, executions: Sequence[Execution]) -> tuple[Fill | None, int]:
    """What the trade began with, and when (ms, Bybit's time); an adopted one begins where it was found."""
    revision = ticket.revision
    if ticket.is_adopted:
        return revision.fill, revision.signed_at or ticket.created_at
    entry = fill_of(executions, revision.order_link_id)
    at = min((one.at for one in executions if one.order_link_id == revision.order_link_id), default=0)
    return entry, at


def _exits(
    ticket: Ticket, size: Decimal, entered_at: int, executions: Sequence[Execution]
) -> list[tuple[Execution, Decimal]]:
    """The closing fills in order, each with the part of it that closed ours."""
    left, exits = size, []
    for one in sorted(executions, key=lambda execution: (execution.at, execution.id)):
        closes = one.kind in FILLS and one.side == ticket.direction.closing_side and one.at >= entered_at
        if closes and left > 0:
            part = min(left, one.size)
            exits.append((one, part))
            left -= part
    return exits


def ending_of(execution: Execution) -> Ending:
    """Who closed, by Bybit's execType and createType; our own close orders carry our id."""
    if execution.kind == "Delivery":
        return Ending.DELISTING
    if execution.kind == "AdlTrade" or "Adl" in execution.create_type:
        return Ending.ADL
    if execution.kind == "BustTrade" or "Liq" in execution.create_type or "TakeOver" in execution.create_type:
        return Ending.LIQUIDATION
    for word, ending in (
        ("StopLoss", Ending.STOP),
        ("TakeProfit", Ending.TARGET),
        ("Trailing", Ending.TRAILING),
        ("CreateByClosing", Ending.APP),
    ):
        if word in execution.create_type:
            return ending
    if execution.order_link_id.startswith("x1-"):
        return Ending.BOT
    return Ending.APP if execution.create_type == "CreateByUser" else Ending.OTHER
