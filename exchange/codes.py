"""What an answer of Bybit means for the request that was sent: one table, and *unknown* for all it does not name."""

from collections.abc import Container
from enum import StrEnum


class Meaning(StrEnum):
    """Done, surely not done (refused, busy), or not to be known from the answer."""

    DONE = "done"
    REFUSED = "refused"
    BUSY = "busy"
    UNKNOWN = "unknown"


OK = 0
TOO_MANY_VISITS = 10006
DUPLICATE_ORDER_LINK_ID = 110072
LEVERAGE_UNCHANGED = 110043
STOP_UNCHANGED = 34040

# Where the key itself is refused: wrong, expired, of another address, without the right.
KEY_CODES = frozenset({10003, 10004, 10005, 10007, 10010, 33004})

# What an environment answers that has no such endpoint (demo has no fee-rate); 404 is HTTP's own word for it.
NO_ROUTE_CODES = frozenset({404, 10017, 10404})

# A duplicate id may be our own order, sent before; 110079 says that an order is being worked on.
_UNDECIDED = frozenset({DUPLICATE_ORDER_LINK_ID, 110079})

_REFUSALS: tuple[Container[int], ...] = (
    range(10001, 10006),
    range(10007, 10011),
    frozenset({10024, 10027, 10028, 10029, 33004, 30208, 30209, 30228, 3400139}),
    range(110000, 111000),
)


def meaning(http_status: int | None, ret_code: int | None) -> Meaning:
    """What became of the request. `ret_code` is None where the answer was no readable JSON with a whole retCode;
    `http_status` is None where no answer came at all. Bybit's texts differ for one code and are never looked at."""
    if http_status == 403:
        return Meaning.BUSY
    if http_status == 401:
        return Meaning.REFUSED if ret_code in KEY_CODES else Meaning.UNKNOWN
    if http_status != 200 or ret_code is None:
        return Meaning.UNKNOWN
    if ret_code == OK:
        return Meaning.DONE
    if ret_code == TOO_MANY_VISITS:
        return Meaning.BUSY
    if ret_code in _UNDECIDED:
        return Meaning.UNKNOWN
    return Meaning.REFUSED if any(ret_code in codes for codes in _REFUSALS) else Meaning.UNKNOWN
