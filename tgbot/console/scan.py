"""`bybot scan`: the strategies over candle files."""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

from indicators.candles import Candles
from tgbot.console.candle_file import CandleFileRefused, read_candle_file
from tgbot.console.frames import frame_name
from tgbot.console.options import Wish, wish_of
from tgbot.console.signal_file import check_place, write_signals
from tgbot.console.stretches import stretches_of
from tgbot.console.summary import summary
from tgbot.envfile import StartRefused
from trading.past_scan import PastScan, scan_past

One = TypeVar("One")
# Work that is shorter shows no bar.
LONG_SECONDS = 1.0


def scan(arguments: argparse.Namespace) -> int:
    """Reads, judges, writes, tells; gives the exit code. Raises StartRefused with the one line to show."""
    wish = wish_of(arguments)
    if wish.signals is not None:
        check_place(wish.signals, wish.files)
    found = found_in(candles_of(wish), wish)
    if wish.signals is not None:
        write_signals(wish.signals, found.signals)
    tell(summary(found, wish.strategies, wish.preferences))
    return 0


def candles_of(wish: Wish) -> tuple[Candles, ...]:
    """The files' candles, one symbol and no gap in each. Raises StartRefused."""
    minutes = wish.preferences.minutes
    files = []
    with progress(wish.files, "reading", "file") as paths:
        for path in paths:
            file = read_candle_file(path, wish.symbol)
            if minutes % file.minutes:
                theirs, ours = frame_name(file.minutes), frame_name(minutes)
                raise CandleFileRefused(path, f"{ours} candles can not be made of its {theirs} candles")
            files.append(file)
    return stretches_of(files)


def found_in(stretches: Sequence[Candles], wish: Wish) -> PastScan:
    """Raises StartRefused where there is nothing to judge."""
    with progress(stretches, "judging", "symbol") as one_by_one:
        found = scan_past(one_by_one, wish.strategies, wish.settings, wish.preferences)
    if not found.spans:
        raise StartRefused(f"{wish.files[0]}: not one complete {frame_name(wish.preferences.minutes)} candle")
    return found


def progress(things: Sequence[One], what: str, unit: str) -> AbstractContextManager[Iterable[One]]:
    """The things, with a bar on stderr if that is a terminal and going through them takes long."""
    if not sys.stderr.isatty():
        return nullcontext(things)
    from tqdm import tqdm

    return tqdm(things, desc=what, unit=unit, delay=LONG_SECONDS, leave=False, file=sys.stderr)


def tell(text: str) -> None:
    """On stdout; a reader that has heard enough (`| head`) is no trouble."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
