"""How fast we may ask: Bybit's limits for a key and endpoint, and for an address over all its users."""

from trading.errors import ExchangeBusy
from trading.model import AccountId

# Bybit bans an address for 10 minutes after 600 requests in 5 s. Each kind has its share: (at once, then a second).
# In any 5 s candles come to 350 and other reads to 175; the rest is for orders, which never wait for the address.
_CANDLES = (100, 50)
_OTHER_READS = (75, 20)
# A key and endpoint: 50 reads a second, 10 of what acts.
_READS = (25, 25)
_ACTS = (5, 5)
_SLOW_READS = frozenset({"get_fee_rates", "get_api_key_information"})  # as few as what acts
BULK = frozenset({"get_kline"})


class Lane:
    """So many requests at once, then so many `a_second`: in any time t at most `at_once + a_second * t`.

    The generic cell rate algorithm (ITU-T I.371).
    """

    __slots__ = ("_closed_until", "_next", "_spacing", "_tolerance")

    def __init__(self, at_once: int, a_second: int) -> None:
        self._spacing = 1_000 / a_second
        self._tolerance = (at_once - 1) * self._spacing
        self._next = 0.0
        self._closed_until = 0.0

    def wait(self, now: int) -> float:
        """Ms until the next request may go."""
        return max(0.0, self._next - self._tolerance - now, self._closed_until - now)

    def take(self, now: int) -> None:
        self._next = max(self._next, now) + self._spacing

    def close(self, until: float) -> None:
        self._closed_until = max(self._closed_until, until)


class Pace:
    """A lane for each (account, endpoint) and two for the address. Belongs to the event loop, so it needs no lock."""

    def __init__(self) -> None:
        self._candles = Lane(*_CANDLES)
        self._other_reads = Lane(*_OTHER_READS)
        self._everything = Lane(1_000_000, 1_000_000)  # lets all through until it is closed
        self._lanes: dict[tuple[AccountId, str], Lane] = {}

    def reserve(self, account: AccountId | None, endpoint: str, *, acts: bool, now: int, patience: float) -> float:
        """Takes a place and returns the ms to wait for it. ExchangeBusy, and no place taken, beyond `patience` ms."""
        lanes = self._on_the_way(account, endpoint, acts)
        wait = max(lane.wait(now) for lane in lanes)
        if wait > patience:
            raise ExchangeBusy("not sent: Bybit's limit leaves no place", retry_after=wait / 1000)
        for lane in lanes:
            lane.take(now)
        return wait

    def close_endpoint(self, account: AccountId | None, endpoint: str, until: float, *, acts: bool) -> None:
        """Nothing goes to this endpoint for this account before `until` (our ms)."""
        self._on_the_way(account, endpoint, acts)[-1].close(until)

    def close_all(self, until: float) -> None:
        """Nothing goes to Bybit at all before `until` (our ms)."""
        self._everything.close(until)

    def forget(self, account: AccountId) -> None:
        for key in [key for key in self._lanes if key[0] == account]:
            del self._lanes[key]

    def _on_the_way(self, account: AccountId | None, endpoint: str, acts: bool) -> list[Lane]:
        """The lanes a request has to pass, the narrowest last."""
        lanes = [self._everything]
        if not acts:
            lanes.append(self._candles if endpoint in BULK else self._other_reads)
        if account is not None:
            limit = _ACTS if acts or endpoint in _SLOW_READS else _READS
            lanes.append(self._lanes.setdefault((account, endpoint), Lane(*limit)))
        return lanes
