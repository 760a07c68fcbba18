"""What the bot can do, and a line on every term of a card. Pure."""

from collections.abc import Mapping

from aiogram.utils.formatting import Bold

from tgbot.screens.screen import Screen, stacked
from tgbot.words import Languages, Words

_LONGEST_WORD = 20
_NAMES = ".names"


def help_screen(commands: Mapping[str, str], words: Words) -> Screen:
    """All commands with what they do, and the words that can be asked about."""
    lines = [words("help.command", command=command, does=does) for command, does in commands.items()]
    return Screen(stacked(Bold(words("help.commands")), *lines, "", words("help.terms"), _all_terms(words)))


def term_screen(asked: str, words: Words, languages: Languages) -> Screen:
    """The line on one term, found by its name in any of our languages, told in the person's own."""
    name = asked.strip().lower()
    for language in (words, *languages.words.values()):
        for key in _name_keys(language):
            if name in map(str.lower, _names(language, key)):
                term = key.removesuffix(_NAMES)
                title = _names(words, key)[0]
                return Screen(stacked(Bold(title[:1].upper() + title[1:]), words(term)))
    word = asked if len(asked) <= _LONGEST_WORD else asked[:_LONGEST_WORD] + "…"
    return Screen(stacked(words("help.unknown", word=word), _all_terms(words)))


def _all_terms(words: Words) -> str:
    return ", ".join(sorted((_names(words, key)[0] for key in _name_keys(words)), key=str.lower))


def _name_keys(words: Words) -> list[str]:
    return sorted(key for key in words.keys if key.startswith("term.") and key.endswith(_NAMES))


def _names(words: Words, key: str) -> list[str]:
    return words(key).split(", ")
