"""The owners and their accounts at start: who they are, and which key each of them trades with."""

from dataclasses import dataclass
from pathlib import Path

import aiohttp
import structlog

from exchange.bybit import Bybit
from storage.errors import VaultError
from storage.people import PeopleStore
from storage.vault import Vault
from tgbot.envfile import StartRefused
from tgbot.logs import Redaction
from tgbot.settings import Settings
from trading.errors import OutcomeUnknown
from trading.model import Account, AccountId
from trading.people import Role
from trading.ports import Clock
from trading.preferences import with_preset
from trading.secret import Credentials, Secret

log = structlog.get_logger(__name__)

PRACTICE_EQUITY = 10_000
PRACTICE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Accounts:
    """Brings people, keys and Bybit together. Every key it reads is hidden from the logs before it is used."""

    settings: Settings
    people: PeopleStore
    vault: Vault
    exchange: Bybit
    redaction: Redaction
    clock: Clock

    async def welcome_owners(self) -> None:
        """OWNER_IDS are owners; somebody who is no longer among them may only look. Asks nobody."""
        preferences = with_preset(self.settings.preset)
        for user in self.settings.owners:
            person = await self.people.welcome(user, Role.OWNER, "en", "", preferences, self.clock.now())
            if person.role is not Role.OWNER:
                await self.people.set_role(user, Role.OWNER)
        for person in await self.people.everyone():
            if person.role is Role.OWNER and person.id not in self.settings.owners:
                log.warning("no longer an owner, may only look", person=person.id)
                await self.people.set_role(person.id, Role.VIEWER)

    async def reconnect(self) -> None:
        """Gives Bybit the keys of all accounts that are known already. Asks nobody."""
        for account in await self.people.accounts():
            try:
                credentials = await self.vault.load(account.id)
            except VaultError as refused:
                log.error("an account has no key", account=account.id.uid, why=str(refused))
            else:
                self._connect(account.id, credentials)

    async def connect_owners(self) -> None:
        """The account of bot.env's key, or one of the practice Bybit for each owner, is kept and connected.

        Raises ExchangeError where Bybit does not answer or does not know the key; StartRefused for a key that can not
        sign at all.
        """
        if self.settings.bybit_api_key is not None:
            await self._keep(self.settings.owners[0], self._credentials_of_settings())
        elif self.settings.bybit_env == "sandbox":
            for user in self.settings.owners:
                await self._keep(user, await self._practice_credentials(user))

    async def _keep(self, user: int, credentials: Credentials) -> None:
        try:
            facts = await self.exchange.identify_credentials(credentials)
        except ValueError:
            raise StartRefused("BYBIT_RSA_KEY_FILE holds no RSA private key (PEM, without a password)") from None
        account = Account(AccountId(self.settings.bybit_env, facts.uid), user, self.settings.bybit_env)
        await self.people.add_account(account)
        await self.vault.store(user, account.id, credentials)
        self._connect(account.id, credentials)
        log.info("account connected", person=user, account=facts.uid, environment=account.id.environment)

    def _connect(self, account: AccountId, credentials: Credentials) -> None:
        self._hide(credentials)
        self.exchange.connect(account, credentials)

    def _credentials_of_settings(self) -> Credentials:
        settings = self.settings
        assert settings.bybit_api_key is not None
        rsa_key = None
        if settings.bybit_rsa_key_file is not None:
            rsa_key = Secret(_text_of(settings.bybit_rsa_key_file))
        credentials = Credentials(settings.bybit_api_key, settings.bybit_api_secret, rsa_key)
        self._hide(credentials)
        return credentials

    async def _practice_credentials(self, user: int) -> Credentials:
        """The practice Bybit's account of this name: the same at every start."""
        asked = {"name": str(user), "equity": PRACTICE_EQUITY}
        patience = aiohttp.ClientTimeout(total=PRACTICE_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=patience) as session,
                session.post(f"{self.settings.exchange_url}/sandbox/accounts", json=asked) as answer,
            ):
                told = await answer.json() if answer.status == 200 else {}
            credentials = Credentials(Secret(told["apiKey"]), Secret(told["secret"]))
        except (aiohttp.ClientError, TimeoutError, ValueError, LookupError, TypeError) as failed:
            raise OutcomeUnknown(f"the practice Bybit gave no account ({type(failed).__name__})") from None
        self._hide(credentials)
        return credentials

    def _hide(self, credentials: Credentials) -> None:
        for secret in (credentials.api_key, credentials.secret, credentials.rsa_key):
            if secret is not None:
                self.redaction.add(secret.reveal())


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise StartRefused("BYBIT_RSA_KEY_FILE can not be read as a key in PEM form") from None
