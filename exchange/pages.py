"""Lists that Bybit hands out in pages, and history that it answers for seven days at a time."""

from collections.abc import AsyncIterator, Iterator

from exchange.door import Caller, Door
from exchange.fields import Row, word_or_empty
from trading.errors import OutcomeUnknown

# Bybit's clock and our idea of it differ: a question by id loses nothing by asking a little wider, ms.
MARGIN = 60_000

_LONGEST_SPAN = 7 * 86_400_000 - 1
_MOST_PAGES = 200


async def pages(door: Door, caller: Caller, endpoint: str, **params: object) -> AsyncIterator[Row]:
    """Every page of a list. OutcomeUnknown where they do not end: half a list would look like a whole one."""
    cursor = ""
    for _ in range(_MOST_PAGES):
        result = (await door.read(caller, endpoint, **params, cursor=cursor or None)).result
        yield result
        before, cursor = cursor, word_or_empty(result, "nextPageCursor")
        if not cursor or not result.get("list"):
            return
        if cursor == before:
            break
    raise OutcomeUnknown(f"{endpoint}: the pages do not end")


def spans(since: int, until: int) -> Iterator[tuple[int, int]]:
    """(start, end) in ms, both meant to be included, oldest first, without gap or overlap."""
    while since <= until:
        yield since, min(since + _LONGEST_SPAN, until)
        since += _LONGEST_SPAN + 1
