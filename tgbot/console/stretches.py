"""Files that continue each other become one stretch of candles."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from indicators.candles import Candles, candles_from
from tgbot.console.candle_file import CandleFile, CandleFileRefused
from tgbot.console.candle_line import MINUTE_MS
from tgbot.console.frames import frame_name, when


def stretches_of(files: Iterable[CandleFile]) -> tuple[Candles, ...]:
    """The files' candles, one symbol and no gap in each, by symbol and time.

    Files of one symbol that touch, or overlap with the same candles, are one stretch; where candles are missing
    between two files a new stretch begins. Raises CandleFileRefused where two files disagree, or hold the same time
    in different intervals.
    """
    by_symbol: dict[str, list[CandleFile]] = defaultdict(list)
    for file in files:
        by_symbol[file.symbol].append(file)
    return tuple(
        _candles(stretch)
        for _, its in sorted(by_symbol.items())
        for stretch in _joined(sorted(its, key=lambda file: (file.begins, file.ends)))
    )


def _joined(files: list[CandleFile]) -> list[CandleFile]:
    """One symbol's files, by their beginning -> one for each stretch, named by the last file in it."""
    stretches: list[CandleFile] = []
    for file in files:
        last = stretches[-1] if stretches else None
        if last is not None and file.begins < last.ends and file.minutes != last.minutes:
            raise CandleFileRefused(
                file.path,
                f"holds {frame_name(file.minutes)} candles of {file.symbol} from {when(file.begins)} on, "
                f"and {last.path.name} {frame_name(last.minutes)} candles of the same time: scan one of them",
            )
        if last is not None and file.begins <= last.ends and file.minutes == last.minutes:
            stretches[-1] = _appended(last, file)
        else:
            stretches.append(file)
    return stretches


def _appended(one: CandleFile, other: CandleFile) -> CandleFile:
    """Both in one, where `other` begins no earlier than `one` and no later than it ends."""
    length = one.minutes * MINUTE_MS
    at = (other.begins - one.begins) // length
    both = min(len(one.table) - at, len(other.table))
    differ = (one.table[at : at + both] != other.table[:both]).any(axis=1)
    if differ.any():
        row = int(np.argmax(differ))
        raise CandleFileRefused(
            other.path, f"another candle of {when(int(other.table[row, 0]))} than {one.path.name} has", row + 2
        )
    if both == len(other.table):
        return one
    return CandleFile(other.path, one.symbol, one.minutes, np.concatenate((one.table, other.table[both:])))


def _candles(file: CandleFile) -> Candles:
    time, opened, high, low, close, volume = (column[None, :] for column in file.table.T)
    times = time[0].astype(np.int64)
    return candles_from(
        (file.symbol,), file.minutes, times, open=opened, high=high, low=low, close=close, volume=volume
    )
