"""Every screen in both languages at its longest: it fits a phone, tells no raw figure, and its buttons can be sent."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from math import nan

import pytest

from sandbox.telegram.markup import from_html
from strategies.model import Settings
from strategies.registry import all_strategies
from strategies.signal import Factor
from tests.tgbot.cards import NOW, D, heard, held, person, plan, status, statuses, ticket, tickets, why, whys
from tests.tgbot.emergencies import emergencies
from tgbot.handlers import places
from tgbot.menu import menu
from tgbot.screens.beside import ring_reply
from tgbot.screens.figures import factor_figure, factor_label
from tgbot.screens.glance import Glance, glance_at, live_line
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
from tgbot.screens.why import ask_screen, why_screen
from tgbot.taps import SettingAction, SettingsPage
from tgbot.words import Languages, Words, load_languages
from trading.people import Role
from trading.preferences import PRESETS
from trading.reasons import Reason
from trading.states import LIVE, State
from trading.status import Nearest

CAPTION = 1024
TEXT = 4096
ENVIRONMENTS = ("sandbox", "demo", "testnet", "live")
STRATEGIES = tuple(strategy.id for strategy in all_strategies(Settings()))
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
            yield ticket_card(one, "live", words, now, seen=Glance(D("0.00012345"), D("-12345.678"), NOW))
        yield ring_reply(one, words)


def _pages(words: Words) -> Iterator[Screen]:
    yield from emergencies(words)
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
    for told in whys():
        yield why_screen(told, words, NOW)
    for count in (0, 1, 6):
        yield ask_screen([Nearest("1000000BABYDOGEUSDT", "short", 0.68)] * count, words)
    for environment in ENVIRONMENTS:
        for preset in PRESETS.values():
            who = person(preferences=preset, paused=True)
            yield start_screen(who, 23, tuple(tickets())[:9], False, environment, words, NOW)
            yield start_screen(who, 1, (), True, environment, words, NOW)
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
    everything = replace(PRESETS["practice"], strategies_on=STRATEGIES)
    for old in (*PRESETS.values(), everything):
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


@pytest.mark.parametrize(
    ("factor", "en", "ru"),
    [
        (Factor("volume_confirmation", 0.9, 2.9), "Volume 2.9 x usual", "Объём 2,9 x обычного"),
        (Factor("vwap_position", 0.8, -3.2), "VWAP 3.2 ATR below", "VWAP на 3,2 ATR ниже"),
        (Factor("price_position", 0.8, 0.834), "Range 83 % of range", "Место 83 % диапазона"),
        (Factor("volume_delta", 0.8, 0.16), "Delta 16 % net bought", "Дельта покупки +16 %"),
        (Factor("volume_delta", 0.8, -0.16), "Delta 16 % net sold", "Дельта продажи +16 %"),
        (Factor("level_distance", 0.8, 0.6), "Level support 0.6 ATR", "Уровень поддерж. 0,6 ATR"),
        (Factor("level_distance", 0.8, -0.6), "Level resistance 0.6 ATR", "Уровень сопрот. 0,6 ATR"),
        (Factor("level_distance", 0.0, nan), "Level broken", "Уровень пробит"),
        (Factor("retracement_zone", 1.0, 0.55), "Retrace 55 % of the rise", "Откат 55 % подъёма"),
        (Factor("retracement_zone", 1.0, -0.55), "Retrace 55 % of the fall", "Откат 55 % падения"),
        (Factor("retracement_zone", 0.0, nan), "Retrace none", "Откат нет"),
        (Factor("rsi_reset", 0.6, 48.04), "RSI 48.0", "RSI 48,0"),
        (Factor("sideways", 0.7, 0.12), "Sideways 12 % straight", "Боковик 12 % по прямой"),
        (Factor("range_edge", 0.9, -0.02), "Range -2 % of range", "Место -2 % диапазона"),
        (Factor("rsi_extreme", 0.9, 28.31), "RSI 28.3", "RSI 28,3"),
        (Factor("vwap_position", 0.0, nan), "VWAP unknown", "VWAP нет данных"),
        (Factor("made_yesterday", 0.5, 1.234), "Made yes 1.23", "Made yes 1,23"),
    ],
)
def test_every_factor_is_told_in_words_with_its_own_unit(factor: Factor, en: str, ru: str) -> None:
    for language, told in (("en", en), ("ru", ru)):
        said = f"{factor_label(factor, languages()[language])} {factor_figure(factor, languages()[language])}"
        assert said.replace("\u00a0", " ") == told


def test_every_strategy_and_each_of_its_factors_has_words_in_both_languages(words: Words) -> None:
    for strategy in all_strategies(Settings()):
        needed = {f"strategy.{strategy.id}", *(f"factor.{name}" for name in strategy.factor_names)}
        assert needed <= words.keys


def test_five_strategies_are_two_in_a_row_and_only_those_that_are_on_are_marked() -> None:
    screen = settings_screen(PRESETS["practice"], SettingsPage.SIGNALS, STRATEGIES, languages()["en"])
    assert [[button.text for button in row] for row in screen.rows[:3]] == [
        ["CumDelta S/R", "Fibonacci RSI"],
        ["✓ MultiTF", "Range"],
        ["✓ VolumeVWAP"],
    ]
    everything = replace(PRESETS["practice"], strategies_on=STRATEGIES)
    assert "MultiTF + VolumeVWAP" in plain(screen)
    assert "CumDelta S/R" in plain(settings_screen(everything, SettingsPage.SIGNALS, STRATEGIES, languages()["en"]))


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

Strength 0.85 · 3 of 3 factors
Volume ███████  2.9 x usual
VWAP   ██████▌  3.2 ATR above
Trend  ██▌      0.3 ATR up

Entry  148.32  (up to 149.36)
Stop   143.10  -3.52 %
Target 156.15  +5.28 %
Size   7.9 SOL = 1,172 USDT, 5 x
Costs  1.32 USDT = 0.03 R
Net    +1.47 R or -1.04 R
Ends at 20:36 UTC (in 10 min)"""
OFFER_RU = """\
🟡 SOLUSDT Лонг · риск 50,95 USDT
ТРЕНИРОВКА · VolumeVWAP 4ч
Лучший из 6 на закрытии 20:26 UTC

Сила 0,85 · 3 из 3 факторов
Объём ███████  2,9 x обычного
VWAP  ██████▌  на 3,2 ATR выше
Тренд ██▌      0,3 ATR вверх

Вход    148,32  (не выше 149,36)
Стоп    143,10  -3,52 %
Цель    156,15  +5,28 %
Размер  7,9 SOL = 1 172 USDT, 5 x
Расходы 1,32 USDT = 0,03 R
Итог    +1,47 R или -1,04 R
До 20:36 UTC (через 10 мин)"""


def test_an_open_position_reads_like_this() -> None:
    text = plain(ticket_card(ticket("OPEN"), "live", languages()["en"], NOW))
    assert text.startswith("🟢 SOLUSDT Long 7.9 @ 148.35\nprotected: stop 143.10 on Bybit ✓\nLIVE · VolumeVWAP 4h\n")


def requoted(number: int, **changes: object) -> tuple[str, str]:
    """The text of a re-quote's card on one line, and its first button."""
    moved = {"entry": D("149.80"), "limit": D("150.84"), "size": D("6.4")} | changes
    again = ticket(number=number, plan=plan(**moved))
    card = ticket_card(again, "sandbox", languages()["en"], NOW)
    return plain(card).replace("\n", " "), card.rows[0][0].text


def test_a_requote_says_from_where_to_where_and_the_new_size() -> None:
    text, button = requoted(2)
    assert "The price moved: 148.32 -> 149.80. Same stop, same risk: now 6.4 SOL." in text
    assert button == "✅ Confirm · up to 150.84"


def test_a_later_requote_names_only_the_new_price_because_the_old_one_is_not_known() -> None:
    text, _ = requoted(3)
    assert "The price moved again, now 149.80. Same stop, same risk: now 6.4 SOL." in text
    assert "148.32" not in text


def test_a_requote_with_less_risk_does_not_call_it_the_same() -> None:
    text, _ = requoted(2, risk=D("30"))
    assert "Same stop, less risk: now 6.4 SOL." in text


def test_a_requote_after_an_absence_says_so() -> None:
    away = ticket(number=2, plan=plan(entry=D("149.80"), limit=D("150.84"), size=D("6.4")), reason=Reason.AWAY)
    text = plain(ticket_card(away, "sandbox", languages()["en"], NOW)).replace("\n", " ")
    assert "I was away. Here is how it stands now: 6.4 SOL at 149.80." in text


def test_a_requote_at_the_old_price_does_not_say_that_it_moved() -> None:
    text, _ = requoted(2, entry=D("148.32"))
    assert "Here is how it stands now: 6.4 SOL at 148.32." in text


def test_limit_and_value_stand_beside_where_there_is_room_and_below_where_not() -> None:
    wide = plan(entry=D("77009.6"), limit=D("77131.2"), stop=D("76644.5"), target=D("77739.6"), size=D("0.0425"))
    text = plain(ticket_card(ticket(plan=wide), "sandbox", languages()["en"], NOW)).replace("\u00a0", " ")
    assert "Entry  77,009.6  (up to 77,131.2)\n" in text
    wider = plan(entry=D("177009.65"), limit=D("177131.2"), stop=D("176644.5"), target=D("177739.6"))
    text = plain(ticket_card(ticket(plan=wider), "sandbox", languages()["en"], NOW)).replace("\u00a0", " ")
    assert "Entry  177,009.65\nup to  177,131.20\nStop " in text


def test_a_position_that_was_looked_at_tells_price_and_result_of_that_moment(words: Words) -> None:
    still = plain(ticket_card(ticket("OPEN"), "live", words, NOW))
    seen = plain(ticket_card(ticket("OPEN"), "live", words, NOW, seen=Glance(D("150.44"), D("16.511"), NOW)))
    fresh = [line for line in seen.split("\n") if line not in still.split("\n")]
    assert words.money(D("16.511"), signed=True) in fresh[0]
    assert words.r(D("0.398")) in fresh[0]
    assert any(line.startswith(words("ticket.now")) and words.number(D("150.44")) in line for line in fresh)


def test_a_mark_never_stands_alone_on_a_line(words: Words) -> None:
    for screen in (*cards(words), *pages(words)):
        assert not {"✓", "✗"} & set(plain(screen).split("\n"))


def test_what_is_not_over_can_be_reached_from_the_signals(words: Words) -> None:
    told = [one for one in heard() if one.ticket is not None and one.ticket.revision.reason is None]
    for one in told:
        assert one.ticket is not None
        buttons = [button for row in signals_screen((one,), "sandbox", words, NOW).rows[:-1] for button in row]
        assert bool(buttons) == (one.ticket.state in LIVE | {State.PROPOSED})


def test_start_has_buttons_only_for_cards_that_are_further_up() -> None:
    en = languages()["en"]
    below = start_screen(person(), 2, (), True, "sandbox", en, NOW)
    assert "2 offers wait for you below." in plain(below)
    assert not any("Show SOLUSDT" in button.text for row in below.rows for button in row)
    above = start_screen(person(), 1, (ticket(),), True, "sandbox", en, NOW)
    assert "1 offer waits for you further up." in plain(above).replace("\n", " ")
    assert above.rows[0][0].text == "Show SOLUSDT"


def test_a_newcomer_without_an_account_yet_is_told_that_it_comes_only_where_it_does(words: Words) -> None:
    for who, environment, key in (
        (person(), "sandbox", "start.account_coming"),
        (person(role=Role.VIEWER), "sandbox", "start.no_account"),
        (person(), "demo", "start.no_account"),
    ):
        said = plain(start_screen(who, 0, (), False, environment, words, NOW)).replace("\n", " ")
        assert words(key) in said


def test_what_nobody_keeps_up_to_date_says_the_moment_and_how_long_from_now(words: Words) -> None:
    for screen in (
        start_screen(person(), 0, (), True, "sandbox", words, NOW),
        start_screen(person(), 0, (), True, "live", words, NOW),
        status_screen(status(), words),
    ):
        _, entities = screen.text.render()
        moments = [entity for entity in entities if entity.type == "date_time"]
        assert moments
        assert all(entity.date_time_format == "t" for entity in moments)


def test_the_sample_can_not_trade(words: Words) -> None:
    sample = sample_screen("live", words, NOW)
    assert all(button.tap is None for row in sample.rows for button in row)
    assert plain(sample).startswith(words("sample.head"))


def test_status_names_money_even_where_bybit_is_silent(words: Words) -> None:
    assert all("USDT" in plain(status_screen(one, words)) for one in statuses())
    silent = plain(status_screen(status(equity=None, today=None), words))
    assert words("status.unknown") in silent


def test_a_toast_tells_the_position_of_this_moment(words: Words) -> None:
    seen = glance_at(ticket("OPEN"), [one.position for one in held()], NOW)
    assert seen == Glance(D("150.44"), D("16.511"), NOW)
    line = live_line(ticket("OPEN"), seen, words)
    assert line.startswith("SOLUSDT 150")
    assert "USDT" in line
    assert live_line(ticket("OPEN"), glance_at(ticket("OPEN"), [], NOW), words) == words("toast.flat", symbol="SOLUSDT")


def test_why_reads_like_this_in_english() -> None:
    assert plain(why_screen(why(), languages()["en"], NOW)).replace("\u00a0", " ").split("\n") == [
        "SOLUSDT",
        "4h, closed at 20:26 UTC",
        "A signal needs 0.71 and 2 of 3",
        "factors",
        "",
        "VolumeVWAP",
        "Long 0.64: needs +0.07, most from",
        "VWAP, 1 of 2 factors present",
        "Volume 0.90 · VWAP 0.25",
        "Trend 0.40",
        "Short 0.10: needs +0.61, most from",
        "VWAP, 0 of 2 factors present",
        "Volume 0.90 · VWAP 0.25",
        "Trend 0.40",
        "",
        "MultiTF",
        "Long 0.64: needs +0.07, most from",
        "VWAP, 1 of 2 factors present",
        "Volume 0.90 · VWAP 0.25",
        "Trend 0.40",
        "",
        "If it closed now (in 2 h 14 min):",
        "VolumeVWAP: Long 0.90: strong",
        "enough",
        "MultiTF: Short 0.64: needs +0.07,",
        "most from VWAP, 1 of 2 factors",
        "present",
    ]
