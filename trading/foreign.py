"""Closing positions that no ticket holds: journalled, reduce-only, and never two live closes for one position."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trading.context import Context
from trading.emergency import Close, CloseState, Panic, Panics
from trading.errors import ExchangeBusy, ExchangeError, ExchangeRejected, OutcomeUnknown, TicketError
from trading.model import OrderRequest, Position
from trading.resolve import Resolver

log = logging.getLogger(__name__)


def close_request(close: Close) -> OrderRequest:
    """Size 0 with reduceOnly and closeOnTrigger: the whole position, up to Bybit's largest market order."""
    return OrderRequest(
        symbol=close.symbol,
        side=close.direction.closing_side,
        size=Decimal(0),
        order_link_id=close.id,
        reduce_only=True,
        close_on_trigger=True,
        position_index=close.index,
    )


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of earlier closes: `under_way` may still fill, `just_done` ended now (their size may show late)."""

    under_way: frozenset[tuple[str, int]]
    just_done: frozenset[tuple[str, int]]


class ForeignCloser:
    """Sends the next close of a position only once the earlier one's fate is known."""

    def __init__(self, context: Context, book: Panics) -> None:
        self._context = context
        self._book = book
        self._resolver = Resolver(context)
        self._began_at = context.exchange.bybit_time()
        self._signed: dict[str, int] = {}

    async def follow(self, panic: Panic) -> Followed:
        """Asks after every close whose fate is open. Bybit's silence leaves it open."""
        under_way, just_done = set(), set()
        for close in await self._book.live_closes(panic.account):
            try:
                settled = await self._settled(close)
            except ExchangeError as silent:
                log.info("close %s: %s", close.id, silent.text)
                settled = close
            if settled.state is CloseState.SENT:
                under_way.add((close.symbol, close.index))
            elif settled.state is CloseState.DONE and settled.filled >= settled.size:
                just_done.add((close.symbol, close.index))
        return Followed(frozenset(under_way), frozenset(just_done))

    async def close(self, panic: Panic, position: Position) -> None:
        """Commits the next close of the position, then sends it once. What is not a yes or a no stays open."""
        context = self._context
        try:
            close = await self._book.begin_close(panic, position, context.exchange.bybit_time())
        except TicketError:
            return  # an earlier one is still under way
        try:
            # A commit may have taken its time, and Bybit takes nothing that was signed long ago.
            self._signed[close.id] = context.exchange.bybit_time()
            await context.exchange.place(close.account, close_request(close), self._signed[close.id])
        except (ExchangeRejected, ExchangeBusy) as refused:
            why = f"{refused.code or ''} {refused.text}".strip()[:200]
            log.warning("close of %s was not done: %s", close.symbol, why)
            await self._book.settle_close(close, CloseState.FAILED, close.filled, None, why)
        except OutcomeUnknown as unknown:
            log.warning("close %s of %s is unknown: %s", close.id, close.symbol, unknown.text)
        context.caches.forget_account(close.account)

    async def _settled(self, close: Close) -> Close:
        # One of an earlier run of the program was signed before this run began.
        signed_at = self._signed.get(close.id, max(close.signed_at, self._began_at))
        fate = await self._resolver.fate(close, close.id, signed_at)
        if fate.absent:
            return await self._book.settle_close(
                close, CloseState.FAILED, close.filled, None, "the close order never reached Bybit"
            )
        order = fate.order
        if order is None or not order.final:
            return close
        detail = "" if order.filled >= close.size else f"{order.status}: {order.filled}"
        return await self._book.settle_close(close, CloseState.DONE, order.filled, order.average, detail)


def not_ours(positions: Sequence[Position], ours: frozenset[str]) -> tuple[Position, ...]:
    """Open positions of symbols that none of our tickets answers for. Pure."""
    return tuple(one for one in positions if one.size > 0 and one.symbol not in ours)
