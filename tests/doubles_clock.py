"""A clock that tests move: the Clock port on virtual time."""

import asyncio


class VirtualClock:
    """`at` (ms UTC) may be set; `sleep` lets others run and wakes once `at` has reached its time, without waiting.

    Sleeps that begin at the same moment overlap, as real ones do.
    """

    def __init__(self, at: int = 1_767_225_600_000) -> None:
        self.at = at

    def now(self) -> int:
        return self.at

    async def sleep(self, seconds: float) -> None:
        wakes = self.at + round(seconds * 1000)
        await asyncio.sleep(0)
        self.at = max(self.at, wakes)

    def pass_by(self, seconds: float) -> None:
        self.at += round(seconds * 1000)
