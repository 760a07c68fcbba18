"""Which language to speak. Pure."""

from tgbot.screens.screen import Button, Screen, stacked
from tgbot.taps import LanguageTap
from tgbot.words import NAMES, Languages, Words


def language_screen(words: Words, languages: Languages) -> Screen:
    """One button for each language, the present one marked."""
    row = tuple(
        Button(
            ("✓ " if language == words.language else "") + NAMES.get(language, language),
            LanguageTap(language=language),
        )
        for language in languages.words
    )
    return Screen(stacked(words("lang.which")), (row,))
