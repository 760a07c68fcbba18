"""What a message will look like, and how its lines are kept inside a phone's width."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

from aiogram.enums import ButtonStyle
from aiogram.filters.callback_data import CallbackData
from aiogram.types import DisabledButton, InlineKeyboardButton, InlineKeyboardMarkup
from aiogram.utils.formatting import Bold, DateTime, Pre, Text

from tgbot.words import NBSP, Words

WIDTH = 34  # columns of a phone's monospace
GREEN, RED, BLUE = ButtonStyle.SUCCESS, ButtonStyle.DANGER, ButtonStyle.PRIMARY

# A line may be broken at a space, but a mark stays with the word before it.
_BREAKS = re.compile(" (?![✓✗])")

Row = tuple["Button", ...]
Line = str | Text


@dataclass(frozen=True, slots=True)
class Button:
    """A button; without a `tap` it is disabled. Green does what is proposed, red ends something, blue leads on."""

    text: str
    tap: CallbackData | None = None
    style: ButtonStyle | None = None

    def keyboard(self) -> InlineKeyboardButton:
        """As Telegram takes it: exactly one of data and disabled."""
        if self.tap is None:
            return InlineKeyboardButton(text=self.text, disabled=DisabledButton())
        return InlineKeyboardButton(text=self.text, callback_data=self.tap.pack(), style=self.style)


@dataclass(frozen=True, slots=True)
class Screen:
    """One message: its text, its rows of buttons, and a picture (PNG) or none."""

    text: Text
    rows: tuple[Row, ...] = ()
    picture: bytes | None = None

    def keyboard(self) -> InlineKeyboardMarkup | None:
        """None where there are no buttons: an edit without them takes old ones away."""
        rows = [[button.keyboard() for button in row] for row in self.rows if row]
        return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None

    def digest(self) -> str:
        """The same for screens that look the same."""
        plain, entities = self.text.render()
        keyboard = self.keyboard()
        parts = (
            plain,
            *(entity.model_dump_json(exclude_none=True) for entity in entities),
            keyboard.model_dump_json(exclude_none=True) if keyboard else "",
            hashlib.blake2s(self.picture or b"").hexdigest(),
        )
        return hashlib.blake2s("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def columns(text: str) -> int:
    """How many monospace columns a line takes; emoji and the like take two."""
    return sum(
        0 if unicodedata.combining(sign) or sign == "\ufe0f" else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )


def wrapped(text: str, joint: str = " ", width: int = WIDTH) -> str:
    """Breaks each line at `joint` so that none is wider than a phone; words that are too long are cut."""
    return "\n".join(_broken(line, joint, width) for line in text.split("\n"))


def _broken(line: str, joint: str, width: int) -> str:
    lines = [""]
    for word in _BREAKS.split(line) if joint == " " else line.split(joint):
        longer = f"{lines[-1]}{joint}{word}" if lines[-1] else word
        if columns(longer) <= width:
            lines[-1] = longer
            continue
        rest = wrapped(word, width=width) if joint != " " else word
        while "\n" not in rest and columns(rest) > width:
            lines.append(rest[: width // 2])
            rest = rest[width // 2 :]
        lines.append(rest)
    return "\n".join(line for line in lines if line)


def dotted(*parts: str) -> str:
    """Facts of one line with dots between them, broken at the dots where the line would be too wide."""
    return wrapped(" · ".join(part for part in parts if part), " · ")


def stacked(*lines: Line | None) -> Text:
    """Lines under each other; None is left out, "" is an empty line. Plain lines are wrapped."""
    body: list[Line] = []
    for line in lines:
        if line is None:
            continue
        if body:
            body.append("\n")
        body.append(wrapped(line) if isinstance(line, str) else line)
    return Text(*body)


def heading(text: str) -> Text:
    """The first line: what a lock screen shows."""
    return Bold(wrapped(text, " · "))


def fits(rows: Iterable[tuple[str, str]]) -> bool:
    """Whether every row of the table stays on one line."""
    kept = tuple(rows)
    room = max(columns(label) for label, _ in kept)
    return all(room + 1 + columns(figure) <= WIDTH for _, figure in kept)


def table(rows: Iterable[tuple[str, str]]) -> Text:
    """Labels and figures that align; a figure that is too wide goes on under itself."""
    kept = tuple(rows)
    room = max(columns(label) for label, _ in kept)
    lines = []
    for label, figure in kept:
        parts = wrapped(figure, width=WIDTH - room - 1).split("\n")
        lines += [
            f"{head}{' ' * (room - columns(head))} {part}" for head, part in zip_longest([label], parts, fillvalue="")
        ]
    return Pre("\n".join(lines))


def moment(at: int, words: Words) -> Text:
    """A time of day, shown in the reader's own zone; where an app can not, in UTC and saying so."""
    return DateTime(words.clock(at), unix_time=at // 1000, date_time_format="t")


def remaining(at: int, now: int, words: Words) -> str:
    """How long until then, as of this moment: for messages that nobody edits when it has passed."""
    return words("span.until", span=words.span(at - now)).replace(" ", NBSP)


def countdown(at: int, now: int, words: Words) -> Text:
    """How long until then, kept up to date by the reader's own app: for messages that change when it has passed."""
    return DateTime(remaining(at, now, words), unix_time=at // 1000, date_time_format="r")


# Stands in a text for what is not plain: `words(key, at=NODE)`, then `woven(text, moment(...))`.
NODE = "\0"


def woven(text: str, *nodes: Text) -> Text:
    """A text with its `NODE`s replaced by these, in order, and wrapped by what they show."""
    shown = [node.render()[0] for node in nodes]
    pieces = text.split(NODE)
    # Wrapping only turns spaces into line breaks, so every place keeps its offset.
    plain = wrapped("".join(piece + told for piece, told in zip(pieces, [*shown, ""], strict=True)))
    body: list[Line] = []
    for piece, node, told in zip(pieces, nodes, shown, strict=False):
        body += [plain[: len(piece)], node]
        plain = plain[len(piece) + len(told) :]
    return Text(*body, plain)
