"""Credentials are sealed to one person, account and field, and are shown nowhere."""

import logging
import stat
import traceback
from pathlib import Path

import pytest
from sqlalchemy import select

from storage.database import Database
from storage.people import PeopleStore
from storage.tables import accounts, vault
from storage.vault import Vault, VaultError, master_key_file
from tests.storage.samples import ACCOUNT, NOW, OTHER_ACCOUNT, OWNER, address, file_in, opened
from trading.model import Account, AccountId
from trading.people import Role
from trading.preferences import PRESETS
from trading.secret import Credentials, Secret

CANARY = "CANARY-of-the-secret-0123456789"
KEYS = Credentials(Secret("CANARY-of-the-api-key"), secret=Secret(CANARY))
PEM = "-----BEGIN PRIVATE KEY-----\nCANARY-of-the-rsa-key\n-----END PRIVATE KEY-----\n"


def vault_of(database: Database, folder: Path) -> Vault:
    return Vault(database, master_key_file(address(folder), "sandbox"))


def key_file(folder: Path) -> Path:
    return folder / "bybot-sandbox.key"


async def refusal(kept: Vault, account: AccountId = ACCOUNT) -> str:
    with pytest.raises(VaultError) as refused:
        await kept.load(account)
    assert "CANARY" not in "".join(traceback.format_exception(refused.value))
    return str(refused.value)


@pytest.mark.parametrize("credentials", [KEYS, Credentials(Secret("id"), rsa_key=Secret(PEM))])
async def test_what_is_stored_is_read_back_by_a_later_run(tmp_path: Path, credentials: Credentials) -> None:
    async with opened(tmp_path) as database:
        await vault_of(database, tmp_path).store(OWNER, ACCOUNT, credentials)
    async with opened(tmp_path) as database:
        kept = vault_of(database, tmp_path)
        assert await kept.load(ACCOUNT) == credentials
        assert await kept.has(ACCOUNT)
        assert not await kept.has(OTHER_ACCOUNT)


async def test_the_master_key_is_a_private_file_beside_the_database(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        await vault_of(database, tmp_path).store(OWNER, ACCOUNT, KEYS)
    file = key_file(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_bytes()) == 32
    assert not file.with_suffix(".new.key").exists()
    assert master_key_file("postgresql+asyncpg://u:p@h/d", "demo").name == "bybot-demo.key"


async def test_no_credential_is_in_any_file_or_text(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with opened(tmp_path) as database:
        kept = vault_of(database, tmp_path)
        await kept.store(OWNER, ACCOUNT, KEYS)
        loaded = await kept.load(ACCOUNT)
        shown = f"{loaded!r} {loaded} {loaded.secret} {loaded.secret!r} {kept!r} {kept._key!r}"
        contents = b"".join(file.read_bytes() for file in files_in(tmp_path))
    contents += file_in(tmp_path).read_bytes()
    assert b"CANARY" not in contents
    assert key_file(tmp_path).read_bytes() not in file_in(tmp_path).read_bytes()
    printed = capfd.readouterr()
    assert "CANARY" not in shown + caplog.text + printed.out + printed.err


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_the_same_secret_is_sealed_differently_each_time(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        kept = vault_of(database, tmp_path)
        await kept.store(OWNER, ACCOUNT, KEYS)
        await kept.store(OWNER, OTHER_ACCOUNT, KEYS)
        async with database.reading() as connection:
            rows = (await connection.execute(select(vault))).all()
    assert len({row.nonce for row in rows}) == len({row.sealed for row in rows}) == 4


@pytest.mark.parametrize("column", ["sealed", "nonce"])
async def test_a_flipped_bit_is_noticed(tmp_path: Path, column: str) -> None:
    async with opened(tmp_path) as database:
        kept = vault_of(database, tmp_path)
        await kept.store(OWNER, ACCOUNT, KEYS)
        async with database.transaction() as connection:
            (old,) = (await connection.execute(select(vault.c[column]).where(vault.c.field == "secret"))).scalars()
            changed = bytes([old[0] ^ 1]) + old[1:]
            await connection.execute(vault.update().where(vault.c.field == "secret").values({column: changed}))
        assert "were changed in the database" in await refusal(kept)


async def test_rows_that_were_swapped_between_accounts_or_fields_do_not_open(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        kept = vault_of(database, tmp_path)
        await kept.store(OWNER, ACCOUNT, KEYS)
        await kept.store(1002, OTHER_ACCOUNT, Credentials(Secret("b"), secret=Secret("bb")))
        async with database.transaction() as connection:
            for old, new in (("70001", "x"), ("70002", "70001"), ("x", "70002")):
                await connection.execute(vault.update().where(vault.c.uid == old).values(uid=new))
        assert "were changed" in await refusal(kept, ACCOUNT)
        assert "were changed" in await refusal(kept, OTHER_ACCOUNT)
        await kept.store(OWNER, ACCOUNT, KEYS)
        async with database.transaction() as connection:
            for old, new in (("secret", "x"), ("api_key", "secret"), ("x", "api_key")):
                await connection.execute(
                    vault.update().where(vault.c.field == old, vault.c.uid == "70001").values(field=new)
                )
        assert "were changed" in await refusal(kept, ACCOUNT)


async def test_an_account_given_to_another_person_in_the_database_does_not_open(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        people = PeopleStore(database, "sandbox")
        for user in (OWNER, 1002):
            await people.welcome(user, Role.OWNER, "en", "Ann", PRESETS["practice"], NOW)
        await people.add_account(Account(ACCOUNT, OWNER, "first"))
        kept = vault_of(database, tmp_path)
        await kept.store(OWNER, ACCOUNT, KEYS)
        assert await kept.load(ACCOUNT) == KEYS
        async with database.transaction() as connection:
            await connection.execute(accounts.update().values(owner=1002))
        assert "were changed" in await refusal(kept)
        async with database.transaction() as connection:
            await connection.execute(vault.update().values(owner=1002))
        assert "were changed" in await refusal(kept)


async def test_a_lax_key_file_is_refused_by_name(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        await vault_of(database, tmp_path).store(OWNER, ACCOUNT, KEYS)
        key_file(tmp_path).chmod(0o644)
        said = await refusal(vault_of(database, tmp_path))
        assert str(key_file(tmp_path)) in said
        assert "chmod 600" in said
        with pytest.raises(VaultError, match="chmod 600"):
            await vault_of(database, tmp_path).store(OWNER, ACCOUNT, KEYS)


async def test_a_missing_or_other_master_key_is_told_and_never_replaced(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        await vault_of(database, tmp_path).store(OWNER, ACCOUNT, KEYS)
        file = key_file(tmp_path)
        right = file.read_bytes()
        file.unlink()
        assert "is missing" in await refusal(vault_of(database, tmp_path))
        assert not file.exists()
        file.touch(0o600)
        assert "does not hold a master key" in await refusal(vault_of(database, tmp_path))
        file.write_bytes(bytes(32))
        assert "another master key" in await refusal(vault_of(database, tmp_path))
        file.write_bytes(right)
        assert await vault_of(database, tmp_path).load(ACCOUNT) == KEYS


async def test_what_is_forgotten_or_was_never_there_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        kept = vault_of(database, tmp_path)
        assert "no credentials" in await refusal(kept)
        await kept.store(OWNER, ACCOUNT, KEYS)
        await kept.store(OWNER, OTHER_ACCOUNT, KEYS)
        await kept.forget(ACCOUNT)
        assert "no credentials" in await refusal(kept)
        assert await kept.load(OTHER_ACCOUNT) == KEYS


async def test_storing_again_replaces_all_of_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        kept = vault_of(database, tmp_path)
        await kept.store(OWNER, ACCOUNT, KEYS)
        newer = Credentials(Secret("other"), rsa_key=Secret(PEM))
        await kept.store(OWNER, ACCOUNT, newer)
        assert await kept.load(ACCOUNT) == newer
        only = Credentials(Secret("other"))
        await kept.store(OWNER, ACCOUNT, only)
        assert (await kept.load(ACCOUNT)).rsa_key is None
