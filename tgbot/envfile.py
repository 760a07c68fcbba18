"""bot.env: lines of NAME=value, read without touching the environment and without ever repeating a value."""

import difflib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv.parser import Binding, parse_stream

# So near that a slip of the finger is likelier than another program's variable.
NEAR = 0.75


class StartRefused(Exception):
    """The program must not start like this. Its text is the one line for the person; it holds no value of a setting."""


@dataclass(frozen=True, slots=True)
class Line:
    """One setting of the file. `value` never leaves by repr; `number` counts from 1."""

    number: int
    value: str

    def __repr__(self) -> str:
        return f"Line({self.number})"


def lines_of(path: Path, known: Iterable[str]) -> Mapping[str, Line]:
    """The settings in `path` by name; empty where there is no such file. An empty value counts as not set.

    Raises StartRefused for a file or line that can not be read, a name that is not `known`, a name set twice.
    """
    names = tuple(known)
    lines: dict[str, Line] = {}
    for binding in parse_stream(io.StringIO(_text_of(path))):
        named = _named(binding, path)
        if named is None:
            continue
        name, line = named
        if name not in names:
            near = nearest(name, names)
            hint = f"; did you mean {near}?" if near else "; bot.env.example lists them all"
            raise StartRefused(f"{name} in {path.name}, line {line.number}, is no setting of bybot{hint}")
        if name in lines:
            raise StartRefused(f"{name} stands twice in {path.name}: lines {lines[name].number} and {line.number}")
        lines[name] = line
    return {name: line for name, line in lines.items() if line.value}


def nearest(name: str, known: Iterable[str], likeness: float = NEAR) -> str | None:
    """The known name that `name` was probably meant to be."""
    found = difflib.get_close_matches(name.upper(), tuple(known), n=1, cutoff=likeness)
    return found[0] if found else None


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise StartRefused(f"{path.name} is not text in UTF-8") from None
    except OSError as refused:
        raise StartRefused(f"{path.name} can not be read: {refused.strerror}") from None


def _named(binding: Binding, path: Path) -> tuple[str, Line] | None:
    # The parser counts the empty lines before a binding as its own.
    text = binding.original.string
    number = binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
    if binding.error or (binding.key is not None and binding.value is None):
        raise StartRefused(f"{path.name}, line {number}, can not be read: NAME=value is expected")
    if binding.key is None:
        return None
    return binding.key.upper(), Line(number, (binding.value or "").strip())
