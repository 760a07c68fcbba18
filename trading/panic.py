"""/panic: entries are cancelled, positions closed as the person chooses, and nothing new is offered until /resume.

What was promised is written down before anything is sent; a `PanicRunner` carries it out, over restarts too.
"""

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal

from trading.context import Context
from trading.emergency import Crier, Panic, Panics, Scope, Seen
from trading.errors import ExchangeError, TicketError
from trading.model import AccountId, Position, Ticket
from trading.panic_run import PanicRunner
from trading.reasons import Reason
from trading.states import HOLDING, LIVE, State

# The question comes at once, with what Bybit tells meanwhile or without.
LOOK_SECONDS = 1.5


class PanicDesk:
    """What a person can do about a panic. Ownership is in the SQL of `book`."""

    def __init__(
        self, context: Context, book: Panics, crier: Crier, runner: PanicRunner, new_id: Callable[[], str]
    ) -> None:
        self._context = context
        self._book = book
        self._crier = crier
        self._runner = runner
        self._new_id = new_id

    async def ask(self, owner: int) -> Panic:
        """Asks what to close; a panic that runs already is shown once more instead. Raises TicketError(NO_ACCOUNT)."""
        running = await self._book.running(owner)
        if running:
            await self._crier.panic(running[0], anew=True)
            return running[0]
        account = await self._context.people.account_of(owner)
        if account is None:
            raise TicketError(Reason.NO_ACCOUNT)
        seen = await self._seen(account.id)
        asked, *older = await self._book.ask(self._new_id(), owner, account.id, seen, self._context.clock.now())
        for each in older:
            await self._crier.panic(each)
        await self._crier.panic(asked)
        return asked

    async def begin(self, owner: int, panic: str, scope: Scope) -> Panic:
        """Promises it and sets out; a second tap finds it under way. Raises TicketError."""
        begun = await self._book.begin(panic, owner, scope, self._context.clock.now())
        self._runner.start(begun)
        await self._crier.panic(begun)
        return begun

    async def cancel(self, owner: int, panic: str) -> Panic:
        """Sends no more closes; what is on its way stays watched. Raises TicketError where it is over already."""
        cancelled = await self._book.cancel(panic, owner, self._context.clock.now())
        await self._crier.panic(cancelled, ring=cancelled.begun_at is not None)
        return cancelled

    async def _seen(self, account: AccountId) -> Seen:
        tickets = await self._context.journal.in_states(LIVE | {State.PROPOSED}, account)
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                positions = await self._context.exchange.positions(account)
        except (ExchangeError, TimeoutError):
            return seen_of(tickets, None)
        return seen_of(tickets, positions)


def seen_of(tickets: Sequence[Ticket], positions: Sequence[Position] | None) -> Seen:
    """What a panic would find; None for positions that Bybit did not tell. Pure."""
    held = [one for one in positions or () if one.size > 0]
    holding = {ticket.symbol for ticket in tickets if ticket.state in HOLDING}
    ours = [one for one in held if one.symbol in holding]
    return Seen(
        known=positions is not None,
        ours=len(ours) if positions is not None else len(holding),
        ours_result=sum((one.unrealised for one in ours), start=Decimal(0)),
        all=len(held),
        all_result=sum((one.unrealised for one in held), start=Decimal(0)),
        entries=sum(ticket.state in LIVE - HOLDING for ticket in tickets),
        offers=sum(ticket.state is State.PROPOSED for ticket in tickets),
    )
