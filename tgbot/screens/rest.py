"""One sentence for what was not understood. Pure."""

from tgbot.screens.screen import Screen, stacked
from tgbot.words import Words

_LONGEST_NAME = 20


def not_understood(text: str | None, words: Words) -> Screen:
    """For a command that is not there, names it; for all else says what is understood."""
    first = (text or "").split(maxsplit=1)[:1]
    if first and first[0].startswith("/"):
        name = first[0] if len(first[0]) <= _LONGEST_NAME else first[0][:_LONGEST_NAME] + "…"
        return Screen(stacked(words("rest.command", command=name)))
    return Screen(stacked(words("rest.text")))
