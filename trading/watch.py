"""The watch over every account: live tickets move along, offers end in time, restarts are reconciled (EXECUTION 2)."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping

from trading.context import Context
from trading.errors import ExchangeError, TicketError
from trading.look import Look
from trading.model import Account, Position, Ticket
from trading.quotes import passed, worst_price
from trading.reasons import Reason
from trading.requote import Requoter
from trading.sending import Sender
from trading.standing import DEAD_KEY, Standings
from trading.states import ENDED, HOLDING, LIVE, Event, IllegalTransition, State
from trading.steps import Steps

log = logging.getLogger(__name__)

# A fresh order is followed closely for about ten seconds (pauses in seconds); then the tick goes on with it.
FOLLOW_PAUSES = (0.1, 0.2, 0.3, 0.5, 0.5, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0)
SETTLED = ENDED | {State.OPEN, State.DRIFT, State.PROPOSED}


class Watch:
    """Moves every live ticket along; one ticket is stepped by one task at a time."""

    def __init__(
        self, context: Context, steps: Steps, requoter: Requoter, standings: Standings, sender: Sender
    ) -> None:
        self._context = context
        self._sender = sender
        self._steps = steps
        self._requoter = requoter
        self._standings = standings
        self._locks: dict[str, asyncio.Lock] = {}

    async def carry(self, claimed: Ticket, seen: Look) -> None:
        """Sends a ticket that a tap has just claimed, and follows it until it is protected or over."""
        async with self._lock(claimed.id):
            try:
                ticket = await self._sender.send(claimed, seen)
                for pause in FOLLOW_PAUSES:
                    ticket = await self._steps.step(ticket, None)
                    if ticket.state in SETTLED:
                        break
                    await self._context.clock.sleep(pause)
            except IllegalTransition as quicker:
                # The tick found the claim before this task began: it has the ticket now.
                log.info("ticket %s: %s", claimed.id, quicker)
            except ExchangeError as error:
                # Nothing is lost: the tick asks again and goes on from the journal.
                self._context.health.failed("bybit", error.text)

    async def tick(self) -> None:
        """One look at all that is not over: offers, live tickets, positions. Failures stay with their account."""
        by_account: dict[object, list[Ticket]] = defaultdict(list)
        for ticket in await self._context.journal.in_states(LIVE | {State.PROPOSED}):
            by_account[ticket.account].append(ticket)
        accounts = await self._context.people.accounts()
        failures = await asyncio.gather(*(self._look_after(one, by_account[one.id]) for one in accounts))
        texts = [text for text in failures if text]
        if texts:
            self._context.health.failed("bybit", texts[0])
        elif accounts:
            self._context.health.worked("bybit")
        self._forget_locks()

    async def _look_after(self, account: Account, tickets: list[Ticket]) -> str:
        """One account's round; a text where Bybit did not answer."""
        standing = self._standings.of(account.id)
        try:
            live = [ticket for ticket in tickets if ticket.state in LIVE]
            positions = await self._positions(account, live, asked=not standing.reconciled)
            for ticket in live:
                if not self._lock(ticket.id).locked():
                    async with self._lock(ticket.id):
                        # Read again under the lock: its own task may have brought it further meanwhile.
                        present = await self._context.journal.own(ticket.id, ticket.owner)
                        await self._steps.step(present, positions)
            offers = [ticket for ticket in tickets if ticket.state is State.PROPOSED]
            if not standing.reconciled:
                for offer in offers:
                    await self._after_absence(offer)
                standing.reconciled = True
            else:
                for offer in offers:
                    await self._end_if_over(offer)
        except ExchangeError as error:
            if error.code in DEAD_KEY:
                standing.blind = True
                await self._context.notifier.limit_reached(account.owner, Reason.KEY_DEAD, {})
            return error.text
        if standing.blind:
            standing.blind = False
            await self._context.notifier.limit_over(account.owner, Reason.KEY_DEAD)
        return ""

    async def _positions(self, account: Account, live: list[Ticket], asked: bool) -> Mapping[str, Position] | None:
        """The account's open positions by symbol; None where nothing needs them."""
        if not asked and not any(ticket.state in HOLDING for ticket in live):
            return None
        return {one.symbol: one for one in await self._context.exchange.positions(account.id) if one.size > 0}

    async def _after_absence(self, offer: Ticket) -> None:
        """Raises the revision, so that a tap made while the bot was away finds nothing (EXECUTION 2.8)."""
        ticker = await self._context.exchange.ticker(offer.symbol)
        try:
            if not await self._is_void(offer):
                await self._requoter.requote(offer, worst_price(ticker, offer.direction))
        except TicketError:
            log.info("offer %s was answered meanwhile", offer.id)

    async def _end_if_over(self, offer: Ticket) -> None:
        try:
            await self._is_void(offer)
        except TicketError:
            log.info("offer %s was answered meanwhile", offer.id)

    async def _is_void(self, offer: Ticket) -> bool:
        """Ends an offer that is past its time, whose stop or target was passed, or whose person has paused."""
        if self._context.clock.now() >= offer.revision.expires_at:
            await self._requoter.end(offer, Event.EXPIRED, Reason.EXPIRED)
            return True
        ticker = self._context.universe.tickers.get(offer.symbol)
        reason = passed(ticker, offer.revision.plan, offer.direction) if ticker else None
        person = await self._context.people.person(offer.owner)
        if person is not None and person.paused:
            reason = Reason.PAUSED
        if reason is not None:
            await self._requoter.end(offer, Event.VOIDED, reason)
            return True
        return False

    def _lock(self, ticket: str) -> asyncio.Lock:
        return self._locks.setdefault(ticket, asyncio.Lock())

    def _forget_locks(self) -> None:
        """Locks of tickets that nobody is at: they are made again when needed."""
        for ticket in [ticket for ticket, lock in self._locks.items() if not lock.locked()]:
            del self._locks[ticket]
