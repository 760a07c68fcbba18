"""Every screen in both languages at its longest: it fits a phone, tells no raw figure, and its buttons can be sent."""

import re
from collections.abc import Iterator
from functools import cache

import pytest

from sandbox.telegram.markup import from_html
from tests.tgbot.cards import NOW, heard, held, person, status, statuses, ticket, tickets
from tgbot.handlers import places
from tgbot.menu import menu
from tgbot.screens.beside import live_line, ring_reply
from tgbot.screens.help import help_screen, term_screen
from tgbot.screens.lang import language_screen
from tgbot.screens.pause import pause_screen
from tgbot.screens.positions import positions_screen, silent_screen
from tgbot.screens.rest import not_understood
from tgbot.screens.screen import WIDTH, Screen, columns
from tgbot.screens.settings import change_note, settings_screen, typing_screen
from tgbot.screens.signals import SHOWN, signals_screen
from tgbot.screens.start import sample_screen, start_screen
from tgbot.screens.status import status_screen
from tgbot.screens.ticket import ticket_card
from tgbot.taps import SettingAction, SettingsPage
from tgbot.words import Languages, Words, load_languages
from trading.preferences import PRESETS

CAPTION = 1024
TEXT = 4096
ENVIRONMENTS = ("sandbox", "demo", "testnet", "live")
STRATEGIES = ("multitf", "volume_vwap")
LANGUAGES = ("en", "ru")


@cache
def languages() -> Languages:
    return load_languages()


@cache
def cards(words: Words) -> tuple[Screen, ...]:
    return tuple(_cards(words))


@cache
def pages(words: Words) -> tuple[Screen, ...]:
    return tuple(_pages(words))


def plain(screen: Screen) -> str:
    return screen.text.render()[0]


def _cards(words: Words) -> Iterator[Screen]:
    for one in tickets():
        for now in (NOW, NOW + 20_000):
            yield ticket_card(one, "testnet", words, now)
            yield ticket_card(one, "sandbox", words, now, asking=True)
        yield ring_reply(one, words)


def _pages(words: Words) -> Iterator[Screen]:
    told = heard()
    for begin in range(0, len(told), SHOWN):
        yield signals_screen(told[begin : begin + SHOWN], "sandbox", words, NOW)
    yield signals_screen((), "live", words, NOW)
    yield positions_screen(held(), True, "testnet", words, NOW)
    yield positions_screen((), True, "sandbox", words, NOW)
    yield positions_screen((), False, "sandbox", words, NOW)
    yield silent_screen(words)
    for one in statuses():
        yield status_screen(one, words)
    for environment in ENVIRONMENTS:
        for preset in PRESETS.values():
            who = person(preferences=preset, paused=True)
            yield start_screen(who, tuple(tickets())[:3], False, environment, words, NOW)
        yield sample_screen(environment, words, NOW)
    yield help_screen(menu(places(), words), words)
    for asked in ("R", "стоп", "STOP", "<b>", "no such word " * 9):
        yield term_screen(asked, words, languages())
    yield language_screen(words, languages())
    for paused in (True, False):
        for before in (True, False):
            yield pause_screen(person(paused=paused), before, words)
    for text in ("/nosuch", "/" + "x" * 4000, "<b>", "\u202e/start", "🙂" * 50, None):
        yield not_understood(text, words)
    for old in PRESETS.values():
        for page in SettingsPage:
            note = change_note(old, PRESETS["bold"], STRATEGIES, words)
            yield settings_screen(old, page, STRATEGIES, words, note=note, undo=str(NOW))
        for field in (SettingAction.RISK, SettingAction.PER_DAY, SettingAction.THRESHOLD):
            yield typing_screen(field, old, words, note=words("settings.same"))


@pytest.fixture(params=LANGUAGES)
def words(request: pytest.FixtureRequest) -> Words:
    return languages()[request.param]


def test_no_line_of_any_screen_is_wider_than_a_phone(words: Words) -> None:
    wide = {
        line for screen in (*cards(words), *pages(words)) for line in plain(screen).split("\n") if columns(line) > WIDTH
    }
    assert not wide


def test_ticket_and_position_screens_fit_a_caption_and_all_others_a_message(words: Words) -> None:
    assert max(len(plain(screen).encode("utf-16-le")) // 2 for screen in cards(words)) <= CAPTION
    assert max(len(plain(screen).encode("utf-16-le")) // 2 for screen in pages(words)) <= TEXT


def test_no_screen_shows_a_raw_figure(words: Words) -> None:
    raw = re.compile(r"\d[eE][+-]?\d|Decimal|nan|inf\b|None|\{|\}|\d[.,]\d{9}|[a-z]+\.[a-z_]+\b")
    for screen in (*cards(words), *pages(words)):
        assert not raw.search(plain(screen)), plain(screen)


def test_every_screen_is_markup_that_telegram_takes_and_shows_as_written(words: Words) -> None:
    for screen in (*cards(words), *pages(words)):
        assert from_html(screen.text.as_html()).plain == plain(screen)


def test_every_button_can_be_sent_and_a_disabled_one_carries_nothing(words: Words) -> None:
    for screen in (*cards(words), *pages(words)):
        keyboard = screen.keyboard()
        for row in keyboard.inline_keyboard if keyboard else ():
            assert len(row) <= 8
            for button in row:
                assert button.text.strip()
                assert (button.callback_data is None) != (button.disabled is None)
                assert len((button.callback_data or "").encode()) <= 64


def test_only_an_offer_has_a_button_that_says_confirm(words: Words) -> None:
    says = re.compile("confirm|подтверд", re.I)
    for one in tickets():
        buttons = [button for row in ticket_card(one, "sandbox", words, NOW).rows for button in row]
        assert any(says.search(button.text) for button in buttons) == (one.state == "PROPOSED")
    for screen in pages(words):
        assert not any(says.search(button.text) for row in screen.rows for button in row)


def test_only_a_position_whose_stop_was_read_back_is_called_protected(words: Words) -> None:
    for one in tickets():
        text = plain(ticket_card(one, "sandbox", words, NOW))
        assert ("🟢" in text) == (one.state == "OPEN")
        assert bool(re.search("protected|защищ[её]н", text)) == (one.state == "OPEN")


def test_every_state_shows_its_own_sign_first(words: Words) -> None:
    signs = {
        "PROPOSED": "🟡",
        "OPEN": "🟢",
        "UNPROTECTED": "🔴",
        "DRIFT": "🔴",
        **dict.fromkeys(("CONFIRMED", "SUBMITTING", "ACKED", "PARTIAL", "FILLED", "CLOSING", "UNKNOWN"), "⏳"),
    }
    for one in tickets():
        assert plain(ticket_card(one, "sandbox", words, NOW)).startswith(signs.get(one.state, "⚪"))


def test_an_unknown_outcome_is_red_after_15_seconds_and_says_what_not_to_do() -> None:
    unknown = next(one for one in tickets() if one.state == "UNKNOWN")
    en = languages()["en"]
    assert plain(ticket_card(unknown, "live", en, NOW + 14_999)).startswith("⏳")
    late = plain(ticket_card(unknown, "live", en, NOW + 15_000))
    assert late.startswith("🔴")
    assert "do not enter it by hand" in late.replace("\n", " ")


def test_a_closed_card_tells_its_end_in_r_and_in_usdt(words: Words) -> None:
    ended = re.compile(r"(?s)(?=.*⚪)(?=.*\d\s*R\b)(?=.*USDT)")
    for one in tickets():
        if one.state == "CLOSED":
            assert ended.search(plain(ticket_card(one, "sandbox", words, NOW)))


def test_results_of_the_practice_world_are_called_made_up(words: Words) -> None:
    closed = next(one for one in tickets() if one.state == "CLOSED")
    said = words("made_up")
    assert said in plain(ticket_card(closed, "sandbox", words, NOW)).replace("\n", " ")
    assert said not in plain(ticket_card(closed, "live", words, NOW)).replace("\n", " ")


def test_where_it_runs_stands_on_every_card(words: Words) -> None:
    for one in tickets():
        for environment in ENVIRONMENTS:
            assert words(f"env.{environment}") in plain(ticket_card(one, environment, words, NOW))


def test_an_offer_reads_like_this_in_english() -> None:
    card = ticket_card(ticket(), "sandbox", languages()["en"], NOW)
    assert plain(card).replace("\u00a0", " ") == OFFER_EN
    assert [[button.text for button in row] for row in card.rows] == [["✅ Confirm · risk 50.95"], ["Skip"]]
    assert card.rows[0][0].style == "success"


def test_an_offer_reads_like_this_in_russian() -> None:
    card = ticket_card(ticket(), "sandbox", languages()["ru"], NOW)
    assert plain(card).replace("\u00a0", " ") == OFFER_RU


OFFER_EN = """\
🟡 SOLUSDT Long · risk 50.95 USDT
PRACTICE · VolumeVWAP 4h
Best of 6 at the 20:26 UTC close

Strength 0.85 · confluence 3 of 3
Volume ███████░ 2.9 x usual
VWAP   ██████░░ 3.2 ATR above
Trend  ██░░░░░░ 0.3 ATR up
Entry  148.32
up to  149.36
Stop   143.10  -3.52 %
Target 156.15  +5.28 %
Size   7.9 SOL
Value  1,171.73 USDT, 5 x
Costs  1.32 USDT = 0.03 R
Net    +1.47 R or -1.04 R
Ends at 20:36 UTC (in 10 min)"""
OFFER_RU = """\
🟡 SOLUSDT Лонг · риск 50,95 USDT
ТРЕНИРОВКА · VolumeVWAP 4ч
Лучший из 6 на закрытии 20:26 UTC

Сила 0,85 · совпадение 3 из 3
Объём ███████░ 2,9 x обычного
VWAP  ██████░░ на 3,2 ATR выше
Тренд ██░░░░░░ 0,3 ATR вверх
Вход    148,32
не выше 149,36
Стоп    143,10  -3,52 %
Цель    156,15  +5,28 %
Размер  7,9 SOL
Сумма   1 171,73 USDT, 5 x
Расходы 1,32 USDT = 0,03 R
Итог    +1,47 R или -1,04 R
Ждёт до 20:36 UTC (через 10 мин)"""


def test_an_open_position_reads_like_this() -> None:
    text = plain(ticket_card(ticket("OPEN"), "live", languages()["en"], NOW))
    assert text.startswith("🟢 SOLUSDT Long 7.9 @ 148.35\nprotected: stop 143.10 on Bybit ✓\nLIVE · VolumeVWAP 4h\n")


def test_a_requote_says_from_where_to_where_and_the_new_size() -> None:
    again = ticket(number=2, plan=ticket().revision.plan.__class__(**_moved()))
    text = plain(ticket_card(again, "sandbox", languages()["en"], NOW)).replace("\n", " ")
    assert "The price moved: 148.32 -> 149.80. Same stop, same risk: now 6.4 SOL." in text


def _moved() -> dict[str, object]:
    before = ticket().revision.plan
    told = {name: getattr(before, name) for name in before.__dataclass_fields__}
    return told | {"entry": type(before.entry)("149.80"), "size": type(before.size)("6.4")}


def test_the_sample_can_not_trade(words: Words) -> None:
    sample = sample_screen("live", words, NOW)
    assert all(button.tap is None for row in sample.rows for button in row)
    assert plain(sample).startswith(words("sample.head"))


def test_status_names_money_even_where_bybit_is_silent(words: Words) -> None:
    assert all("USDT" in plain(status_screen(one, words)) for one in statuses())
    silent = plain(status_screen(status(equity=None, today=None), words))
    assert words("status.unknown") in silent


def test_a_toast_tells_the_position_of_this_moment(words: Words) -> None:
    line = live_line(ticket("OPEN"), [one.position for one in held()], words)
    assert line.startswith("SOLUSDT 150")
    assert "USDT" in line
    assert live_line(ticket("OPEN"), [], words) == words("toast.flat", symbol="SOLUSDT")
