"""The owner's halt: no new entries for anybody until it is over. Exits never ask for it."""

from collections.abc import Callable

from trading.emergency import Crier, Halt, Halts
from trading.ports import Clock, People
from trading.standing import Halting


class HaltDesk:
    """Begins and ends a halt, and tells everybody else once of each. Who may do so is the face's to check."""

    def __init__(
        self, halting: Halting, halts: Halts, people: People, crier: Crier, clock: Clock, new_id: Callable[[], str]
    ) -> None:
        self._halting = halting
        self._halts = halts
        self._people = people
        self._crier = crier
        self._clock = clock
        self._new_id = new_id

    @property
    def standing(self) -> Halt | None:
        return self._halting.standing

    async def load(self) -> None:
        """What stood before the start stands; what was not told to everybody then is told now."""
        newest = await self._halts.newest()
        if newest is None:
            return
        self._halting.standing = newest if newest.ended_at is None else None
        if not newest.told:
            await self._tell(newest)

    async def begin(self, owner: int) -> tuple[Halt, bool]:
        """The standing halt; True where this call began it."""
        halt, fresh = await self._halts.begin(self._new_id(), owner, self._clock.now())
        self._halting.standing = halt
        if fresh:
            await self._tell(halt)
        return halt, fresh

    async def end(self, owner: int) -> Halt | None:
        """None where none stood."""
        over = await self._halts.end(owner, self._clock.now())
        self._halting.standing = None
        if over is not None:
            await self._tell(over)
        return over

    async def _tell(self, halt: Halt) -> None:
        knows = halt.begun_by if halt.ended_at is None else halt.ended_by
        everyone = await self._people.everyone()
        await self._crier.halt(halt, [one.id for one in everyone if not one.blocked and one.id != knows])
        await self._halts.told(halt.id)
