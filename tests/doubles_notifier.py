"""A Notifier that keeps what it was told."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from trading.model import Ticket
from trading.reasons import Reason
from trading.states import State


@dataclass
class NotifierDouble:
    """`cards` is every ticket as it was shown, oldest first, `rung` those that rang; `told` and `over` are limits."""

    cards: list[Ticket] = field(default_factory=list)
    rung: list[Ticket] = field(default_factory=list)
    told: list[tuple[int, Reason, dict[str, object]]] = field(default_factory=list)
    over: list[tuple[int, Reason]] = field(default_factory=list)
    delistings: list[tuple[int, str, int]] = field(default_factory=list)
    _standing: set[tuple[int, Reason]] = field(default_factory=set)

    async def ticket(self, ticket: Ticket, *, ring: bool = False) -> None:
        self.cards.append(ticket)
        if ring:
            self.rung.append(ticket)

    async def limit_reached(self, owner: int, reason: Reason, figures: Mapping[str, object]) -> None:
        """Once until it is over, as the real one."""
        if (owner, reason) not in self._standing:
            self._standing.add((owner, reason))
            self.told.append((owner, reason, dict(figures)))

    async def limit_over(self, owner: int, reason: Reason) -> None:
        if (owner, reason) in self._standing:
            self._standing.discard((owner, reason))
            self.over.append((owner, reason))

    async def delisting(self, owner: int, symbol: str, at: int) -> None:
        self.delistings.append((owner, symbol, at))

    def states_of(self, ticket: str) -> list[State]:
        """The states that one ticket's card showed, without repetitions in a row."""
        shown: list[State] = []
        for card in self.cards:
            if card.id == ticket and shown[-1:] != [card.state]:
                shown.append(card.state)
        return shown

    def rings_of(self, ticket: str) -> list[tuple[State, Reason | None]]:
        return [(card.state, card.revision.reason) for card in self.rung if card.id == ticket]
