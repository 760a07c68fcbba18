"""The owner's halt. Pure."""

from tgbot.screens.screen import RED, Button, Screen, stacked
from tgbot.taps import HaltTap
from tgbot.words import Words


def halt_screen(standing: bool, changed: bool, words: Words) -> Screen:
    """What holds from now on for everybody, and the way back."""
    state = "on" if standing else "off"
    again = "" if changed else ".already"
    return Screen(stacked(words(f"halt.{state}{again}")), ((_other(standing, words),),))


def _other(standing: bool, words: Words) -> Button:
    if standing:
        return Button(words("halt.button.off"), HaltTap(on=False))
    return Button(words("halt.button.on"), HaltTap(on=True), RED)


def halt_begun(words: Words) -> Screen:
    """What everybody is told when it begins."""
    return Screen(stacked(words("halt.begun")))


def halt_ended(words: Words) -> Screen:
    """What everybody is told when it is over."""
    return Screen(stacked(words("halt.ended")))
