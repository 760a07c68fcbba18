"""What goes wrong on purpose: seeded rules that say which requests, answers, messages and orders meet with a fault."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

REQUEST_KINDS = (
    *("lose_request", "lose_answer", "delay", "delay_after", "5xx", "5xx_after", "bad_json", "bad_json_after"),
    *(f"{code}{when}" for code in (10000, 10006, 10016) for when in ("", "_after")),
)
"""Of requests; those with `_after` (and lose_answer) strike when all that was asked for is done, the others before."""
MESSAGE_KINDS = ("drop_message", "repeat_message")
"""Of stream messages; their path is the stream's address, a slash and the topic."""
ORDER_KINDS = ("hide_order", "drop_stop")
"""Of new orders; their path is /v5/order/create."""
KINDS = (*REQUEST_KINDS, *MESSAGE_KINDS, *ORDER_KINDS)
LASTING_KINDS = ("delay", "delay_after", "hide_order")


@dataclass(frozen=True, slots=True)
class Rule:
    """Paths that begin with `path` meet with `kind`, each with probability `p`, `times` times at most (None: always).

    `seconds` is how long a delay or the hiding of an order lasts; of the other kinds how long the rule is in force
    (0: until it is taken away).
    """

    path: str
    kind: str
    p: float = 1.0
    times: int | None = None
    seconds: float = 0.0


@dataclass(slots=True)
class _Die:
    rule: Rule
    random: random.Random
    left: int | None
    ends_ms: int | None

    def strikes(self, path: str, now_ms: int) -> bool:
        if not path.startswith(self.rule.path) or self.left == 0:
            return False
        if self.ends_ms is not None and now_ms >= self.ends_ms:
            return False
        if self.random.random() >= self.rule.p:
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Faults:
    """The rules in force, which a restart forgets.

    Each rule throws its own die, so the same seed and the same requests give the same faults.
    """

    def __init__(self) -> None:
        self._dice: list[_Die] = []
        self._hidden: dict[str, float] = {}
        self._without_stop: set[str] = set()

    def begin(self, seed: int, rules: Sequence[Rule], now_ms: int) -> None:
        """Puts these rules in force instead of those before."""
        self.end()
        for number, rule in enumerate(rules):
            ends = now_ms + round(rule.seconds * 1000) if rule.seconds and rule.kind not in LASTING_KINDS else None
            self._dice.append(_Die(rule, random.Random(f"{seed}|{number}"), rule.times, ends))

    def end(self) -> None:
        """Nothing goes wrong any more; what was hidden shows."""
        self._dice.clear()
        self._hidden.clear()
        self._without_stop.clear()

    def strike(self, path: str, kinds: Sequence[str], now_ms: int) -> Rule | None:
        """The first rule of these kinds that strikes a path now."""
        return next((die.rule for die in self._dice if die.rule.kind in kinds and die.strikes(path, now_ms)), None)

    def meet_order(self, path: str, order_id: str, now_ms: int) -> None:
        """A new order was accepted: it may be hidden for a while, or lose the stop that is attached to it."""
        hiding = self.strike(path, ("hide_order",), now_ms)
        if hiding is not None:
            self._hidden[order_id] = now_ms + hiding.seconds * 1000
        if self.strike(path, ("drop_stop",), now_ms) is not None:
            self._without_stop.add(order_id)

    def is_hidden(self, order_id: str, now_ms: int) -> bool:
        """Queries do not show this order yet."""
        return now_ms < self._hidden.get(order_id, 0)

    def drops_stop(self, order_id: str) -> bool:
        """The stop that is attached to this order is never set."""
        return order_id in self._without_stop
