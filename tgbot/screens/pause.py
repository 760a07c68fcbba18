"""What a pause means. Pure."""

from tgbot.screens.screen import Button, Screen, stacked
from tgbot.taps import Page, PageTap
from tgbot.words import Words
from trading.people import Person


def pause_screen(person: Person, was_paused: bool, words: Words) -> Screen:
    """What holds from now on, and the way back."""
    state = "on" if person.paused else "off"
    again = ".already" if person.paused == was_paused else ""
    other = (
        Button(words("button.resume"), PageTap(page=Page.RESUME))
        if person.paused
        else Button(words("button.pause"), PageTap(page=Page.PAUSE))
    )
    return Screen(stacked(words(f"pause.{state}{again}")), ((other,),))
