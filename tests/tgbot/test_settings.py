"""bot.env and the environment become settings, or one line that names what is wrong and shows no value."""

from pathlib import Path

import pytest

from tgbot.contradictions import refuse_contradictions
from tgbot.envfile import StartRefused
from tgbot.settings import NAMES, OURS, Settings, read_settings

CANARY = "CANARYVALUE"
EXAMPLE = Path(__file__).parents[2] / "bot.env.example"
TOKEN = "123456789:AAF-abcdefghijklmnopqrstuvwxyz012345"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def settings_of(text: str) -> Settings:
    Path("bot.env").write_text(text)
    settings = read_settings().settings
    refuse_contradictions(settings)
    return settings


def refusal_of(text: str) -> str:
    with pytest.raises(StartRefused) as refused:
        settings_of(text)
    said = str(refused.value)
    assert "\n" not in said
    assert CANARY not in said
    return said


def test_nothing_set_is_the_practice_world() -> None:
    settings = read_settings().settings
    refuse_contradictions(settings)
    assert settings.owners == (1001, 1002)
    assert settings.preset == "practice"
    assert settings.practice_telegram
    assert settings.practice_bybit
    assert settings.telegram_url == "http://127.0.0.1:8081"
    assert settings.exchange_url == "http://127.0.0.1:8082"
    assert settings.database.reveal() == "sqlite+aiosqlite:///bybot-sandbox.db"


def test_every_setting_is_read_from_the_file() -> None:
    Path("rsa.pem").write_text("PEM")
    settings = settings_of(
        f"# a comment\n\nTELEGRAM_TOKEN='{TOKEN}'\nexport OWNER_IDS=5, 6,5\nBYBIT_ENV=demo # trailing\n"
        "BYBIT_API_KEY=abc\nBYBIT_RSA_KEY_FILE=rsa.pem\nTICK_SECONDS=1.5\nWATCHLIST=btcusdt,ETHUSDT\n"
        "DEFAULT_PRESET=careful\nTELEGRAM_PROXY=http://user:pw@host:3128\nDATABASE_URL=postgresql+asyncpg://u:p@h/d\n"
    )
    assert settings.telegram_token is not None
    assert settings.telegram_token.reveal() == TOKEN
    assert settings.owners == (5, 6)
    assert settings.watchlist == ("BTCUSDT", "ETHUSDT")
    assert settings.tick_seconds == 1.5
    assert settings.preset == "careful"
    assert settings.bybit_rsa_key_file == Path("rsa.pem")
    assert not settings.practice_telegram
    assert not settings.practice_bybit
    assert settings.exchange_url is None


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICK_SECONDS", "5")
    monkeypatch.setenv("OWNER_IDS", "")
    settings = settings_of("TICK_SECONDS=3\nOWNER_IDS=7\n")
    assert settings.tick_seconds == 5
    assert settings.owners == (7,)  # an empty variable counts as none


def test_no_secret_shows_when_settings_are_printed() -> None:
    settings = settings_of(
        f"TELEGRAM_TOKEN=1:{CANARY}\nOWNER_IDS=5\nBYBIT_ENV=demo\nBYBIT_API_KEY={CANARY}\nBYBIT_API_SECRET={CANARY}\n"
        f"TELEGRAM_PROXY=socks5://u:{CANARY}@h:1\nDATABASE_URL=postgresql+asyncpg://u:{CANARY}@h/d\n"
    )
    assert CANARY not in f"{settings!r} {settings} {read_settings()!r}"
    assert settings.secrets().count(CANARY) == 4
    assert f"1:{CANARY}" in settings.secrets()


def test_a_misspelt_name_in_the_file_is_named_with_the_one_that_was_meant() -> None:
    said = refusal_of(f"\n# why\nTICK_SECOND={CANARY}\n")
    assert "TICK_SECOND " in said
    assert "TICK_SECONDS" in said
    assert "line 3" in said


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"NOTHING_LIKE_OURS={CANARY}\n", "NOTHING_LIKE_OURS"),
        (f"TICK_SECONDS=2\nTICK_SECONDS={CANARY}\n", "lines 1 and 2"),
        (f"OWNER_IDS=1\n{CANARY}\n", "line 2"),
        (f"BYBIT_API_SECRET='{CANARY}\n", "line 1"),
    ],
)
def test_a_line_that_can_not_be_meant_is_refused_by_its_number(text: str, names: str) -> None:
    assert names in refusal_of(text)


@pytest.mark.parametrize(
    "line",
    [
        f"TICK_SECONDS={CANARY}",
        "TICK_SECONDS=nan",
        "TICK_SECONDS=0",
        "TICK_SECONDS=1e9",
        f"BYBIT_ENV={CANARY}",
        f"OWNER_IDS=1001,{CANARY}",
        "OWNER_IDS=-5",
        "OWNER_IDS=1.5",
        f"TELEGRAM_TOKEN={CANARY}",
        f"TELEGRAM_API_URL={CANARY}",
        "TELEGRAM_API_URL=ftp://host",
        "BYBIT_URL=https://",
        "BYBIT_URL=https://host:port",
        "BYBIT_WS_PUBLIC_URL=https://host",
        f"TELEGRAM_PROXY={CANARY}://host:1",
        f"DATABASE_URL=mysql://{CANARY}@host/db",
        "SANDBOX_TELEGRAM_PORT=0",
        "SANDBOX_BYBIT_PORT=65536",
        f"SANDBOX_MARKET=/nowhere/{CANARY}",
        "SANDBOX_SEED=-1",
        f"DEFAULT_PRESET={CANARY}",
        f"WATCHLIST=BTCUSDT,{CANARY}",
        f"BYBIT_RSA_KEY_FILE=/nowhere/{CANARY}",
        f'BYBIT_API_SECRET="two words {CANARY}"',
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_setting(line: str) -> None:
    said = refusal_of(line + "\n")
    assert said.startswith(line.partition("=")[0] + " in bot.env, line 1, can not be used; expected: ")


def test_a_bad_value_in_the_environment_is_said_to_stand_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICK_SECONDS", CANARY)
    said = refusal_of("TICK_SECONDS=2\n")
    assert said.startswith("TICK_SECONDS in the environment can not be used")


def test_several_bad_values_are_all_named_in_the_one_line() -> None:
    said = refusal_of(f"TICK_SECONDS={CANARY}\nBYBIT_ENV={CANARY}\n")
    assert "TICK_SECONDS" in said
    assert "BYBIT_ENV" in said


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_can_not_be_read_is_refused(content: bytes | None) -> None:
    if content is None:
        Path("bot.env").mkdir()
    else:
        Path("bot.env").write_bytes(content)
    with pytest.raises(StartRefused, match=r"bot\.env"):
        read_settings()


KEY = "BYBIT_API_KEY=key\nBYBIT_API_SECRET=secret\n"
REAL = f"TELEGRAM_TOKEN={TOKEN}\nOWNER_IDS=5\n"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"TELEGRAM_TOKEN={TOKEN}\n", "OWNER_IDS"),
        ("TELEGRAM_API_URL=https://api.example.org\n", "TELEGRAM_TOKEN"),
        ("BYBIT_ENV=demo\n", "BYBIT_API_KEY"),
        (f"BYBIT_ENV=testnet\nBYBIT_API_SECRET={CANARY}\n", "BYBIT_API_KEY"),
        (f"{REAL}BYBIT_ENV=live\n", "BYBIT_API_KEY"),
        (f"BYBIT_API_SECRET={CANARY}\n", "BYBIT_API_KEY"),
        (f"BYBIT_ENV=demo\nBYBIT_API_KEY={CANARY}\n", "BYBIT_API_SECRET"),
        (f"BYBIT_ENV=demo\n{KEY}BYBIT_RSA_KEY_FILE=bot.env\n", "BYBIT_RSA_KEY_FILE"),
        (f"BYBIT_ENV=live\n{KEY}", "practice Telegram"),
        (f"BYBIT_ENV=live\n{KEY}{REAL}TELEGRAM_API_URL=http://127.0.0.1:8081\n", "practice Telegram"),
        (f"BYBIT_ENV=live\n{KEY}{REAL}TELEGRAM_API_URL=http://localhost:8081\n", "practice Telegram"),
        ("BYBIT_URL=https://api.bybit.com\n", "BYBIT_URL"),
        (f"BYBIT_ENV=testnet\n{KEY}BYBIT_URL=https://api.bybit.com\n", "BYBIT_URL"),
        (f"BYBIT_ENV=demo\n{KEY}BYBIT_URL=https://api.bybit.com\n", "BYBIT_URL"),
        (f"BYBIT_ENV=live\n{KEY}{REAL}BYBIT_URL=http://api.bybit.com\n", "BYBIT_URL"),
        ("SANDBOX_BYBIT_PORT=8081\n", "SANDBOX_TELEGRAM_PORT"),
        ("SANDBOX_DATABASE=x.db\nDATABASE_URL=sqlite+aiosqlite:///./x.db\n", "SANDBOX_DATABASE"),
    ],
)
def test_settings_that_must_not_stand_together_are_refused(text: str, names: str) -> None:
    assert names in refusal_of(text)


@pytest.mark.parametrize(
    "text",
    [
        REAL,  # a real bot, and the practice Bybit: "try it on your phone"
        f"{REAL}TELEGRAM_API_URL=http://127.0.0.1:8081\n",
        "TELEGRAM_API_URL=http://127.0.0.1:8081\nBYBIT_URL=http://127.0.0.1:8082\n",
        f"BYBIT_ENV=demo\n{KEY}",
        f"BYBIT_ENV=demo\n{KEY}BYBIT_URL=http://127.0.0.1:8082\n",
        f"BYBIT_ENV=testnet\n{KEY}BYBIT_URL=https://api-testnet.bybit.com\n",
        f"BYBIT_ENV=live\n{KEY}{REAL}BYBIT_URL=https://api.bytick.com\n",
        KEY,
    ],
)
def test_what_may_stand_together_starts(text: str) -> None:
    settings_of(text)


def test_a_name_in_the_environment_that_looks_like_ours_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWNER_ID", CANARY)
    monkeypatch.setenv("BYBIT_TOKEN", CANARY)
    monkeypatch.setenv("UNRELATED", CANARY)
    warnings = " ".join(read_settings().warnings)
    assert "OWNER_ID " in warnings
    assert "did you mean OWNER_IDS?" in warnings
    assert "BYBIT_TOKEN" in warnings
    assert "UNRELATED" not in warnings
    assert CANARY not in warnings


def test_a_file_with_a_secret_that_others_can_read_is_warned_of() -> None:
    Path("bot.env").write_text(REAL)
    Path("bot.env").chmod(0o644)
    assert any("chmod 600 bot.env" in warning for warning in read_settings().warnings)
    Path("bot.env").chmod(0o600)
    assert not any("chmod" in warning for warning in read_settings().warnings)


def test_the_example_names_every_setting_with_its_default() -> None:
    lines = [line.removeprefix("#") for line in EXAMPLE.read_text().splitlines() if "=" in line.partition(" ")[0]]
    assert [line.partition("=")[0] for line in lines] == list(NAMES)
    assert settings_of("\n".join(lines)).model_dump() == Settings().model_dump() | {"owner_ids": (1001, 1002)}


def test_the_example_itself_changes_nothing() -> None:
    assert settings_of(EXAMPLE.read_text()).model_dump() == Settings().model_dump()


def test_prefixes_of_ours_belong_to_settings() -> None:
    assert all(any(name.startswith(prefix) for name in NAMES) for prefix in OURS)
