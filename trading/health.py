"""What does not work at the moment, for /status and for the log, told once at its beginning and once at its end."""

from collections.abc import Callable

from trading.ports import Clock
from trading.status import Trouble


class Health:
    """Troubles by what is troubled (bybit, telegram, feed, database); `tell` gets each beginning and each end."""

    def __init__(self, clock: Clock, tell: Callable[[str, str], None]) -> None:
        self._clock = clock
        self._tell = tell
        self._troubles: dict[str, Trouble] = {}

    def failed(self, what: str, text: str) -> None:
        """`text` must be safe to show."""
        if what not in self._troubles:
            self._tell(what, f"trouble: {text}")
            self._troubles[what] = Trouble(what, self._clock.now(), text)

    def worked(self, what: str) -> None:
        if self._troubles.pop(what, None) is not None:
            self._tell(what, "works again")

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        return tuple(self._troubles.values())
