"""How fast we may ask: Bybit's limits for a key and endpoint, and for an address over all its users."""

from trading.errors import ExchangeBusy
from trading.model import AccountId

# Bybit bans an address for 10 minutes after 600 requests in 5 s; the rest is left for orders, which never wait for it.
_ADDRESS = (500, 5_000)
_READS = (50, 1_000)
_ACTS = (10, 1_000)
_SLOW_READS = frozenset({"get_fee_rates", "get_api_key_information"})  # as few as what acts


class Lane:
    """At most `allowed` requests in any `period` ms: half of them at once, then one after the other.

    The generic cell rate algorithm (ITU-T I.371): a burst of b and a spacing of t let b + p / t through in any p.
    """

    __slots__ = ("_closed_until", "_next", "_spacing", "_tolerance")

    def __init__(self, allowed: int, period: int) -> None:
        self._spacing = 2 * period / allowed
        self._tolerance = (allowed // 2 - 1) * self._spacing
        self._next = 0.0
        self._closed_until = 0.0

    def wait(self, now: int) -> float:
        """Ms until the next request may go."""
        return max(0.0, self._next - self._tolerance - now, self._closed_until - now)

    def take(self, now: int) -> None:
        self._next = max(self._next, now) + self._spacing

    def close(self, until: float) -> None:
        self._closed_until = max(self._closed_until, until)

    def closed_for(self, now: int) -> float:
        """Ms until Bybit lets anything through again."""
        return max(0.0, self._closed_until - now)


class Pace:
    """A lane for each (account, endpoint) and one for the address. Belongs to the event loop, so it needs no lock."""

    def __init__(self) -> None:
        self._address = Lane(*_ADDRESS)
        self._lanes: dict[tuple[AccountId, str], Lane] = {}

    def reserve(self, account: AccountId | None, endpoint: str, *, acts: bool, now: int, patience: float) -> float:
        """Takes a place and returns the ms to wait for it. ExchangeBusy, and no place taken, beyond `patience` ms."""
        lane = self._lane(account, endpoint, acts)
        # What acts only counts against the address: an exit must not queue behind candles.
        wait = self._address.closed_for(now) if acts else self._address.wait(now)
        if lane is not None:
            wait = max(wait, lane.wait(now))
        if wait > patience:
            raise ExchangeBusy("not sent: Bybit's limit leaves no place", retry_after=wait / 1000)
        self._address.take(now)
        if lane is not None:
            lane.take(now)
        return wait

    def close_lane(self, account: AccountId | None, endpoint: str, until: float, *, acts: bool) -> None:
        """Nothing goes to this endpoint for this account before `until` (our ms)."""
        lane = self._lane(account, endpoint, acts)
        (self._address if lane is None else lane).close(until)

    def close_all(self, until: float) -> None:
        """Nothing goes to Bybit at all before `until` (our ms)."""
        self._address.close(until)

    def forget(self, account: AccountId) -> None:
        for key in [key for key in self._lanes if key[0] == account]:
            del self._lanes[key]

    def _lane(self, account: AccountId | None, endpoint: str, acts: bool) -> Lane | None:
        if account is None:
            return None
        limit = _ACTS if acts or endpoint in _SLOW_READS else _READS
        return self._lanes.setdefault((account, endpoint), Lane(*limit))
