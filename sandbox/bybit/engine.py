"""What happens to orders as time goes on: the engine takes up what was accepted, and the price comes by."""

from decimal import Decimal

from sandbox.bybit.instructions import Instructions
from sandbox.bybit.ledger import Ledger
from sandbox.bybit.matching import Matching
from sandbox.bybit.model import Order
from sandbox.bybit.passing import Passing


class Engine:
    """The parts of matching as time sees them."""

    def __init__(self, ledger: Ledger, matching: Matching, passing: Passing, instructions: Instructions) -> None:
        self._ledger = ledger
        self._matching = matching
        self._passing = passing
        self._instructions = instructions

    def take_up_what_is_due(self) -> None:
        """Orders and instructions whose moment has come meet the market, the earliest first."""
        due = [one for one in self._ledger.not_taken_up() if one.due_ms <= self._ledger.time_ms]
        for one in sorted(due, key=lambda waits: waits.due_ms):
            if not isinstance(one, Order):
                self._instructions.carry_out(one)
            elif one.order_id in self._ledger.accepted:
                self._matching.carry_out(one)

    def pass_by(self, symbol: str, before: Decimal, now: Decimal, *, gap: bool) -> None:
        """The price went from `before` to `now` by itself; see Passing."""
        self._passing.pass_by(symbol, before, now, gap=gap)
