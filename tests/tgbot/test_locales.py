"""The two languages say the same things, and every word that the code asks for is there."""

import re
import string
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tests.tgbot.cards import D
from tgbot.errors import sentence
from tgbot.handlers import places
from tgbot.screens.reasons import reason_sentence
from tgbot.words import LOCALES, Languages, MissingWords, Words, load_languages
from trading.errors import AccessDenied, ExchangeBusy, ExchangeRejected, OutcomeUnknown, RiskRefused, TicketError
from trading.people import Role
from trading.preferences import PRESETS, RISK_SHARE, Unfit
from trading.reasons import Ending, Reason
from trading.states import State

ROOM = Path(__file__).parents[2] / "tgbot"


@cache
def languages() -> Languages:
    return load_languages()


@pytest.fixture(params=("en", "ru"))
def words(request: pytest.FixtureRequest) -> Words:
    return languages()[request.param]


def texts(language: str, file: str) -> dict[str, tuple[str, ...]]:
    """Key -> its text, or its plural forms."""
    with (LOCALES / language / file).open("rb") as opened:
        catalog = read_po(opened, locale=language)
    found = {}
    for message in catalog:
        if message.id:
            key = message.id if isinstance(message.id, str) else message.id[0]
            found[key] = (message.string,) if isinstance(message.string, str) else tuple(message.string)
    return found


def files(language: str) -> list[str]:
    return sorted(path.name for path in (LOCALES / language).glob("*.po"))


def figures(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_files_keys_and_figures() -> None:
    assert files("en") == files("ru")
    for file in files("en"):
        english, russian = texts("en", file), texts("ru", file)
        assert english.keys() == russian.keys(), file
        for key in english:
            told = {
                language: set().union(*map(figures, forms))
                for language, forms in (("en", english[key]), ("ru", russian[key]))
            }
            assert told["en"] == told["ru"], key


def test_every_text_is_there_and_written_in_its_own_script() -> None:
    for file in files("en"):
        for key, forms in texts("en", file).items():
            assert all(forms), key
            assert not re.search("[а-яё]", " ".join(forms), re.I), key
        for key, forms in texts("ru", file).items():
            assert all(forms), key
            assert len(forms) in (1, 3), key


def test_every_key_that_the_code_names_is_there() -> None:
    named = re.compile(r"words(?:\.some)?\(\s*\"([a-z_]+(?:\.[A-Za-z_]+)+)\"")
    asked = {key for path in ROOM.rglob("*.py") for key in named.findall(path.read_text(encoding="utf-8"))}
    assert len(asked) > 80
    for language in languages().words.values():
        assert asked <= language.keys


def test_names_that_come_from_elsewhere_have_words(words: Words) -> None:
    needed = {
        *(f"menu.{command}" for command in places()),
        *(f"ending.{ending}" for ending in Ending),
        *(f"ticket.state.{state}" for state in State if state not in (State.PROPOSED, State.OPEN)),
        *(f"ticket.bound.{rule}" for rule in ("margin", "largest_order", "risk_tier")),
        *(f"preset.{preset}" for preset in PRESETS),
    }
    assert needed <= words.keys


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_a_sentence(words: Words, reason: Reason) -> None:
    plain = reason_sentence(reason, words)
    assert plain[0].isupper()
    assert plain.endswith((".", "/resume"))


def test_a_reason_tells_its_figures_where_they_are_known() -> None:
    en, ru = languages()["en"], languages()["ru"]
    full = {"risk": D("502.4"), "limit": D("500")}
    assert reason_sentence(Reason.RISK_ON_TABLE, en, full) == "502.40 of 500.00 USDT is at risk already."
    assert reason_sentence(Reason.RISK_ON_TABLE, ru, full) == "Под риском уже 502,40 из 500,00 USDT."
    assert reason_sentence(Reason.OPEN_POSITIONS, en, {"open": 8, "limit": 8}) == "8 of 8 positions are open."
    assert reason_sentence(Reason.OPEN_POSITIONS, en, {"open": 8}) == en("reason.open_positions")
    assert reason_sentence(Reason.REFUSED_BY_BYBIT, en, {"code": 1, "text": "ab not enough"}).endswith("ab not enough")


def test_every_error_of_ours_is_a_sentence(words: Words) -> None:
    for error in (
        OutcomeUnknown("x"),
        ExchangeRejected("ab not enough", 110007),
        ExchangeBusy("x"),
        TicketError(Reason.EXPIRED),
        RiskRefused(Reason.TOO_SMALL, smallest=D("0.1"), risk_needed=D("12")),
        AccessDenied("x"),
        Unfit("risk_share", RISK_SHARE),
        Unfit("preset", choices=("a", "b")),
        Unfit("last_strategy"),
    ):
        assert len(sentence(error, words)) > 10
    assert "0.05" in sentence(Unfit("risk_share", RISK_SHARE), languages()["en"])
    assert Role.VIEWER  # a viewer is told by AccessDenied


def test_a_missing_key_raises() -> None:
    with pytest.raises(MissingWords):
        languages()["en"]("no.such.key")
    with pytest.raises(MissingWords):
        languages()["ru"].some("no.such.key", 3)


def test_two_files_that_say_one_key_are_refused(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    for name in ("a.po", "b.po"):
        (tmp_path / "en" / name).write_text('msgid ""\nmsgstr ""\n\nmsgid "x.y"\nmsgstr "text"\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"b\.po of en says 'x\.y' once more"):
        load_languages(tmp_path)


def test_a_new_feature_brings_its_words_as_one_more_file(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "chart.po").write_text('msgid "chart.head"\nmsgstr "Chart of {symbol}"\n', encoding="utf-8")
    assert load_languages(tmp_path)["en"]("chart.head", symbol="SOLUSDT") == "Chart of SOLUSDT"


def test_numbers_money_and_times_are_written_as_each_language_does() -> None:
    en, ru = languages()["en"], languages()["ru"]
    assert en.money(D("1172")) == "1,172.00"
    assert ru.money(D("1172")) == "1\u00a0172,00"
    assert en.exact(D("1E-7")) == "0.0000001"
    assert ru.percent(D("0.005"), 1) == "0,5\u00a0%"
    assert en.r(D("1.4549")) == "+1.45\u00a0R"
    assert en.r(D("-0.001")) == "0.00\u00a0R"
    assert ru.r(D("-1.04")) == "-1,04\u00a0R"
    assert en.span(97_200_000) == "1\u00a0d 3\u00a0h"
    assert en.span(3_600_000) == "1\u00a0h"
    assert en.span(-5) == "0\u00a0s"
    assert ru.span(8_040_000) == "2\u00a0ч 14\u00a0мин"
    assert en.frame(240) == "4h"
    assert ru.frame(1) == "1м"
    assert en.frame(1440) == "1d"


def test_plural_forms_follow_the_language() -> None:
    ru = languages()["ru"]
    assert [ru.some("status.signals", n).split()[1] for n in (1, 2, 5, 11, 21)] == [
        "сигнал",
        "сигнала",
        "сигналов",
        "сигналов",
        "сигнал",
    ]
    assert languages()["en"].some("status.signals", 1) == "1 signal today"


@pytest.mark.parametrize(
    ("told", "spoken"),
    [
        ("ru", "ru"),
        ("ru-RU", "ru"),
        ("RU", "ru"),
        ("en-GB", "en"),
        ("uk", "en"),
        ("de", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_the_language_is_the_one_that_telegram_tells_where_we_speak_it(told: str | None, spoken: str) -> None:
    assert languages().spoken(told) == spoken
