"""An offer goes on under a new revision, or ends (SPEC 4, "Re-quote")."""

from decimal import Decimal

from trading.context import Context
from trading.errors import RiskRefused, TicketError
from trading.model import Ticket
from trading.ports import Facts
from trading.quotes import Quotes, frozen_request, passed, worst_price
from trading.reasons import Reason
from trading.states import ENDED, Event, IllegalTransition, State

MOST_REQUOTES = 3


class Requoter:
    """Moves offers on; of two that race, one wins and the other is told what the ticket has become."""

    def __init__(self, context: Context, quotes: Quotes) -> None:
        self._context = context
        self._quotes = quotes

    async def requote(
        self, offer: Ticket, entry: Decimal, event: Event = Event.REQUOTED, why: Reason = Reason.PRICE_MOVED
    ) -> Ticket:
        """The next revision at `entry`, or the end of the offer where nothing worth offering is left.

        `event` is REQUOTED for an open offer, DRY for an order that filled nothing. Raises TicketError where another
        tap was quicker, ExchangeError where Bybit could not be asked.
        """
        context, now = self._context, self._context.clock.now()
        person = await context.people.person(offer.owner)
        if person is None:
            raise TicketError(Reason.NO_SUCH_TICKET)
        over = Event.EXPIRED if event is Event.REQUOTED else event
        if now >= offer.revision.expires_at:
            return await self.end(offer, over, Reason.EXPIRED if over is Event.EXPIRED else Reason.NOTHING_FILLED)
        void = Event.VOIDED if event is Event.REQUOTED else event
        if offer.revision.number > MOST_REQUOTES:
            return await self.end(offer, void, Reason.TOO_MANY_REQUOTES)
        try:
            balance = await context.exchange.balance(offer.account)
            plan = await self._quotes.again(offer, entry, person.preferences, balance)
        except RiskRefused as refused:
            return await self.end(offer, void, refused.reason)
        request = frozen_request(offer.id, offer.revision.number + 1, offer.symbol, offer.direction, plan)
        try:
            fresh = await context.journal.requote(*offer.key, plan, request, now, event=event, why=why)
        except IllegalTransition:
            raise await self._taken(offer) from None
        await context.notifier.ticket(fresh)
        return fresh

    async def refresh_offer(self, offer: Ticket) -> Ticket:
        """After an absence: how the offer stands now, as a new revision (EXECUTION 2.8). Raises ExchangeError."""
        ticker = await self._context.exchange.ticker(offer.symbol)
        gone = passed(ticker, offer.revision.plan, offer.direction)
        if gone is not None:
            return await self.end(offer, Event.VOIDED, gone)
        return await self.requote(offer, worst_price(ticker, offer.direction), why=Reason.AWAY)

    async def end(self, offer: Ticket, event: Event, reason: Reason) -> Ticket:
        """Ends the offer for a reason. Raises TicketError where another tap was quicker."""
        try:
            ended = await self._context.journal.advance(
                *offer.key, event, self._context.clock.now(), Facts(reason=reason)
            )
        except IllegalTransition:
            raise await self._taken(offer) from None
        await self._context.notifier.ticket(ended)
        return ended

    async def _taken(self, offer: Ticket) -> TicketError:
        """Someone was quicker: what the ticket has become meanwhile."""
        present = await self._context.journal.own(offer.id, offer.owner)
        superseded = present.revision.number > offer.revision.number and present.state is State.PROPOSED
        return TicketError(Reason.SUPERSEDED if superseded else became(present))


def became(ticket: Ticket) -> Reason:
    """What a late tap is told."""
    match ticket.state:
        case State.SKIPPED:
            return Reason.SKIPPED
        case State.EXPIRED:
            return Reason.EXPIRED
        case state if state in ENDED:
            return Reason.OVER
        case _:
            return Reason.ALREADY_TAKEN
