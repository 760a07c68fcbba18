"""What the handlers work with: built by the program, handed to each handler by the name of the field."""

from dataclasses import dataclass
from typing import Protocol

from storage.outbox import OutboxStore
from storage.people import PeopleStore
from tgbot.notify import OutboxNotifier
from tgbot.tasks import Tasks
from tgbot.words import Languages
from trading.people import Person
from trading.ports import Clock, Exchange, Journal
from trading.preferences import Preferences
from trading.safety import Safety
from trading.status import Nearest, Status
from trading.tickets import TicketDesk
from trading.why import NoReading, Why


class StatusDesk(Protocol):
    """Gathers how things stand for one person."""

    async def status(self, person: Person) -> Status:
        """Never raises for want of Bybit: what could not be asked is None."""


class WhyDesk(Protocol):
    """Tells why a symbol fires or does not; never raises for want of Bybit."""

    async def why(self, person: Person, asked: str) -> Why | NoReading:
        """`asked` is what the person typed."""

    def nearest(self, person: Person) -> tuple[Nearest, ...]:
        """The symbols nearest to firing at the last close."""


@dataclass(frozen=True, slots=True)
class Services:
    """A handler that names one of these as an argument gets it.

    `strategies` are the ids of all strategies there are; `default` is what a new person starts with; `owners` are
    let in when they are first seen.
    """

    people: PeopleStore
    journal: Journal
    exchange: Exchange
    desk: TicketDesk
    safety: Safety
    status_desk: StatusDesk
    why_desk: WhyDesk
    notifier: OutboxNotifier
    outbox_store: OutboxStore
    tasks: Tasks
    clock: Clock
    languages: Languages
    environment: str
    strategies: tuple[str, ...]
    owners: frozenset[int]
    default: Preferences
