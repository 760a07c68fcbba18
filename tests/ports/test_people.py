"""What the People port promises, held against the store that keeps it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from storage.people import PeopleStore
from tests.storage.samples import ACCOUNT, NOW, OTHER_ACCOUNT, OWNER, D, opened
from trading.errors import AccessDenied
from trading.model import Account, AccountId
from trading.people import Person, Role
from trading.ports import People
from trading.preferences import PRESETS

MINE = Account(ACCOUNT, OWNER, "practice")


@pytest_asyncio.fixture
async def people(tmp_path: Path) -> AsyncIterator[PeopleStore]:
    async with opened(tmp_path) as database:
        yield PeopleStore(database, "sandbox")


async def welcome(people: PeopleStore, user: int = OWNER, now: int = NOW) -> Person:
    return await people.welcome(user, Role.OWNER, "ru", "Аня <b>", PRESETS["practice"], now)


def test_the_store_is_the_people(people: PeopleStore) -> None:
    port: People = people
    assert port is people


async def test_a_newcomer_is_kept_as_they_came(people: PeopleStore) -> None:
    assert await people.person(OWNER) is None
    came = await welcome(people)
    assert came == Person(OWNER, Role.OWNER, "ru", "Аня <b>", PRESETS["practice"], False, False, NOW)
    assert await people.person(OWNER) == came


async def test_a_second_welcome_keeps_what_is_there(people: PeopleStore) -> None:
    await welcome(people)
    await people.set_paused(OWNER, True)
    mine = replace(PRESETS["bold"], risk_share=D("0.0075"))
    kept = await people.set_preferences(OWNER, mine, NOW + 1)
    again = await people.welcome(OWNER, Role.VIEWER, "en", "Else", PRESETS["careful"], NOW + 2)
    assert again == kept
    assert (again.paused, again.preferences) == (True, mine)


async def test_everyone_comes_in_the_order_they_joined(people: PeopleStore) -> None:
    await welcome(people, 3, NOW + 1)
    await welcome(people, 1, NOW + 2)
    await welcome(people, 2, NOW)
    assert [person.id for person in await people.everyone()] == [2, 3, 1]


async def test_each_change_touches_one_thing_of_one_person(people: PeopleStore) -> None:
    other = await welcome(people, 2)
    person = await welcome(people)
    person = replace(person, language="en")
    assert await people.set_language(OWNER, "en") == person
    person = replace(person, paused=True)
    assert await people.set_paused(OWNER, True) == person
    person = replace(person, role=Role.TRADER)
    assert await people.set_role(OWNER, Role.TRADER) == person
    person = replace(person, first_name="Ann")
    assert await people.rename(OWNER, "Ann") == person
    await people.set_blocked(OWNER, True)
    assert await people.person(OWNER) == replace(person, blocked=True)
    assert await people.person(2) == other


async def test_settings_are_kept_with_every_change_of_them(people: PeopleStore) -> None:
    await welcome(people)
    first, second = PRESETS["bold"], replace(PRESETS["bold"], per_day=None, threshold=D("0.71"))
    for at, settings in ((NOW + 1, first), (NOW + 2, second), (NOW + 3, second)):
        assert (await people.set_preferences(OWNER, settings, at)).preferences == settings
    assert await people.preferences_history(OWNER) == (
        (NOW + 1, PRESETS["practice"], first),
        (NOW + 2, first, second),
    )
    assert await people.preferences_history(2) == ()


async def test_nobody_unknown_is_changed(people: PeopleStore) -> None:
    for call in (
        people.set_language(6666, "en"),
        people.set_paused(6666, True),
        people.set_blocked(6666, True),
        people.rename(6666, "Eve"),
        people.set_preferences(6666, PRESETS["bold"], NOW),
        people.add_account(Account(ACCOUNT, 6666, "mine")),
    ):
        with pytest.raises(AccessDenied):
            await call
    assert await people.everyone() == ()
    assert await people.accounts() == ()


async def test_a_person_has_one_account_in_use(people: PeopleStore) -> None:
    await welcome(people)
    await welcome(people, 1002)
    assert await people.account_of(OWNER) is None
    await people.add_account(MINE)
    await people.add_account(MINE)
    assert await people.account_of(OWNER) == MINE
    theirs = Account(AccountId("sandbox", "70003"), 1002, "theirs")
    await people.add_account(theirs)
    newer = Account(OTHER_ACCOUNT, OWNER, "fresh")
    await people.add_account(newer)
    assert await people.account_of(OWNER) == newer
    assert await people.accounts() == (newer, theirs)
    await people.add_account(replace(MINE, name="back again"))
    assert await people.account_of(OWNER) == replace(MINE, name="back again")


async def test_an_account_never_goes_over_to_another_person(people: PeopleStore) -> None:
    await welcome(people)
    await welcome(people, 1002)
    await people.add_account(MINE)
    theirs = Account(OTHER_ACCOUNT, 1002, "theirs")
    await people.add_account(theirs)
    with pytest.raises(AccessDenied):
        await people.add_account(replace(MINE, owner=1002))
    assert await people.accounts() == (MINE, theirs)


async def test_an_account_of_another_environment_is_a_mistake(people: PeopleStore) -> None:
    await welcome(people)
    with pytest.raises(ValueError, match="live"):
        await people.add_account(Account(AccountId("live", "1"), OWNER, "real"))


async def test_welcomes_at_once_make_one_person(people: PeopleStore) -> None:
    came = await asyncio.gather(*(welcome(people) for _ in range(10)))
    assert set(came) == {came[0]}
    assert len(await people.everyone()) == 1


async def test_environments_do_not_share_people(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        practice, live = PeopleStore(database, "sandbox"), PeopleStore(database, "live")
        await welcome(practice)
        await practice.add_account(MINE)
        assert await live.person(OWNER) is None
        assert await live.everyone() == ()
        assert await live.accounts() == ()
        assert await live.account_of(OWNER) is None
