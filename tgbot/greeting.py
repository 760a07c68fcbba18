"""What a person reads in the terminal when the program starts: where to go, and whether money is real."""

from tgbot.settings import Settings

MONEY = {
    "sandbox": "practice: a made-up market and made-up money",
    "demo": "Bybit demo: real prices, made-up money",
    "testnet": "Bybit testnet: made-up money",
    "live": "Bybit live: REAL MONEY",
}


def greeting(settings: Settings, *, with_bot: bool = True) -> str:
    """A few lines; no setting that is secret is among them. Without the bot they say how to start it elsewhere."""
    lines = ["", f"bybot - {MONEY[settings.bybit_env]}", "", *_chat(settings, with_bot), *_bybit(settings)]
    if not with_bot:
        addresses = {"TELEGRAM_API_URL": settings.telegram_url, "BYBIT_URL": settings.exchange_url}
        told = " ".join(f"{name}={address}" for name, address in addresses.items() if address is not None)
        lines.append(f"  The bot        is not part of this: {told} bybot")
    lines += ["", "  Ctrl+C ends it; the next start goes on where this one ended."]
    if settings.practice_bybit:
        lines.append("  `--fresh` begins the practice world anew; bot.env.example shows every setting.")
    return "\n".join([*lines, ""])


def _chat(settings: Settings, with_bot: bool) -> list[str]:
    if settings.telegram_token is not None:
        return ["  Chat           your bot in Telegram: open it and press START"] if with_bot else []
    lines = [f"  Chat page      {settings.telegram_url}/?user={settings.owners[0]}"]
    if with_bot:
        soon = "; a first ticket comes within two minutes" if settings.practice_bybit else ""
        lines.append(f"                 open it and press START{soon}")
    if len(settings.owners) > 1:
        others = ", ".join(map(str, settings.owners[1:]))
        lines.append(f"                 (other people: the same address with user={others})")
    return lines


def _bybit(settings: Settings) -> list[str]:
    name = "Practice Bybit" if settings.bybit_env == "sandbox" else "Bybit         "
    return [] if settings.exchange_url is None else [f"  {name} {settings.exchange_url}"]
