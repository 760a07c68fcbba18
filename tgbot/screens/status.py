"""How things stand, on one screen. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from tgbot.screens.figures import base_of, side
from tgbot.screens.reasons import reason_sentence
from tgbot.screens.screen import NODE, Button, Line, Screen, dotted, heading, moment, remaining, stacked, table, woven
from tgbot.taps import Page, PageTap
from tgbot.words import Words
from trading.status import Rest, Status, Threshold

PARTS = ("bybit", "telegram", "feed", "streams", "database")
_MOST_NAMED = 5


def status_screen(status: Status, words: Words) -> Screen:
    """What stops new tickets comes first, then money, then the market, then the machine."""
    paused = status.person.paused
    text = stacked(
        heading(
            " · ".join(
                (
                    "bybot",
                    words(f"env.{status.environment}"),
                    words("status.up", span=words.span(status.now - status.started_at)),
                )
            )
        ),
        *_in_the_way(status, words),
        table(_money_rows(status, words)),
        *_market_lines(status, words),
        *_machine_lines(status, words),
    )
    pause = (
        Button(words("button.resume"), PageTap(page=Page.RESUME))
        if paused
        else Button(words("button.pause"), PageTap(page=Page.PAUSE))
    )
    return Screen(
        text,
        (
            (
                Button(words("button.positions"), PageTap(page=Page.POSITIONS)),
                Button(words("button.signals"), PageTap(page=Page.SIGNALS)),
            ),
            (Button(words("button.settings"), PageTap(page=Page.SETTINGS)), pause),
            (Button(words("button.refresh"), PageTap(page=Page.STATUS)),),
        ),
    )


def _in_the_way(status: Status, words: Words) -> tuple[Line, ...]:
    told = [reason_sentence(block.reason, words, dict(block.figures)) for block in status.blocks]
    if status.person.paused and not any(block.reason == "paused" for block in status.blocks):
        told.insert(0, words("reason.paused"))
    troubles = [
        words(
            "status.trouble",
            what=words.either(f"status.part.{trouble.what}", trouble.what),
            span=words.span(status.now - trouble.since),
        )
        for trouble in status.troubles
    ]
    if told:
        told.insert(0, words("status.no_tickets"))
    return (*told, *troubles)


def _money_rows(status: Status, words: Words) -> tuple[tuple[str, str], ...]:
    preferences, equity = status.person.preferences, status.equity
    if status.account is None:
        return ((words("status.equity"), words("status.no_account")),)
    if equity is None:
        return ((words("status.equity"), words("status.unknown")), *_slots(status, words))
    rows = [(words("status.equity"), words("ticket.usdt", money=words.money(equity)))]
    if status.today is not None:
        began = equity - status.today
        share = words.percent(status.today / began, signed=True) if began > 0 else ""
        rows.append((words("status.today"), words("ticket.usdt", money=words.money(status.today, signed=True))))
        r = words.r(status.today_r) if status.today_r is not None else ""
        rows.append(("", dotted(share, r)))
    rows += _slots(status, words)
    if equity > 0:
        figures = {
            "used": words.number(status.risk / equity * 100, 1),
            "most": words.percent(preferences.table_share, 0),
        }
        rows.append((words("ticket.risk_now"), words("status.of", **figures)))
    return tuple(rows)


def _slots(status: Status, words: Words) -> list[tuple[str, str]]:
    figures = {"used": words.whole(status.open), "most": words.whole(status.person.preferences.max_open)}
    return [(words("status.open"), words("status.of", **figures))]


def _market_lines(status: Status, words: Words) -> tuple[Line, ...]:
    frame = words.frame(status.person.preferences.minutes)
    lines: list[Line] = [words.some("status.signals", status.signals_today)]
    last = status.last_signal
    if last is not None:
        said = words(
            "status.last", symbol=base_of(last.signal.symbol), side=side(last.signal.direction, words), at=NODE
        )
        lines.append(woven(said, moment(last.signal.closed_at, words)))
    left = remaining(status.next_close_at, status.now, words)
    lines.append(woven(words("status.next", frame=frame, at=NODE, left=left), moment(status.next_close_at, words)))
    nearest = status.nearest
    if nearest is not None:
        figures = {"strength": words.number(nearest.strength), "needed": words.number(status.threshold.value)}
        lines.append(
            words("status.nearest", symbol=base_of(nearest.symbol), side=side(nearest.direction, words), **figures)
        )
    lines.append(threshold_line(status.threshold, words))
    return tuple(lines)


def threshold_line(threshold: Threshold, words: Words) -> str:
    """The strength that is needed, and what it gave: Threshold 0.71: 10.4 a day over the last 30 days."""
    value = words.number(threshold.value)
    if threshold.fixed:
        return words("status.threshold.fixed", value=value)
    if threshold.per_day is None:
        return words("status.threshold.early", value=value)
    rate = words.number(threshold.per_day, 1)
    if not threshold.reached:
        return words("status.threshold.most", value=value, rate=rate)
    if threshold.exceeded:
        return words("status.threshold.exceeded", value=value, rate=rate)
    return words.some("status.threshold", round(threshold.days), value=value, rate=rate)


def _machine_lines(status: Status, words: Words) -> tuple[Line, ...]:
    lines: list[Line] = []
    if status.tick is not None:
        figures = {
            "ago": words.span(status.now - status.tick.at),
            "ms": words.number(status.tick.took_ms, 1 if status.tick.took_ms < 10 else 0),
        }
        lines.append(words.some("status.tick", status.tick.symbols, **figures))
    feed = (
        words("status.feed", seconds=words.number(max(0, status.feed_age_ms) / 1000, 1))
        if status.feed_age_ms is not None
        else words("status.feed.none")
    )
    lines.append(dotted(feed, words("status.clock", ms=words.number(Decimal(status.skew_ms), 0, signed=True))))
    return (*lines, *_feed_lines(status, words), *_cache_lines(status, words), *_marks(status, words))


def _feed_lines(status: Status, words: Words) -> tuple[Line, ...]:
    """What is not as it should be with candles and streams."""
    lines: list[Line] = []
    here, wanted = status.candles
    if here < wanted:
        lines.append(words("status.candles", here=words.whole(here), all=words.whole(wanted)))
    streams = status.streams
    if streams is not None and not streams.is_whole:
        figures = {"followed": words.whole(streams.followed), "all": words.whole(streams.topics)}
        lines.append(words("status.streams.lost" if not streams.up else "status.streams.part", **figures))
    if status.stale:
        lines.append(words("status.stale", symbols=_named([base_of(symbol) for symbol in status.stale])))
    for why in Rest:
        resting = [name for name, reason in status.resting if reason == why]
        if resting:
            lines.append(words(f"status.resting.{why}", symbols=_named(resting)))
    if status.differs:
        lines.append(words("status.differs", what=status.differs))
    return tuple(lines)


def _named(symbols: Sequence[str]) -> str:
    return ", ".join(symbols[:_MOST_NAMED]) + ("…" if len(symbols) > _MOST_NAMED else "")


def _cache_lines(status: Status, words: Words) -> tuple[Line, ...]:
    """How often what was asked for was there, in per cent; caches that nobody asked are left out."""
    asked = [one for one in status.caches if one.questions]
    if not asked:
        return ()
    rates = [f"{words(f'status.cache.{one.name}')} {round(100 * one.hits / one.questions)}" for one in asked]
    return (words("status.caches"), dotted(*rates))


def _marks(status: Status, words: Words) -> tuple[Line, ...]:
    ill = {trouble.what for trouble in status.troubles}
    parts = [part for part in PARTS if part != "streams" or status.streams is not None]
    if status.streams is not None and not status.streams.is_whole:
        ill.add("streams")
    marks = [f"{words(f'status.part.{part}')} {'✗' if part in ill else '✓'}" for part in parts]
    return tuple(dotted(*marks[first : first + 2]) for first in range(0, len(marks), 2))
