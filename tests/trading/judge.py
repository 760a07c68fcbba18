"""Finds every order's tap and every tap's order, from Bybit's books and the journal's rows alone."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from storage.database import Database
from storage.tables import revisions, transitions
from tests.doubles_exchange import Books, ExchangeDouble
from trading.model import AccountId, order_link_id
from trading.states import ENDED, State

RESTING = ENDED | {State.PROPOSED, State.OPEN}


@dataclass(frozen=True)
class Case:
    """One account's books beside all the journal has of it."""

    exchange: ExchangeDouble
    books: Books
    rows: tuple[Any, ...]
    claims: frozenset[tuple[str, int]]

    def faults(self) -> list[str]:
        """What is wrong, in words; empty where every order has its tap, every tap its order and all is protected."""
        return [*self._orders_without_a_tap(), *self._taps_without_an_end(), *self._positions()]

    def _orders_without_a_tap(self) -> list[str]:
        by_link = {row.order_link_id: row for row in self.rows}
        closes = {
            order_link_id(row.ticket, row.number, "close", n): row
            for row in self.rows
            for n in range(1, row.closes + 1)
        }
        found = []
        for request, _ in self.exchange.sent:
            row = (closes if request.reduce_only else by_link).get(request.order_link_id)
            if row is None:
                found.append(f"{request.order_link_id} on {request.symbol} is nobody's order")
            elif (row.ticket, row.number) not in self.claims:
                found.append(f"{row.ticket}/{row.number} was sent without a tap")
            elif not request.reduce_only and (request.size, request.price) != (row.size, row.limit):
                found.append(f"{row.ticket}/{row.number} was sent with other numbers")
        return found

    def _taps_without_an_end(self) -> list[str]:
        found = []
        for row in self.rows:
            name = f"{row.ticket}/{row.number} {row.state}"
            order = self.books.orders.get(row.order_link_id)
            claimed = (row.ticket, row.number) in self.claims
            if row.state not in RESTING:
                found.append(f"{name}: not at rest")
            elif not claimed:
                if order is not None or row.state in {State.OPEN, State.CLOSED, State.NOT_PLACED, State.REFUSED}:
                    found.append(f"{name}: became something without a tap")
            elif order is not None and order.filled and row.state not in {State.OPEN, State.CLOSED}:
                found.append(f"{name}: its order filled {order.filled}")
            elif (order is None or not order.filled) and row.state not in {State.NOT_PLACED, State.REFUSED}:
                found.append(f"{name}: nothing was bought for it")
        return found

    def _positions(self) -> list[str]:
        found = []
        for symbol, held in self.books.held.items():
            ours = [row for row in self.rows if row.symbol == symbol and row.state is State.OPEN]
            if len(ours) != 1:
                found.append(f"{symbol}: {len(ours)} tickets hold {held.size}")
            elif abs(held.size) != ours[0].size_now or abs(held.size) > ours[0].size:
                found.append(f"{symbol}: {held.size} held, {ours[0].size_now} known, {ours[0].size} wanted")
            if held.stop is None:
                found.append(f"{symbol}: no stop")
        open_symbols = {row.symbol for row in self.rows if row.state is State.OPEN}
        found += [f"{symbol}: open in the journal only" for symbol in open_symbols - self.books.held.keys()]
        bought: dict[str, Decimal] = {}
        for request, _ in self.exchange.sent:
            if not request.reduce_only and (order := self.books.orders.get(request.order_link_id)) is not None:
                bought[request.order_link_id] = order.filled
        filled = sum(
            (one.size for one in self.books.executions if one.order_link_id in bought and not one.closed_size),
            Decimal(0),
        )
        if filled != sum(bought.values(), Decimal(0)):
            found.append(f"bought {filled}, ordered {bought}")
        return found


async def case_of(database: Database, exchange: ExchangeDouble, account: AccountId) -> Case:
    """Reads the rows."""
    async with database.reading() as connection:
        rows = (await connection.execute(select(revisions).where(revisions.c.uid == account.uid))).all()
        claims = await connection.execute(
            select(transitions.c.ticket, transitions.c.number).where(transitions.c.event == "claimed")
        )
        claimed = frozenset((one.ticket, one.number) for one in claims)
    return Case(exchange, exchange.books[account], tuple(rows), claimed)
