"""What a scan found, in words and figures for the terminal."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from strategies.firing import DAY_MS
from strategies.model import Strategy
from strategies.rate import Reach, history_days, least_history_days
from tgbot.console.frames import frame_name, when
from trading.past_dial import DayThreshold
from trading.past_scan import PastScan, Span
from trading.preferences import Preferences

Row = tuple[str, str, str, str]


def summary(found: PastScan, strategies: Sequence[Strategy], preferences: Preferences) -> str:
    """The whole answer, several lines of plain text."""
    days = covered_days(found.spans)
    lines = [_what(found, preferences, days), *_thresholds(found, preferences), ""]
    lines += _table(found, strategies, days)
    lines += _remarks(found, preferences)
    return "\n".join(lines)


def covered_days(spans: Iterable[Span], begins: int = 0, ends: int | None = None) -> float:
    """Days between two times (ms UTC) in which at least one of the spans has candles."""
    total, reached = 0, begins
    for span in sorted(spans, key=lambda one: one.begins):
        end = span.ends if ends is None else min(span.ends, ends)
        total += max(end - max(span.begins, reached), 0)
        reached = max(reached, end)
    return total / DAY_MS


def _what(found: PastScan, preferences: Preferences, days: float) -> str:
    symbols = len({span.symbol for span in found.spans})
    begins, ends = min(span.begins for span in found.spans), max(span.ends for span in found.spans)
    return (
        f"{symbols} {_plural(symbols, 'symbol')}, {frame_name(preferences.minutes)} candles from {when(begins)} to "
        f"{when(ends)} UTC, {days:.1f} days"
    )


def _thresholds(found: PastScan, preferences: Preferences) -> list[str]:
    if preferences.per_day is None:
        return [f"threshold {float(preferences.threshold):g} on all days"]
    asked, used = preferences.per_day, found.thresholds
    lowest, highest = min(one.threshold for one in used), max(one.threshold for one in used)
    spread = f"{lowest:.2f}" if lowest == highest else f"{lowest:.2f} to {highest:.2f}"
    lines = [f"about {asked} a day asked for: threshold {spread}, found for each day from the days before it"]
    lines += [f"  {said}" for said in _reaches(used, preferences)]
    last = used[-1]
    if last.chosen is not None:
        back = history_days(preferences.minutes)
        lines.append(
            f"  on the last day {last.threshold:.2f}: {last.chosen.per_day:.1f} a day over the {back} days before it"
        )
    return lines


def _reaches(used: Sequence[DayThreshold], preferences: Preferences) -> list[str]:
    """On how many days the dial could give what was asked, and what happened on the others."""
    asked = preferences.per_day
    of = {reach: [one.chosen for one in used if one.chosen and one.chosen.reach is reach] for reach in Reach}
    fixed = sum(one.chosen is None for one in used)
    said = []
    if met := of[Reach.MET]:
        said.append(f"{_days(len(met))}: the highest threshold that gave {asked} or more")
    if short := of[Reach.OUT_OF_REACH]:
        most = math.floor(10 * max(one.per_day for one in short)) / 10  # 9.97 is not the 10 that was asked for
        said.append(f"{_days(len(short))}: out of reach, at most {most:.1f} a day; the threshold that gave the most")
    if over := of[Reach.EXCEEDED]:
        said.append(f"{_days(len(over))}: even {over[0].threshold:.2f} gave more; only the strongest {asked} are kept")
    if fixed:
        least = _days(least_history_days(preferences.minutes))
        said.append(f"{_days(fixed)}: under {least} of history; the fixed {float(preferences.threshold):.2f}")
    return said


def _table(found: PastScan, strategies: Sequence[Strategy], days: float) -> list[str]:
    signals = found.signals
    rows = [_row("signals", len(signals), days)]
    by_strategy = Counter(one.strategy for one in signals)
    rows += [_row(f"  {one.id}", by_strategy[one.id], days) for one in strategies]
    by_direction = Counter(str(one.direction) for one in signals)
    rows += [_row(f"  {way}", by_direction[way], days) for way in ("long", "short")]
    by_symbol = Counter(one.symbol for one in signals)
    for symbol in sorted({span.symbol for span in found.spans}):
        own = covered_days(span for span in found.spans if span.symbol == symbol)
        rows.append(_row(f"  {symbol}", by_symbol[symbol], own))
    rows += _months(found)
    width = max(len(name) for name, *_ in rows)
    return [f"{name:<{width}} {count:>9} {of_days:>10} {rate:>9}" for name, count, of_days, rate in (_HEAD, *rows)]


_HEAD: Row = ("", "signals", "days", "a day")


def _row(name: str, count: int, days: float) -> Row:
    return name, f"{count:,}", f"{days:,.1f}", f"{count / days:.2f}"


def _months(found: PastScan) -> list[Row]:
    """A row a month (UTC), if there are several."""
    by_month = Counter(_month(one.open_time) for one in found.signals)
    first, last = min(span.begins for span in found.spans), max(span.ends for span in found.spans)
    rows = []
    begins = first
    while begins < last:
        ends = _next_month(begins)
        days = covered_days(found.spans, begins, ends)
        if days:
            rows.append(_row(f"  {_month(begins)}", by_month[_month(begins)], days))
        begins = ends
    return rows if len(rows) > 1 else []


def _month(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m}"


def _next_month(at: int) -> int:
    month = datetime.fromtimestamp(at / 1000, UTC)
    year, number = divmod(month.year * 12 + month.month, 12)
    return round(datetime(year, number + 1, 1, tzinfo=UTC).timestamp() * 1000)


def _remarks(found: PastScan, preferences: Preferences) -> list[str]:
    remarks = []
    if found.held_back:
        count = len(found.held_back)
        remarks.append(f"{count:,} more fired beyond a day's {preferences.per_day}: they would be listed, not offered")
    times = Counter(span.symbol for span in found.spans)
    for symbol, stretches in sorted(times.items()):
        if stretches > 1:
            remarks.append(f"{symbol}: {stretches} stretches that do not touch; the strategies begin anew in each")
    return ["", *remarks] if remarks else []


def _days(count: int) -> str:
    return f"{count} {_plural(count, 'day')}"


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"
