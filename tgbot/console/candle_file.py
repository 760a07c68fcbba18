"""Reading one candle file: CSV, plain or gzip; symbol and interval stand in its name, its first line is the header."""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indicators.candles import FloatArray
from tgbot.console.candle_line import COLUMNS, LATEST_MS, MINUTE_MS, LineFault, candle_of, check_candle
from tgbot.console.frames import frame_minutes, frame_name
from tgbot.envfile import StartRefused

SYMBOL = re.compile(r"(?:^|[-_.])([A-Z0-9]{1,20}USDT)(?=[-_.]|$)", re.IGNORECASE)
INTERVAL = re.compile(r"[-_.](\d+[mhd])(?=[-_.]|$)", re.IGNORECASE)
DAY_MINUTES = 1440
_GZIP = b"\x1f\x8b"
_HEADER = ",".join(COLUMNS)


class CandleFileRefused(StartRefused):
    """One line that names the file and, where it is about one, the line (the header is line 1)."""

    def __init__(self, path: Path, reason: str, line: int | None = None) -> None:
        super().__init__(f"{path}, line {line}: {reason}" if line else f"{path}: {reason}")
        self.path = path
        self.line = line


@dataclass(frozen=True, slots=True, eq=False)
class CandleFile:
    """One symbol's candles, `minutes` apart without a gap, oldest first; `table` (candles, 6) holds `COLUMNS`."""

    path: Path
    symbol: str
    minutes: int
    table: FloatArray

    @property
    def begins(self) -> int:
        """When its first candle opens, ms UTC."""
        return int(self.table[0, 0])

    @property
    def ends(self) -> int:
        """When its last candle closes, ms UTC."""
        return int(self.table[-1, 0]) + self.minutes * MINUTE_MS


def read_candle_file(path: Path, symbol: str | None = None) -> CandleFile:
    """The file's candles; `symbol` stands in for the one in its name. Raises CandleFileRefused.

    The columns may stand in any order and among others, which are left out. Lines may end as on Windows.
    """
    text = _text_of(path)
    symbol = symbol or _named_symbol(path)
    header, body = _parts(path, text)
    places, width = _places(path, header)
    if not body:
        raise CandleFileRefused(path, "there is no candle below the header", 1)
    minutes = _named_minutes(path) or _usual_minutes(path, body, places[0])
    table = _fast_table(body, places, width)
    if table is None or not _is_sound(table, minutes):
        table = _slow_table(path, body, places, width, minutes)
    return CandleFile(path, symbol, minutes, table)


def _named_symbol(path: Path) -> str:
    found = SYMBOL.search(path.name)
    if found is None:
        raise CandleFileRefused(path, "its name holds no symbol as bybit-BTCUSDT-5m.csv does; name it with --symbol")
    return found[1].upper()


def _text_of(path: Path) -> bytes:
    """What the file says, its lines ending in a plain newline."""
    if not path.name.lower().endswith((".csv", ".csv.gz")):
        raise CandleFileRefused(path, "a candle file's name ends with .csv or .csv.gz")
    try:
        if path.exists() and not path.is_file():
            raise CandleFileRefused(path, "is a directory" if path.is_dir() else "is no file")
        raw = path.read_bytes()
    except FileNotFoundError:
        raise CandleFileRefused(path, "there is no such file") from None
    except (OSError, ValueError) as failed:
        raise CandleFileRefused(path, f"can not be read: {getattr(failed, 'strerror', None) or failed}") from None
    if path.name.lower().endswith(".gz"):
        raw = _unpacked(path, raw)
    elif raw.startswith(_GZIP):
        raise CandleFileRefused(path, "is packed with gzip: its name should end with .csv.gz")
    raw = raw.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as failed:
        line = raw.count(b"\n", 0, failed.start) + 1
        raise CandleFileRefused(path, "is not text in UTF-8", line) from None
    return raw


def _unpacked(path: Path, raw: bytes) -> bytes:
    if not raw.startswith(_GZIP):
        raise CandleFileRefused(path, "its name ends with .gz, but it is not packed with gzip")
    try:
        return gzip.decompress(raw)
    except EOFError:
        raise CandleFileRefused(
            path, "the file is cut off here, in the middle of its gzip data", _lines_in(raw)
        ) from None
    except (OSError, zlib.error):
        raise CandleFileRefused(path, "the gzip data is damaged from here on", _lines_in(raw)) from None


def _lines_in(raw: bytes) -> int:
    """The line in which readable gzip data ends."""
    unpacker, text = zlib.decompressobj(zlib.MAX_WBITS | 16), b""
    try:
        for begin in range(0, len(raw), 4096):
            text += unpacker.decompress(raw[begin : begin + 4096])
    except zlib.error:
        pass  # counted as far as it went
    return text.count(b"\n") + 1


def _parts(path: Path, text: bytes) -> tuple[list[str], bytes]:
    """The header's names and what stands below it, without the empty lines at the end."""
    first, _, body = text.partition(b"\n")
    header = [name.strip().strip('"').strip().lower() for name in first.decode().split(",")]
    if header == [""]:
        raise CandleFileRefused(path, "the file is empty" if not body.strip() else f"no header {_HEADER}", 1)
    return header, body.rstrip()


def _places(path: Path, header: list[str]) -> tuple[list[int], int]:
    """Where `COLUMNS` stand among the header's names, and how many names there are."""
    if not any(name in header for name in COLUMNS):
        raise CandleFileRefused(path, f"this is no header of candles: {_HEADER} is expected", 1)
    for name in COLUMNS:
        if header.count(name) != 1:
            how = "names no column" if name not in header else "names twice the column"
            raise CandleFileRefused(path, f"the header {how} {name}", 1)
    return [header.index(name) for name in COLUMNS], len(header)


def _named_minutes(path: Path) -> int | None:
    found = INTERVAL.search(path.name)
    minutes = frame_minutes(found[1]) if found else None
    if minutes is not None and DAY_MINUTES % minutes:
        raise CandleFileRefused(path, f"candles of {found[1] if found else ''} do not fit into a day")
    return minutes


def _usual_minutes(path: Path, body: bytes, place: int) -> int:
    """How far apart the candles of a file mostly open, if its name does not say it."""
    cells = (line.split(b",") for line in body.split(b"\n"))
    texts = (row[place].strip(b' "') for row in cells if len(row) > place)
    times = np.array([int(text) for text in texts if text.isdigit() and len(text) < 16], dtype=np.int64)
    steps = np.diff(times)
    minutes, rest = divmod(int(np.median(steps)), MINUTE_MS) if len(steps) else (0, 0)
    if minutes < 1 or rest or DAY_MINUTES % minutes:
        raise CandleFileRefused(
            path, "neither its name (as in bybit-BTCUSDT-5m.csv) nor its open times tell how long a candle is", 2
        )
    return minutes


def _fast_table(body: bytes, places: Sequence[int], width: int) -> FloatArray | None:
    """The table by pandas' compiled reader; None where that finds anything odd, for the slow one to look at."""
    lines = body.count(b"\n") + 1
    if body.count(b",") != lines * (width - 1):
        return None  # pandas would take a long line's first field for an index
    import pandas as pd  # a second and 120 MB: the bot does without it

    try:
        frame = pd.read_csv(
            io.BytesIO(body),
            header=None,
            names=list(range(width)),
            usecols=sorted(places),
            dtype=np.float64,
            index_col=False,
            na_filter=False,
            skip_blank_lines=False,
            quoting=csv.QUOTE_NONE,
            engine="c",
        )
    except ValueError:
        return None
    return np.ascontiguousarray(frame[list(places)].to_numpy()) if len(frame) == lines else None


def _is_sound(table: FloatArray, minutes: int) -> bool:
    """Whether no line has a fault: `check_candle` for all lines at once."""
    if not np.isfinite(table).all():
        return False
    time, opened, high, low, close, volume = table.T
    length = minutes * MINUTE_MS
    return bool(
        ((time >= 0) & (time < LATEST_MS) & (time % length == 0)).all()
        and (np.diff(time) == length).all()
        and (low > 0).all()
        and (volume >= 0).all()
        and (high >= np.maximum(opened, close)).all()
        and (low <= np.minimum(opened, close)).all()
    )


def _slow_table(path: Path, body: bytes, places: Sequence[int], width: int, minutes: int) -> FloatArray:
    """The table line by line; raises CandleFileRefused at the first line that is no candle."""
    table: list[tuple[float, ...]] = []
    for number, line in enumerate(body.decode().split("\n"), start=2):
        try:
            candle = candle_of(line.split(","), places, width)
            check_candle(candle, table[-1] if table else None, minutes)
        except LineFault as fault:
            hint = _hint(path, body, places[0], minutes) if number <= 3 else ""
            raise CandleFileRefused(path, fault.reason + hint, number) from None
        table.append(candle)
    return np.array(table, dtype=np.float64)


def _hint(path: Path, body: bytes, place: int, minutes: int) -> str:
    """What the first lines' trouble may come from: a name that tells another interval than the candles have."""
    if _named_minutes(path) is None:
        return ""
    try:
        usual = _usual_minutes(path, body, place)
    except CandleFileRefused:
        return ""
    if usual == minutes:
        return ""
    return f" (the file's name says {frame_name(minutes)}, its candles are mostly {frame_name(usual)} apart)"
