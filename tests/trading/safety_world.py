"""The world with what holds when all else fails: panics, halts and alarms on the real database."""

from storage.database import Database
from storage.safety import safety_book
from tests.doubles_crier import CrierDouble
from tests.trading.world import ACCOUNT, OWNER, World
from trading.emergency import Alarm, Panic, Scope
from trading.safety import Safety, build_safety


class SafetyWorld(World):
    """A World whose assistant has its Safety beside it; `kill` ends the process in the middle of whatever it does."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.crier = CrierDouble()
        self.book = safety_book(database, "sandbox")
        self.panics, self.alarms = self.book.panics, self.book.alarms
        self.safety = self._build_safety()

    def _build_safety(self) -> Safety:
        return build_safety(self.assistant, self.book, self.crier, self.new_id)

    async def begin_anew(self) -> None:
        """The program's start: what stood stands again, and what was promised goes on."""
        self.assistant = self.build()
        self.safety = self._build_safety()
        await self.safety.load()

    async def kill(self, away: float = 1.0) -> None:
        """The process is gone, without a word; another one begins `away` seconds later."""
        await self.safety.runner.close()
        self.clock.pass_by(away)
        await self.begin_anew()

    async def panic(self, scope: Scope, user: int = OWNER) -> Panic:
        """Asked, tapped, and carried out to its end."""
        asked = await self.safety.panic.ask(user)
        await self.safety.panic.begin(user, asked.id, scope)
        await self.safety.runner.drained()
        return await self.panics.own(asked.id, user)

    async def alarm(self) -> Alarm:
        """The one that stands."""
        (standing,) = await self.alarms.standing()
        return standing

    @property
    def held(self) -> dict[str, str]:
        """Symbol -> signed size, as Bybit's books have it."""
        return {symbol: str(held.size) for symbol, held in self.exchange.books[ACCOUNT].held.items()}
