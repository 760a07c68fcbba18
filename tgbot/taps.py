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
    SET_STOP = "set_stop"  # one that was taken away by hand goes back where it was


class TicketTap(CallbackData, prefix="t"):
    """An action on one revision of a ticket."""

    ticket: str
    revision: int
    action: TicketAction


class PanicAction(StrEnum):
    """What can be done about a panic from its message."""

    OURS = "ours"
    ALL = "all"
    CANCEL = "cancel"


class PanicTap(CallbackData, prefix="x"):
    """An action on one panic."""

    panic: str
    action: PanicAction


class HaltTap(CallbackData, prefix="h"):
    """Begins or ends the owner's halt."""

    on: bool


class AlarmAction(StrEnum):
    """What can be done about a position without a stop."""

    SET = "set"
    SET_AND_ADOPT = "set_adopt"
    ADOPT = "adopt"


class AlarmTap(CallbackData, prefix="a"):
    """An action on one alarm; `number` is that of the stop which its message proposed."""

    alarm: str
    number: int
    action: AlarmAction


class ForeignAction(StrEnum):
    """What can be done to a position that no ticket holds, from the list of positions."""

    ADOPT = "adopt"
    ALARM = "alarm"  # its alarm comes down to the end of the chat


class ForeignTap(CallbackData, prefix="f"):
    """An action on a position of the tapping person's own account."""

    symbol: str
    index: int
    action: ForeignAction


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
