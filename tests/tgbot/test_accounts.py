"""Owners and their accounts at start: welcomed, given a key, connected; and what is said where that can not be."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from exchange.bybit import Bybit
from sandbox.bybit.practice import PracticeBybit
from storage.database import open_database
from storage.people import PeopleStore
from storage.vault import Vault
from tgbot.accounts import Accounts
from tgbot.clock import SystemClock
from tgbot.envfile import StartRefused
from tgbot.logs import Redaction
from tgbot.settings import NAMES, Settings
from trading.errors import OutcomeUnknown
from trading.people import Role


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@dataclass(frozen=True)
class Start:
    """What one start of the program has in hand."""

    accounts: Accounts
    people: PeopleStore
    vault: Vault
    exchange: Bybit
    redaction: Redaction


@asynccontextmanager
async def start(folder: Path, **settings: object) -> AsyncIterator[Start]:
    """A start on the database in `folder`; the second one finds what the first has kept."""
    clock, redaction = SystemClock(), Redaction()
    wanted = Settings(**settings)  # type: ignore[arg-type]
    database = await open_database(f"sqlite+aiosqlite:///{folder}/bot.db")
    people, vault = PeopleStore(database, wanted.bybit_env), Vault(database, folder / "bot.key")
    exchange = Bybit(wanted.bybit_env, clock, base_url=wanted.exchange_url, read_attempts=1)
    try:
        yield Start(Accounts(wanted, people, vault, exchange, redaction, clock), people, vault, exchange, redaction)
    finally:
        exchange.close()
        await database.close()


@pytest.fixture(scope="module")
def bybit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeBybit]:
    made = PracticeBybit(tmp_path_factory.mktemp("practice") / "world.db")
    yield made
    made.close()


@pytest.fixture
async def practice(bybit: PracticeBybit) -> AsyncIterator[str]:
    """The address of a practice Bybit."""
    async with TestServer(bybit.app()) as server:
        yield str(server.make_url("")).rstrip("/")


async def test_each_owner_gets_a_practice_account_of_their_own_and_keeps_it(tmp_path: Path, practice: str) -> None:
    async with start(tmp_path, bybit_url=practice, owner_ids="1001,1002") as first:
        await first.accounts.welcome_owners()
        await first.accounts.connect_owners()
        mine, other = await first.people.account_of(1001), await first.people.account_of(1002)
        assert mine is not None
        assert other is not None
        assert mine.id != other.id
        assert (await first.exchange.balance(mine.id)).equity == 10_000
        key = (await first.vault.load(mine.id)).api_key.reveal()
        assert key not in first.redaction(f"signed with {key}")
    async with start(tmp_path, bybit_url=practice, owner_ids="1001,1002") as second:
        await second.accounts.welcome_owners()
        await second.accounts.reconnect()  # what is known works before anybody is asked
        assert (await second.exchange.balance(mine.id)).equity == 10_000
        await second.accounts.connect_owners()
        assert await second.people.account_of(1001) == mine


async def test_the_key_of_the_settings_belongs_to_the_first_owner(tmp_path: Path, practice: str) -> None:
    async with start(tmp_path, bybit_url=practice, owner_ids="5") as asking:
        await asking.accounts.welcome_owners()
        await asking.accounts.connect_owners()
        given = await asking.people.account_of(5)
        assert given is not None
        credentials = await asking.vault.load(given.id)
    assert credentials.secret is not None
    keys = {"bybit_api_key": credentials.api_key.reveal(), "bybit_api_secret": credentials.secret.reveal()}
    other = tmp_path / "other"
    other.mkdir()
    async with start(other, bybit_url=practice, bybit_env="demo", owner_ids="6,7", **keys) as begun:
        await begun.accounts.welcome_owners()
        await begun.accounts.connect_owners()
        mine = await begun.people.account_of(6)
        assert mine is not None
        assert (mine.id.environment, mine.id.uid) == ("demo", given.id.uid)
        assert await begun.people.account_of(7) is None
        assert (await begun.exchange.balance(mine.id)).equity == 10_000


async def test_new_owners_start_with_the_preset_and_known_ones_keep_theirs(tmp_path: Path) -> None:
    async with start(tmp_path, owner_ids="5") as first:
        await first.accounts.welcome_owners()
        assert [one.preferences.preset for one in await first.people.everyone()] == ["practice"]
    async with start(tmp_path, owner_ids="5,6", default_preset="careful") as second:
        await second.accounts.welcome_owners()
        presets = {one.id: one.preferences.preset for one in await second.people.everyone()}
        assert presets == {5: "practice", 6: "careful"}


async def test_who_is_no_longer_an_owner_may_only_look_until_named_again(tmp_path: Path) -> None:
    for owner_ids, role in (("5,6", Role.OWNER), ("6", Role.VIEWER), ("5,6", Role.OWNER)):
        async with start(tmp_path, owner_ids=owner_ids) as begun:
            await begun.accounts.welcome_owners()
            person = await begun.people.person(5)
            assert person is not None
            assert person.role is role


async def test_a_bybit_that_does_not_answer_is_an_error_that_can_be_tried_again(tmp_path: Path) -> None:
    async with start(tmp_path, bybit_url="http://127.0.0.1:9", owner_ids="5") as begun:
        await begun.accounts.welcome_owners()
        with pytest.raises(OutcomeUnknown, match="gave no account"):
            await begun.accounts.connect_owners()


@pytest.mark.parametrize("told", [{}, {"apiKey": "k"}, [], None, "text"])
async def test_an_answer_that_holds_no_key_is_no_account(tmp_path: Path, told: object) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(told)

    app = web.Application()
    app.router.add_post("/sandbox/accounts", answer)
    async with (
        TestServer(app) as server,
        start(tmp_path, bybit_url=str(server.make_url("")), owner_ids="5") as begun,
    ):
        await begun.accounts.welcome_owners()
        with pytest.raises(OutcomeUnknown, match="gave no account"):
            await begun.accounts.connect_owners()


async def test_an_account_whose_key_was_lost_stops_nothing(tmp_path: Path, practice: str) -> None:
    async with start(tmp_path, bybit_url=practice, owner_ids="5") as first:
        await first.accounts.welcome_owners()
        await first.accounts.connect_owners()
    (tmp_path / "bot.key").unlink()
    async with start(tmp_path, bybit_url=practice, owner_ids="5") as second:
        await second.accounts.reconnect()
        await second.accounts.connect_owners()
        mine = await second.people.account_of(5)
        assert mine is not None
        assert (await second.exchange.balance(mine.id)).equity == 10_000


@pytest.mark.parametrize("content", ["no key at all", "\u00fcber"])
async def test_a_file_without_an_rsa_key_refuses_the_start(tmp_path: Path, content: str) -> None:
    file = tmp_path / "rsa.pem"
    file.write_text(content)
    settings = {"bybit_env": "demo", "bybit_api_key": "key", "bybit_rsa_key_file": file, "owner_ids": "5"}
    async with start(tmp_path, bybit_url="http://127.0.0.1:9", **settings) as begun:
        await begun.accounts.welcome_owners()
        with pytest.raises(StartRefused, match="BYBIT_RSA_KEY_FILE"):
            await begun.accounts.connect_owners()
