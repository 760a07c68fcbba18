"""Commands and taps as a person makes them, over HTTP against the practice Telegram."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

import tgbot.handlers
from tests.storage.samples import NOW, OWNER
from tests.storage.ways import step, way_to
from tests.tgbot.cards import D, position
from tests.tgbot.phone import OTHER_OWNER, VIEWER, Phone
from tgbot.handlers import handler_files, places, tickets
from tgbot.menu import set_menus
from tgbot.taps import TicketAction, TicketTap
from trading.errors import OutcomeUnknown, RiskRefused, TicketError
from trading.model import Fill, Ticket
from trading.ports import Facts
from trading.reasons import Reason
from trading.states import State

NONSENSE = (
    "/nosuch",
    "hello",
    "/settings zzz",
    "/chart",
    "/status " + "9" * 500,
    "<b>",
    "/positions -1",
    "🙂" * 50,
    "/lang xx",
    "\u202e/start",
    "/signals 1e309",
    "/help " + "<&>" * 300,
    "/why " + "<&>" * 300,
    "/why \u202e",
    "/start " + "x" * 3000,
    "/",
    "//",
    "/@",
    "/start@somebody_else_bot",
    "\x00",
)


async def brought_to(line: Phone, state: State) -> Ticket:
    """A ticket of 1001 that has come as far as `state`, with its card shown."""
    ticket = await line.offer()
    await line.card(OWNER, ticket)
    for event in way_to(state):
        ticket = await step(line.services.journal, ticket, event)
    facts = Facts(fill=Fill(D("7.9"), D("148.35"), D("0.6")), size_now=D("7.9"))
    ticket = await line.services.journal.note(*ticket.key, NOW, facts)
    await line.services.notifier.ticket(ticket)
    return ticket


def data(ticket: Ticket, action: TicketAction) -> str:
    return TicketTap(ticket=ticket.id, revision=ticket.revision.number, action=action).pack()


async def test_start_says_who_it_is_where_it_runs_and_what_comes_next(line: Phone) -> None:
    (text,) = await line.say(OWNER, "/start")
    flat = text.replace("\n", " ")
    assert "Nothing is sent without your tap" in flat
    assert "PRACTICE" in flat
    assert "within two minutes" in flat
    assert re.search(r"candle closes at \d\d:\d\d UTC, in \d+ s", flat.replace("\u00a0", " "))


async def test_start_brings_the_cards_that_could_not_come_before_the_chat_began(line: Phone) -> None:
    newcomer = 1002
    ticket = await line.offer("b" * 16, owner=newcomer)
    await line.card(newcomer, ticket)
    assert any("1 offer waits" in text.replace("\n", " ") for text in await line.say(newcomer, "/start"))


async def test_start_leads_to_an_offer_whose_card_is_further_up(line: Phone) -> None:
    ticket = await line.offer()
    card = await line.card(OWNER, ticket)
    (text,) = await line.say(OWNER, "/start")
    assert "1 offer waits for you further up." in text.replace("\n", " ")
    await line.press(OWNER, "Show SOLUSDT")

    async def moved() -> bool:
        return await line.card(OWNER, ticket) > card

    await line.until(moved)


async def test_nonsense_gets_an_answer_and_no_traceback(line: Phone, caplog: pytest.LogCaptureFixture) -> None:
    for text in NONSENSE:
        assert (await line.say(OWNER, text))[-1].strip(), text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_every_command_answers_in_both_languages(line: Phone) -> None:
    for command in places():
        (english,) = await line.say(OWNER, f"/{command}")
        assert not re.search("[а-яё]{3}", english, re.I), command
    await line.services.people.set_language(OWNER, "ru")
    for command in places():
        (russian,) = await line.say(OWNER, f"/{command.upper()}")
        assert 5 * len(re.findall("[а-яё]", russian, re.I)) > len(re.findall("[a-z]", russian, re.I)), command


async def test_the_menu_is_made_from_the_handler_files_in_both_languages(line: Phone) -> None:
    await set_menus(line.bot, places(), line.languages)
    _, english = await line.practice.person("GET", f"{OWNER}/commands")
    await line.practice.person("PUT", str(OWNER), {"language_code": "ru"})
    _, russian = await line.practice.person("GET", f"{OWNER}/commands")
    assert [one["command"] for one in english] == [one["command"] for one in russian]
    assert english[0] == {"command": "status", "description": "Money, limits, market, machine"}
    assert {one["command"] for one in english} == {name for file in handler_files() for name in file.COMMANDS}


async def test_a_tap_on_confirm_is_answered_with_the_claims_outcome_and_moves_the_same_message(line: Phone) -> None:
    ticket = await line.offer()
    card = await line.card(OWNER, ticket)
    status, shown = await line.tap(OWNER, card, data(ticket, TicketAction.CONFIRM))
    assert (status, shown["text"]) == (200, "It goes to Bybit; watch the card.")
    text = await line.until_text(OWNER, "⏳")
    assert "SOLUSDT Long" in text
    assert (await line.seen(OWNER)).keys() == {card}


async def test_a_tap_that_takes_long_is_answered_with_working_and_its_refusal_told_later(
    line: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tickets, "ANSWER_WITHIN", 0.2)
    ticket = await line.offer()
    card = await line.card(OWNER, ticket)
    line.desk.takes, line.desk.refuses = 1.0, RiskRefused(Reason.NO_MARGIN, available=D("1.5"))
    _, shown = await line.tap(OWNER, card, data(ticket, TicketAction.CONFIRM))
    assert shown["text"] == "Working"
    await line.until_text(OWNER, "Too little free money: 1.50 USDT.")


@pytest.mark.parametrize(
    ("refuses", "said", "alert"),
    [
        (TicketError(Reason.EXPIRED), "Its time is over.", False),
        (RiskRefused(Reason.OPEN_POSITIONS, open=10, limit=10), "10 of 10 positions are open.", True),
        (
            OutcomeUnknown("silence"),
            "Bybit has not answered clearly. Your stop is on Bybit and works without me.",
            True,
        ),
    ],
)
async def test_a_refused_tap_says_why_and_the_card_stays(
    line: Phone, refuses: Exception, said: str, alert: bool
) -> None:
    ticket = await line.offer()
    card = await line.card(OWNER, ticket)
    line.desk.refuses = refuses
    _, shown = await line.tap(OWNER, card, data(ticket, TicketAction.CONFIRM))
    assert (shown["text"], shown["show_alert"]) == (said, alert)
    assert (await line.texts(OWNER))[0].startswith("🟡")


async def test_a_bug_is_logged_and_told_in_one_plain_sentence(line: Phone, caplog: pytest.LogCaptureFixture) -> None:
    ticket = await line.offer()
    card = await line.card(OWNER, ticket)
    line.desk.refuses = ZeroDivisionError("a bug")
    _, shown = await line.tap(OWNER, card, data(ticket, TicketAction.CONFIRM))
    assert shown["text"].startswith("Something went wrong inside me")
    assert any(record.exc_info for record in caplog.records)


async def test_skip_ends_the_offer_on_its_card(line: Phone) -> None:
    await line.offer()
    await line.until_text(OWNER, "🟡")
    assert (await line.press(OWNER, "Skip"))["text"] == "Skipped."
    assert (await line.until_text(OWNER, "⚪")).startswith("⚪ SOLUSDT Long · skipped")


async def test_closing_asks_once_more_and_can_be_left(line: Phone) -> None:
    await brought_to(line, State.OPEN)
    await line.until_text(OWNER, "protected")
    await line.press(OWNER, "Close all")
    await line.until_text(OWNER, "Close 7.9 SOL at the market price now?")
    await line.press(OWNER, "Keep it")

    async def calm() -> bool:
        return "market price" not in (await line.texts(OWNER))[0]

    await line.until(calm)
    assert line.desk.asked == []
    await line.press(OWNER, "Close all")
    await line.until_text(OWNER, "Close 7.9 SOL")
    assert (await line.press(OWNER, "Yes, close"))["text"] == "Closing at market."
    assert line.desk.asked == [("close", OWNER, "a" * 16)]
    await line.until_text(OWNER, "⏳ SOLUSDT Long 7.9")


async def test_a_position_changed_by_hand_can_be_taken_over(line: Phone) -> None:
    await brought_to(line, State.DRIFT)
    await line.until_text(OWNER, "🔴")
    assert (await line.press(OWNER, "Take it over"))["text"] == "Taken over as it is now."


async def test_refresh_tells_the_position_of_this_moment(line: Phone) -> None:
    await brought_to(line, State.OPEN)
    await line.until_text(OWNER, "protected")
    line.exchange.held = (position(),)
    assert (await line.press(OWNER, "Refresh"))["text"].startswith("SOLUSDT 150.44 · +16.51 USDT")
    text = (await line.until_text(OWNER, "+16.51")).replace("\u00a0", " ")
    assert re.search(r"\+16\.51 USDT · \+0\.40 R at \d\d:\d\d UTC", text)
    assert re.search(r"Now +150\.44", text)
    await line.services.notifier.draw(await line.services.journal.own("a" * 16, OWNER))

    async def plain_again() -> bool:
        return "150.44" not in (await line.texts(OWNER))[0]

    await line.until(plain_again)


async def test_refresh_of_a_position_that_is_gone_says_so(line: Phone) -> None:
    await brought_to(line, State.OPEN)
    await line.until_text(OWNER, "protected")
    assert (await line.press(OWNER, "Refresh"))["text"] == "Bybit holds no SOLUSDT position now."


async def test_positions_lead_to_the_card_which_comes_down_the_chat(line: Phone) -> None:
    ticket = await brought_to(line, State.OPEN)
    card = await line.card(OWNER, ticket)
    line.exchange.held = (position(), position(symbol="DOGEUSDT"))
    await line.until_text(OWNER, "protected")
    (text,) = await line.say(OWNER, "/positions")
    assert "SOLUSDT" in text
    assert "Not opened by me" in text
    await line.press(OWNER, "SOLUSDT: card")

    async def moved() -> bool:
        return await line.card(OWNER, ticket) > card and card not in await line.seen(OWNER)

    await line.until(moved)


async def test_positions_do_not_say_nothing_where_bybit_is_silent(line: Phone) -> None:
    line.exchange.refuses = OutcomeUnknown("silence")
    (text,) = await line.say(OWNER, "/positions")
    assert "I do not know what the account holds" in text.replace("\n", " ")


async def test_signals_tell_what_became_of_them(line: Phone) -> None:
    ticket = await line.offer()
    await line.card(OWNER, ticket)
    hear = line.services.journal.hear
    await hear(ticket.account, OWNER, ticket.signal, line.clock.now(), ticket.id, None)
    (text,) = await line.say(OWNER, "/signals")
    assert "offered, waits for you" in text
    assert "Volume 0.9" in text
    assert (await line.press(OWNER, "🟡 SOL"))["text"] == "The card comes down."


async def test_the_language_changes_with_one_tap_everywhere(line: Phone) -> None:
    await line.offer()
    await line.until_text(OWNER, "🟡 SOLUSDT Long")
    await line.say(OWNER, "/lang")
    assert (await line.press(OWNER, "Русский"))["text"] == "Теперь говорю по-русски."
    await line.until_text(OWNER, "🟡 SOLUSDT Лонг")
    assert (await line.services.people.person(OWNER)).language == "ru"


async def test_pause_and_resume_are_kept_and_said(line: Phone) -> None:
    assert "Paused." in (await line.say(OWNER, "/pause"))[0]
    assert (await line.services.people.person(OWNER)).paused
    assert "paused already" in (await line.say(OWNER, "/pause"))[0].replace("\n", " ")
    assert "Going on" in (await line.say(OWNER, "/resume"))[0]
    assert not (await line.services.people.person(OWNER)).paused


async def test_settings_change_in_one_message_with_undo(line: Phone) -> None:
    await line.say(OWNER, "/settings")
    await line.press(OWNER, "Risk ›")
    await line.press(OWNER, "+")
    assert "0.4" in await line.until_text(OWNER, "Changed: risk a trade 0.25")
    assert (await line.services.people.person(OWNER)).preferences.risk_share == D("0.004")
    await line.press(OWNER, "Undo")
    assert "Settings › Risk" in await line.until_text(OWNER, "Undone.")
    assert (await line.services.people.person(OWNER)).preferences.risk_share == D("0.0025")
    assert len(await line.seen(OWNER)) == 1


async def test_a_number_out_of_range_is_answered_with_the_bounds(line: Phone) -> None:
    await line.say(OWNER, "/settings")
    await line.press(OWNER, "Risk ›")
    await line.press(OWNER, "✎")
    await line.until_text(OWNER, "Send me the number")
    for said in ("10", "-1", "nan", "1e309", "0", "9" * 20, "half", "<b>", "0.5.5", "0,"):
        await line.practice.say(OWNER, said)
        await line.until_text(OWNER, f"{said[:12]}{'…' * (len(said) > 12)} does not fit.")
        await line.until_text(OWNER, "A number from 0.05 to 3, please.")
        await line.until(_heard(line))
    assert (await line.services.people.person(OWNER)).preferences.risk_share == D("0.0025")


async def test_a_number_can_be_typed_with_point_or_comma_and_the_chat_stays_tidy(line: Phone) -> None:
    await line.say(OWNER, "/settings")
    await line.press(OWNER, "Risk ›")
    for said, share in (("0.5", "0.005"), ("0,75", "0.0075"), (" 1 % ", "0.01")):
        await line.press(OWNER, "✎")
        await line.until_text(OWNER, "Send me the number")
        (text,) = await line.say(OWNER, said)
        assert "Changed: risk" in text
        assert (await line.services.people.person(OWNER)).preferences.risk_share == D(share)
    assert [one["from"] for one in await line.practice.messages(OWNER)] == ["user", "bot"]


async def test_a_command_leaves_the_dialogue(line: Phone) -> None:
    await line.say(OWNER, "/settings")
    await line.press(OWNER, "Risk ›")
    await line.press(OWNER, "✎")
    await line.until_text(OWNER, "Send me the number")
    await line.say(OWNER, "/lang")
    assert "not free text" in (await line.say(OWNER, "2"))[0].replace("\n", " ")
    assert (await line.services.people.person(OWNER)).preferences.risk_share == D("0.0025")


async def test_every_button_of_the_settings_can_be_tapped(line: Phone) -> None:
    await line.say(OWNER, "/settings")
    number = max(await line.seen(OWNER))
    for page in ("signals", "risk", "presets"):
        await line.tap(OWNER, number, f"s:{page}")
        (message,) = [one for one in await line.practice.messages(OWNER) if one["message_id"] == number]
        for row in message["buttons"]:
            for button in row:
                if button["data"]:
                    _, shown = await line.tap(OWNER, number, button["data"])
                    assert shown is not None
    assert len(await line.seen(OWNER)) == 1


async def test_the_last_strategy_stays_on(line: Phone) -> None:
    await line.say(OWNER, "/settings")
    number = max(await line.seen(OWNER))
    await line.tap(OWNER, number, "c:strategy:multitf")
    _, shown = await line.tap(OWNER, number, "c:strategy:volume_vwap")
    assert shown["text"] == "One strategy has to stay on."


FORGED = (
    *("nosuch", ":::", "t:nosuch:1:confirm", "t:x:1:fly", "t:x:999999999999:skip", "l:xx", "p:nosuch:0", "s:nosuch"),
    *("c:minutes:7", "c:minutes:abc", "c:risk:1e309", "c:risk:50", "c:per_day:-1", "c:preset:nosuch"),
    *("c:type:preset", "c:undo:1"),
)


async def test_a_forged_button_gets_a_sentence_and_changes_nothing(line: Phone) -> None:
    card = await line.card(OWNER, await line.offer())
    before = await line.services.people.person(OWNER)
    line.desk.refuses = TicketError(Reason.NO_SUCH_TICKET)
    for forged in FORGED:
        _, shown = await line.tap(OWNER, card, forged)
        assert shown["text"], forged
    after = await line.services.people.person(OWNER)
    assert (after.preferences, after.paused) == (before.preferences, before.paused)


async def test_somebody_elses_card_stays_as_it_is(line: Phone) -> None:
    ticket = await line.offer("b" * 16, owner=OTHER_OWNER)
    await line.card(OTHER_OWNER, ticket)
    await line.say(OWNER, "/start")
    own = max(await line.seen(OWNER))
    for action in TicketAction:
        _, shown = await line.tap(OWNER, own, data(ticket, action))
        assert shown["text"]
    assert (await line.texts(OTHER_OWNER))[0].startswith("🟡")
    assert (await line.services.journal.own(ticket.id, OTHER_OWNER)).state is State.PROPOSED


async def test_a_viewer_may_look_but_not_trade(line: Phone) -> None:
    assert "USDT" in (await line.say(VIEWER, "/status"))[0]
    own = max(await line.seen(VIEWER))
    for forged in ("t:x:1:confirm", "t:x:1:close", "c:risk:0.01", "p:pause:0"):
        _, shown = await line.tap(VIEWER, own, forged)
        assert shown["text"].startswith("You may look")
    assert line.desk.asked == []


async def test_a_refusal_by_the_last_net_is_told_in_the_persons_language(line: Phone) -> None:
    await line.say(VIEWER, "/status")
    await line.services.people.set_language(VIEWER, "ru")
    _, shown = await line.tap(VIEWER, max(await line.seen(VIEWER)), "p:pause:0")
    assert shown["text"].startswith("Вам можно смотреть")


async def test_a_database_that_refuses_is_told_in_one_sentence(
    line: Phone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def locked(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    monkeypatch.setattr(line.services.people, "set_paused", locked)
    (text,) = await line.say(OWNER, "/pause")
    assert text.startswith("The database does not take it")
    assert "Traceback" not in caplog.text


async def test_a_new_command_is_one_handler_file_and_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ping.py").write_text(PING, encoding="utf-8")
    monkeypatch.setattr("tgbot.handlers.__path__", [*tgbot.handlers.__path__, str(tmp_path)])
    assert places()["ping"] == 15
    assert tgbot.handlers.ping.build().name == "ping"


PING = """
from aiogram import Router

COMMANDS = {"ping": 15}


def build() -> Router:
    return Router(name="ping")
"""


async def test_only_the_newest_copy_of_a_card_confirms(line: Phone) -> None:
    ticket = await line.offer()
    card = await line.card(OWNER, ticket)
    await line.services.notifier.draw(ticket, anew=True)

    async def moved() -> bool:
        return await line.card(OWNER, ticket) > card

    await line.until(moved)
    newest = await line.card(OWNER, ticket)
    assert newest != card
    await asyncio.sleep(0)
    _, shown = await line.tap(OWNER, newest, data(ticket, TicketAction.CONFIRM))
    assert shown["text"] == "It goes to Bybit; watch the card."


def _heard(line: Phone) -> Callable[[], Awaitable[bool]]:
    """What the person typed was taken in: the chat holds it no more."""

    async def heard() -> bool:
        return [one["from"] for one in await line.practice.messages(OWNER)] == ["user", "bot"]

    return heard


async def test_why_without_a_symbol_offers_the_nearest_and_a_tap_shows_one(line: Phone) -> None:
    (asked,) = await line.say(OWNER, "/why")
    assert "SOL Long 0.68" in asked
    await line.press(OWNER, "SOL")
    assert "needs +0.07" in (await line.until_text(OWNER, "A signal needs 0.71")).replace("\n", " ")


async def test_why_understands_a_coin_and_names_others_for_what_it_does_not_know(line: Phone) -> None:
    (known,) = await line.say(OWNER, "/why sol")
    assert known.startswith("SOLUSDT")
    (unknown,) = await line.say(OWNER, "/why SOOL")
    assert "Bybit has no perpetual SOOLUSDT" in unknown.replace("\n", " ")
    (unwatched,) = await line.say(OWNER, "/why eth/usdt")
    assert "not on your watchlist" in unwatched.replace("\n", " ")
    (nonsense,) = await line.say(OWNER, "/why !!")
    assert "is no symbol" in nonsense.replace("\n", " ")
