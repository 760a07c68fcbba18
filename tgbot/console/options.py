"""`bybot scan`'s arguments, and what they ask for."""

import argparse
import math
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tgbot.console.frames import frame_minutes, frame_name
from tgbot.envfile import StartRefused

if TYPE_CHECKING:
    from strategies.model import Settings, Strategy
    from trading.preferences import Preferences

REFUSED = 2
# argparse needs the words before anything heavy is imported; a test holds them against the balanced preset.
DEFAULT_FRAME, DEFAULT_PER_DAY = "4h", 10

ABOUT = """\
Runs the strategies over candle files, with the same code that judges the live market, and tells what fired.

A file is CSV, plain (.csv) or gzip (.csv.gz), with the columns open_time (ms UTC, the start of the candle), open,
high, low, close, volume; others are left out. Symbol and interval stand in its name, as in
bybit-BTCUSDT-5m-2025.csv.gz. Finer candles are put together; only complete ones count, and a fast candle sees only
slow ones that have closed. Files of one symbol that continue each other are joined; between files that do not touch
the strategies begin anew. A file with a gap, or with candles that can not be true, is refused.
"""

DETAILS = """\
how many signals:
  --per-day N    finds the threshold anew for each UTC day from the 30 days before it (7 on 1m and 5m), as the bot
                 does: never from what came later. Under 7 days of history (one on 1m) it is 0.75. On a day when even
                 the highest threshold, 0.95, gives more than N, only the strongest that fit are kept.
  --threshold X  one threshold for all days.

signals:
  OUT.csv gets one row a signal: open_time (ms UTC, the start of the candle that fired), symbol, strategy, direction,
  strength and its three factors (0 to 1), close, stop (1.5 ATR away) and target (1.5 times as far). The last two are
  not rounded to the instrument's ticks, which candle files do not tell.

examples:
  bybot scan --candles data/*.csv.gz
  bybot scan --candles btc-2024.csv btc-2025.csv --symbol BTCUSDT --timeframe 15m --per-day 5 --signals out.csv

bybot scan ends with 0, with 2 when an option or a file is refused, which takes one line that names file and line.
"""


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line, without the whole usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(REFUSED, f"{self.prog}: {message} (--help explains)\n")


@dataclass(frozen=True, slots=True)
class Wish:
    """A scan as it was asked for. `symbol` stands in for the files' names; `signals` is where the rows go."""

    files: tuple[Path, ...]
    symbol: str | None
    strategies: "tuple[Strategy, ...]"
    settings: "Settings"
    preferences: "Preferences"
    signals: Path | None


def add_scan_options(parser: argparse.ArgumentParser) -> None:
    parser.description, parser.epilog = ABOUT, DETAILS
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("--candles", metavar="FILE", nargs="+", action="extend", required=True, type=Path, help="candle files")
    add("--symbol", metavar="S", help="the symbol of all files, instead of the one in each file's name")
    add("--strategy", metavar="S", nargs="+", action="extend", help="strategies, all unless named")
    add("--timeframe", metavar="T", default=DEFAULT_FRAME, help="1m, 5m, 15m, 1h or 4h (default %(default)s)")
    how_many = parser.add_mutually_exclusive_group()
    how_many.add_argument(
        "--per-day", metavar="N", help=f"about N signals a day, all symbols together (default {DEFAULT_PER_DAY})"
    )
    how_many.add_argument("--threshold", metavar="X", help="the strength that a signal needs, 0 to 1")
    add("--signals", metavar="OUT", type=Path, help="where the signals go: a .csv or .csv.gz file, written anew")


def wish_of(arguments: argparse.Namespace) -> Wish:
    """What the arguments ask for; what they leave open is as in the balanced preset. Raises StartRefused."""
    # Whoever only asks for --help, or starts the bot, does not wait for these.
    from strategies.model import Settings
    from trading.preferences import PRESETS

    settings = Settings()
    minutes = _minutes(arguments.timeframe)
    preferences = replace(PRESETS["balanced"], minutes=minutes)
    if arguments.threshold is not None:
        preferences = replace(preferences, per_day=None, threshold=_threshold(arguments.threshold))
    elif arguments.per_day is not None:
        preferences = replace(preferences, per_day=_per_day(arguments.per_day, minutes))
    return Wish(
        files=tuple(arguments.candles),
        symbol=_symbol(arguments.symbol),
        strategies=_strategies(arguments.strategy, settings),
        settings=settings,
        preferences=preferences,
        signals=arguments.signals,
    )


def _minutes(name: str) -> int:
    from indicators.candles import SLOW_FRAMES

    minutes = frame_minutes(name)
    if minutes is None or minutes not in SLOW_FRAMES:
        raise StartRefused(f"--timeframe {name}: there are {', '.join(map(frame_name, SLOW_FRAMES))}")
    return minutes


def _threshold(text: str) -> Decimal:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise StartRefused(f"--threshold {text}: a number from 0 to 1 is needed")
    return Decimal(repr(value))


def _per_day(text: str, minutes: int) -> int:
    from trading.preferences import per_day_bounds

    bounds = per_day_bounds(minutes)
    number = int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else 0
    if not bounds.least <= number <= bounds.most:
        frame = frame_name(minutes)
        raise StartRefused(
            f"--per-day {text}: a whole number from {bounds.least} to {bounds.most} is needed on {frame}"
        )
    return number


def _symbol(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"[A-Za-z0-9]{2,30}", text):
        raise StartRefused(f"--symbol {text}: a symbol as Bybit writes it is needed, such as BTCUSDT")
    return None if text is None else text.upper()


def _strategies(asked: list[str] | None, settings: "Settings") -> "tuple[Strategy, ...]":
    from strategies.registry import all_strategies

    known = {strategy.id: strategy for strategy in all_strategies(settings)}
    if asked is None:
        return tuple(known.values())
    names = [name for text in asked for name in text.split(",")]
    for name in names:
        if name not in known:
            raise StartRefused(f"--strategy {name}: there are {', '.join(known)}")
    return tuple(strategy for name, strategy in known.items() if name in names)
