"""What is wrong with one line of a candle file, in words."""

import re
from collections.abc import Mapping, Sequence

from tgbot.console.frames import frame_name, when

COLUMNS = ("open_time", "open", "high", "low", "close", "volume")
PRICES = COLUMNS[1:5]
MINUTE_MS = 60_000
# 2100-01-01: a later time is no ms UTC (it is in microseconds, say).
LATEST_MS = 4_102_444_800_000

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_SHOWN = 24


class LineFault(Exception):
    """Why this line is no candle."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def candle_of(cells: Sequence[str], places: Sequence[int], width: int) -> tuple[float, ...]:
    """The six numbers of `COLUMNS`, which stand at `places` among `width` cells. Raises LineFault."""
    if len(cells) != width:
        blank = len(cells) == 1 and not cells[0].strip()
        raise LineFault("an empty line" if blank else f"{len(cells)} fields where the header has {width}")
    return tuple(_number(name, cells[place]) for name, place in zip(COLUMNS, places, strict=True))


def check_candle(candle: Sequence[float], before: Sequence[float] | None, minutes: int) -> None:
    """Raises LineFault for a candle that can not be true, or does not follow the one `before` it."""
    time, *_, volume = candle
    named = dict(zip(COLUMNS, candle, strict=True))
    _check_time(time, minutes)
    for name in PRICES:
        if named[name] <= 0:
            raise LineFault(f"{name} is {_plain(named[name])}, not above zero")
    if volume < 0:
        raise LineFault(f"volume is {_plain(volume)}, below zero")
    _check_range(named)
    if before is not None:
        _check_order(int(before[0]), int(time), minutes)


def _number(name: str, cell: str) -> float:
    text = cell.strip().strip('"').strip()
    if not text:
        raise LineFault(f"{name} is empty")
    if _NOT_FINITE.fullmatch(text):
        raise LineFault(f"{name} is {text}: a finite number is needed")
    if not _NUMBER.fullmatch(text):
        raise LineFault(f"{name} is not a number: {_shown(text)}")
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise LineFault(f"{name} is too large: {_shown(text)}")
    return number


def _check_time(time: float, minutes: int) -> None:
    if time != int(time) or not 0 <= time < LATEST_MS:
        raise LineFault(f"open_time is {_plain(time)}, no time in ms UTC")
    if int(time) % (minutes * MINUTE_MS):
        seconds = " (is it in seconds?)" if 10**8 <= time < 10**11 else ""
        raise LineFault(f"open_time is {_plain(time)}, not at a whole {frame_name(minutes)} in ms UTC{seconds}")


def _check_range(candle: Mapping[str, float]) -> None:
    high, low = candle["high"], candle["low"]
    if high < low:
        raise LineFault(f"high {_plain(high)} is below low {_plain(low)}")
    for name in ("open", "close"):
        if not low <= candle[name] <= high:
            raise LineFault(f"{name} {_plain(candle[name])} lies outside low {_plain(low)} and high {_plain(high)}")


def _check_order(before: int, time: int, minutes: int) -> None:
    length = minutes * MINUTE_MS
    if time == before:
        raise LineFault(f"the candle of {when(time)} stands twice")
    if time < before:
        raise LineFault(f"{when(time)} comes after {when(before)}: times must increase")
    missing = (time - before) // length - 1
    if missing:
        candles = "candle is" if missing == 1 else "candles are"
        raise LineFault(f"{missing} {candles} missing between {when(before)} and {when(time)}")


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e16 else repr(value)


def _shown(text: str) -> str:
    """Short and printable, whatever stands in the file."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
