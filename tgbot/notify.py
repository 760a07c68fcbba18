"""The Notifier port: what happened becomes a row in the outbox, and the outbox is woken."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from decimal import Decimal
from enum import IntEnum
from typing import Any

from storage.outbox import OutboxStore
from tgbot.screens.glance import Glance
from trading.model import Ticket
from trading.people import Person
from trading.ports import Clock, Journal
from trading.reasons import Reason
from trading.states import LIVE, State


class Priority(IntEnum):
    """What goes out first when much waits."""

    ALARM = 0
    RESULT = 1
    TICKET = 2
    NOTICE = 3


_ALARMS = frozenset({State.UNPROTECTED, State.UNKNOWN, State.DRIFT})
SHOWN_AGAIN = LIVE | {State.PROPOSED}


def card_subject(ticket: str) -> str:
    """What a ticket's card is known by in the outbox."""
    return f"t:{ticket}"


class OutboxNotifier:
    """Writes down what people are to see; `wake` tells the outbox that there is something new."""

    def __init__(self, store: OutboxStore, journal: Journal, clock: Clock, wake: Callable[[], None]) -> None:
        self._store = store
        self._journal = journal
        self._clock = clock
        self._wake = wake

    async def ticket(self, ticket: Ticket, *, ring: bool = False) -> None:
        """The ticket's card shows its present state; `ring` adds one short reply with sound for this state."""
        # The reply points at the card, so the card goes first: both are alarms, and the older one is delivered first.
        await self._want_card(ticket, rings=ring)
        if ring:
            await self._store.want(
                ticket.owner,
                # the moment of the change makes it one reply for each time this state is reached
                f"ring:{ticket.id}:{ticket.revision.changed_at}",
                self._clock.now(),
                payload={"ticket": ticket.id, "state": ticket.state.value},
                priority=Priority.ALARM,
                ring=True,
                reply_to=card_subject(ticket.id),
            )
        self._wake()

    async def limit_reached(self, owner: int, reason: Reason, figures: Mapping[str, object]) -> None:
        """The first refusal by a limit: said once until it is over."""
        if await self._store.tell_limit_once(owner, reason):
            await self._notice(owner, f"limit:{reason}", {"reason": reason.value, "figures": _told(figures)})

    async def limit_over(self, owner: int, reason: Reason) -> None:
        """Its end, where its beginning was told."""
        if await self._store.limit_is_over(owner, reason):
            await self._notice(owner, f"limit-over:{reason}", {})

    async def delisting(self, owner: int, symbol: str, at: int) -> None:
        """Said once for each contract: what is wanted again and looks the same is not sent again."""
        payload = {"symbol": symbol, "at": at}
        subject, now = f"delisting:{symbol}:{at}", self._clock.now()
        await self._store.want(owner, subject, now, payload=payload, priority=Priority.ALARM, ring=True)
        self._wake()

    async def draw(
        self, ticket: Ticket, *, asking: bool = False, anew: bool = False, seen: Glance | None = None
    ) -> None:
        """The card once more: asking whether to close, anew at the end of the chat, or with what was `seen` at Bybit.

        All edits of a card go through the outbox, so an older state never overwrites a newer one.
        """
        await self._want_card(ticket, asking=asking, anew=anew, seen=seen)
        self._wake()

    async def redraw(self, person: Person) -> None:
        """Every card of this person that is not over is shown as it stands now: in a new language, after an absence."""
        for ticket in await self._journal.in_states(SHOWN_AGAIN):
            if ticket.owner == person.id:
                await self._want_card(ticket)
        self._wake()

    async def _want_card(
        self,
        ticket: Ticket,
        *,
        asking: bool = False,
        anew: bool = False,
        seen: Glance | None = None,
        rings: bool = False,
    ) -> None:
        urgent = Priority.ALARM if rings or ticket.state in _ALARMS else Priority.RESULT
        await self._store.want(
            ticket.owner,
            card_subject(ticket.id),
            self._clock.now(),
            payload={
                "ticket": ticket.id,
                "asking": asking,
                "anew": anew,
                "seen": None if seen is None else _told(asdict(seen)),
            },
            priority=Priority.TICKET if ticket.state is State.PROPOSED else urgent,
            ring=ticket.state is State.PROPOSED,
        )

    async def _notice(self, owner: int, subject: str, payload: Mapping[str, object]) -> None:
        now = self._clock.now()
        # each time is a message of its own, so the moment is part of what it is known by
        await self._store.want(owner, f"{subject}:{now}", now, payload=payload, priority=Priority.NOTICE)
        self._wake()


def glance_from(told: Mapping[str, object]) -> Glance:
    """What was seen at Bybit, as it was before it was kept."""
    figures: dict[str, Any] = figures_from(told)
    return Glance(**figures)


def _told(figures: Mapping[str, object]) -> dict[str, object]:
    return {name: _plain(value) for name, value in figures.items()}


def _plain(value: object) -> object:
    """A figure as JSON keeps it: a Decimal as ["d", text]."""
    return ["d", format(value, "f")] if isinstance(value, Decimal) else value


def figures_from(told: Mapping[str, object]) -> dict[str, object]:
    """Figures as they were before they were kept."""
    return {
        name: Decimal(str(value[1])) if isinstance(value, list) and value[:1] == ["d"] else value
        for name, value in told.items()
    }
