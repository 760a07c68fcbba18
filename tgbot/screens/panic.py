"""A panic from its question to its end, on one message. Pure."""

from decimal import Decimal

from tgbot.screens.card import NEEDS_YOU, OVER, UNDER_WAY
from tgbot.screens.figures import side
from tgbot.screens.screen import RED, Button, Line, Row, Screen, dotted, heading, stacked
from tgbot.taps import Page, PageTap, PanicAction, PanicTap
from tgbot.words import Words
from trading.emergency import Fate, Panic, PanicState, Scope
from trading.emergency import Line as Told

_LONGEST_DETAIL = 80
_MARKS = {Fate.CLOSED: "✓", Fate.CLOSING: UNDER_WAY, Fate.REFUSED: "✗", Fate.TURNED: "✗"}


def panic_screen(panic: Panic, environment: str, words: Words) -> Screen:
    """What it will do, what it is doing, or what it did and could not do."""
    match panic.state:
        case PanicState.ASKED:
            return _question(panic, environment, words)
        case PanicState.RUNNING:
            return _under_way(panic, environment, words)
        case _:
            return _end(panic, environment, words)


def panic_over(panic: Panic, words: Words) -> Screen:
    """The short reply that rings at the end."""
    return Screen(stacked(_summary(panic, words)))


def _question(panic: Panic, environment: str, words: Words) -> Screen:
    seen = panic.seen
    lines: list[Line] = [
        heading(f"{NEEDS_YOU} {words('panic.head')} · {words(f'env.{environment}')}"),
        words("panic.will"),
    ]
    if seen.entries or seen.offers:
        entries = words.some("panic.entries", seen.entries)
        lines.append(dotted(entries, words.some("panic.offers", seen.offers)))
    if seen.known:
        lines.append(_counted("panic.mine", seen.ours, seen.ours_result, words))
        lines.append(_counted("panic.everything", seen.all, seen.all_result, words))
    else:
        lines.append(words("panic.unseen"))
    lines += ["", words("panic.stops")]
    mine, everything = (
        (words("panic.button.ours", n=words.whole(seen.ours)), words("panic.button.all", n=words.whole(seen.all)))
        if seen.known
        else (words("panic.button.ours.unseen"), words("panic.button.all.unseen"))
    )
    return Screen(
        stacked(*lines),
        (
            (Button(mine, _tap(panic, PanicAction.OURS), RED),),
            (Button(everything, _tap(panic, PanicAction.ALL), RED),),
            (Button(words("panic.button.cancel"), _tap(panic, PanicAction.CANCEL)),),
        ),
    )


def _counted(key: str, count: int, result: Decimal, words: Words) -> str:
    return words.some(key, count, money=words.money(result, signed=True))


def _under_way(panic: Panic, environment: str, words: Words) -> Screen:
    lines = panic.progress.lines
    closed = sum(line.fate is Fate.CLOSED for line in lines)
    counted = words("panic.closing", closed=words.whole(closed), all=words.whole(len(lines)))
    head = counted if lines else words("panic.looking")
    text = stacked(
        heading(f"{UNDER_WAY} {head} · {words(f'env.{environment}')}"),
        *_lines(panic, words),
        *_swept(panic, words),
        words("panic.silent") if panic.progress.silent else None,
        words("panic.paused"),
    )
    widen = (Button(words("panic.button.all.unseen"), _tap(panic, PanicAction.ALL), RED),)
    return Screen(
        text,
        (
            *((widen,) if panic.scope is Scope.OURS else ()),
            (Button(words("panic.button.stop"), _tap(panic, PanicAction.CANCEL)),),
        ),
    )


def _end(panic: Panic, environment: str, words: Words) -> Screen:
    if panic.begun_at is None:
        return Screen(stacked(heading(f"{OVER} {words('panic.nothing_done')}")))
    text = stacked(
        heading(f"{_end_sign(panic)} {_summary(panic, words)} · {words(f'env.{environment}')}"),
        *_lines(panic, words),
        *_swept(panic, words),
        words("panic.left_alone") if _left(panic) else None,
        words("panic.paused"),
    )
    leave: Row = (
        Button(words("button.positions"), PageTap(page=Page.POSITIONS, anew=True)),
        Button(words("button.resume"), PageTap(page=Page.RESUME, anew=True)),
    )
    return Screen(text, (leave,))


def _summary(panic: Panic, words: Words) -> str:
    lines = panic.progress.lines
    closed = [line for line in lines if line.fate is Fate.CLOSED]
    results = [line.net for line in closed if line.net is not None]
    key = "panic.over" if panic.state is PanicState.DONE else "panic.cancelled"
    parts = [words.some(key, len(closed))]
    if results:
        parts.append(words("ticket.usdt", money=words.money(sum(results, Decimal(0)), signed=True)))
    if left := _left(panic):
        parts.append(words.some("panic.left", left))
    return " · ".join(parts)


def _end_sign(panic: Panic) -> str:
    return NEEDS_YOU if _left(panic) else OVER


def _left(panic: Panic) -> int:
    return sum(line.fate is not Fate.CLOSED for line in panic.progress.lines)


def _lines(panic: Panic, words: Words) -> tuple[str, ...]:
    return tuple(_line(line, panic.state is PanicState.RUNNING, words) for line in panic.progress.lines)


def _line(line: Told, running: bool, words: Words) -> str:
    """✓ BTCUSDT Long -12.30 USDT"""
    mark = _MARKS[line.fate] if running or line.fate is Fate.CLOSED else "✗"
    name = f"{mark} {line.symbol} {side(line.direction, words)}"
    if line.fate is Fate.CLOSED:
        money = "" if line.net is None else words("ticket.usdt", money=words.money(line.net, signed=True))
        return f"{name} {money}".strip()
    told = words(f"panic.fate.{line.fate}" if running or line.fate is Fate.TURNED else "panic.fate.open")
    detail = f" ({line.detail[:_LONGEST_DETAIL].strip()})" if line.detail else ""
    return f"{name}: {told}{detail}"


def _swept(panic: Panic, words: Words) -> tuple[str, ...]:
    progress = panic.progress
    if not progress.entries and not progress.offers:
        return ()
    entries = words.some("panic.entries", progress.entries)
    return (words("panic.swept", what=f"{entries}, {words.some('panic.offers', progress.offers)}"),)


def _tap(panic: Panic, action: PanicAction) -> PanicTap:
    return PanicTap(panic=panic.id, action=action)
