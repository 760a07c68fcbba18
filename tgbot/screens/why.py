"""Why a symbol fires or does not. Pure."""

from collections.abc import Iterable, Sequence

from aiogram.utils.formatting import Bold

from tgbot.screens.figures import base_of, factor_label, side, strategy_name
from tgbot.screens.screen import NODE, Button, Line, Row, Screen, dotted, heading, moment, remaining, stacked, woven
from tgbot.taps import Page, PageTap, WhyTap
from tgbot.words import Words
from trading.status import Nearest
from trading.why import Moment, NoReading, Reading, Why

_A_ROW = 3
_LONGEST_NAME = 20


def ask_screen(nearest: Sequence[Nearest], words: Words) -> Screen:
    """What can be asked, with a button for each symbol that is nearest to firing."""
    lines: list[Line] = [Bold(words("why.head")), words("why.ask")]
    if nearest:
        lines.append(words("why.nearest"))
    lines += [
        words(
            "why.near",
            symbol=base_of(one.symbol),
            side=side(one.direction, words),
            strength=words.number(one.strength),
        )
        for one in nearest
    ]
    return Screen(stacked(*lines), (*_symbol_buttons(one.symbol for one in nearest), _back(words)))


def why_screen(told: Why | NoReading, words: Words, now: int) -> Screen:
    """Each strategy that is on, in both directions, on the closed candle; then what the forming one would say."""
    if isinstance(told, NoReading):
        return _no_reading(told, words)
    needed = words("why.needed", threshold=words.number(told.threshold.value), confluence=words.whole(told.confluence))
    closed_at = woven(
        words("why.closed", frame=words.frame(told.minutes), at=NODE), moment(told.closed.closes_at, words)
    )
    lines: list[Line] = [heading(told.symbol), closed_at, needed]
    for strategy in dict.fromkeys(reading.strategy for reading in told.closed.readings):
        lines += ["", Bold(strategy_name(strategy, words))]
        for reading in told.closed.readings:
            if reading.strategy == strategy:
                lines += _reading_lines(reading, told.confluence, words)
    lines += ["", *_forming_lines(told.forming, told.confluence, words, now)]
    again = Button(words("button.refresh"), WhyTap(symbol=told.symbol))
    return Screen(stacked(*lines), ((again, *_back(words)),))


def _reading_lines(reading: Reading, confluence: int, words: Words) -> tuple[Line, ...]:
    scores = [f"{factor_label(factor, words)} {words.number(factor.score, 2)}" for factor in reading.factors]
    return (_verdict(reading, confluence, words), dotted(*scores))


def _verdict(reading: Reading, confluence: int, words: Words) -> str:
    """Long 0.64: needs +0.07, most from Volume."""
    head = f"{side(reading.direction, words)} {words.number(reading.strength)}: "
    wants = []
    if reading.missing > 0:
        label = factor_label(reading.lacking, words)
        wants.append(words("why.needs", missing=words.number(reading.missing, signed=True), factor=label))
    if reading.confluence < confluence:
        wants.append(words("why.factors", here=words.whole(reading.confluence), needed=words.whole(confluence)))
    return head + (", ".join(wants) or words("why.enough"))


def _forming_lines(forming: Moment | None, confluence: int, words: Words, now: int) -> tuple[Line, ...]:
    if forming is None:
        return (words("why.forming.none"),)
    left = remaining(forming.closes_at, now, words)
    lines: list[Line] = [words("why.forming", left=left)]
    for strategy in dict.fromkeys(reading.strategy for reading in forming.readings):
        best = max((one for one in forming.readings if one.strategy == strategy), key=lambda one: one.strength)
        lines.append(f"{strategy_name(strategy, words)}: {_verdict(best, confluence, words)}")
    return tuple(lines)


def _no_reading(told: NoReading, words: Words) -> Screen:
    if not told.symbol:
        name = told.asked if len(told.asked) <= _LONGEST_NAME else told.asked[:_LONGEST_NAME] + "…"
        said = words("why.nonsense", asked=name)
    elif not told.is_listed:
        said = words("why.unknown", symbol=told.symbol)
    elif not told.is_watched:
        said = words("why.unwatched", symbol=told.symbol)
    else:
        said = words("why.reading", symbol=told.symbol)
    if told.near:
        said = f"{said} {words('why.try')}"
    return Screen(stacked(said), (*_symbol_buttons(told.near), _back(words)))


def _symbol_buttons(symbols: Iterable[str]) -> tuple[Row, ...]:
    buttons = [Button(base_of(symbol), WhyTap(symbol=symbol)) for symbol in symbols]
    return tuple(tuple(buttons[first : first + _A_ROW]) for first in range(0, len(buttons), _A_ROW))


def _back(words: Words) -> Row:
    return (Button(words("button.status"), PageTap(page=Page.STATUS)),)
