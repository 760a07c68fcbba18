"""/settings: one message whose pages change; a number can be typed."""

import re
from decimal import Decimal

from aiogram import Bot, F, Router
from aiogram.exceptions import TelegramAPIError
from aiogram.filters import Command, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message

from indicators.candles import SLOW_FRAMES
from storage.people import PeopleStore
from tgbot.access import traders_only
from tgbot.errors import sentence
from tgbot.screens.settings import bounds_of, change_note, page_of, page_of_change, settings_screen, typing_screen
from tgbot.show import Shown, answer, settle, show, turn, turn_page
from tgbot.taps import Page, PageTap, SettingAction, SettingsPage, SettingsTap, SettingTap
from tgbot.words import Words
from trading.people import Person
from trading.ports import Clock
from trading.preferences import (
    Preferences,
    Unfit,
    with_minutes,
    with_per_day,
    with_preset,
    with_risk_share,
    with_strategy,
    with_threshold,
)

COMMANDS = {"settings": 40}
_NUMBER = re.compile(r"[+-]?\d{1,9}(?:[.,]\d{1,9})?")
LONGEST_TYPED = 12
TYPED = frozenset({SettingAction.RISK, SettingAction.PER_DAY, SettingAction.THRESHOLD})


class Typing(StatesGroup):
    """The one dialogue there is: a number is awaited for the settings message."""

    number = State()


def build() -> Router:
    router = Router(name="settings")
    router.message.register(settings, Command("settings", ignore_case=True))
    router.message.register(typed, StateFilter(Typing.number), F.text, ~F.text.startswith("/"))
    router.callback_query.register(settings_page, PageTap.filter(F.page == Page.SETTINGS))
    router.callback_query.register(turned, SettingsTap.filter())
    router.callback_query.register(asked_to_type, SettingTap.filter(F.action == SettingAction.TYPE))
    router.callback_query.register(undo, SettingTap.filter(F.action == SettingAction.UNDO))
    router.callback_query.register(change, SettingTap.filter())
    return router


async def settings(message: Message, person: Person, words: Words, strategies: tuple[str, ...]) -> None:
    await answer(message, settings_screen(person.preferences, SettingsPage.HOME, strategies, words))


async def settings_page(
    query: CallbackQuery, callback_data: PageTap, person: Person, words: Words, strategies: tuple[str, ...]
) -> None:
    await settle(query)
    screen = settings_screen(person.preferences, SettingsPage.HOME, strategies, words)
    await turn_page(query, callback_data, screen)


async def turned(
    query: CallbackQuery,
    callback_data: SettingsTap,
    person: Person,
    words: Words,
    strategies: tuple[str, ...],
    state: FSMContext,
) -> None:
    await state.clear()
    await settle(query)
    await turn(query, settings_screen(person.preferences, callback_data.page, strategies, words))


async def change(
    query: CallbackQuery,
    callback_data: SettingTap,
    person: Person,
    words: Words,
    people: PeopleStore,
    clock: Clock,
    strategies: tuple[str, ...],
) -> None:
    traders_only(person)
    wanted = _changed(person.preferences, callback_data.action, callback_data.value, strategies)
    at = clock.now()
    await people.set_preferences(person.id, wanted, at)
    note = change_note(person.preferences, wanted, strategies, words)
    await settle(query)
    undoable = str(at) if wanted != person.preferences else None
    page = page_of(callback_data.action)
    await turn(query, settings_screen(wanted, page, strategies, words, note=note, undo=undoable))


async def undo(
    query: CallbackQuery,
    callback_data: SettingTap,
    person: Person,
    words: Words,
    people: PeopleStore,
    clock: Clock,
    strategies: tuple[str, ...],
) -> None:
    traders_only(person)
    history = await people.preferences_history(person.id)
    if not history or str(history[-1][0]) != callback_data.value:
        await settle(query, words("settings.undo_late"), alert=True)
        return
    before = history[-1][1]
    await people.set_preferences(person.id, before, clock.now())
    await settle(query, words("settings.undone"))
    page = page_of_change(person.preferences, before)
    await turn(query, settings_screen(before, page, strategies, words, note=words("settings.undone")))


async def asked_to_type(
    query: CallbackQuery, callback_data: SettingTap, person: Person, words: Words, state: FSMContext
) -> None:
    traders_only(person)
    if callback_data.value not in TYPED or query.message is None:
        await settle(query, words("rest.button"), alert=True)
        return
    await state.set_state(Typing.number)
    await state.set_data({"field": callback_data.value, "message": query.message.message_id})
    await settle(query)
    await turn(query, typing_screen(SettingAction(callback_data.value), person.preferences, words))


async def typed(
    message: Message,
    bot: Bot,
    person: Person,
    words: Words,
    people: PeopleStore,
    clock: Clock,
    strategies: tuple[str, ...],
    state: FSMContext,
) -> None:
    traders_only(person)
    told = await state.get_data()
    field, shown = SettingAction(told["field"]), Shown(told["message"])
    try:
        wanted = _typed(person.preferences, field, message.text or "")
    except Unfit as unfit:
        wrong = words("settings.type.wrong", typed=_shortened(message.text or ""), why=sentence(unfit, words))
        screen = typing_screen(field, person.preferences, words, note=wrong)
    else:
        at = clock.now()
        await people.set_preferences(person.id, wanted, at)
        await state.clear()
        note = change_note(person.preferences, wanted, strategies, words)
        screen = settings_screen(wanted, page_of(field), strategies, words, note=note, undo=str(at))
    await _tidy(message)
    await show(bot, person.id, screen, shown=shown)


def _shortened(typed: str) -> str:
    """What was typed on one short line."""
    line = " ".join(typed.split())
    return line if len(line) <= LONGEST_TYPED else line[:LONGEST_TYPED] + "…"


async def _tidy(message: Message) -> None:
    """The number goes, so that the dialogue stays one message; where it may not be deleted, it stays."""
    try:
        await message.delete()
    except TelegramAPIError:
        return


def _typed(preferences: Preferences, field: SettingAction, text: str) -> Preferences:
    """Raises Unfit, with the bounds, for what is no number or out of range."""
    plain = text.strip().removesuffix("%").strip()
    if not _NUMBER.fullmatch(plain):
        raise Unfit("risk_share" if field is SettingAction.RISK else str(field), bounds_of(field, preferences))
    number = Decimal(plain.replace(",", "."))
    value = number / 100 if field is SettingAction.RISK else number
    return _changed(preferences, field, format(value, "f"), ())


def _changed(preferences: Preferences, action: SettingAction, value: str, strategies: tuple[str, ...]) -> Preferences:
    """The preferences with one setting changed. Raises Unfit, also for a value that no button of ours carries."""
    if action is SettingAction.PRESET:
        return with_preset(value)
    if action is SettingAction.STRATEGY:
        return with_strategy(preferences, value, value not in preferences.strategies_on, strategies)
    if not _NUMBER.fullmatch(value):
        raise Unfit(str(action), choices=tuple(str(minutes) for minutes in SLOW_FRAMES))
    number = Decimal(value)
    if action is SettingAction.MINUTES:
        return with_minutes(preferences, int(number))
    if action is SettingAction.PER_DAY:
        return with_per_day(preferences, number)
    if action is SettingAction.THRESHOLD:
        return with_threshold(preferences, number)
    return with_risk_share(preferences, number)
