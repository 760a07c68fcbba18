"""A position that was opened by hand becomes a ticket, on SQL."""

from decimal import Decimal

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from storage.database import Database
from storage.rows import newest_tickets, revision_row, ticket_from, ticket_row
from storage.steps import offer
from storage.tables import tickets
from storage.whole import whole
from strategies.signal import Signal
from trading.errors import TicketError
from trading.model import AccountId, Fill, OrderRequest, Plan, Ticket
from trading.reasons import Reason
from trading.states import State


class AdoptionStore:
    """Writes tickets that begin as OPEN: their position stands on Bybit already, so nothing is ever sent for them."""

    def __init__(self, database: Database, environment: str) -> None:
        self._database = database
        self._environment = environment

    @whole
    async def take_over(
        self,
        ticket: str,
        owner: int,
        account: AccountId,
        signal: Signal,
        plan: Plan,
        request: OrderRequest,
        fill: Fill,
        target: Decimal | None,
        asked_at: int,
        now: int,
    ) -> Ticket:
        if account.environment != self._environment:
            raise ValueError(f"an account of {account.environment} has no ticket in {self._environment}")
        row = ticket_row(ticket, owner, account, signal, plan.risk, now)
        opened = revision_row(row, 1, plan, request, now, now) | {
            "state": State.OPEN,
            "signed_at": asked_at,
            "target_now": target,
            "size_now": fill.size,
            "fill_size": fill.size,
            "fill_average": fill.average,
            "fill_fee": fill.fee,
        }
        try:
            async with self._database.transaction() as connection:
                await connection.execute(insert(tickets).values(row))
                await offer(connection, opened, "taken over")
                found = await connection.execute(newest_tickets().where(tickets.c.id == ticket))
                return ticket_from(found.one())
        except IntegrityError:
            # the one index that this can break: a live ticket of this account has the symbol
            raise TicketError(Reason.ALREADY_TAKEN) from None
