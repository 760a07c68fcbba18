"""One ticket, one row of the state table at a time (EXECUTION 2.6, 2.7, 3).

Bybit is the truth for facts, the journal for intentions. Every step may be repeated: it asks, compares, and moves the
ticket further, or leaves it as it is.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace

from trading.closing import Closer, close_id
from trading.context import Context
from trading.endings import ZERO, fill_of, outcome_of
from trading.errors import ExchangeError, TicketError
from trading.limits import DEFAULT_TAKER_FEE
from trading.model import Execution, Fill, OrderFacts, Position, Ticket
from trading.ports import Facts
from trading.protect import as_it_is, finding, is_protected, stop_as_it_is
from trading.quotes import worst_price
from trading.reasons import Reason
from trading.requote import Requoter
from trading.resolve import Resolver
from trading.sending import Sender
from trading.sizing import risk_of
from trading.standing import DEAD_KEY
from trading.states import Event, IllegalTransition, State

log = logging.getLogger(__name__)

READ_BACK_GRACE_MS = 1_500
# A position without its stop is closed ten seconds after its fill; it was called unprotected after the grace.
CLOSE_UNPROTECTED_MS = 10_000 - READ_BACK_GRACE_MS
# How long Bybit's records may lag behind a position, at most.
LAGGING_MS = 60_000
# Bybit keeps orders that filled nothing for 24 h.
FORGOTTEN_MS = 25 * 3_600_000
CLOSED_GRACE_MS = 5_000
RING_UNKNOWN_MS = 15_000
OVERLAP_MS = 600_000


class Steps:
    """What to ask and what to do in each state. The caller sees to it that one ticket is stepped by one task."""

    def __init__(self, context: Context, sender: Sender, closer: Closer, requoter: Requoter) -> None:
        self._context = context
        self._sender = sender
        self._closer = closer
        self._requoter = requoter
        self._resolver = Resolver(context)
        self._rung: set[str] = set()

    async def step(self, ticket: Ticket, positions: Mapping[str, Position] | None) -> Ticket:
        """One ticket as far as it goes now. Raises ExchangeError; what was reached before stays reached."""
        try:
            match ticket.state:
                case State.CONFIRMED:
                    return await self._send(ticket)
                case State.SUBMITTING:
                    # Nobody holds it, so its sender died between the commit and the answer.
                    return await self._moved(ticket, Event.UNCERTAIN)
                case State.UNKNOWN:
                    return await self._resolve(ticket)
                case State.ACKED | State.PARTIAL:
                    return await self._fills(ticket)
                case State.FILLED:
                    return await self._read_back(ticket)
                case State.UNPROTECTED:
                    return await self._repair(ticket)
                case State.OPEN | State.DRIFT:
                    return await self._compare(ticket, positions)
                case State.CLOSING:
                    return await self._await_close(ticket)
        except (IllegalTransition, TicketError) as quicker:
            # A tap came between the look and the step: the next look sees what it did.
            log.warning("ticket %s: %s", ticket.id, quicker)
        return ticket

    async def _send(self, ticket: Ticket) -> Ticket:
        """A claim that nobody holds any more. Right after a start its candles are still being read: that is no reason
        to let a tap go, so it waits for them, until the offer ends at the latest."""
        unread = self._context.feed.newest(ticket.symbol, ticket.signal.minutes) is None
        if unread and self._context.clock.now() < ticket.revision.expires_at:
            return ticket
        return await self._sender.send(ticket)

    async def _resolve(self, ticket: Ticket) -> Ticket:
        sent_at = ticket.revision.signed_at or ticket.revision.changed_at
        link = ticket.revision.order_link_id
        fate = await self._resolver.fate(ticket, link, sent_at)
        if fate.order is not None:
            self._rung.discard(link)
            return await self._moved(ticket, Event.FOUND, Facts(order_id=fate.order.order_id))
        if fate.absent and not await self._may_be_here(ticket, sent_at):
            self._rung.discard(link)
            late = self._context.clock.now() >= ticket.revision.expires_at
            facts = Facts(reason=Reason.PROVEN_ABSENT)
            return await self._moved(ticket, Event.ABSENT if late else Event.ABSENT_RETRY, facts)
        if self._context.clock.now() - ticket.revision.changed_at > RING_UNKNOWN_MS and link not in self._rung:
            self._rung.add(link)
            await self._context.notifier.ticket(ticket, ring=True)
        return ticket

    async def _may_be_here(self, ticket: Ticket, sent_at: int) -> bool:
        """A claim finds the symbol flat. A position that stands there now may be of an order whose record lags."""
        if self._context.exchange.bybit_time() - sent_at >= LAGGING_MS:
            return False
        position = await self._here(ticket)
        return position is not None and position.direction is ticket.direction

    async def _fills(self, ticket: Ticket) -> Ticket:
        """ACKED or PARTIAL: what the entry has filled so far."""
        order = await self._order(ticket, ticket.revision.order_link_id)
        if order is None:
            return await self._forgotten(ticket)
        if order.filled > 0:
            fill = await self._fill(ticket, order)
            facts = self._filled(ticket, fill)
            if order.final:
                return await self._read_back(await self._moved(ticket, Event.FILLED, facts))
            if ticket.state is State.ACKED:
                return await self._moved(ticket, Event.PART_FILLED, facts)
            if fill != ticket.revision.fill:
                return await self._noted(ticket, facts)
            return ticket
        if order.final and ticket.state is State.ACKED:
            return await self._dry(ticket)
        return ticket

    async def _dry(self, ticket: Ticket) -> Ticket:
        """Final without fills: the price moved, so a new revision at the present one."""
        ticker = await self._context.exchange.ticker(ticket.symbol)
        return await self._requoter.requote(ticket, worst_price(ticker, ticket.direction), Event.DRY)

    async def _forgotten(self, ticket: Ticket) -> Ticket:
        """An accepted order that no query shows. Its executions outlive it by far; without any it was dry, once Bybit
        has had the time to forget an order that filled nothing."""
        revision = ticket.revision
        age = self._context.exchange.bybit_time() - (revision.signed_at or ticket.created_at)
        if age < LAGGING_MS:
            return ticket
        fill = fill_of(await self._executions(ticket), revision.order_link_id)
        if fill is not None:
            return await self._read_back(await self._moved(ticket, Event.FILLED, self._filled(ticket, fill)))
        if age >= FORGOTTEN_MS and ticket.state is State.ACKED and await self._here(ticket) is None:
            return await self._moved(ticket, Event.DRY, Facts(reason=Reason.PROVEN_ABSENT), ring=True)
        return ticket

    def _filled(self, ticket: Ticket, fill: Fill) -> Facts:
        """What fills is the trade: size and risk shrink to it."""
        stop = ticket.revision.stop_now
        risk = risk_of(fill.average, stop, fill.size, ticket.direction, DEFAULT_TAKER_FEE)
        return Facts(fill=fill, size_now=fill.size, risk_now=risk)

    async def _order(self, ticket: Ticket, order_link_id: str) -> OrderFacts | None:
        exchange = self._context.exchange
        found = await exchange.recent_order(ticket.account, ticket.symbol, order_link_id)
        if found is None:
            since = (ticket.revision.signed_at or ticket.created_at) - OVERLAP_MS
            found = await exchange.past_order(ticket.account, ticket.symbol, order_link_id, since)
        return found

    async def _fill(self, ticket: Ticket, order: OrderFacts) -> Fill:
        """From executions; where they lag behind the order, from the order itself with the usual fee."""
        counted = fill_of(await self._executions(ticket), ticket.revision.order_link_id)
        if counted is not None and counted.size == order.filled:
            return counted
        average = order.average or ticket.revision.plan.limit
        return Fill(order.filled, average, average * order.filled * DEFAULT_TAKER_FEE)

    async def _executions(self, ticket: Ticket) -> tuple[Execution, ...]:
        """All of the ticket's symbol since before its entry; kept once each in the journal."""
        since = (ticket.revision.signed_at or ticket.created_at) - OVERLAP_MS
        found = await self._context.exchange.executions(ticket.account, ticket.symbol, since)
        await self._context.journal.count_executions(ticket.id, found)
        return found

    async def _here(self, ticket: Ticket) -> Position | None:
        """The position of the ticket's symbol, asked now; None when flat."""
        here = await self._context.exchange.positions(ticket.account, ticket.symbol)
        return next((position for position in here if position.size > 0), None)

    async def _read_back(self, ticket: Ticket) -> Ticket:
        """FILLED: *protected* is said only after reading the position back with our stop."""
        position = await self._here(ticket)
        if position is None:
            return await self._end_if_gone(ticket)
        if self._holds(ticket, position):
            return await self._moved(ticket, Event.PROTECTED, Facts(reason=Reason.STOP_CONFIRMED))
        if self._context.clock.now() - ticket.revision.changed_at < READ_BACK_GRACE_MS:
            return ticket
        missing = await self._moved(ticket, Event.STOP_MISSING, Facts(reason=Reason.STOP_NEVER_SET), ring=True)
        return await self._repair(missing)

    def _holds(self, ticket: Ticket, position: Position) -> bool:
        # Without its tick (not asked yet, or delisted) the stop must be ours exactly: never unprotected for that.
        instrument = self._context.universe.instrument(ticket.symbol)
        return is_protected(ticket, position, instrument.tick if instrument else ZERO)

    async def _repair(self, ticket: Ticket) -> Ticket:
        """UNPROTECTED: by its cause (EXECUTION 2.7). Ours gets its stop, or is closed; by hand is only watched."""
        position = await self._here(ticket)
        if position is None or position.direction is not ticket.direction:
            # Turned by hand: ours was closed on the way, and what stands there now is not.
            return await self._end_if_gone(ticket)
        if ticket.revision.reason is not Reason.STOP_NEVER_SET:
            if position.stop is None:
                return ticket
            again = replace(stop_as_it_is(ticket, position), reason=Reason.STOP_AGAIN)
            return await self._moved(ticket, Event.PROTECTED, again, ring=True)
        if not self._holds(ticket, position):
            await self._set_stop(ticket)
            position = await self._here(ticket)
            if position is None:
                return await self._end_if_gone(ticket)
        if self._holds(ticket, position):
            return await self._moved(ticket, Event.PROTECTED, Facts(reason=Reason.STOP_CONFIRMED))
        if self._context.clock.now() - ticket.revision.changed_at < CLOSE_UNPROTECTED_MS:
            return ticket
        closing = await self._closer.begin(ticket)
        await self._closer.send(closing)
        return closing

    async def _set_stop(self, ticket: Ticket) -> None:
        revision = ticket.revision
        try:
            await self._context.exchange.set_stop(ticket.account, ticket.symbol, revision.stop_now, revision.target_now)
        except ExchangeError as refused:
            if refused.code in DEAD_KEY:
                raise
            # Whatever the answer says, or if none came: only the read-back counts.
            log.warning("stop of %s was not confirmed: %s", ticket.id, refused.text)

    async def _compare(self, ticket: Ticket, positions: Mapping[str, Position] | None) -> Ticket:
        """OPEN or DRIFT: closed, changed by hand, or as it was."""
        if positions is None:
            position = await self._here(ticket)
        else:
            position = positions.get(ticket.symbol)
        if position is None:
            return await self._end_if_gone(ticket)
        found = finding(ticket, position, self._context.universe.instrument(ticket.symbol))
        if ticket.state is State.DRIFT:
            if found is None or found.event is not Event.DRIFTED:
                return await self._moved(ticket, Event.ADOPTED, as_it_is(ticket, position, Reason.LEVELS_BY_HAND))
            return ticket
        if found is None:
            return ticket
        return await self._moved(ticket, found.event, found.facts, ring=found.rings)

    async def _end_if_gone(self, ticket: Ticket) -> Ticket:
        """Flat: closed once the executions say how; until they do, nothing is guessed."""
        executions = await self._executions(ticket)
        outcome = outcome_of(ticket, executions)
        if outcome is None:
            return ticket
        fill = fill_of(executions, ticket.revision.order_link_id)
        self._context.caches.forget_account(ticket.account)
        return await self._moved(ticket, Event.GONE, Facts(outcome=outcome, fill=fill), ring=True)

    async def _await_close(self, ticket: Ticket) -> Ticket:
        """CLOSING: over once flat; a close that is final, refused or proven absent while size is left has failed."""
        position = await self._here(ticket)
        if position is None:
            return await self._end_if_gone(ticket)
        if self._lacks_its_stop(ticket, position):
            # The close may have been lost, and proving that takes longer than a position may stand without a stop.
            await self._set_stop(ticket)
        fate = await self._resolver.fate(ticket, close_id(ticket), self._closer.signed_at(ticket))
        if fate.absent:
            return await self._closer.failed(ticket, "the close order never reached Bybit")
        if fate.order is None or not fate.order.final or not await self._is_left(ticket, fate.order):
            return ticket
        if fate.order.filled >= ticket.revision.size_now:
            # It took all of ours: what stands here now was opened since, and the executions say that ours has ended.
            ended = await self._end_if_gone(ticket)
            if ended.state is State.CLOSED:
                return ended
        return await self._closer.failed(ticket, f"{fate.order.status}: {fate.order.filled} closed")

    def _lacks_its_stop(self, ticket: Ticket, position: Position) -> bool:
        """Whether this is ours and never had the stop that its entry asked for."""
        never_set = ticket.revision.reason is Reason.STOP_NEVER_SET
        return never_set and position.direction is ticket.direction and not self._holds(ticket, position)

    async def _is_left(self, ticket: Ticket, close: OrderFacts) -> bool:
        """Whether something is open after the close has ended; the position may be shown a moment later than the
        order that took it away."""
        waited = self._context.clock.now() - ticket.revision.changed_at
        if close.filled >= ticket.revision.size_now and waited < CLOSED_GRACE_MS:
            return False
        return await self._here(ticket) is not None

    async def _noted(self, ticket: Ticket, facts: Facts) -> Ticket:
        noted = await self._context.journal.note(*ticket.key, self._context.clock.now(), facts)
        await self._context.notifier.ticket(noted)
        return noted

    async def _moved(self, ticket: Ticket, event: Event, facts: Facts | None = None, *, ring: bool = False) -> Ticket:
        moved = await self._context.journal.advance(*ticket.key, event, self._context.clock.now(), facts)
        await self._context.notifier.ticket(moved, ring=ring)
        return moved
