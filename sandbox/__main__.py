"""`python -m sandbox`: the practice world's process."""

import argparse
import pathlib
import sys
from collections.abc import Sequence

from sandbox.world import CannotStart, World, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the practice world until it is told to end. Returns 0, or 2 and a line on stderr where it cannot start."""
    options = _parser().parse_args(arguments)
    wanted = World(
        database=options.database,
        telegram_port=None if options.no_telegram else options.telegram_port,
        bybit_port=None if options.no_bybit else options.bybit_port,
        market=options.market,
        seed=options.seed,
        names=tuple(name for name in options.names.split(",") if name),
        fresh=options.fresh,
        until_stdin_closes=options.until_stdin_closes,
    )
    try:
        run(wanted)
    except CannotStart as reason:
        print(reason, file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sandbox", description="A practice Bybit and a practice Telegram on 127.0.0.1."
    )
    parser.add_argument("--telegram-port", type=int, default=8081, metavar="PORT")
    parser.add_argument("--bybit-port", type=int, default=8082, metavar="PORT")
    parser.add_argument("--database", type=pathlib.Path, default=pathlib.Path("bybot-world.db"), metavar="FILE")
    parser.add_argument("--market", default="synthetic", help="synthetic, bybit, a candle file or a folder of them")
    parser.add_argument("--seed", type=int, default=None, help="seed of a new world's made-up market")
    parser.add_argument("--names", default="", metavar="A,B", help="accounts of 10,000 USDT to open at start")
    parser.add_argument("--no-bybit", action="store_true", help="serve the practice Telegram alone")
    parser.add_argument("--no-telegram", action="store_true", help="serve the practice Bybit alone")
    parser.add_argument("--fresh", action="store_true", help="forget the world that the database holds")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when standard input reaches its end")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
