"""Finds every order's tap and every tap's order, from Bybit's ledger and the journal's file alone (plain SQL).

It shares no code with the program: what an order's id must be is worked out here once more.
"""

import hashlib
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

D = Decimal
Row = Mapping[str, Any]
Span = tuple[int, int]

OVER = frozenset({"SUPERSEDED", "SKIPPED", "EXPIRED", "VOID", "NOT_PLACED", "REFUSED", "CLOSED"})
NOTHING_CAME = frozenset({"NOT_PLACED", "REFUSED"})
HELD = frozenset({"OPEN", "DRIFT"})
AT_REST = OVER | HELD | {"PROPOSED"}
OPEN_ORDERS = frozenset({"Created", "New", "PartiallyFilled", "Untriggered", "Triggered"})
STOP_WITHIN_MS = 15_000
CHILDREN = {
    "StopLoss": "CreateByStopLoss",
    "TakeProfit": "CreateByTakeProfit",
}


def is_at_rest(state: str, reason: str | None) -> bool:
    """Whether a revision asks for nothing more; a stop that a hand took away is a person's to answer (2.7)."""
    return state in AT_REST or (state == "UNPROTECTED" and reason == "stop_removed")


def expected_id(*named: object) -> str:
    """`x1-` and 28 hex of BLAKE2s (EXECUTION 2.2)."""
    return "x1-" + hashlib.blake2s("|".join(map(str, named)).encode(), digest_size=14).hexdigest()


@dataclass(frozen=True)
class Finding:
    """`kind` is duplicate, lost, unresolved, unprotected or wrong."""

    kind: str
    text: str


@dataclass(frozen=True)
class Journal:
    """What the journal's file says of one account: rows of revisions, claims, and the executions it counted."""

    revisions: tuple[Row, ...]
    claims: Counter[tuple[str, int]]
    executions: tuple[Row, ...]


def read_journal(file: Path, uid: str) -> Journal:
    """Reads the file as it is."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as sql:
        sql.row_factory = sqlite3.Row
        revisions = sql.execute("SELECT * FROM revisions WHERE uid = ? ORDER BY ticket, number", (uid,)).fetchall()
        claims = sql.execute("SELECT ticket, number FROM transitions WHERE uid = ? AND event = 'claimed'", (uid,))
        counted = Counter((row["ticket"], row["number"]) for row in claims)
        executions = sql.execute("SELECT * FROM executions WHERE uid = ?", (uid,)).fetchall()
        return Journal(tuple(map(dict, revisions)), counted, tuple(map(dict, executions)))


@dataclass(frozen=True)
class Case:
    """One account's ledger beside its journal. `excused` are the spans (ms) in which a stop may have been out of
    reach, because a fault was in force or no process lived; `now_ms` is when the ledger was read."""

    ledger: Sequence[Row]
    journal: Journal
    excused: Sequence[Span]
    now_ms: int

    def findings(self) -> list[Finding]:
        """What is wrong; nothing where every order has its tap, every tap its order, and all was protected."""
        return [*self._orders(), *self._taps(), *self._positions(), *self._counts(), *self._stops()]

    # --- whose order is it

    def _closes(self) -> dict[str, Row]:
        return {
            expected_id(row["ticket"], "close", n): row
            for row in self.journal.revisions
            for n in range(1, row["closes"] + 1)
        }

    def _entries(self) -> dict[str, Row]:
        return {expected_id(row["ticket"], row["number"]): row for row in self.journal.revisions}

    def _orders(self) -> Iterator[Finding]:
        entries, closes = self._entries(), self._closes()
        for link, times in Counter(order["orderLinkId"] for order in self.ledger if order["orderLinkId"]).items():
            if times > 1:
                yield Finding("duplicate", f"{link} was accepted {times} times")
        for order in self.ledger:
            link = order["orderLinkId"]
            if not link:
                if not _is_by_hand(order) and not _is_child(order):
                    yield Finding("wrong", f"{order['orderId']} {order['createType']} is nobody's order")
            elif link in entries:
                yield from self._entry(order, entries[link])
            elif link in closes:
                if not order["reduceOnly"] or not order["closeOnTrigger"]:
                    yield Finding("wrong", f"the close {link} may open something")
            else:
                yield Finding("wrong", f"{link} on {order['symbol']} is nobody's order")
        filled: Counter[str] = Counter()
        for order in self.ledger:
            row = entries.get(order["orderLinkId"])
            if row is not None and D(order["cumExecQty"]):
                filled[row["ticket"]] += 1
        for ticket, times in filled.items():
            if times > 1:
                yield Finding("duplicate", f"{ticket} was bought {times} times")

    def _entry(self, order: Row, row: Row) -> Iterator[Finding]:
        name = _name(row)
        if row["order_link_id"] != order["orderLinkId"]:
            yield Finding("wrong", f"{name} stands in the journal under {row['order_link_id']}")
        if (row["ticket"], row["number"]) not in self.journal.claims:
            yield Finding("wrong", f"{name} was sent without a tap")
        if row["signed_at"] is None:
            yield Finding("wrong", f"{name} was sent before it was written that it would be")
        wanted = (D(row["size"]), D(row["stop"]), D(row["target"]))
        sent = tuple(D(order[field] or 0) for field in ("qty", "stopLoss", "takeProfit"))
        if sent != wanted or order["timeInForce"] != "IOC" or order["reduceOnly"]:
            yield Finding("wrong", f"{name} was sent as {sent}, not {wanted}")
        # Bybit moves a limit that is far from the market to the edge of its band: nearer to it, never beyond.
        beyond = D(order["price"]) - D(row["limit"])
        if beyond > 0 if order["side"] == "Buy" else beyond < 0:
            yield Finding("wrong", f"{name} was sent at {order['price']}, worse than {row['limit']}")

    # --- what became of a tap

    def _taps(self) -> Iterator[Finding]:
        orders = {order["orderLinkId"]: order for order in self.ledger if order["orderLinkId"]}
        for row in self.journal.revisions:
            name, state = _name(row), row["state"]
            order = orders.get(expected_id(row["ticket"], row["number"]))
            claims = self.journal.claims[row["ticket"], row["number"]]
            filled = D(0) if order is None else D(order["cumExecQty"])
            if claims > 1:
                yield Finding("duplicate", f"{name} was claimed {claims} times")
            if not is_at_rest(state, row["reason"]):
                yield Finding("unresolved", name)
            elif not claims and state in HELD | NOTHING_CAME | {"CLOSED"}:
                yield Finding("wrong", f"{name} became something without a tap")
            elif claims and filled and state not in HELD | {"CLOSED", "UNPROTECTED"}:
                yield Finding("lost", f"{name}: its order filled {filled}")
            elif claims and not filled and state not in NOTHING_CAME:
                yield Finding("lost", f"{name}: nothing was bought for it")
            elif claims and state == "REFUSED" and order is not None:
                yield Finding("lost", f"{name}: its order is there as {order['orderStatus']}")
            if filled and state in HELD | {"CLOSED"} and D(row["fill_size"] or 0) != filled:
                yield Finding("wrong", f"{name}: {row['fill_size']} counted, {filled} filled")

    # --- what is held

    def _positions(self) -> Iterator[Finding]:
        held: dict[str, Decimal] = defaultdict(D)
        hands = {order["symbol"] for order in self.ledger if _is_by_hand(order)}
        for order in self.ledger:
            held[order["symbol"]] += _signed(order)
        for symbol in sorted(held.keys() | {row["symbol"] for row in self.journal.revisions}):
            ours = [row for row in self.journal.revisions if row["symbol"] == symbol and row["state"] in HELD]
            if len(ours) > 1:
                yield Finding("duplicate", f"{symbol}: {', '.join(map(_name, ours))} all hold it")
            elif not ours and held[symbol] and symbol not in hands:
                yield Finding("lost", f"{symbol}: {held[symbol]} held for nobody")
            elif ours and ours[0]["state"] == "OPEN" and abs(held[symbol]) != D(ours[0]["size_now"]):
                yield Finding("wrong", f"{_name(ours[0])}: {held[symbol]} held, {ours[0]['size_now']} known")
            elif ours and ours[0]["state"] == "DRIFT" and symbol not in hands:
                yield Finding("wrong", f"{_name(ours[0])}: nobody changed it")

    def _counts(self) -> Iterator[Finding]:
        """Executions are counted once each: those of an order add up to what it filled."""
        counted: dict[str, Decimal] = defaultdict(D)
        for one in self.journal.executions:
            if one["kind"] == "Trade":
                counted[one["order_id"]] += D(one["size"])
        closed = {
            expected_id(row["ticket"], row["number"]) for row in self.journal.revisions if row["state"] == "CLOSED"
        }
        for order in self.ledger:
            known, filled = counted[order["orderId"]], D(order["cumExecQty"])
            if known > filled or (order["orderLinkId"] in closed and known != filled):
                yield Finding("wrong", f"{order['orderId']}: {known} counted, {filled} filled")

    # --- whether it was protected

    def _stops(self) -> Iterator[Finding]:
        entries = self._entries()
        for order in self.ledger:
            if order["orderLinkId"] in entries and D(order["cumExecQty"]):
                begin = int(order["updatedTime"])
                naked = self._naked(order["symbol"], begin, self._flat_after(order["symbol"], begin))
                for span in naked:
                    lasted = sum(end - start for start, end in _without(span, self.excused))
                    if lasted > STOP_WITHIN_MS:
                        name = _name(entries[order["orderLinkId"]])
                        yield Finding("unprotected", f"{name}: {lasted} ms without a stop from {span[0] - begin} ms on")

    def _flat_after(self, symbol: str, begin_ms: int) -> int:
        """When the position that was there after the fills of that moment came to its end, or to its other side."""
        moves = sorted(
            (int(order["updatedTime"]), _signed(order)) for order in self.ledger if order["symbol"] == symbol
        )
        held = sum((change for at, change in moves if at <= begin_ms), D(0))
        for at, change in moves:
            if at > begin_ms:
                before, held = held, held + change
                if held * before <= 0:
                    return at
        return begin_ms if not held else self.now_ms

    def _naked(self, symbol: str, begin_ms: int, end_ms: int) -> list[Span]:
        stops = [
            (
                int(order["createdTime"]),
                self.now_ms if order["orderStatus"] in OPEN_ORDERS else int(order["updatedTime"]),
            )
            for order in self.ledger
            if order["symbol"] == symbol and order["stopOrderType"] == "StopLoss"
        ]
        return _without((begin_ms, end_ms), stops)


def _without(span: Span, covers: Iterable[Span]) -> list[Span]:
    """What of a span is left outside the covers."""
    begin, end = span
    left = []
    for start, stop in sorted(covers):
        if start > begin and begin < end:
            left.append((begin, min(start, end)))
        begin = max(begin, stop)
    if begin < end:
        left.append((begin, end))
    return left


def _signed(order: Row) -> Decimal:
    filled = D(order["cumExecQty"])
    return filled if order["side"] == "Buy" else -filled


def _is_by_hand(order: Row) -> bool:
    return (
        not order["orderLinkId"]
        and order["stopOrderType"] in ("", "UNKNOWN")
        and order["createType"] in ("CreateByUser", "CreateByClosing")
    )


def _is_child(order: Row) -> bool:
    created_by: object = order["createType"]
    return CHILDREN.get(order["stopOrderType"]) == created_by


def _name(row: Row) -> str:
    return f"{row['ticket']}/{row['number']} {row['state']}"
