"""The watch over every account: live tickets move along, offers end in time, restarts are reconciled (EXECUTION 2)."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Mapping, Sequence
from typing import Protocol
from weakref import WeakValueDictionary

from trading.context import Context
from trading.errors import ExchangeError, TicketError
from trading.look import Look
from trading.model import Account, Position, Ticket
from trading.quotes import passed
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


class Guard(Protocol):
    """Looks at every position of an account at every tick, whoever opened it."""

    async def look(self, account: Account, positions: Sequence[Position]) -> None: ...


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
        self._guard: Guard | None = None
        self._began_at = context.clock.now()
        # Each lives as long as somebody holds it or waits for it.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

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

    def accompany(self, guard: Guard) -> None:
        """From now on every account's positions are read at every tick and shown to `guard`."""
        self._guard = guard

    async def step(self, ticket: Ticket) -> None:
        """One ticket as far as it goes now, unless its own task has it in hand. Raises ExchangeError."""
        await self._move(ticket, None)

    async def tick(self) -> str:
        """One look at all that is not over: offers, live tickets, positions. Failures stay with their ticket.

        Returns what Bybit did not answer, as a text that is safe to show; "" where all went well.
        """
        by_account: dict[object, list[Ticket]] = defaultdict(list)
        for ticket in await self._context.journal.in_states(LIVE | {State.PROPOSED}):
            by_account[ticket.account].append(ticket)
        accounts = await self._context.people.accounts()
        rounds = (self._look_after(one, by_account[one.id]) for one in accounts)
        ended = await asyncio.gather(*rounds, return_exceptions=True)
        for failure in ended:
            # Raised once every round has ended: none goes on without an owner.
            if isinstance(failure, BaseException):
                raise failure
        return next((text for text in ended if isinstance(text, str) and text), "")

    async def _look_after(self, account: Account, tickets: list[Ticket]) -> str:
        """One account's round; a text where Bybit did not answer."""
        standing = self._standings.of(account.id)
        live = [ticket for ticket in tickets if ticket.state in LIVE]
        offers = [ticket for ticket in tickets if ticket.state is State.PROPOSED]
        try:
            asked = standing.blind or not standing.reconciled
            held = await self._positions(account, live, asked or self._guard is not None)
            positions = None if held is None else {one.symbol: one for one in held}
            troubles = [await self._alone(self._move(ticket, positions)) for ticket in live]
            troubles += [await self._alone(self._attend(offer)) for offer in offers]
            if self._guard is not None and held is not None:
                troubles.append(await self._alone(self._guard.look(account, held)))
        except ExchangeError as error:
            if error.code in DEAD_KEY:
                standing.blind = True
                await self._context.notifier.limit_reached(account.owner, Reason.KEY_DEAD, {})
            return error.text
        if standing.blind:
            standing.blind = False
            await self._context.notifier.limit_over(account.owner, Reason.KEY_DEAD)
        standing.reconciled = standing.reconciled or not any(troubles)
        return next((text for text in troubles if text), "")

    async def _alone(self, work: Awaitable[None]) -> str:
        """What one ticket runs into holds up no other, unless the key itself is dead."""
        try:
            await work
        except ExchangeError as error:
            if error.code in DEAD_KEY:
                raise
            return error.text
        return ""

    async def _move(self, ticket: Ticket, positions: Mapping[str, Position] | None) -> None:
        if self._lock(ticket.id).locked():
            return
        async with self._lock(ticket.id):
            # Read again under the lock: its own task may have brought it further meanwhile. What was asked of Bybit
            # before that is then older than the ticket, and would make a change by hand out of our own fill.
            present = await self._context.journal.own(ticket.id, ticket.owner)
            await self._steps.step(present, positions if present.revision == ticket.revision else None)

    async def _positions(self, account: Account, live: list[Ticket], asked: bool) -> tuple[Position, ...] | None:
        """The account's open positions; None where nothing needs them."""
        if not asked and not any(ticket.state in HOLDING for ticket in live):
            return None
        return tuple(one for one in await self._context.exchange.positions(account.id) if one.size > 0)

    async def _attend(self, offer: Ticket) -> None:
        """Ends an offer that is over; raises the revision of one that was made before this start, so that a tap made
        while the bot was away finds nothing (EXECUTION 2.8)."""
        try:
            if not await self._is_void(offer) and offer.revision.changed_at < self._began_at:
                await self._requoter.refresh_offer(offer)
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
