"""Candle files as a market: moved to now, cut into minutes, repeated without a jump, refused by line."""

import gzip
import itertools
import pathlib
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import requests

from sandbox.bybit.candle_file import read_candle_file
from sandbox.bybit.practice import PracticeBybit
from sandbox.bybit.source import DAY_MS, MINUTE_MS, MarketRefused
from tests.sandbox.bybit.practice_world import NOON_MS, SHARED, Clock, Open, Served

HEADER = "open_time,open,high,low,close,volume"
LAST_YEAR_MS = 1_750_000_500_000
"""When the files' last candle closes: 2025-06-15 15:15 UTC."""


def rows(count: int = 600, minutes: int = 5) -> list[list[str]]:
    """Candles of a price that wanders, the last of which closes at LAST_YEAR_MS."""
    random = np.random.default_rng(3)
    price, table = 100.0, []
    for at in range(count):
        moved = random.standard_normal(3) / 4
        close = round(price + moved[0], 2)
        high, low = round(max(price, close) + abs(moved[1]), 2), round(min(price, close) - abs(moved[2]), 2)
        opened = LAST_YEAR_MS - (count - at) * minutes * MINUTE_MS
        table.append([str(opened), *(f"{value:.2f}" for value in (price, high, low, close)), f"{10 + at % 7}"])
        price = close
    return table


def write(path: pathlib.Path, table: list[list[str]], header: str = HEADER) -> pathlib.Path:
    text = "\n".join([header, *(",".join(row) for row in table)]) + "\n"
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def kline(served: Served, symbol: str = "AVAXUSDT", **wishes: Any) -> list[list[str]]:
    """Oldest first."""
    params = {"category": "linear", "symbol": symbol, "interval": "5", "limit": 1000, **wishes}
    answer = requests.get(f"{served.url}/v5/market/kline", params=params, timeout=20).json()
    found: list[list[str]] = answer["result"]["list"][::-1]
    return found


def test_a_file_is_moved_by_whole_days_so_that_its_end_comes_next(
    open_world: Open, tmp_path: pathlib.Path, clock: Clock
) -> None:
    table = rows()
    served = open_world(market=str(write(tmp_path / "bybit-AVAXUSDT-5m-x.csv.gz", table)))
    days = -((LAST_YEAR_MS - clock()) // DAY_MS)
    end_ms = LAST_YEAR_MS + days * DAY_MS
    assert clock() <= end_ms < clock() + DAY_MS
    clock.now_ms = end_ms
    seen = [[row[0], *map(float, row[1:6])] for row in kline(served)[:-1]]
    wanted = [[str(int(row[0]) + days * DAY_MS), *map(float, row[1:6])] for row in table]
    assert seen == wanted


def test_a_file_that_runs_out_begins_again_without_a_jump(
    open_world: Open, tmp_path: pathlib.Path, clock: Clock
) -> None:
    table = rows(count=400)
    served = open_world(market=str(write(tmp_path / "AVAXUSDT-5m.csv", table)))
    clock.forward(hours=24 + 40)
    seen = kline(served)
    assert all(int(b[0]) - int(a[0]) == 5 * MINUTE_MS for a, b in itertools.pairwise(seen))
    assert [row[1] for row in seen[1:]] == [row[4] for row in seen[:-1]]
    assert len(seen) > len(table)


def test_coarse_candles_are_cut_into_minutes_along_the_path(
    open_world: Open, tmp_path: pathlib.Path, clock: Clock
) -> None:
    served = open_world(market=str(write(tmp_path / "AVAXUSDT-5m.csv", rows())))
    begin = clock() // (5 * MINUTE_MS) * 5 * MINUTE_MS - 50 * MINUTE_MS
    fives = kline(served, start=begin, end=begin + 45 * MINUTE_MS)
    ones = kline(served, interval="1", start=begin, end=begin + 49 * MINUTE_MS)
    for at, five in enumerate(fives):
        part = ones[5 * at : 5 * at + 5]
        assert (part[0][1], part[-1][4]) == (five[1], five[4])
        assert (max(float(p[2]) for p in part), min(float(p[3]) for p in part)) == (float(five[2]), float(five[3]))
        assert sum(float(p[5]) for p in part) == pytest.approx(float(five[5]), abs=0.5)
        high_first = float(five[2]) - float(five[1]) <= float(five[1]) - float(five[3])
        high_at = next(i for i, p in enumerate(part) if p[2] == five[2])
        low_at = next(i for i, p in enumerate(part) if p[3] == five[3])
        assert high_at <= low_at if high_first else low_at <= high_at


def test_a_folder_gives_each_symbol_its_finest_file(open_world: Open, tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "candles"
    folder.mkdir()
    write(folder / "bybit-AVAXUSDT-5m-a.csv", rows())
    write(folder / "bybit-AVAXUSDT-15m-a.csv", rows(minutes=15))
    write(folder / "bybit-DOTUSDT-15m-a.csv.gz", rows(minutes=15))
    (folder / "README.md").write_text("not a candle")
    served = open_world(market=str(folder))
    listed = requests.get(served.url + "/v5/market/instruments-info?category=linear", timeout=20).json()
    info = {row["symbol"]: row for row in listed["result"]["list"]}
    assert set(info) == {"AVAXUSDT", "DOTUSDT"}
    assert info["AVAXUSDT"]["priceFilter"]["tickSize"] == "0.01"
    assert kline(served)[0][1:5] == rows()[0][1:5]
    assert kline(served, "DOTUSDT", interval="15")[0][1:5] == rows()[0][1:5]


def test_a_file_s_world_goes_on_after_a_restart(open_world: Open, tmp_path: pathlib.Path, clock: Clock) -> None:
    path = str(write(tmp_path / "AVAXUSDT-5m.csv", rows()))
    served = open_world(market=path)
    clock.forward(hours=30)
    before = kline(served)
    served.stop()
    assert kline(open_world(market=path)) == before


def changed(number: int, column: int, value: str) -> list[list[str]]:
    table = rows(count=50)
    table[number - 2][column] = value
    return table


@pytest.mark.parametrize(
    ("line", "table", "why"),
    [
        (7, changed(7, 1, "abc"), "open is not a number"),
        (9, changed(9, 4, ""), "close is not a number"),
        (12, changed(12, 2, "nan"), "a number is not finite"),
        (12, changed(12, 5, "inf"), "a number is not finite"),
        (20, changed(20, 3, "0"), "a price is not above zero"),
        (21, changed(21, 2, "1"), "high is below"),
        (22, changed(22, 3, rows(count=50)[20][2]), "low is above open or close"),
        (23, changed(23, 5, "-1"), "volume is below zero"),
        (24, changed(24, 0, str(LAST_YEAR_MS)), "open_time does not follow"),
        (25, changed(25, 0, str(LAST_YEAR_MS + 1)), "open_time is not a whole interval"),
        (51, [*rows(count=49), ["1", "2"]], "2 fields where the header has 6"),
        (31, [*rows(count=50)[:29], *rows(count=50)[30:]], "open_time does not follow"),
    ],
)
def test_a_broken_line_is_named(tmp_path: pathlib.Path, line: int, table: list[list[str]], why: str) -> None:
    path = write(tmp_path / "AVAXUSDT-5m.csv", table)
    with pytest.raises(MarketRefused) as refused:
        read_candle_file(path)
    assert str(refused.value).startswith(f"{path}:{line}: {why}")


def test_a_file_without_candles_columns_or_a_telling_name_is_refused(tmp_path: pathlib.Path) -> None:
    cases = [
        (write(tmp_path / "AVAXUSDT-5m.csv", []), "no candles"),
        (write(tmp_path / "DOTUSDT-5m.csv", rows(), "open_time,open,high,low,close,size"), "no column volume"),
        (write(tmp_path / "candles.csv", rows()), "symbol and interval"),
        (tmp_path / "BTCUSDT-5m.csv.gz", "cannot be read"),
    ]
    (tmp_path / "BTCUSDT-5m.csv.gz").write_bytes(b"not gzip")
    for path, why in cases:
        with pytest.raises(MarketRefused, match=why):
            read_candle_file(path)


def test_a_world_keeps_to_the_market_it_was_made_with(tmp_path: pathlib.Path, database: pathlib.Path) -> None:
    path = str(write(tmp_path / "AVAXUSDT-5m.csv", rows()))
    PracticeBybit(database, market=path, time_ms=lambda: NOON_MS).close()
    with pytest.raises(MarketRefused, match="another market"):
        PracticeBybit(database, market="synthetic", time_ms=lambda: NOON_MS)


@pytest.mark.skipif(not (SHARED / "data").exists(), reason="../shared/data is absent")
def test_real_candles_trade_and_stop_as_they_happened(open_world: Open, clock: Clock) -> None:
    served = open_world(market=str(SHARED / "data" / "bybit-ADAUSDT-1m-20250530-20250629.csv.gz"))
    client = served.client()
    last = served.last("ADAUSDT")
    stop = str((last * Decimal("0.98")).quantize(Decimal("0.0001")))
    entry = {"category": "linear", "symbol": "ADAUSDT", "side": "Buy", "orderType": "Market"}
    client.place_order(**entry, qty="1000", stopLoss=stop, takeProfit=str((last * 2).quantize(Decimal("0.0001"))))
    begin = clock()
    clock.forward(hours=20)
    lows = [(int(row[0]), float(row[3])) for row in kline(served, "ADAUSDT", interval="15", start=begin)]
    closing = client.get_executions(category="linear", symbol="ADAUSDT", execType="Trade")["result"]["list"][0]
    touched = [opened for opened, low in lows if low <= float(stop)]
    if touched:
        assert closing["createType"] == "CreateByStopLoss"
        assert touched[0] <= int(closing["execTime"]) < touched[0] + 15 * MINUTE_MS
    else:
        assert closing["createType"] == "CreateByUser"
