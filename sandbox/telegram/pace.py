"""Telegram's flood limits: about 30 messages a second for a bot, one a second in a chat, small bursts allowed."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.telegram.refusals import Refused


@dataclass(frozen=True, slots=True)
class Limits:
    """Messages a second, and how many may come at once, for one bot and for one chat."""

    bot_rate: float = 30.0
    bot_burst: float = 30.0
    chat_rate: float = 1.0
    chat_burst: float = 20.0


UNLIMITED = Limits(math.inf, math.inf, math.inf, math.inf)


class Pace:
    """Counts messages in token buckets, on the world's clock (`time_ms`)."""

    def __init__(self, limits: Limits, time_ms: Callable[[], int]) -> None:
        self._limits = limits
        self._time_ms = time_ms
        self._buckets: dict[tuple[int, ...], tuple[float, int]] = {}

    def spend(self, bot_id: int, user_id: int) -> None:
        """Counts one message of the bot to the chat; raises Refused (429 with retry_after) when it is too much."""
        limits = self._limits
        if math.isinf(limits.bot_rate):
            return
        now = self._time_ms()
        wanted = (
            ((bot_id,), limits.bot_rate, limits.bot_burst),
            ((bot_id, user_id), limits.chat_rate, limits.chat_burst),
        )
        left = {key: self._left(key, rate, burst, now) for key, rate, burst in wanted}
        waits = [(1 - left[key]) / rate for key, rate, _ in wanted if left[key] < 1]
        if waits:
            seconds = max(1, math.ceil(max(waits)))
            raise Refused(f"Too Many Requests: retry after {seconds}", 429, seconds)
        for key, tokens in left.items():
            self._buckets[key] = (tokens - 1, now)

    def _left(self, key: tuple[int, ...], rate: float, burst: float, now: int) -> float:
        tokens, then = self._buckets.get(key, (burst, now))
        return min(burst, tokens + max(0, now - then) / 1000 * rate)
