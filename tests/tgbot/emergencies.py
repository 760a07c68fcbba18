"""Panics, alarms and halts at their usual and at their longest, and every screen of them."""

from collections.abc import Iterator
from dataclasses import replace

from strategies.signal import Direction
from tests.tgbot.cards import ACCOUNT, LONGEST_SYMBOL, NOW, OWNER, D
from tgbot.screens.alarm import alarm_over, alarm_screen
from tgbot.screens.halt import halt_begun, halt_ended, halt_screen
from tgbot.screens.panic import panic_over, panic_screen
from tgbot.screens.screen import Screen
from tgbot.words import Words
from trading.emergency import Alarm, AlarmState, Fate, Line, Panic, PanicState, Progress, Scope, Seen


def panic(state: PanicState = PanicState.ASKED, **changes: object) -> Panic:
    begun = state in (PanicState.RUNNING, PanicState.DONE)
    usual = Panic(
        id="f" * 16,
        owner=OWNER,
        account=ACCOUNT,
        state=state,
        scope=Scope.ALL if begun else None,
        asked_at=NOW,
        begun_at=NOW if begun else None,
        ended_at=None,
        seen=Seen(True, 2, D("-12.304"), 3, D("-14.1"), 1, 2),
        progress=Progress(
            (
                Line("BTCUSDT", Direction.LONG, "a" * 16, fate=Fate.CLOSED, net=D("-12.304")),
                Line("SOLUSDT", Direction.SHORT, None, fate=Fate.CLOSED, net=D("1.5")),
            ),
            offers=2,
            entries=1,
        )
        if begun
        else Progress(),
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def long_progress() -> Progress:
    lines = tuple(
        Line(LONGEST_SYMBOL, Direction.SHORT, None, n, fate, D("-1234567.891"), "Cancelled: 0.12345 " * 9)
        for n, fate in enumerate((*Fate, *Fate))
    )
    return Progress(lines, offers=123, entries=21, silent=True)


def panics() -> Iterator[Panic]:
    for state in PanicState:
        yield panic(state)
        longest = Seen(True, 21, D("-1234567.891"), 122, D("1234567.891"), 21, 31)
        yield panic(state, seen=longest, progress=long_progress(), begun_at=NOW)
    yield panic(seen=Seen())
    yield panic(PanicState.RUNNING, scope=Scope.OURS)
    yield panic(PanicState.DONE, progress=Progress())


def alarm(state: AlarmState = AlarmState.STANDING, **changes: object) -> Alarm:
    usual = Alarm(
        id="e" * 16,
        owner=OWNER,
        account=ACCOUNT,
        symbol="SOLUSDT",
        index=0,
        direction=Direction.LONG,
        size=D("7.9"),
        average=D("148.3512345"),
        mark=D("150.44"),
        stop=D("145.92"),
        at_stop=D("-19.841"),
        number=1,
        state=state,
        begun_at=NOW,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def alarms() -> Iterator[Alarm]:
    for state in AlarmState:
        yield alarm(state)
        yield alarm(
            state,
            symbol=LONGEST_SYMBOL,
            direction=Direction.SHORT,
            size=D("123456789.5"),
            average=D("0.0001234567"),
            mark=D("0.00012345"),
            stop=D("0.00012715"),
            at_stop=D("-1234567.891"),
        )


def emergencies(words: Words) -> Iterator[Screen]:
    """Every screen of them."""
    for one in panics():
        yield panic_screen(one, "testnet", words)
        if one.begun_at is not None:
            yield panic_over(one, words)
    for each in alarms():
        yield alarm_screen(each, "testnet", words)
        if each.state is not AlarmState.STANDING:
            yield alarm_over(each, words)
    for standing in (False, True):
        for changed in (False, True):
            yield halt_screen(standing, changed, words)
    yield halt_begun(words)
    yield halt_ended(words)
