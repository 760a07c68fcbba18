"""From a signal to a plan and its frozen order: the first offer and each re-quote (SPEC 4, 5)."""

from decimal import ROUND_HALF_EVEN, Decimal

from strategies.signal import Direction, Signal
from trading.context import Context
from trading.errors import ExchangeBusy, RiskRefused
from trading.model import AccountId, Balance, Instrument, OrderRequest, Plan, Ticker, Ticket, order_link_id
from trading.preferences import Preferences
from trading.reasons import Reason
from trading.sizing import Levels, Purse, band_edge, levels_of, size_ticket, to_step


def worst_price(ticker: Ticker, direction: Direction) -> Decimal:
    """What a market order would pay now: the ask for a long, the bid for a short."""
    return ticker.ask if direction is Direction.LONG else ticker.bid


def passed(ticker: Ticker, plan: Plan, direction: Direction) -> Reason | None:
    """Whether price has gone through the offer's stop or target."""
    sign = direction.sign
    if sign * (ticker.last - plan.stop) <= 0:
        return Reason.PRICE_PASSED_STOP
    if sign * (ticker.last - plan.target) >= 0:
        return Reason.PRICE_PASSED_TARGET
    return None


def is_beyond_band(ticker: Ticker, plan: Plan, direction: Direction) -> bool:
    """One-sided: only a worse price matters."""
    return direction.sign * (worst_price(ticker, direction) - plan.limit) > 0


def frozen_request(ticket: str, revision: int, symbol: str, direction: Direction, plan: Plan) -> OrderRequest:
    """The one order of this revision: a Limit IOC at the band's edge with stop and target attached."""
    return OrderRequest(
        symbol=symbol,
        side=direction.side,
        size=plan.size,
        order_link_id=order_link_id(ticket, revision),
        price=plan.limit,
        stop=plan.stop,
        target=plan.target,
    )


class Quotes:
    """Sizes what is offered with the account's money and the instrument's rules."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def first(self, signal: Signal, account: AccountId, preferences: Preferences, balance: Balance) -> Plan:
        """The plan for a fresh signal at its close. Raises RiskRefused, ExchangeError."""
        instrument = self._instrument(signal.symbol)
        entry = to_step(Decimal(repr(signal.close)), instrument.tick, ROUND_HALF_EVEN)
        levels = levels_of(entry, Decimal(repr(signal.atr)), signal.direction, preferences, instrument)
        return await self._sized(signal.symbol, account, levels, preferences, balance)

    async def again(self, ticket: Ticket, entry: Decimal, preferences: Preferences, balance: Balance) -> Plan:
        """A plan at `entry` now: stop and target stay, the risk is never more than the first one's.

        Raises RiskRefused where nothing worth offering is left, ExchangeError.
        """
        instrument = self._instrument(ticket.symbol)
        atr = Decimal(repr(ticket.signal.atr))
        levels = Levels(
            entry=entry,
            limit=band_edge(entry, atr, ticket.direction, preferences, instrument.tick),
            stop=ticket.revision.plan.stop,
            target=ticket.revision.plan.target,
        )
        return await self._sized(ticket.symbol, ticket.account, levels, preferences, balance, ticket.first_risk)

    async def _sized(
        self,
        symbol: str,
        account: AccountId,
        levels: Levels,
        preferences: Preferences,
        balance: Balance,
        at_most: Decimal | None = None,
    ) -> Plan:
        if balance.equity <= 0:
            raise RiskRefused(Reason.NO_EQUITY)
        universe = self._context.universe
        instrument = self._instrument(symbol)
        ticker = universe.tickers.get(symbol)
        if ticker is None:
            raise RiskRefused(Reason.NOT_LISTED)
        risk = preferences.risk_share * balance.equity
        purse = Purse(
            risk=risk if at_most is None else min(risk, at_most),
            available=balance.available,
            taker_fee=await self._context.exchange.taker_fee(account, symbol),
        )
        spread = max(Decimal(0), ticker.ask - ticker.bid)
        return size_ticket(levels, purse, preferences, instrument, await universe.tiers(symbol), spread)

    def _instrument(self, symbol: str) -> Instrument:
        """Raises RiskRefused where it is not listed; ExchangeBusy before the market was first heard of."""
        universe = self._context.universe
        if not universe.is_known:
            raise ExchangeBusy("the market has not been asked for yet")
        instrument = universe.instrument(symbol)
        if instrument is None:
            raise RiskRefused(Reason.NOT_LISTED)
        return instrument
