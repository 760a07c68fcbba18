"""An order whose fate is unknown: asked by its id until it is found, or proven absent (EXECUTION 2.6)."""

from dataclasses import dataclass
from typing import Protocol

from trading.context import Context
from trading.model import AccountId, OrderFacts
from trading.ports import RECV_WINDOW_MS

# Bybit refuses a request later than its window; the skew we still allow, and five seconds for answers that lag.
ABSENT_AFTER_MS = RECV_WINDOW_MS + 1_000 + 5_000
BETWEEN_PROOFS_MS = 1_000
BEFORE_SENT_MS = 60_000


class Placed(Protocol):
    """What an order was sent for: a ticket, or the close of a position that no ticket holds."""

    @property
    def account(self) -> AccountId: ...

    @property
    def symbol(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Fate:
    """`order` where it was found; `absent` once that is proven; neither while it is still open."""

    order: OrderFacts | None
    absent: bool


class Resolver:
    """Remembers first proofs of absence; after a restart the proof simply begins anew."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._first_proof: dict[str, int] = {}

    async def fate(self, placed: Placed, order_link_id: str, sent_at: int) -> Fate:
        """Asks realtime, history and executions for this id. `sent_at` is the signed timestamp, ms of Bybit's time.

        Any error in any of the three raises ExchangeError: an unanswered question proves nothing.
        """
        exchange, account, symbol = self._context.exchange, placed.account, placed.symbol
        asked_at = exchange.bybit_time()
        order = await exchange.recent_order(account, symbol, order_link_id)
        if order is None:
            order = await exchange.past_order(account, symbol, order_link_id, sent_at - BEFORE_SENT_MS)
        if order is not None:
            self._first_proof.pop(order_link_id, None)
            return Fate(order, absent=False)
        if await exchange.executions(account, symbol, sent_at - BEFORE_SENT_MS, order_link_id):
            # It traded, so it exists; its own facts will show at the next look.
            self._first_proof.pop(order_link_id, None)
            return Fate(None, absent=False)
        return Fate(None, absent=self._proves(order_link_id, asked_at, sent_at))

    def _proves(self, order_link_id: str, asked_at: int, sent_at: int) -> bool:
        if asked_at < sent_at + ABSENT_AFTER_MS:
            return False
        first = self._first_proof.setdefault(order_link_id, asked_at)
        if asked_at - first < BETWEEN_PROOFS_MS:
            return False
        del self._first_proof[order_link_id]
        return True
