"""A candle file is read whole, or refused in one line that names it and the line."""

import csv
import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.indicators.market import REAL
from tests.tgbot.console.files import HEADER, lines_of, write
from tests.trading.pasts import past
from tests.trading.world import BTC, MIDNIGHT, MINUTE
from tgbot.console.candle_file import CandleFile, CandleFileRefused, read_candle_file

CANDLES = past(BTC, 5, 1, seed=1)
LINES = lines_of(CANDLES)
NAME = "bybit-BTCUSDT-5m-made.csv"


def refused(path: Path, symbol: str | None = None) -> CandleFileRefused:
    with pytest.raises(CandleFileRefused) as caught:
        read_candle_file(path, symbol)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


def read(folder: Path, lines: list[str], name: str = NAME) -> CandleFile:
    return read_candle_file(write(folder / name, lines))


def cells(**changes: str) -> Callable[[str], str]:
    """A line with some of its fields replaced."""

    def change(line: str) -> str:
        named = dict(zip(HEADER.split(","), line.split(","), strict=True))
        return ",".join((named | changes).values())

    return change


@pytest.mark.parametrize("name", [NAME, NAME + ".gz", "BTCUSDT_5m.csv", "btcusdt-5M.CSV", "x-1000BTCUSDT.5m.csv"])
def test_symbol_and_interval_stand_in_the_name(tmp_path: Path, name: str) -> None:
    file = read(tmp_path, LINES, name)
    assert file.symbol in ("BTCUSDT", "1000BTCUSDT")
    assert file.minutes == 5
    assert (file.begins, file.ends) == (MIDNIGHT, MIDNIGHT + 1440 * MINUTE)


def test_every_number_is_the_one_that_python_reads(tmp_path: Path) -> None:
    lines = [*LINES[:-1], f"{int(CANDLES.open_times[-1])},1e-08,0.1,1e-08,0.030000000000000002,123456789012.123456789"]
    expected = [[float(cell) for cell in line.split(",")] for line in lines[1:]]
    np.testing.assert_array_equal(read(tmp_path, lines).table, expected)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real candles of shared/data are not here")
def test_real_files_are_read_as_the_csv_module_reads_them() -> None:
    path = REAL / "bybit-ADAUSDT-1m-20250530-20250629.csv.gz"
    with gzip.open(path, "rt") as text:
        rows = list(csv.reader(text))[1:]
    file = read_candle_file(path)
    assert (file.symbol, file.minutes) == ("ADAUSDT", 1)
    np.testing.assert_array_equal(file.table, np.array(rows, dtype=np.float64))


def test_columns_may_stand_in_any_order_among_others(tmp_path: Path) -> None:
    turned = ["Close, turnover ,volume,OPEN_TIME,low,high,open"]
    for line in LINES[1:]:
        at, opened, high, low, close, volume = line.split(",")
        turned.append(f"{close},what not,{volume},{at},{low},{high},{opened}")
    np.testing.assert_array_equal(read(tmp_path, turned).table, read(tmp_path, LINES).table)


@pytest.mark.parametrize(
    "written",
    [
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b"\n", b"\r"),
        lambda text: text + b"\n\n  \n",
        lambda text: text.rstrip(b"\n"),
        lambda text: text.replace(b",", b" , "),
        lambda text: b"\n".join(b'"' + line.replace(b",", b'","') + b'"' for line in text.splitlines()),
    ],
    ids=["byte order mark", "Windows", "old Mac", "empty lines at the end", "no last newline", "spaces", "quotes"],
)
def test_other_ways_to_write_the_same_candles_are_fine(tmp_path: Path, written: Callable[[bytes], bytes]) -> None:
    path = write(tmp_path / NAME, LINES)
    expected = read_candle_file(path).table
    path.write_bytes(written(path.read_bytes()))
    np.testing.assert_array_equal(read_candle_file(path).table, expected)


def test_without_an_interval_in_the_name_the_candles_tell_it(tmp_path: Path) -> None:
    path = write(tmp_path / "candles.csv", LINES)
    file = read_candle_file(path, "BTCUSDT")
    assert (file.symbol, file.minutes) == ("BTCUSDT", 5)
    write(path, LINES[:2] + LINES[4:])
    assert refused(path, "BTCUSDT").line == 3


def test_a_single_candle_tells_no_interval(tmp_path: Path) -> None:
    assert "how long a candle is" in str(refused(write(tmp_path / "candles.csv", LINES[:2]), "BTCUSDT"))


def test_without_a_symbol_the_way_out_is_named(tmp_path: Path) -> None:
    assert "--symbol" in str(refused(write(tmp_path / "candles-5m.csv", LINES)))


BROKEN: dict[str, tuple[Callable[[str], str], str]] = {
    "letters": (cells(open="abc1"), "open is not a number: 'abc1'"),
    "two numbers": (cells(close="1 2"), "close is not a number"),
    "underscore": (cells(volume="1_000"), "volume is not a number"),
    "other digits": (cells(volume="١"), "volume is not a number"),
    "hexadecimal": (cells(low="0x10"), "low is not a number"),
    "nan": (cells(high="NaN"), "high is NaN: a finite number is needed"),
    "infinity": (cells(high="-inf"), "high is -inf"),
    "too large": (cells(volume="1e999"), "volume is too large"),
    "empty field": (cells(low=""), "low is empty"),
    "time with letters": (cells(open_time="2025-01-01"), "open_time is not a number"),
    "time in halves": (cells(open_time="1767225900000.5"), "no time in ms UTC"),
    "time in microseconds": (cells(open_time="1767225900000000"), "no time in ms UTC"),
    "time in seconds": (cells(open_time="1767225900"), "(is it in seconds?)"),
    "time before 1970": (cells(open_time="-300000"), "no time in ms UTC"),
    "time between": (cells(open_time=str(MIDNIGHT + 30 * MINUTE + 1)), "not at a whole 5m"),
    "zero price": (cells(low="0"), "low is 0, not above zero"),
    "negative price": (cells(open="-1"), "open is -1, not above zero"),
    "negative volume": (cells(volume="-0.5"), "volume is -0.5, below zero"),
    "high below low": (cells(high="1", low="2"), "high 1 is below low 2"),
    "open outside": (cells(open="1e6"), "open 1000000 lies outside"),
    "close outside": (cells(close="1e-6"), "close 1e-06 lies outside"),
    "a field less": (lambda line: line.rpartition(",")[0], "5 fields where the header has 6"),
    "a field more": (lambda line: line + ",1", "7 fields where the header has 6"),
    "semicolons": (lambda line: line.replace(",", ";"), "1 fields where the header has 6"),
    "empty line": (lambda line: "", "an empty line"),
    "before": (lambda line: LINES[1], "times must increase"),
    "twice": (lambda line: LINES[199], "stands twice"),
    "gap": (cells(open_time=str(MIDNIGHT + 202 * 5 * MINUTE)), "3 candles are missing"),
    "NUL": (lambda line: line[:20] + "\0" + line[21:], "is not a number"),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize(("change", "says"), BROKEN.values(), ids=BROKEN)
def test_a_broken_line_is_named(tmp_path: Path, change: Callable[[str], str], says: str, packed: bool) -> None:
    lines = [*LINES[:200], change(LINES[200]), *LINES[201:]]
    fault = refused(write(tmp_path / (NAME + ".gz" * packed), lines))
    assert fault.line == 201
    assert f"line 201: {says}" in str(fault) or says in str(fault)


def test_the_first_of_several_broken_lines_is_named(tmp_path: Path) -> None:
    lines = list(LINES)
    lines[50], lines[20] = "x", cells(high="nan")(lines[20])
    assert refused(write(tmp_path / NAME, lines)).line == 21


def test_a_missing_line_is_told_by_the_one_after_it(tmp_path: Path) -> None:
    fault = refused(write(tmp_path / NAME, LINES[:100] + LINES[101:]))
    assert fault.line == 101
    assert "1 candle is missing" in str(fault)


@pytest.mark.parametrize(("named", "line"), [("15m", 3), ("1m", 3), ("1h", 3)])
def test_a_name_that_tells_another_interval_is_suspected(tmp_path: Path, named: str, line: int) -> None:
    fault = refused(write(tmp_path / f"BTCUSDT-{named}.csv", LINES))
    assert fault.line == line
    assert f"(the file's name says {named}, its candles are mostly 5m apart)" in str(fault)


def test_an_interval_that_does_not_fit_into_a_day_is_refused(tmp_path: Path) -> None:
    assert "do not fit into a day" in str(refused(write(tmp_path / "BTCUSDT-7m.csv", LINES)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: the file is empty"),
        ("\n\n", "line 1: the file is empty"),
        (HEADER, "line 1: there is no candle below the header"),
        (HEADER + "\n\n", "line 1: there is no candle below the header"),
        (LINES[1], "line 1: this is no header of candles"),
        ("\n" + "\n".join(LINES), "line 1: no header"),
        ("open_time,open,high,low,close\n1,1,1,1,1", "line 1: the header names no column volume"),
        (HEADER + ",close\n1,1,1,1,1,1,1", "line 1: the header names twice the column close"),
        (HEADER.replace(",", ";") + "\n1;1;1;1;1;1", "line 1: this is no header of candles"),
    ],
)
def test_a_file_without_candles_or_header_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / NAME).write_text(text)
    assert says in str(refused(tmp_path / NAME))


def test_what_is_no_file_of_candles_is_refused(tmp_path: Path) -> None:
    packed, folder = tmp_path / (NAME + ".gz"), tmp_path / "BTCUSDT-5m-folder.csv"
    folder.mkdir()
    assert "there is no such file" in str(refused(tmp_path / "BTCUSDT-5m-missing.csv"))
    assert "is a directory" in str(refused(folder))
    assert "ends with .csv or .csv.gz" in str(refused(write(tmp_path / "BTCUSDT-5m.txt", LINES)))
    write(packed, LINES)
    packed.rename(tmp_path / NAME)
    assert "is packed with gzip" in str(refused(tmp_path / NAME))
    write(tmp_path / NAME, LINES).rename(packed)
    assert "it is not packed with gzip" in str(refused(packed))
    packed.write_bytes(b"")
    assert "it is not packed with gzip" in str(refused(packed))


def test_packed_data_that_ends_early_or_is_damaged_says_where(tmp_path: Path) -> None:
    path = write(tmp_path / (NAME + ".gz"), LINES)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    fault = refused(path)
    assert "is cut off here" in str(fault)
    assert fault.line is not None
    assert 100 < fault.line < 200
    path.write_bytes(whole[: len(whole) // 2] + b"\0\0\0\0" + whole[len(whole) // 2 + 4 :])
    assert "damaged" in str(refused(path))


def test_bytes_that_are_no_text_are_told_by_their_line(tmp_path: Path) -> None:
    path = write(tmp_path / NAME, LINES)
    path.write_bytes(path.read_bytes().replace(LINES[30].encode(), b"\xff\xfe\x00binary"))
    fault = refused(path)
    assert fault.line == 31
    assert "is not text in UTF-8" in str(fault)


FIELDS = st.sampled_from(
    ["nan", "inf", "", "0", "-1", "1e-300", "1e400", "99", "101", "x", "1_0", " 100 ", "1,1", "+1e2"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=st.integers(1, 40), column=st.integers(0, 5), text=FIELDS)
def test_the_fast_reader_and_the_slow_one_agree_about_every_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: int, column: int, text: str
) -> None:
    lines = [HEADER, *(f"{MIDNIGHT + at * 5 * MINUTE},100,101,99,100,{at}" for at in range(40))]
    changed = lines[row].split(",")
    changed[column] = text
    lines[row] = ",".join(changed)
    path = write(tmp_path / NAME, lines)

    def outcome() -> list[list[float]] | str:
        try:
            return read_candle_file(path).table.tolist()  # type: ignore[no-any-return]
        except CandleFileRefused as fault:
            return str(fault)

    both = outcome()
    with monkeypatch.context() as slow:
        slow.setattr("tgbot.console.candle_file._fast_table", lambda *_: None)
        assert outcome() == both
