"""A tap on a ticket: confirm, skip, close, adopt (SPEC 4, EXECUTION 2)."""

from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any

from trading.closing import Closer
from trading.context import Context
from trading.errors import TicketError
from trading.limits import claim_limits, load_of
from trading.look import Look, check_account, look
from trading.model import Ticket
from trading.offers import check_now
from trading.people import Person
from trading.protect import as_it_is
from trading.quotes import Quotes, is_beyond_band, passed, worst_price
from trading.reasons import Reason
from trading.requote import Requoter, became
from trading.standing import Standings
from trading.states import LIVE, Event, State

# A smaller size than this part of the offered one means that settings or balance changed: a re-quote, not a surprise.
SAME_SIZE = Decimal("0.95")

Own = Callable[[Coroutine[Any, Any, None], str], object]
Carry = Callable[[Ticket, Look], Coroutine[Any, Any, None]]


class TicketDesk:
    """What a person can do to a ticket. Ownership is checked in the journal's own SQL.

    `own` hands a coroutine to the program's owner of tasks; `carry` brings a claimed ticket to Bybit. `closer` is the
    one that a panic shares: it knows when each close was signed.
    """

    def __init__(
        self,
        context: Context,
        quotes: Quotes,
        requoter: Requoter,
        closer: Closer,
        standings: Standings,
        own: Own,
        carry: Carry,
    ) -> None:
        self._context = context
        self._quotes = quotes
        self._requoter = requoter
        self._standings = standings
        self.closer = closer
        self._own = own
        self._carry = carry

    async def confirm(self, owner: int, ticket: str, revision: int) -> Ticket:
        """Checks at Bybit, then claims; returns once claimed (CONFIRMED), re-quoted (PROPOSED, next revision) or void.

        The sending goes on in an owned task. Raises TicketError, RiskRefused or ExchangeError; the card stays.
        """
        offer = await self._offer(owner, ticket, revision)
        person = await self._person(owner)
        self._standings.check(offer.account)
        check_now(self._context, person, offer.signal)
        seen = await look(self._context.exchange, offer.account, offer.symbol)
        check_account(seen, offer.symbol)
        gone = passed(seen.ticker, offer.revision.plan, offer.direction)
        if gone is not None:
            return await self._requoter.end(offer, Event.VOIDED, gone)
        beyond = is_beyond_band(seen.ticker, offer.revision.plan, offer.direction)
        if beyond or await self._has_shrunk(offer, person, seen):
            return await self._requoter.requote(offer, worst_price(seen.ticker, offer.direction))
        return await self._claim(offer, person, seen)

    async def _claim(self, offer: Ticket, person: Person, seen: Look) -> Ticket:
        journal, now = self._context.journal, self._context.clock.now()
        load = load_of(await journal.in_states(LIVE, offer.account), seen.positions)
        limits = claim_limits(person.preferences, seen.balance.equity, load)
        claimed = await journal.claim(*offer.key, person.id, limits, now)
        self._own(self._carry(claimed, seen), f"ticket {claimed.id}")
        await self._context.notifier.ticket(claimed)
        return claimed

    async def _has_shrunk(self, offer: Ticket, person: Person, seen: Look) -> bool:
        """Whether today's settings and balance would give clearly less than the card says. Raises RiskRefused."""
        plan = offer.revision.plan
        fresh = await self._quotes.again(offer, plan.entry, person.preferences, seen.balance)
        return fresh.size < plan.size * SAME_SIZE or fresh.leverage < plan.leverage

    async def skip(self, owner: int, ticket: str, revision: int) -> Ticket:
        """Declines an offer. Raises TicketError."""
        offer = await self._offer(owner, ticket, revision)
        return await self._requoter.end(offer, Event.SKIPPED, Reason.SKIPPED)

    async def close(self, owner: int, ticket: str) -> Ticket:
        """Starts to close the ticket's position, reduce-only at market; returns it as CLOSING. Raises TicketError.

        Never held up by a limit. The card shows the end once Bybit has shown it.
        """
        closing = await self.closer.begin(await self._context.journal.own(ticket, owner))
        self._own(self.closer.send(closing), f"close {closing.id}")
        return closing

    async def adopt(self, owner: int, ticket: str) -> Ticket:
        """Takes a position that was changed by hand as it is now. Raises TicketError, ExchangeError."""
        held = await self._context.journal.own(ticket, owner)
        if held.state is not State.DRIFT:
            raise TicketError(Reason.NOT_OPEN)
        here = await self._context.exchange.positions(held.account, held.symbol)
        position = next((one for one in here if one.size > 0 and one.direction is held.direction), None)
        if position is None:
            raise TicketError(Reason.TURNED_BY_HAND)
        adopted = await self._context.journal.advance(
            *held.key, Event.ADOPTED, self._context.clock.now(), as_it_is(held, position)
        )
        await self._context.notifier.ticket(adopted)
        return adopted

    async def _offer(self, owner: int, ticket: str, revision: int) -> Ticket:
        """The ticket, if this very revision still waits for an answer. Raises TicketError."""
        offer = await self._context.journal.own(ticket, owner)
        if revision < offer.revision.number and offer.state is State.PROPOSED:
            raise TicketError(Reason.SUPERSEDED)
        if offer.revision.number != revision or offer.state is not State.PROPOSED:
            raise TicketError(became(offer))
        return offer

    async def _person(self, owner: int) -> Person:
        person = await self._context.people.person(owner)
        if person is None:
            raise TicketError(Reason.NO_SUCH_TICKET)
        return person
