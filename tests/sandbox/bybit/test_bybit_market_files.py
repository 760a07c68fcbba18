"""Candle files of different spans in one folder, files too short for a day, files that are damaged."""

import gzip
import pathlib

import numpy as np
import pytest
import requests

from sandbox.bybit.candle_file import read_candle_file
from sandbox.bybit.replay import Replay
from sandbox.bybit.source import DAY_MS, MINUTE_MS, MINUTES_A_DAY, MarketRefused
from tests.sandbox.bybit.practice_world import NOON_MS, Clock, Open, Served
from tests.sandbox.bybit.test_bybit_files import HEADER, LAST_YEAR_MS, kline, rows, write


def tickers(served: Served) -> dict[str, float]:
    """The last price of each symbol."""
    listed = requests.get(served.url + "/v5/market/tickers?category=linear", timeout=20).json()
    return {row["symbol"]: float(row["lastPrice"]) for row in listed["result"]["list"]}


def first_minute(source: Replay, symbol: str) -> int:
    """The first minute (since 1970) that has a candle of this symbol."""
    row = [instrument.symbol for instrument in source.instruments].index(symbol)
    for day in range(source.first_day, source.first_day + 40):
        known = np.flatnonzero(~np.isnan(source.day(day).open[row]))
        if len(known):
            return day * MINUTES_A_DAY + int(known[0])
    raise AssertionError(f"no candle of {symbol}")


def later(table: list[list[str]], shift_ms: int) -> list[list[str]]:
    return [[str(int(row[0]) + shift_ms), *row[1:]] for row in table]


def test_files_of_different_spans_end_within_the_day_to_come(
    open_world: Open, tmp_path: pathlib.Path, clock: Clock
) -> None:
    write(tmp_path / "bybit-AVAXUSDT-5m-a.csv", rows(count=900))
    write(tmp_path / "bybit-DOTUSDT-5m-a.csv", later(rows(count=400), -90 * DAY_MS - 7 * 3_600_000))
    write(tmp_path / "bybit-ADAUSDT-15m-a.csv", later(rows(count=300, minutes=15), 45 * MINUTE_MS))
    source = Replay(tmp_path, clock())
    for path in tmp_path.iterdir():
        file = read_candle_file(path)
        first_ms = first_minute(source, file.symbol) * MINUTE_MS
        assert clock() <= first_ms + len(file.time) * file.minutes * MINUTE_MS < clock() + DAY_MS
        assert (first_ms - int(file.time[0])) % DAY_MS == 0
    served = open_world(market=str(tmp_path))
    assert set(tickers(served)) == {"AVAXUSDT", "DOTUSDT", "ADAUSDT"}
    spans = {symbol: len(kline(served, symbol, interval="15")) for symbol in ("AVAXUSDT", "DOTUSDT", "ADAUSDT")}
    assert spans["DOTUSDT"] < spans["ADAUSDT"]
    assert all(40 < length < 310 for length in spans.values())


@pytest.mark.parametrize("hours", [1, 9, 15, 23])
def test_a_file_of_two_hours_has_a_price_at_every_time_of_day(
    open_world: Open, tmp_path: pathlib.Path, clock: Clock, hours: int
) -> None:
    clock.forward(hours=hours)
    served = open_world(market=str(write(tmp_path / "AVAXUSDT-5m.csv", rows(count=24))))
    assert 50 < tickers(served)["AVAXUSDT"] < 200
    clock.forward(hours=5)
    seen = kline(served)
    assert [row[1] for row in seen[1:]] == [row[4] for row in seen[:-1]]
    assert len(seen) > 60


def test_two_files_of_one_symbol_and_length_give_the_newer_one(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "a-AVAXUSDT-5m-new.csv", later(rows(count=400), 30 * DAY_MS))
    write(tmp_path / "b-AVAXUSDT-5m-old.csv", rows(count=900))
    length_ms = 400 * 5 * MINUTE_MS
    end_ms = first_minute(Replay(tmp_path, NOON_MS), "AVAXUSDT") * MINUTE_MS + length_ms
    assert NOON_MS <= end_ms < NOON_MS + DAY_MS


def test_one_broken_file_among_good_ones_is_named_with_its_line(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "bybit-AVAXUSDT-5m-a.csv", rows())
    table = rows()
    del table[300]
    broken = write(tmp_path / "bybit-DOTUSDT-5m-a.csv.gz", table)
    with pytest.raises(MarketRefused) as refused:
        Replay(tmp_path, NOON_MS)
    assert str(refused.value) == f"{broken}:302: open_time does not follow the candle before"


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_archive_is_refused_in_one_line(tmp_path: pathlib.Path, damage: str) -> None:
    path = write(tmp_path / "AVAXUSDT-5m.csv.gz", rows())
    raw = path.read_bytes()
    half = len(raw) // 2
    path.write_bytes(raw[:half] if damage == "cut" else raw[:half] + bytes(255 - b for b in raw[half:]))
    with pytest.raises(MarketRefused, match="cannot be read") as refused:
        read_candle_file(path)
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)


def test_an_empty_file_and_a_blank_line_are_refused_by_line(tmp_path: pathlib.Path) -> None:
    empty = tmp_path / "AVAXUSDT-5m.csv.gz"
    empty.write_bytes(gzip.compress(b""))
    with pytest.raises(MarketRefused, match=":1: no candles"):
        read_candle_file(empty)
    blank = tmp_path / "DOTUSDT-5m.csv"
    lines = [HEADER, *(",".join(row) for row in rows(count=30))]
    blank.write_text("\n".join([*lines[:10], "", *lines[10:]]) + "\n")
    with pytest.raises(MarketRefused, match=":11: 1 fields where the header has 6"):
        read_candle_file(blank)


def test_line_ends_of_windows_and_a_byte_order_mark_are_read(tmp_path: pathlib.Path) -> None:
    plain = read_candle_file(write(tmp_path / "AVAXUSDT-5m.csv", rows()))
    path = tmp_path / "DOTUSDT-5m.csv"
    text = (tmp_path / "AVAXUSDT-5m.csv").read_text().replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_candle_file(path).close.tolist() == plain.close.tolist()
    assert plain.end_ms == LAST_YEAR_MS
