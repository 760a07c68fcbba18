"""The settings of one person: one message with pages. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from aiogram.utils.formatting import Bold

from indicators.candles import SLOW_FRAMES
from tgbot.screens.figures import strategy_name
from tgbot.screens.screen import BLUE, WIDTH, Button, Line, Row, Screen, columns, dotted, stacked, table
from tgbot.taps import Page, PageTap, SettingAction, SettingsPage, SettingsTap, SettingTap
from tgbot.words import Words
from trading.preferences import PRESETS, RISK_SHARE, THRESHOLD, Bounds, Preferences, per_day_bounds

# The steps of - and +; anything between can be typed.
_RISK_PERCENT = ("0.05", "0.1", "0.15", "0.25", "0.4", "0.5", "0.75", "1", "1.5", "2", "2.5", "3")
RISK_STEPS = tuple(Decimal(percent) / 100 for percent in _RISK_PERCENT)
PER_DAY_STEPS = tuple(map(Decimal, (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 75, 100, 150, 200, 300, 400, 500)))
THRESHOLD_STEPS = tuple(Decimal(hundredths).scaleb(-2) for hundredths in range(40, 96, 5))


def settings_screen(
    preferences: Preferences,
    page: SettingsPage,
    strategies: Sequence[str],
    words: Words,
    *,
    note: str | None = None,
    undo: str | None = None,
) -> Screen:
    """One page. `note` says what has just happened; `undo` names the change that can be taken back."""
    rows: dict[SettingsPage, tuple[Row, ...]] = {
        SettingsPage.HOME: _home_rows(words),
        SettingsPage.SIGNALS: _signal_rows(preferences, strategies, words),
        SettingsPage.RISK: _risk_rows(preferences, words),
        SettingsPage.PRESETS: _preset_rows(preferences, words),
    }
    explained = f"settings.explain.{page}"
    lines: list[Line | None] = [
        Bold(_title(page, words)),
        table(described(preferences, strategies, words).items()),
        words(explained) if explained in words.keys else None,
        *(("", note) if note else ()),
    ]
    undoing: tuple[Row, ...] = ()
    if undo is not None:
        undoing = ((Button(words("settings.button.undo"), SettingTap(action=SettingAction.UNDO, value=undo)),),)
    back = (
        Button(words("button.back"), PageTap(page=Page.STATUS))
        if page is SettingsPage.HOME
        else Button(words("button.back"), SettingsTap(page=SettingsPage.HOME))
    )
    return Screen(stacked(*lines), (*rows[page], *undoing, (back,)))


def typing_screen(field: SettingAction, preferences: Preferences, words: Words, note: str | None = None) -> Screen:
    """Asks for a number, with its bounds, and a way out."""
    bounds = bounds_of(field, preferences)
    scale = 100 if field is SettingAction.RISK else 1
    asked = words(
        f"settings.type.{field}", least=words.exact(bounds.least * scale), most=words.exact(bounds.most * scale)
    )
    page = page_of(field)
    back = Button(words("button.back"), SettingsTap(page=page))
    return Screen(
        stacked(Bold(_title(page, words)), words("settings.type"), asked, *(("", note) if note else ())), ((back,),)
    )


def described(preferences: Preferences, strategies: Sequence[str], words: Words) -> dict[str, str]:
    """Each setting by its label, as one line of words."""
    on = [strategy_name(name, words) for name in strategies if name in preferences.strategies_on]
    preset = words.either(f"preset.{preferences.preset}", preferences.preset)
    if preferences != PRESETS.get(preferences.preset):
        preset = words("settings.preset.changed", preset=preset)
    strength = (
        words("settings.threshold", value=words.number(preferences.threshold))
        if preferences.per_day is None
        else words("settings.per_day", n=words.whole(preferences.per_day))
    )
    return {
        words("settings.preset"): preset,
        words("settings.strategies"): " + ".join(on),
        words("settings.minutes"): words.frame(preferences.minutes),
        words("settings.strength"): strength,
        words("settings.risk_share"): _share(preferences.risk_share, words),
    }


def change_note(old: Preferences, new: Preferences, strategies: Sequence[str], words: Words) -> str:
    """What is different now: Changed: risk 0.25 % -> 0.5 %."""
    before, after = described(old, strategies, words), described(new, strategies, words)
    lines = [
        _change(label, before[label], after[label], words)
        for label in after
        if before[label] != after[label] and label != words("settings.preset")
    ]
    return "\n".join(lines) or words("settings.same")


def _change(label: str, old: str, new: str, words: Words) -> str:
    """On one line where a phone is wide enough, else from what to what stands on a line of its own."""
    head, figures = words("settings.changed", label=label.lower()), f"{old} -> {new}"
    whole = f"{head} {figures}"
    return whole if columns(whole) <= WIDTH else f"{head}\n{figures}"


def bounds_of(field: SettingAction, preferences: Preferences) -> Bounds:
    """The least and most of a number that can be typed (a risk as a share)."""
    fixed: Mapping[SettingAction, Bounds] = {SettingAction.RISK: RISK_SHARE, SettingAction.THRESHOLD: THRESHOLD}
    return fixed.get(field) or per_day_bounds(preferences.minutes)


def page_of_change(old: Preferences, new: Preferences) -> SettingsPage:
    """Where that change was made, or can be made."""
    if new.preset != old.preset:
        return SettingsPage.PRESETS
    return SettingsPage.RISK if new.risk_share != old.risk_share else SettingsPage.SIGNALS


def page_of(field: SettingAction) -> SettingsPage:
    """Where a setting is shown."""
    if field is SettingAction.RISK:
        return SettingsPage.RISK
    return SettingsPage.PRESETS if field is SettingAction.PRESET else SettingsPage.SIGNALS


def _title(page: SettingsPage, words: Words) -> str:
    head = words("settings.head")
    return head if page is SettingsPage.HOME else f"{head} › {words(f'settings.{page}')}"


def _home_rows(words: Words) -> tuple[Row, ...]:
    pages = (SettingsPage.SIGNALS, SettingsPage.RISK, SettingsPage.PRESETS)
    return (tuple(Button(f"{words(f'settings.{page}')} ›", SettingsTap(page=page)) for page in pages),)


def _signal_rows(preferences: Preferences, strategies: Sequence[str], words: Words) -> tuple[Row, ...]:
    switches = [
        _choice(strategy_name(name, words), name in preferences.strategies_on, SettingAction.STRATEGY, name)
        for name in strategies
    ]
    frames = tuple(
        _choice(words.frame(minutes), minutes == preferences.minutes, SettingAction.MINUTES, str(minutes))
        for minutes in SLOW_FRAMES
    )
    dial = preferences.per_day is not None
    per_day = preferences.per_day if preferences.per_day is not None else 10
    modes = (
        _choice(words("settings.button.dial"), dial, SettingAction.PER_DAY, str(per_day)),
        _choice(words("settings.button.fixed"), not dial, SettingAction.THRESHOLD, str(preferences.threshold)),
    )
    if preferences.per_day is not None:
        most = per_day_bounds(preferences.minutes).most
        steps = tuple(step for step in PER_DAY_STEPS if step <= most)
        value = Decimal(preferences.per_day)
        number = _steps(SettingAction.PER_DAY, value, steps, words("settings.per_day", n=words.exact(value)))
    else:
        value = preferences.threshold
        shown = words("settings.threshold", value=words.number(value))
        number = _steps(SettingAction.THRESHOLD, value, THRESHOLD_STEPS, shown)
    paired = (tuple(switches[begin : begin + 2]) for begin in range(0, len(switches), 2))
    return (*paired, frames, modes, number)


def _risk_rows(preferences: Preferences, words: Words) -> tuple[Row, ...]:
    share = preferences.risk_share
    return (_steps(SettingAction.RISK, share, RISK_STEPS, _share(share, words)),)


def _preset_rows(preferences: Preferences, words: Words) -> tuple[Row, ...]:
    return tuple(
        (
            _choice(
                dotted(
                    words.either(f"preset.{name}", name),
                    words.frame(preset.minutes),
                    _share(preset.risk_share, words),
                ),
                preset == preferences,
                SettingAction.PRESET,
                name,
            ),
        )
        for name, preset in PRESETS.items()
    )


def _choice(text: str, chosen: bool, action: SettingAction, value: str) -> Button:
    return Button(("✓ " if chosen else "") + text, SettingTap(action=action, value=value), BLUE if chosen else None)


def _steps(action: SettingAction, value: Decimal, steps: Sequence[Decimal], shown: str) -> Row:
    """[ - ] [ value ] [ + ]: the middle one lets the number be typed; at an end the button is disabled."""
    lower = max((step for step in steps if step < value), default=None)
    higher = min((step for step in steps if step > value), default=None)
    ends = [
        Button(sign, SettingTap(action=action, value=format(step, "f")) if step is not None else None)
        for sign, step in (("−", lower), ("+", higher))
    ]
    return ends[0], Button(f"{shown} ✎", SettingTap(action=SettingAction.TYPE, value=action)), ends[1]


def _share(share: Decimal, words: Words) -> str:
    return words.exact(share * 100) + "\u00a0%"
