"""What the letters of an emergency show, drawn from the database at the moment they go out."""

from collections.abc import Mapping
from dataclasses import dataclass

from storage.outbox import Letter
from tgbot.letters import Drawer, Drawn
from tgbot.screens.alarm import alarm_over, alarm_screen
from tgbot.screens.halt import halt_begun, halt_ended
from tgbot.screens.panic import panic_over, panic_screen
from tgbot.words import Words
from trading.emergency import Alarms, Panics


@dataclass(frozen=True, slots=True)
class SafetyLetters:
    """The kinds of letters that tickets know nothing of."""

    panics: Panics
    alarms: Alarms
    environment: str

    def drawers(self) -> Mapping[str, Drawer]:
        """Each kind with what draws it."""
        return {
            "panic": self._panic,
            "panic-over": self._panic_over,
            "alarm": self._alarm,
            "alarm-over": self._alarm_over,
            "halt": self._halt,
            "halt-over": self._halt_over,
        }

    async def _panic(self, letter: Letter, words: Words) -> Drawn | None:
        panic = await self.panics.own(str(letter.payload["panic"]), letter.chat)
        return Drawn(panic_screen(panic, self.environment, words), anew=bool(letter.payload["anew"]))

    async def _panic_over(self, letter: Letter, words: Words) -> Drawn | None:
        return Drawn(panic_over(await self.panics.own(str(letter.payload["panic"]), letter.chat), words))

    async def _alarm(self, letter: Letter, words: Words) -> Drawn | None:
        alarm = await self.alarms.own(str(letter.payload["alarm"]), letter.chat)
        return Drawn(alarm_screen(alarm, self.environment, words), anew=bool(letter.payload["anew"]))

    async def _alarm_over(self, letter: Letter, words: Words) -> Drawn | None:
        return Drawn(alarm_over(await self.alarms.own(str(letter.payload["alarm"]), letter.chat), words))

    async def _halt(self, letter: Letter, words: Words) -> Drawn | None:
        return Drawn(halt_begun(words))

    async def _halt_over(self, letter: Letter, words: Words) -> Drawn | None:
        return Drawn(halt_ended(words))
