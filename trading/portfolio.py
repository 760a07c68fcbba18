"""What an account holds now, ours and foreign."""

from dataclasses import dataclass

from trading.model import Position, Ticket
from trading.people import Person
from trading.ports import Exchange, Journal, People
from trading.states import HOLDING


@dataclass(frozen=True, slots=True)
class Held:
    """One open position; `ticket` is None where it was not opened by us."""

    position: Position
    ticket: Ticket | None


async def held_by(person: Person, people: People, exchange: Exchange, journal: Journal) -> tuple[Held, ...]:
    """The open positions of the person's account, asked from Bybit now; empty without an account.

    Raises ExchangeError when Bybit does not answer: "I do not know" is not "nothing".
    """
    account = await people.account_of(person.id)
    if account is None:
        return ()
    ours = {ticket.symbol: ticket for ticket in await journal.in_states(HOLDING, account.id)}
    return tuple(Held(p, ours.get(p.symbol)) for p in await exchange.positions(account.id) if p.size > 0)
