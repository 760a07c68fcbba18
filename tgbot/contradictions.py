"""Settings that are each fine and must not stand together: the start matrix."""

from collections.abc import Iterator
from pathlib import Path

from tgbot.addresses import host_of, is_on_this_machine
from tgbot.envfile import StartRefused
from tgbot.settings import Settings


def refuse_contradictions(settings: Settings) -> None:
    """Raises StartRefused with the first thing that does not fit."""
    for problem in _problems(settings):
        raise StartRefused(problem)


def _problems(settings: Settings) -> Iterator[str]:
    yield from _of_telegram(settings)
    yield from _of_bybit_keys(settings)
    yield from _of_bybit_address(settings)
    yield from _of_practice(settings)


def _of_telegram(settings: Settings) -> Iterator[str]:
    address = settings.telegram_api_url
    on_this_machine = address is not None and is_on_this_machine(address)
    if settings.telegram_token is not None and not settings.owner_ids:
        yield "OWNER_IDS is needed beside TELEGRAM_TOKEN: the Telegram user ids of those who may use the bot"
    if settings.telegram_token is None and address is not None and not on_this_machine:
        yield "TELEGRAM_TOKEN is needed beside TELEGRAM_API_URL"
    if settings.bybit_env == "live" and (settings.telegram_token is None or on_this_machine):
        yield (
            "BYBIT_ENV=live is refused with the practice Telegram, whose page asks nobody who they are: "
            "set TELEGRAM_TOKEN and OWNER_IDS, and no TELEGRAM_API_URL on this machine"
        )


def _of_bybit_keys(settings: Settings) -> Iterator[str]:
    proofs = [proof for proof in (settings.bybit_api_secret, settings.bybit_rsa_key_file) if proof is not None]
    if settings.bybit_api_key is None and settings.bybit_env != "sandbox":
        yield (
            f"BYBIT_API_KEY is needed for BYBIT_ENV={settings.bybit_env}, "
            "with BYBIT_API_SECRET or BYBIT_RSA_KEY_FILE beside it"
        )
    if settings.bybit_api_key is None and proofs:
        yield "BYBIT_API_KEY is needed beside BYBIT_API_SECRET or BYBIT_RSA_KEY_FILE"
    if settings.bybit_api_key is not None and not proofs:
        yield "BYBIT_API_SECRET or BYBIT_RSA_KEY_FILE is needed beside BYBIT_API_KEY"
    if len(proofs) > 1:
        yield "BYBIT_API_SECRET and BYBIT_RSA_KEY_FILE stand side by side: a key has one of them"


def _of_bybit_address(settings: Settings) -> Iterator[str]:
    address, environment = settings.bybit_url, settings.bybit_env
    if address is None or is_on_this_machine(address):
        return
    if environment == "sandbox":
        yield "BYBIT_URL is not on this machine, and BYBIT_ENV=sandbox is for practice: choose demo, testnet or live"
    if environment in ("demo", "testnet") and environment not in host_of(address):
        yield f"BYBIT_URL is no host of Bybit's {environment}, which BYBIT_ENV={environment} asks for"
    if environment == "live" and address.startswith("http://"):
        yield "BYBIT_URL must begin with https:// for BYBIT_ENV=live"


def _of_practice(settings: Settings) -> Iterator[str]:
    both = settings.practice_telegram and settings.practice_bybit
    if both and settings.sandbox_telegram_port == settings.sandbox_bybit_port:
        yield "SANDBOX_TELEGRAM_PORT and SANDBOX_BYBIT_PORT must differ"
    ours = settings.database.reveal().removeprefix("sqlite+aiosqlite:///")
    if Path(ours).resolve() == settings.sandbox_database.resolve():
        yield "SANDBOX_DATABASE and DATABASE_URL must name different files"
