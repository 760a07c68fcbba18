"""A signal becomes an offer for one account, or is listed with the reason why not (SPEC 4)."""

import logging
from collections.abc import Callable

from strategies.signal import Signal
from trading.context import Context
from trading.errors import ExchangeError, RiskRefused
from trading.limits import TOLD, check_offer, claim_limits, load_of
from trading.model import Account, Ticket
from trading.people import Person
from trading.quotes import Quotes, frozen_request
from trading.reasons import Reason
from trading.standing import Standings
from trading.states import LIVE

log = logging.getLogger(__name__)

LATE_MS = 90_000
LEAST_OFFER_MS = 5 * 60_000
MOST_OFFER_MS = 120 * 60_000
SKEW_MS = 500


def expiry_of(signal: Signal) -> int:
    """Half a candle after its close, at least 5 min, at most 2 h (ms UTC)."""
    half = signal.minutes * 60_000 // 2
    return signal.closed_at + min(max(half, LEAST_OFFER_MS), MOST_OFFER_MS)


def check_now(context: Context, person: Person, signal: Signal) -> None:
    """What stops every entry at this moment, offered or tapped. Raises RiskRefused."""
    context.halting.check()
    if person.paused:
        raise RiskRefused(Reason.PAUSED)
    skew = context.exchange.bybit_time() - context.clock.now()
    if abs(skew) > SKEW_MS:
        raise RiskRefused(Reason.CLOCK, skew_ms=skew)
    if context.feed.is_stale(signal.symbol, signal.minutes, context.universe.tickers_at):
        raise RiskRefused(Reason.STALE_FEED)


class Offers:
    """Proposes tickets; `new_id` makes an id that no other ticket ever had."""

    def __init__(self, context: Context, quotes: Quotes, standings: Standings, new_id: Callable[[], str]) -> None:
        self._context = context
        self._quotes = quotes
        self._standings = standings
        self._new_id = new_id

    async def offer(self, person: Person, account: Account, signal: Signal, reason: Reason | None = None) -> None:
        """Offers the signal, or lists it as refused for `reason` or for what stands in its way."""
        try:
            if reason is not None:
                raise RiskRefused(reason)
            ticket = await self._propose(person, account, signal)
        except RiskRefused as refused:
            await self._refuse(person, account, signal, refused)
        except ExchangeError as error:
            log.warning("no offer of %s for %s: %s", signal.id, person.id, error.text)
            await self._hear(person, account, signal, None, Reason.EXCHANGE_SILENT)
        else:
            if ticket is not None:
                await self._hear(person, account, signal, ticket, None)
                await self._context.notifier.ticket(ticket)
                for told in TOLD:
                    await self._context.notifier.limit_over(person.id, told)

    async def _refuse(self, person: Person, account: Account, signal: Signal, refused: RiskRefused) -> None:
        if await self._hear(person, account, signal, None, refused.reason) and refused.reason in TOLD:
            await self._context.notifier.limit_reached(person.id, refused.reason, refused.figures)

    async def _hear(
        self, person: Person, account: Account, signal: Signal, ticket: Ticket | None, refused: Reason | None
    ) -> bool:
        now = self._context.clock.now()
        return await self._context.journal.hear(
            account.id, person.id, signal, now, ticket.id if ticket else None, refused
        )

    async def _propose(self, person: Person, account: Account, signal: Signal) -> Ticket | None:
        """None where this account was already offered the signal. Raises RiskRefused, ExchangeError."""
        context, now = self._context, self._context.clock.now()
        self._check_standing(person, account, signal)
        live = await context.journal.in_states(LIVE, account.id)
        positions = await context.caches.position_cache.get(account.id, lambda: context.exchange.positions(account.id))
        balance = await context.caches.balance_cache.get(account.id, lambda: context.exchange.balance(account.id))
        plan = await self._quotes.first(signal, account.id, person.preferences, balance)
        limits = claim_limits(person.preferences, balance.equity, load_of(live, positions))
        check_offer(signal.symbol, plan.risk, limits, live, positions)
        ticket = self._new_id()
        request = frozen_request(ticket, 1, signal.symbol, signal.direction, plan)
        return await context.journal.propose(
            ticket, person.id, account.id, signal, plan, request, expiry_of(signal), now
        )

    def _check_standing(self, person: Person, account: Account, signal: Signal) -> None:
        context = self._context
        if self._standings.of(account.id).blind:
            raise RiskRefused(Reason.KEY_DEAD)
        check_now(context, person, signal)
        heard_at = context.feed.heard_at(signal.symbol, signal.minutes)
        lag = (heard_at if heard_at is not None else context.clock.now()) - signal.closed_at
        if lag > LATE_MS:
            raise RiskRefused(Reason.LATE_CANDLE, seconds=lag // 1000)
