"""*Adopt*: a position that was opened by hand becomes a ticket of ours, with a risk and an R of its own (SPEC 4)."""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal

from strategies.signal import Direction, Factor, Signal
from trading.context import Context
from trading.emergency import Adoptions
from trading.errors import RiskRefused, TicketError
from trading.limits import DEFAULT_TAKER_FEE
from trading.model import ADOPTED, Account, Fill, OrderRequest, Plan, Position, Ticket, order_link_id
from trading.reasons import Reason
from trading.sizing import risk_of, to_step

_NO_FACTOR = Factor(ADOPTED, 0.0, 0.0)


class Adopter:
    """Takes over what stands on Bybit as it is; nothing is sent for it."""

    def __init__(self, context: Context, book: Adoptions, new_id: Callable[[], str]) -> None:
        self._context = context
        self._book = book
        self._new_id = new_id

    async def adopt(self, owner: int, symbol: str, index: int = 0) -> Ticket:
        """The position of this person's account as an OPEN ticket; R is the way from its average to its stop.

        Raises TicketError: NO_ACCOUNT, NOT_OPEN, STOP_FIRST, or ALREADY_TAKEN where a live ticket has the symbol;
        RiskRefused(HEDGE_MODE); ExchangeError.
        """
        context = self._context
        account = await context.people.account_of(owner)
        if account is None:
            raise TicketError(Reason.NO_ACCOUNT)
        if index != 0:
            raise RiskRefused(Reason.HEDGE_MODE)
        # Before the look: an exit that comes between the two is counted rather than missed for good.
        asked_at = context.exchange.bybit_time()
        found = await context.exchange.positions(account.id, symbol)
        position = next((one for one in found if one.size > 0), None)
        if position is None or position.direction is None:
            raise TicketError(Reason.NOT_OPEN)
        if position.stop is None:
            raise TicketError(Reason.STOP_FIRST)
        adopted = await self._written(account, position, position.direction, position.stop, asked_at)
        context.caches.forget_account(account.id)
        await context.notifier.ticket(adopted)
        return adopted

    async def _written(
        self, account: Account, position: Position, direction: Direction, stop: Decimal, asked_at: int
    ) -> Ticket:
        name, now = self._new_id(), self._context.clock.now()
        instrument = self._context.universe.instrument(position.symbol)
        entry = to_step(position.average, instrument.tick, ROUND_HALF_EVEN) if instrument else position.average
        request = OrderRequest(position.symbol, direction.side, position.size, order_link_id(name, 1), stop=stop)
        return await self._book.take_over(
            name,
            account.owner,
            account.id,
            _signal_of(position, direction, asked_at),
            plan_of(position, direction, stop, entry),
            request,
            Fill(position.size, position.average, position.average * position.size * DEFAULT_TAKER_FEE),
            position.target,
            asked_at,
            now,
        )


def plan_of(position: Position, direction: Direction, stop: Decimal, entry: Decimal) -> Plan:
    """The trade as it was found: nothing was planned by us. Without a target its entry stands in. Pure."""
    target = position.target if position.target is not None else entry
    r = abs(position.average - stop) * position.size
    costs = DEFAULT_TAKER_FEE * (position.average + target) * position.size
    reward = direction.sign * (target - position.average) * position.size - costs
    loss = direction.sign * (stop - position.average) * position.size - (
        DEFAULT_TAKER_FEE * (position.average + stop) * position.size
    )
    return Plan(
        entry=entry,
        limit=entry,
        stop=stop,
        target=target,
        size=position.size,
        leverage=max(1, int(position.leverage)),
        notional=position.size * position.average,
        risk=risk_of(position.average, stop, position.size, direction, DEFAULT_TAKER_FEE),
        r=r,
        costs=costs,
        net_reward=reward / r if r else Decimal(0),
        net_loss=loss / r if r else Decimal(0),
        bound_by="risk",
    )


def _signal_of(position: Position, direction: Direction, at: int) -> Signal:
    """Stands where a ticket has its signal: no strategy saw this one."""
    return Signal(
        symbol=position.symbol,
        strategy=ADOPTED,
        minutes=1,
        direction=direction,
        open_time=at,
        factors=(_NO_FACTOR, _NO_FACTOR, _NO_FACTOR),
        strength=0.0,
        confluence=0,
        close=float(position.average),
        atr=0.0,
    )
