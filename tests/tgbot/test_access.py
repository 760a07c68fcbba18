"""Nobody passes the door unless known: strangers get one line and have no effect."""

import re

import pytest

from tests.storage.samples import OWNER
from tests.tgbot.phone import OTHER_OWNER, STRANGER, VIEWER, Phone
from tgbot.access import STRANGER_SECONDS
from tgbot.handlers import places
from tgbot.taps import (
    AlarmAction,
    AlarmTap,
    ForeignAction,
    ForeignTap,
    HaltTap,
    LanguageTap,
    Page,
    PageTap,
    PanicAction,
    PanicTap,
    SettingAction,
    SettingTap,
    TicketAction,
    TicketTap,
)
from trading.people import Role
from trading.states import State

TEXTS = (*(f"/{command}" for command in sorted(places())), "/panic", "hello", "/start " + "x" * 3000, "0.5")
DATA = "equity|balance|баланс|капитал|USDT"


def every_tap(ticket: str) -> list[str]:
    """One payload for each thing that a button of ours can do."""
    return [
        *(TicketTap(ticket=ticket, revision=1, action=action).pack() for action in TicketAction),
        *(PageTap(page=page).pack() for page in Page),
        *(SettingTap(action=action, value="0.01").pack() for action in SettingAction),
        *(PanicTap(panic=ticket, action=action).pack() for action in PanicAction),
        *(AlarmTap(alarm=ticket, number=1, action=action).pack() for action in AlarmAction),
        *(ForeignTap(symbol="SOLUSDT", index=0, action=action).pack() for action in ForeignAction),
        HaltTap(on=False).pack(),
        LanguageTap(language="ru").pack(),
        "nosuch",
    ]


async def test_a_stranger_gets_one_polite_line_without_data(line: Phone) -> None:
    (text,) = await line.say(STRANGER, "/start")
    assert text.replace("\n", " ").startswith("Hello! I am a private assistant")
    assert not re.search(r"\d|" + DATA, text, re.I)


async def test_the_line_is_in_the_strangers_language(line: Phone) -> None:
    await line.practice.person("PUT", str(STRANGER), {"language_code": "ru"})
    (text,) = await line.say(STRANGER, "/start")
    assert text.startswith("Здравствуйте!")


async def test_no_text_of_a_stranger_has_any_effect(line: Phone) -> None:
    ticket = await line.offer()
    await line.card(OWNER, ticket)
    before = await line.services.people.everyone()
    for text in TEXTS:
        await line.practice.say(STRANGER, text)
    await line.until_text(STRANGER, "private assistant")
    await line.say(OWNER, "/lang")  # by now everything before it was heard
    texts = await line.texts(STRANGER)
    assert len(texts) <= len(TEXTS)
    assert not re.search(r"\d|" + DATA, " ".join(texts), re.I)
    assert {one.id: one for one in await line.services.people.everyone()}.keys() == {one.id for one in before}
    assert (await line.services.journal.own(ticket.id, OWNER)).state is State.PROPOSED


async def test_a_flood_of_a_stranger_is_met_with_silence(line: Phone) -> None:
    for _ in range(20):
        await line.practice.say(STRANGER, "hello")
    await line.until_text(STRANGER, "private assistant")
    await line.say(OWNER, "/lang")
    assert len(await line.texts(STRANGER)) <= 1 + 20 * 0.1 / STRANGER_SECONDS + 1


async def test_no_tap_of_a_stranger_has_any_effect(line: Phone) -> None:
    ticket = await line.offer()
    await line.card(OWNER, ticket)
    await line.say(STRANGER, "/start")
    own = max(await line.seen(STRANGER))
    people = {one.id: one for one in await line.services.people.everyone()}
    for data in every_tap(ticket.id):
        status, shown = await line.tap(STRANGER, own, data)
        assert status == 200
        assert not re.search(r"\d|" + DATA, (shown or {}).get("text") or "", re.I)
    assert line.desk.asked == []
    assert {one.id: one for one in await line.services.people.everyone()} == people
    assert len(await line.texts(STRANGER)) == 1


async def test_no_payload_of_one_owner_moves_the_others_ticket(line: Phone) -> None:
    ticket = await line.offer("b" * 16, owner=OTHER_OWNER)
    await line.card(OTHER_OWNER, ticket)
    await line.say(OWNER, "/lang")
    own = max(await line.seen(OWNER))
    for data in every_tap(ticket.id):
        await line.tap(OWNER, own, data)
    assert (await line.services.journal.own(ticket.id, OTHER_OWNER)).state is State.PROPOSED
    other = await line.services.people.person(OTHER_OWNER)
    assert other is not None
    assert (other.language, other.paused) == ("en", False)


async def test_name_and_language_are_taken_from_telegram_at_first_sight(line: Phone) -> None:
    await line.practice.person("PUT", str(OWNER), {"first_name": "Вера", "language_code": "ru"})
    (text,) = await line.say(OWNER, "/lang")
    assert text.startswith("Я говорю по-русски")
    person = await line.services.people.person(OWNER)
    assert person is not None
    assert (person.first_name, person.language) == ("Вера", "ru")


async def test_a_card_that_came_before_the_first_sight_turns_to_the_persons_language(line: Phone) -> None:
    await line.offer()
    await line.until_text(OWNER, "🟡 SOLUSDT Long")
    await line.practice.person("PUT", str(OWNER), {"first_name": "Вера", "language_code": "ru"})
    await line.practice.say(OWNER, "/start")
    await line.until_text(OWNER, "🟡 SOLUSDT Лонг")


async def test_a_language_that_was_chosen_stays(line: Phone) -> None:
    await line.say(OWNER, "/lang")
    await line.press(OWNER, "Русский")
    await line.until_text(OWNER, "Я говорю по-русски")
    assert (await line.say(OWNER, "/pause"))[0].startswith("Пауза")


@pytest.mark.parametrize("chosen", ["English", "Русский"])
async def test_what_telegram_tells_later_does_not_overrule_what_was_chosen(line: Phone, chosen: str) -> None:
    await line.say(OWNER, "/lang")
    await line.press(OWNER, chosen)
    before = await line.services.people.person(OWNER)
    for code in ("ru", "en", "ru"):
        await line.practice.person("PUT", str(OWNER), {"first_name": "Ann", "language_code": code})
        await line.say(OWNER, "/pause")
    after = await line.services.people.person(OWNER)
    assert before is not None
    assert after is not None
    assert (after.language, after.first_name) == (before.language, "Ann")


async def test_an_owner_of_the_settings_is_welcomed_even_if_the_database_does_not_know_him(line: Phone) -> None:
    access = line.services
    assert 1002 in access.owners
    person = await access.people.person(OTHER_OWNER)
    assert person is not None
    assert person.role is Role.OWNER


async def test_someone_who_blocked_the_bot_and_comes_back_is_written_to_again(line: Phone) -> None:
    await line.services.people.set_blocked(OWNER, True)
    await line.say(OWNER, "/start")
    person = await line.services.people.person(OWNER)
    assert person is not None
    assert not person.blocked


@pytest.mark.parametrize("text", ["/pause", "/resume"])
async def test_a_viewer_changes_nothing_by_command(line: Phone, text: str) -> None:
    (said,) = await line.say(VIEWER, text)
    assert said.replace("\n", " ").startswith("You may look")
