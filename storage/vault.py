"""Exchange credentials, sealed with AES-256-GCM; the master key stands in a file beside the database, never in it."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, delete, insert, select

from storage.database import Database
from storage.errors import DatabaseRefused, VaultError
from storage.files import check_private, database_file
from storage.tables import accounts, vault
from storage.whole import whole
from trading.model import AccountId
from trading.secret import Credentials, Secret

KEY_BYTES = 32
NONCE_BYTES = 12
FIELDS = ("api_key", "secret", "rsa_key")


def master_key_file(url: str, environment: str) -> Path:
    """Where the master key stands: beside the SQLite file, or in the working folder for a database server."""
    database = database_file(url)
    return Path(f"bybot-{environment}.key").resolve() if database is None else database.with_suffix(".key")


@dataclass(frozen=True, slots=True, repr=False)
class _MasterKey:
    id: str
    cipher: AESGCM


class Vault:
    """Keeps credentials by account. What it raises names files and accounts, never a credential."""

    def __init__(self, database: Database, key_file: Path) -> None:
        self._database = database
        self._key_file = key_file
        self._key: _MasterKey | None = None

    @whole
    async def store(self, user: int, account: AccountId, credentials: Credentials) -> None:
        """Keeps them in place of older ones; the first time of all it makes the master key."""
        key = self._key = self._key or _read_key(self._key_file) or _make_key(self._key_file)
        rows = []
        for field in FIELDS:
            secret: Secret | None = getattr(credentials, field)
            if secret is None:
                continue
            nonce = os.urandom(NONCE_BYTES)
            sealed = key.cipher.encrypt(nonce, secret.reveal().encode(), _bound_to(user, account, field, key.id))
            rows.append(
                {
                    "environment": account.environment,
                    "uid": account.uid,
                    "field": field,
                    "owner": user,
                    "key_id": key.id,
                    "nonce": nonce,
                    "sealed": sealed,
                }
            )
        async with self._database.transaction() as connection:
            await connection.execute(delete(vault).where(_of(account)))
            await connection.execute(insert(vault), rows)

    @whole
    async def load(self, account: AccountId) -> Credentials:
        """Raises VaultError where there are none, the key file is missing, lax or another one, or a row was changed."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(select(vault).where(_of(account)))).all()
            owner = (
                await connection.execute(
                    select(accounts.c.owner).where(
                        accounts.c.environment == account.environment, accounts.c.uid == account.uid
                    )
                )
            ).scalar_one_or_none()
        if not rows:
            raise VaultError(f"There are no credentials for account {account.uid} ({account.environment}).")
        key = self._key = self._key or _read_key(self._key_file)
        if key is None:
            raise VaultError(
                f"The master key {self._key_file} is missing, so the stored credentials can not be read: "
                "put it back, or connect the account again."
            )
        opened: dict[str, Secret] = {}
        for row in rows:
            if row.key_id != key.id:
                raise VaultError(
                    f"The credentials of account {account.uid} were stored under another master key than "
                    f"{self._key_file}: put that one back, or connect the account again."
                )
            # whoever gives an account another owner in the database does not get at its credentials
            user = row.owner if owner is None else owner
            opened[row.field] = _opened(
                key, row.nonce, row.sealed, _bound_to(user, account, row.field, key.id), account
            )
        if "api_key" not in opened:
            raise VaultError(f"The credentials of account {account.uid} are not complete: connect the account again.")
        return Credentials(**opened)

    @whole
    async def has(self, account: AccountId) -> bool:
        async with self._database.reading() as connection:
            return (await connection.execute(select(vault.c.field).where(_of(account)))).first() is not None

    @whole
    async def forget(self, account: AccountId) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(delete(vault).where(_of(account)))


def _of(account: AccountId) -> ColumnElement[bool]:
    return (vault.c.environment == account.environment) & (vault.c.uid == account.uid)


def _bound_to(user: int, account: AccountId, field: str, key_id: str) -> bytes:
    """What a sealed text is tied to: moved to another row, it does not open."""
    return json.dumps([user, account.environment, account.uid, field, key_id]).encode()


def _opened(key: _MasterKey, nonce: bytes, sealed: bytes, bound_to: bytes, account: AccountId) -> Secret:
    try:
        return Secret(key.cipher.decrypt(nonce, sealed, bound_to).decode())
    except (InvalidTag, ValueError):
        raise VaultError(
            f"The credentials of account {account.uid} were changed in the database and are not used: "
            "connect the account again."
        ) from None


def _read_key(file: Path) -> _MasterKey | None:
    try:
        check_private(file)
        raw = file.read_bytes()
    except FileNotFoundError:
        return None
    except DatabaseRefused as lax:
        raise VaultError(str(lax)) from None
    except OSError as problem:
        raise VaultError(f"The master key {file} can not be read: {problem.strerror}.") from None
    if len(raw) != KEY_BYTES:
        raise VaultError(f"{file} does not hold a master key of {KEY_BYTES} bytes; it is left as it is.")
    return _master_key(raw)


def _make_key(file: Path) -> _MasterKey:
    raw = os.urandom(KEY_BYTES)
    fresh = file.with_suffix(".new.key")
    try:
        held = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(held, "wb") as opened:
            opened.write(raw)
            opened.flush()
            os.fsync(opened.fileno())
        os.link(fresh, file)  # whole or not at all, and never over another key
        fresh.unlink()
    except OSError as problem:
        raise VaultError(f"The master key {file} can not be made: {problem.strerror}.") from None
    return _master_key(raw)


def _master_key(raw: bytes) -> _MasterKey:
    # The id tells keys apart and tells nothing of the key.
    return _MasterKey(hashlib.blake2s(raw, digest_size=8, person=b"bybot id").hexdigest(), AESGCM(raw))
