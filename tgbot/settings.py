"""bot.env and the environment -> Settings, read once at start; whatever is wrong stops the start in one line."""

import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, ValidationError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from tgbot.addresses import is_web_address
from tgbot.envfile import Line, StartRefused, lines_of, nearest
from trading.preferences import PRESETS
from trading.secret import Secret

FILE = Path("bot.env")
PRACTICE_OWNERS = (1001, 1002)
OURS = ("TELEGRAM_", "BYBIT_", "SANDBOX_")
# Another program's variable may well resemble one of ours; only a slip of one letter is worth a word.
SLIP = 0.9

Value = TypeVar("Value")


def _only(fits: Callable[[Value], bool]) -> AfterValidator:
    def check(value: Value) -> Value:
        if not fits(value):
            raise ValueError
        return value

    return AfterValidator(check)


def _secret(fits: Callable[[str], bool]) -> PlainValidator:
    def check(value: object) -> Secret:
        if not isinstance(value, str) or not fits(value.strip()):
            raise ValueError
        return Secret(value.strip())

    return PlainValidator(check)


def _matches(pattern: str) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(pattern, value) is not None


def _comma_separated(value: object) -> object:
    parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    return tuple(dict.fromkeys(part for part in parts if part)) if isinstance(parts, list) else parts


def _is_market(value: str) -> bool:
    return value in ("synthetic", "bybit") or os.access(value, os.R_OK)


UserId = Annotated[int, Field(gt=0, lt=2**52)]
Symbol = Annotated[str, _only(_matches(r"(?i)[A-Z0-9]{1,20}USDT")), AfterValidator(str.upper)]
Token = Annotated[Secret, _secret(_matches(r"\d+:[A-Za-z0-9_-]+"))]
Key = Annotated[Secret, _secret(_matches(r"[!-~]+"))]
HttpAddress = Annotated[str, _only(is_web_address("http", "https"))]
SocketAddress = Annotated[str, _only(is_web_address("ws", "wss"))]
Proxy = Annotated[Secret, _secret(is_web_address("http", "https", "socks4", "socks5", "socks5h"))]
Database = Annotated[Secret, _secret(_matches(r"(sqlite\+aiosqlite:///|postgresql\+asyncpg://).+"))]
Port = Annotated[int, Field(ge=1, le=65535)]
Comma = BeforeValidator(_comma_separated)


class Settings(BaseSettings):
    """What the owner decided. A field's name in capitals is the setting; its description completes "expected: ...".

    Addresses that may hold a password are secrets like keys are.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_ignore_empty=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )

    telegram_token: Token | None = Field(None, description="the bot's token as @BotFather gives it")
    telegram_api_url: HttpAddress | None = Field(None, description="an address that begins with http:// or https://")
    telegram_proxy: Proxy | None = Field(None, description="http://host:port or socks5://host:port")
    owner_ids: Annotated[tuple[UserId, ...], NoDecode, Comma] = Field(
        (), description="Telegram user ids, whole numbers separated by commas"
    )
    bybit_env: Literal["sandbox", "demo", "testnet", "live"] = Field(
        "sandbox", description="sandbox, demo, testnet or live"
    )
    bybit_api_key: Key | None = Field(None, description="the key as Bybit shows it, without spaces")
    bybit_api_secret: Key | None = Field(None, description="the secret as Bybit shows it, without spaces")
    bybit_rsa_key_file: Annotated[Path, _only(lambda path: os.access(path, os.R_OK) and path.is_file())] | None = Field(
        None, description="a readable file that holds an RSA private key (PEM)"
    )
    bybit_url: HttpAddress | None = Field(None, description="an address that begins with https:// or http://")
    bybit_ws_public_url: SocketAddress | None = Field(None, description="an address that begins with wss:// or ws://")
    bybit_ws_private_url: SocketAddress | None = Field(None, description="an address that begins with wss:// or ws://")
    database_url: Database | None = Field(
        None, description="sqlite+aiosqlite:///a-file.db or postgresql+asyncpg://user:password@host/name"
    )
    tick_seconds: Annotated[float, Field(ge=0.5, le=60, allow_inf_nan=False)] = Field(
        2, description="a number of seconds between 0.5 and 60"
    )
    watchlist: Annotated[tuple[Symbol, ...], NoDecode, Comma] = Field(
        (), description="symbols such as BTCUSDT,ETHUSDT, separated by commas"
    )
    default_preset: Annotated[str, _only(lambda name: name in PRESETS)] | None = Field(
        None, description=f"one of {', '.join(PRESETS)}"
    )
    sandbox_telegram_port: Port = Field(8081, description="a port number, 1 to 65535")
    sandbox_bybit_port: Port = Field(8082, description="a port number, 1 to 65535")
    sandbox_market: Annotated[str, _only(_is_market)] = Field(
        "synthetic", description="synthetic, bybit, or a file or folder of candles that can be read"
    )
    sandbox_seed: Annotated[int, Field(ge=0, lt=2**63)] | None = Field(None, description="a whole number, 0 or more")
    sandbox_database: Path = Field(Path("bybot-world.db"), description="the name of a file")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # What bot.env says is handed to the constructor; the environment wins over it.
        return env_settings, init_settings

    @property
    def owners(self) -> tuple[int, ...]:
        return self.owner_ids or PRACTICE_OWNERS

    @property
    def preset(self) -> str:
        """What new people start with."""
        return self.default_preset or ("practice" if self.bybit_env == "sandbox" else "balanced")

    @property
    def database(self) -> Secret:
        return self.database_url or Secret(f"sqlite+aiosqlite:///bybot-{self.bybit_env}.db")

    def secrets(self) -> tuple[str, ...]:
        """Everything that no log may show; an address counts by the password in it."""
        whole = (self.telegram_token, self.bybit_api_key, self.bybit_api_secret)
        addresses = (urlsplit(address.reveal()) for address in (self.telegram_proxy, self.database_url) if address)
        return (
            *(secret.reveal() for secret in whole if secret is not None),
            *(address.password for address in addresses if address.password),
        )

    @property
    def practice_telegram(self) -> bool:
        """Whether a practice Telegram is ours to start: nobody named a real bot, or a server."""
        return self.telegram_token is None and self.telegram_api_url is None

    @property
    def practice_bybit(self) -> bool:
        """Whether a practice Bybit is ours to start."""
        return self.bybit_env == "sandbox" and self.bybit_url is None

    @property
    def telegram_url(self) -> str | None:
        """Where the Bot API is; None = Telegram's own servers."""
        return f"http://127.0.0.1:{self.sandbox_telegram_port}" if self.practice_telegram else self.telegram_api_url

    @property
    def exchange_url(self) -> str | None:
        """Where Bybit is; None = the host that belongs to `bybit_env`."""
        return f"http://127.0.0.1:{self.sandbox_bybit_port}" if self.practice_bybit else self.bybit_url


NAMES = tuple(name.upper() for name in Settings.model_fields)


@dataclass(frozen=True, slots=True)
class Reading:
    """The settings, and what deserves a word though it stops nothing."""

    settings: Settings
    warnings: tuple[str, ...]


def read_settings(file: Path = FILE) -> Reading:
    """From `file` and the environment, which wins. Raises StartRefused with the one line that names what is wrong."""
    lines = lines_of(file, NAMES)
    try:
        settings = Settings(**{name.lower(): line.value for name, line in lines.items()})  # type: ignore[arg-type]
    except ValidationError as wrong:
        raise StartRefused(_first_of(wrong, lines, file)) from None
    return Reading(settings, tuple(_warnings(settings, file)))


def _first_of(wrong: ValidationError, lines: Mapping[str, Line], file: Path) -> str:
    errors = wrong.errors(include_input=False, include_context=False, include_url=False)
    names = tuple(dict.fromkeys(str(error["loc"][0]) for error in errors))
    name = names[0].upper()
    in_file = name in lines and not any(key.upper() == name and value for key, value in os.environ.items())
    where = f"in {file.name}, line {lines[name].number}," if in_file else "in the environment"
    others = f" (and {', '.join(other.upper() for other in names[1:])})" if len(names) > 1 else ""
    return f"{name} {where} can not be used; expected: {Settings.model_fields[names[0]].description}{others}"


def _warnings(settings: Settings, file: Path) -> list[str]:
    warnings = []
    for name in sorted(os.environ):
        near = nearest(name, NAMES, SLIP)
        if name.upper() not in NAMES and (name.upper().startswith(OURS) or near):
            hint = f"; did you mean {near}?" if near else ""
            warnings.append(f"{name} in the environment is no setting of bybot and is not used{hint}")
    holds_secret = settings.telegram_token or settings.bybit_api_secret or settings.database_url
    if file.exists() and holds_secret and stat.S_IMODE(file.stat().st_mode) & 0o077:
        warnings.append(f"{file.name} may hold a secret and can be read by others: run `chmod 600 {file.name}`")
    return warnings
