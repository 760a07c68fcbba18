"""What buttons carry: an id and an action, never state; at most 64 bytes."""

from enum import StrEnum

from aiogram.filters.callback_data import CallbackData


class TicketAction(StrEnum):
    """What can be done to a ticket from its card."""

    CONFIRM = "confirm"
    SKIP = "skip"
    ASK_CLOSE = "ask_close"
    CLOSE = "close"
    KEEP = "keep"
    REFRESH = "refresh"
    ADOPT = "adopt"  # takes a position that was changed by hand as it is
    MOVE = "move"  # the card comes down to the end of the chat


class TicketTap(CallbackData, prefix="t"):
    """An action on one revision of a ticket."""

    ticket: str
    revision: int
    action: TicketAction


class Page(StrEnum):
    """Screens that a button can lead to."""

    STATUS = "status"
    SIGNALS = "signals"
    POSITIONS = "positions"
    SAMPLE = "sample"
    HELP = "help"
    PAUSE = "pause"
    RESUME = "resume"
    SETTINGS = "settings"


class PageTap(CallbackData, prefix="p"):
    """Shows a screen: in the same message, or, with `anew`, in one of its own."""

    page: Page
    anew: bool = False


class WhyTap(CallbackData, prefix="w"):
    """Shows why a symbol fires or does not."""

    symbol: str


class LanguageTap(CallbackData, prefix="l"):
    """Changes the language of the chat."""

    language: str


class SettingsPage(StrEnum):
    """The pages of the settings message."""

    HOME = "home"
    SIGNALS = "signals"
    RISK = "risk"
    PRESETS = "presets"


class SettingsTap(CallbackData, prefix="s"):
    """Turns to a page of the settings."""

    page: SettingsPage


class SettingAction(StrEnum):
    """What a settings button changes."""

    STRATEGY = "strategy"  # value: its id; switches it
    MINUTES = "minutes"
    PER_DAY = "per_day"
    THRESHOLD = "threshold"
    RISK = "risk"
    PRESET = "preset"
    TYPE = "type"  # value: the setting whose number will be typed
    UNDO = "undo"


class SettingTap(CallbackData, prefix="c"):
    """Changes one setting; `value` is the new value."""

    action: SettingAction
    value: str
