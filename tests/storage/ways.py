"""How to bring a stored ticket into any state: the shortest way through the state table."""

from collections import deque

from storage.journal import JournalStore
from tests.storage.samples import NOW, OWNER, ROOMY, plan, request
from trading.model import Ticket
from trading.states import TABLE, Event, State


def way_to(state: State) -> tuple[Event, ...]:
    ways: dict[State, tuple[Event, ...]] = {State.PROPOSED: ()}
    queue = deque([State.PROPOSED])
    while queue:
        here = queue.popleft()
        for (before, event), after in TABLE.items():
            if before is here and after not in ways:
                ways[after] = (*ways[here], event)
                queue.append(after)
    return ways[state]


async def step(journal: JournalStore, ticket: Ticket, event: Event) -> Ticket:
    """The port's own road for this event."""
    name, number = ticket.key
    if event is Event.CLAIMED:
        return await journal.claim(name, number, OWNER, ROOMY, NOW)
    if event is Event.REQUOTED:
        return await journal.requote(name, number, plan(), request(name, number + 1, ticket.symbol), NOW)
    return await journal.advance(name, number, event, NOW)
