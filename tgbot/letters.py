"""What a letter of the outbox shows, drawn from the journal at the moment it goes out."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from storage.outbox import Letter
from tgbot.notify import figures_from, glance_from
from tgbot.screens.beside import ring_reply
from tgbot.screens.reasons import reason_sentence
from tgbot.screens.screen import NODE, Screen, moment, stacked, woven
from tgbot.screens.ticket import ticket_card
from tgbot.words import Languages, Words
from trading.errors import TicketError
from trading.people import Person
from trading.ports import Clock, Journal
from trading.reasons import Reason


@dataclass(frozen=True, slots=True)
class Drawn:
    """A screen to deliver; `anew`: at the end of the chat, in place of the old message."""

    screen: Screen
    anew: bool = False


# Draws the letters of one kind; None where there is nothing to tell any more.
Drawer = Callable[[Letter, Words], Awaitable[Drawn | None]]
_NO_OTHERS: Mapping[str, Drawer] = MappingProxyType({})


class Letters:
    """Knows what each kind of subject looks like; `others` draw kinds that tickets know nothing of."""

    def __init__(
        self,
        journal: Journal,
        languages: Languages,
        environment: str,
        clock: Clock,
        others: Mapping[str, Drawer] = _NO_OTHERS,
    ) -> None:
        self._journal = journal
        self._languages = languages
        self._environment = environment
        self._clock = clock
        self._others = others

    async def draw(self, letter: Letter, person: Person) -> Drawn | None:
        """None where there is nothing to tell any more."""
        words = self._languages[person.language]
        kind = letter.subject.partition(":")[0]
        if kind in self._others:
            return await self._others[kind](letter, words)
        match kind:
            case "t" | "ring":
                return await self._of_ticket(letter, words)
            case "limit":
                return _limit_reached(letter, words)
            case "limit-over":
                return Drawn(Screen(stacked(words("limit.over"))))
            case "delisting":
                return _delisting(letter, words)
        raise LookupError(f"nobody knows how to draw {kind!r}")

    async def _of_ticket(self, letter: Letter, words: Words) -> Drawn | None:
        try:
            ticket = await self._journal.own(str(letter.payload["ticket"]), letter.chat)
        except TicketError:
            return None
        if letter.subject.startswith("t:"):
            asking, seen = bool(letter.payload["asking"]), letter.payload.get("seen")
            card = ticket_card(
                ticket,
                self._environment,
                words,
                self._clock.now(),
                asking=asking,
                seen=glance_from(seen) if seen is not None else None,
            )
            return Drawn(card, anew=bool(letter.payload["anew"]))
        # A state that has passed is not worth a sound any more.
        return Drawn(ring_reply(ticket, words)) if ticket.state == letter.payload["state"] else None


def _delisting(letter: Letter, words: Words) -> Drawn:
    told = words("delisting.soon", symbol=letter.payload["symbol"], at=NODE)
    return Drawn(Screen(stacked(woven(told, moment(int(letter.payload["at"]), words)))))


def _limit_reached(letter: Letter, words: Words) -> Drawn:
    reason = Reason(letter.payload["reason"])
    told = reason_sentence(reason, words, figures_from(letter.payload["figures"]))
    return Drawn(Screen(stacked(words("limit.reached", reason=told))))
