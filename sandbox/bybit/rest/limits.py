"""How often may be asked: Bybit's limits for one account and endpoint, and for one address over all of them."""

from collections import defaultdict, deque
from dataclasses import dataclass

ADDRESS_CALLS, ADDRESS_WINDOW_MS, BANNED_MS = 600, 5000, 600_000


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a second after one more call: `most` calls a second, `left` of them; negative is too many."""

    most: int
    left: int
    reset_ms: int

    @property
    def is_too_much(self) -> bool:
        """The call was one too many."""
        return self.left < 0

    def headers(self) -> dict[str, str]:
        """Bybit's headers on it."""
        return {
            "X-Bapi-Limit": str(self.most),
            "X-Bapi-Limit-Status": str(max(0, self.left)),
            "X-Bapi-Limit-Reset-Timestamp": str(self.reset_ms),
        }


class Limits:
    """Counts calls. The caller says what time it is."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
        self._calls: dict[str, deque[int]] = defaultdict(deque)
        self._banned: dict[str, int] = {}

    def count(self, account: str, path: str, a_second: int, now_ms: int) -> Left:
        """One more call of an account to a path."""
        key, second = (account, path), now_ms // 1000
        before, count = self._seconds[key]
        count = count + 1 if before == second else 1
        self._seconds[key] = second, count
        return Left(a_second, a_second - count, (second + 1) * 1000)

    def is_banned(self, address: str, now_ms: int) -> bool:
        """One more call from an address: more than 600 in 5 s ban it for 10 minutes."""
        if now_ms < self._banned.get(address, 0):
            return True
        calls = self._calls[address]
        calls.append(now_ms)
        while calls[0] <= now_ms - ADDRESS_WINDOW_MS:
            calls.popleft()
        if len(calls) <= ADDRESS_CALLS:
            return False
        calls.clear()
        self._banned[address] = now_ms + BANNED_MS
        return True
