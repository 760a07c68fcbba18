"""Gathers what /status shows; reads the caches where it may, and never fails because Bybit does not answer."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from indicators.cache import ColumnCache
from trading.caches import AsyncCache
from trading.context import Context
from trading.dial import Dial
from trading.errors import ExchangeError
from trading.history import newest_closed
from trading.limits import claim_limits, load_of
from trading.model import Account, Balance, Position, Ticket
from trading.offers import SKEW_MS
from trading.people import Person
from trading.reasons import Reason
from trading.scan import Scanner
from trading.standing import Standings
from trading.states import LIVE
from trading.status import Block, CacheRate, Status
from trading.universe import DAY_MS

SECONDS = 3.0


class StatusDesk:
    """How things stand for one person."""

    def __init__(self, context: Context, scanner: Scanner, dial: Dial, standings: Standings, environment: str) -> None:
        self._context = context
        self._scanner = scanner
        self._dial = dial
        self._standings = standings
        self._environment = environment
        self._started_at = context.clock.now()

    async def status(self, person: Person) -> Status:
        """Everything at once; what Bybit did not tell in time is None."""
        context, now = self._context, self._context.clock.now()
        account = await context.people.account_of(person.id)
        midnight = now // DAY_MS * DAY_MS
        live: tuple[Ticket, ...] = ()
        closed: tuple[Ticket, ...] = ()
        balance: Balance | None = None
        positions: tuple[Position, ...] | None = None
        if account is not None:
            live = await context.journal.in_states(LIVE, account.id)
            closed = await context.journal.closed_since(account.id, midnight)
            balance, positions = await self._asked(account)
        heard = await context.journal.heard(person.id, 1)
        preferences = person.preferences
        load = load_of(live, positions or ())
        today, today_r = _today(closed, live, positions)
        watched = context.universe.watchlist(preferences)
        threshold = self._dial.threshold(preferences, watched)
        return Status(
            person=person,
            account=account,
            environment=self._environment,
            started_at=self._started_at,
            now=now,
            equity=balance.equity if balance else None,
            today=today,
            today_r=today_r,
            open=load.open + load.foreign_open,
            risk=load.risk + load.foreign_risk,
            signals_today=await context.journal.heard_since(person.id, midnight),
            last_signal=heard[0] if heard else None,
            next_close_at=newest_closed(now, preferences.minutes) + 2 * preferences.minutes * 60_000,
            threshold=threshold,
            nearest=self._scanner.nearest(preferences, watched, threshold),
            tick=self._scanner.report,
            feed_age_ms=now - context.universe.tickers_at if context.universe.tickers_at else None,
            skew_ms=self._skew(),
            resting=context.feed.resting,
            blocks=self._blocks(person, account, balance, live, positions or ()),
            troubles=context.health.troubles,
            streams=context.stream.state if context.stream.state.of else None,
            candles=context.feed.progress,
            stale=self._stale(watched, preferences.minutes),
            caches=self._cache_rates(),
            differs=self._scanner.differs,
        )

    def _stale(self, watched: tuple[str, ...], minutes: int) -> tuple[str, ...]:
        """Symbols that were followed and lag; one whose history is still read is none of them."""
        feed, prices_at = self._context.feed, self._context.universe.tickers_at
        followed = (symbol for symbol in watched if feed.newest(symbol, minutes) is not None)
        return tuple(symbol for symbol in followed if feed.is_stale(symbol, minutes, prices_at))

    def _cache_rates(self) -> tuple[CacheRate, ...]:
        """All eight, those of the columns first."""
        caches: Mapping[str, ColumnCache | AsyncCache[Any]] = {
            **self._scanner.column_caches,
            "candles": self._context.caches.market_data_cache,
            "scores": self._context.caches.strategy_results_cache,
            "balance": self._context.caches.balance_cache,
            "positions": self._context.caches.position_cache,
        }
        return tuple(CacheRate(name, one.hits, one.hits + one.misses) for name, one in caches.items())

    async def _asked(self, account: Account) -> tuple[Balance | None, tuple[Position, ...] | None]:
        context = self._context
        try:
            async with asyncio.timeout(SECONDS):
                return await asyncio.gather(
                    context.caches.balance_cache.get(account.id, lambda: context.exchange.balance(account.id)),
                    context.caches.position_cache.get(account.id, lambda: context.exchange.positions(account.id)),
                )
        except (ExchangeError, TimeoutError):
            return None, None

    def _skew(self) -> int:
        return self._context.exchange.bybit_time() - self._context.clock.now()

    def _blocks(
        self,
        person: Person,
        account: Account | None,
        balance: Balance | None,
        live: tuple[Ticket, ...],
        positions: tuple[Position, ...],
    ) -> tuple[Block, ...]:
        """What stops new tickets at this moment: the owner's halt, the person's own pause, then the limits."""
        blocks = [] if self._context.halting.standing is None else [Block(Reason.HALTED)]
        if person.paused:
            blocks.append(Block(Reason.PAUSED))
        if account is not None and self._standings.of(account.id).blind:
            blocks.append(Block(Reason.KEY_DEAD))
        if abs(self._skew()) > SKEW_MS:
            blocks.append(Block(Reason.CLOCK, (("skew_ms", self._skew()),)))
        if balance is not None:
            load = load_of(live, positions)
            limits = claim_limits(person.preferences, balance.equity, load)
            open_now, risk_now = load.open + load.foreign_open, load.risk + load.foreign_risk
            if open_now >= limits.max_open:
                blocks.append(Block(Reason.OPEN_POSITIONS, (("open", open_now), ("limit", limits.max_open))))
            if risk_now >= limits.max_risk:
                blocks.append(Block(Reason.RISK_ON_TABLE, (("risk", risk_now), ("limit", limits.max_risk))))
        return tuple(blocks)


def _today(
    closed: tuple[Ticket, ...], live: tuple[Ticket, ...], positions: tuple[Position, ...] | None
) -> tuple[Decimal | None, Decimal | None]:
    """Closed results of today and open ones, in USDT; the closed ones in R. None where positions are unknown."""
    if positions is None:
        return None, None
    outcomes = [ticket.revision.outcome for ticket in closed if ticket.revision.outcome is not None]
    net = sum((outcome.net for outcome in outcomes), Decimal(0))
    r = sum((outcome.r for outcome in outcomes), Decimal(0))
    ours = {ticket.symbol for ticket in live}
    unrealised = sum((p.unrealised for p in positions if p.symbol in ours), Decimal(0))
    return net + unrealised, r
