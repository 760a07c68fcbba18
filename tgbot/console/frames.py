"""Timeframes, times and spans as the terminal writes them."""

from datetime import UTC, datetime

_UNITS = {"m": 1, "h": 60, "d": 1440}


def frame_name(minutes: int) -> str:
    """15 -> "15m", 240 -> "4h", 1440 -> "1d"."""
    unit = next(unit for unit in ("d", "h", "m") if minutes % _UNITS[unit] == 0)
    return f"{minutes // _UNITS[unit]}{unit}"


def frame_minutes(name: str) -> int | None:
    """ "4h" -> 240; None if that is no timeframe's name."""
    number, unit = name[:-1], name[-1:].lower()
    if unit not in _UNITS or not (number.isascii() and number.isdigit()) or len(number) > 4:
        return None
    return int(number) * _UNITS[unit] or None


def when(ms: int) -> str:
    """A time in ms UTC as "2025-09-24 00:00"."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M}"
