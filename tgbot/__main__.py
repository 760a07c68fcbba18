"""`bybot`: read the settings, start the practice servers where they are asked for, run the bot.

Only light things are imported up here: arguments and settings are answered before aiogram's models are built.
"""

import argparse
import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tgbot.console.options import OneLineParser, add_scan_options
from tgbot.contradictions import refuse_contradictions
from tgbot.envfile import StartRefused
from tgbot.greeting import greeting
from tgbot.logs import Redaction, set_up_logs
from tgbot.practice import PracticeWorld, check_only_practice, forget_files, practice_arguments
from tgbot.settings import Settings, read_settings

BROKEN = 1
REFUSED = 2  # as argparse ends for a wrong argument
INTERRUPTED = 130

ABOUT = """\
A trading assistant that lives in Telegram: it watches Bybit's USDT perpetuals, offers each user a sized, explained
ticket, and places it on Bybit exactly once, with its stop, on one tap.

Without any settings it starts a practice world: a made-up Bybit and a chat page on this machine, no account, no
token, no money. The page's address is printed.
"""

SETTINGS = """\
settings:
  They stand in the file bot.env of the folder that bybot is started in, as NAME=value, or in the environment, which
  wins. bot.env.example lists them all with their defaults. Those that matter most:

  TELEGRAM_TOKEN, OWNER_IDS   the real bot, and the Telegram user ids of those who may use it
  BYBIT_ENV                   sandbox (default), demo, testnet or live
  BYBIT_API_KEY               with BYBIT_API_SECRET or BYBIT_RSA_KEY_FILE; for every BYBIT_ENV but sandbox
  DATABASE_URL                what must survive; the file bybot-<BYBIT_ENV>.db unless set

bybot ends with 0 when it was told to end, with 2 when a setting or the machine does not let it start, with 1 when
it broke.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Gives the exit code. Whatever stops the start is one line on stderr."""
    arguments = parse(sys.argv[1:] if argv is None else argv)
    try:
        if arguments.command == "scan":
            return scan_files(arguments)
        settings = settings_in_order()
        if arguments.command == "sandbox":
            return serve_practice(settings, fresh=arguments.fresh)
        return run(settings, fresh=arguments.fresh)
    except StartRefused as refused:
        print(f"bybot: {refused}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """`command` (run, sandbox or scan), `fresh` and the scan's; ends the program for --help, --version and nonsense."""
    shared = OneLineParser(add_help=False)
    shared.add_argument(
        "--fresh",
        action="store_true",
        default=argparse.SUPPRESS,
        help="begin the practice world anew: its money, orders and chats are deleted",
    )
    parser = OneLineParser(
        prog="bybot",
        description=ABOUT,
        epilog=SETTINGS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[shared],
    )
    parser.add_argument("--version", action="version", version=f"bybot {version('bybot')}")
    parser.set_defaults(command="run", fresh=False)
    commands = parser.add_subparsers(dest="command", metavar="command", title="commands")
    for name, says in (
        ("run", "the bot, and the practice servers that the settings ask for (this is the default)"),
        ("sandbox", "the practice servers alone, in the foreground"),
    ):
        commands.add_parser(name, help=says, description=f"Runs {says}.", parents=[shared])
    add_scan_options(commands.add_parser("scan", help="the strategies over candle files: what would have fired"))
    parsed = parser.parse_args(argv)
    parsed.command = parsed.command or "run"
    return parsed


def settings_in_order() -> Settings:
    """The settings, each of them usable and all of them together. Raises StartRefused."""
    reading = read_settings()
    refuse_contradictions(reading.settings)
    for warning in reading.warnings:
        print(f"bybot: {warning}", file=sys.stderr)
    return reading.settings


def scan_files(arguments: argparse.Namespace) -> int:
    """`bybot scan`; it needs no settings. Raises StartRefused."""
    if arguments.fresh:
        raise StartRefused("--fresh is for the practice world, and scan needs none")
    from tgbot.console.scan import scan

    return scan(arguments)


def serve_practice(settings: Settings, *, fresh: bool) -> int:
    """The practice servers until Ctrl+C or SIGTERM; a bot started elsewhere reaches them by their addresses."""
    world = begin_practice(settings, Redaction(settings.secrets()), fresh=fresh, with_bot=False)
    if world is None:
        raise StartRefused("these settings name a real Telegram and a real Bybit: there is no practice server to run")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with closing(world), suppress(KeyboardInterrupt):
        world.ready()
        world.wait()
        return BROKEN
    return 0


def run(settings: Settings, *, fresh: bool) -> int:
    """Runs until it is told to end. Raises StartRefused for what stands in the way."""
    if fresh and not settings.practice_bybit:
        raise StartRefused("--fresh is for the practice world, and these settings name another Bybit")
    redaction = Redaction(settings.secrets())
    set_up_logs(redaction)
    with ExitStack() as stack:
        hold = stack.enter_context(closing(hold_database(settings)))
        if fresh:
            check_only_practice(hold.database)
        world = begin_practice(settings, redaction, fresh=fresh)
        if world is None:
            print(greeting(settings), flush=True)
        else:
            stack.enter_context(closing(world))
        gc.disable()  # what the imports make is here to stay
        from tgbot.app import run_app

        if world is not None:
            world.ready()
        if fresh and hold.database is not None:
            # Its tickets belong to orders that nobody knows any more.
            forget_files(hold.database)
        return asyncio.run(run_app(settings, redaction, world))


def begin_practice(
    settings: Settings, redaction: Redaction, *, fresh: bool, with_bot: bool = True
) -> PracticeWorld | None:
    """The practice servers, coming up while we import; the page's address is printed as soon as it answers."""
    if not (settings.practice_telegram or settings.practice_bybit):
        return None
    return PracticeWorld(
        practice_arguments(settings, fresh=fresh),
        on_ready=lambda: print(greeting(settings, with_bot=with_bot), flush=True),
        complain=lambda line: print(f"practice world: {redaction(line)}", file=sys.stderr, flush=True),
    )


@dataclass(frozen=True, slots=True)
class Hold:
    """This program's claim on its database; `database` is the SQLite file, None on a server."""

    database: Path | None
    close: Callable[[], None]


def hold_database(settings: Settings) -> Hold:
    """Raises StartRefused where another bot has it."""
    from storage.errors import DatabaseRefused
    from storage.files import database_file
    from storage.lock import lock_for_one_program

    url = settings.database.reveal()
    try:
        return Hold(database_file(url), lock_for_one_program(url).release)
    except DatabaseRefused as refused:
        raise StartRefused(str(refused)) from None


if __name__ == "__main__":
    sys.exit(main())
