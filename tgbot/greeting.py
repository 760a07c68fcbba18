"""What a person reads in the terminal when the program starts: where to go, and whether money is real."""

from tgbot.settings import Settings

MONEY = {
    "sandbox": "practice: a made-up market and made-up money",
    "demo": "Bybit demo: real prices, made-up money",
    "testnet": "Bybit testnet: made-up money",
    "live": "Bybit live: REAL MONEY",
}


def greeting(settings: Settings, *, with_bot: bool = True) -> str:
    """A few lines; no setting that is secret is among them."""
    lines = ["", f"bybot - {MONEY[settings.bybit_env]}", ""]
    if settings.practice_telegram:
        page = f"http://127.0.0.1:{settings.sandbox_telegram_port}/?user={settings.owners[0]}"
        lines.append(f"  Chat page      {page}")
        lines.append("                 open it and press START; a first ticket comes within two minutes")
        if len(settings.owners) > 1:
            others = ", ".join(map(str, settings.owners[1:]))
            lines.append(f"                 (other people: the same address with user={others})")
    elif settings.telegram_token is not None:
        lines.append("  Chat           your bot in Telegram: open it and press START")
    if settings.practice_bybit:
        lines.append(f"  Practice Bybit http://127.0.0.1:{settings.sandbox_bybit_port}")
    if not with_bot:
        lines.append(
            "  The bot itself does not run here: it is told of these addresses by TELEGRAM_API_URL, BYBIT_URL."
        )
    lines += ["", "  Ctrl+C ends it; the next start goes on where this one ended."]
    if settings.practice_bybit:
        lines.append("  `bybot --fresh` begins the practice world anew; bot.env.example shows every setting.")
    return "\n".join([*lines, ""])
