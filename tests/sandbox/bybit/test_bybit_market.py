"""The made-up market: honest, seamless, the same again, and with a burst for whoever watches."""

import pathlib
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import requests
from numpy.typing import NDArray
from pybit.unified_trading import HTTP

from sandbox.bybit.history import INTERVALS, History
from sandbox.bybit.market import Market
from sandbox.bybit.practice import DEFAULT_SEED, PracticeBybit
from sandbox.bybit.source import DAY_MS, HOUR_MS, MINUTE_MS
from sandbox.bybit.synthetic import MadeUpMarket
from tests.sandbox.bybit.practice_world import NOON_MS, Clock, Open, Served

Floats = NDArray[np.float64]
BORN_DAY = NOON_MS // DAY_MS


@pytest.fixture(scope="module")
def market() -> Market:
    """The default market of noon's day, with its whole past."""
    return Market(MadeUpMarket(DEFAULT_SEED, BORN_DAY), DEFAULT_SEED)


@pytest.fixture(scope="module")
def history(market: Market) -> History:
    return History(market)


def average_range(high: Floats, low: Floats, close: Floats) -> Floats:
    """Wilder's ATR(14), seeded with the mean of the first 14; NaN before."""
    before = np.concatenate([close[:1], close[:-1]])
    ranges = np.maximum(high, before) - np.minimum(low, before)
    column = np.full(len(close), np.nan)
    column[14] = ranges[1:15].mean()
    for at in range(15, len(close)):
        column[at] = (13 * column[at - 1] + ranges[at]) / 14
    return column


def exponential(values: Floats, period: int) -> Floats:
    """EMA, alpha 2 / (n + 1), seeded with the mean of the first n; NaN before."""
    column = np.full(len(values), np.nan)
    column[period - 1] = values[:period].mean()
    for at in range(period, len(values)):
        column[at] = column[at - 1] + 2 / (period + 1) * (values[at] - column[at - 1])
    return column


def test_the_twelve_largest_move_as_much_in_a_minute_as_promised(market: Market, history: History) -> None:
    shares = []
    largest = np.argsort(-history.last_day(NOON_MS // MINUTE_MS).turnover)[:12]
    for day in range(BORN_DAY - 6, BORN_DAY):
        block = market.day(day)
        for row in largest:
            column = average_range(block.high[row], block.low[row], block.close[row])
            shares.append(column[14:] / block.close[row][14:])
    assert 0.0012 <= np.median(np.concatenate(shares)) <= 0.0020


def test_bitcoin_ether_and_solana_lead_by_turnover_every_day(market: Market, history: History) -> None:
    names = list(market.instruments)
    for day in range(BORN_DAY - 5, BORN_DAY + 1):
        order = np.argsort(-history.last_day(day * 1440 + 700).turnover)
        assert {names[row] for row in order[:3]} == {"BTCUSDT", "ETHUSDT", "SOLUSDT"}
        assert {names[row] for row in order[:12]} == set(names[:12])


def test_there_are_thirty_days_of_minutes_and_a_year_of_hours_before_them_without_a_seam(history: History) -> None:
    hours = history.candles("ETHUSDT", "60", 0, NOON_MS, NOON_MS)
    assert len(hours) == 395 * 24 + 13
    assert np.all(np.diff(hours.time) == HOUR_MS)
    assert np.array_equal(hours.open[1:], hours.close[:-1])
    minutes = history.candles("ETHUSDT", "1", 0, NOON_MS, NOON_MS)
    assert minutes.time[0] == (BORN_DAY - 30) * DAY_MS
    assert np.array_equal(minutes.open[1:], minutes.close[:-1])


@pytest.mark.parametrize("interval", [name for name in INTERVALS if name != "1"])
def test_every_interval_is_made_of_the_minutes_below_it(history: History, interval: str) -> None:
    now_ms = NOON_MS
    minutes = history.candles("SOLUSDT", "1", 0, now_ms, now_ms)
    coarse = history.candles("SOLUSDT", interval, int(minutes.time[0]), now_ms, now_ms)
    for at in range(max(0, len(coarse) - 30), len(coarse)):
        end = coarse.time[at + 1] if at + 1 < len(coarse) else now_ms + 1
        inside = minutes.where((minutes.time >= coarse.time[at]) & (minutes.time < end))
        assert coarse.open[at] == inside.open[0]
        assert coarse.high[at] == inside.high.max()
        assert coarse.low[at] == inside.low.min()
        assert coarse.close[at] == inside.close[-1]
        assert coarse.volume[at] == pytest.approx(inside.volume.sum())


def test_weeks_begin_on_mondays_and_months_on_their_first(history: History) -> None:
    weeks = history.candles("SOLUSDT", "W", 0, NOON_MS, NOON_MS).time.astype("datetime64[ms]")
    assert {int(d.astype("datetime64[D]").astype(int) + 3) % 7 for d in weeks[1:]} == {0}
    months = history.candles("SOLUSDT", "M", 0, NOON_MS, NOON_MS).time.astype("datetime64[ms]")
    assert all(str(month)[8:10] == "01" for month in months)


def test_the_same_seed_and_birth_make_the_same_past(market: Market) -> None:
    again = Market(MadeUpMarket(DEFAULT_SEED, BORN_DAY), DEFAULT_SEED)
    other = Market(MadeUpMarket(DEFAULT_SEED + 1, BORN_DAY), DEFAULT_SEED + 1)
    assert np.array_equal(again.day(BORN_DAY - 3).close, market.day(BORN_DAY - 3).close)
    assert not np.array_equal(other.day(BORN_DAY - 3).close, market.day(BORN_DAY - 3).close)


def test_the_forming_candle_grows_into_the_closed_one(served: Served, client: HTTP, clock: Clock) -> None:
    def newest() -> list[str]:
        row: list[str] = client.get_kline(category="linear", symbol="ETHUSDT", interval="1", limit=1)["result"]["list"][
            0
        ]
        return row

    begin = clock() // MINUTE_MS * MINUTE_MS
    highs, lows, volumes, closes = [], [], [], []
    for second in range(31, 60):
        clock.now_ms = begin + second * 1000
        start, _, high, low, close, volume, _ = newest()
        assert int(start) == begin
        assert close == f"{served.last('ETHUSDT'):.2f}"
        for seen, value in ((highs, high), (lows, low), (volumes, volume), (closes, close)):
            seen.append(Decimal(value))
    assert highs == sorted(highs)
    assert lows == sorted(lows, reverse=True)
    assert volumes == sorted(volumes)
    assert len(set(closes)) > 5
    clock.now_ms = begin + MINUTE_MS
    rows = client.get_kline(category="linear", symbol="ETHUSDT", interval="1", limit=2)["result"]["list"]
    assert int(rows[1][0]) == begin
    assert Decimal(rows[1][2]) >= highs[-1]
    assert Decimal(rows[1][3]) <= lows[-1]
    assert rows[0][1] == rows[1][4]


def kline(served: Served, **wishes: Any) -> list[int]:
    """The opening times of an answer, as it lists them."""
    params = {"category": "linear", "symbol": "BTCUSDT", "interval": "1", **wishes}
    answer = requests.get(f"{served.url}/v5/market/kline", params=params, timeout=20).json()
    assert answer["retCode"] == 0, answer
    return [int(row[0]) for row in answer["result"]["list"]]


def test_klines_come_newest_first_within_start_end_and_limit(served: Served, clock: Clock) -> None:
    forming = clock() // MINUTE_MS * MINUTE_MS
    newest = kline(served)
    assert newest == [forming - at * MINUTE_MS for at in range(200)]
    assert kline(served, limit=3) == newest[:3]
    assert len(kline(served, limit=5000)) == 1000
    assert kline(served, start=newest[9], end=newest[4]) == newest[4:10]
    assert kline(served, start=newest[9] - 1, end=newest[4] + 1) == newest[4:10]
    assert kline(served, start=newest[9], end=newest[4], limit=2) == newest[4:6]
    assert kline(served, end=newest[4], limit=2) == newest[4:6]
    assert kline(served, start=newest[9], limit=3) == newest[7:10]
    assert kline(served, start=clock() + MINUTE_MS) == []


def test_a_wrong_interval_or_symbol_is_refused(served: Served) -> None:
    for wishes in ({"interval": "7"}, {"symbol": "NOSUCH"}, {"limit": "many"}, {"category": "spot"}):
        params = {"category": "linear", "symbol": "BTCUSDT", "interval": "1", **wishes}
        answer = requests.get(f"{served.url}/v5/market/kline", params=params, timeout=20).json()
        assert answer["retCode"] == 10001


def test_a_ticker_agrees_with_the_candles_of_its_day(served: Served, clock: Clock) -> None:
    clock.now_ms = clock() // MINUTE_MS * MINUTE_MS
    url = f"{served.url}/v5/market/"
    ticker = requests.get(url + "tickers?category=linear&symbol=ETHUSDT", timeout=20).json()["result"]["list"][0]
    params = {"category": "linear", "symbol": "ETHUSDT", "interval": "5", "limit": 289}
    rows = requests.get(url + "kline", params=params, timeout=20).json()["result"]["list"][1:]
    assert float(ticker["turnover24h"]) == pytest.approx(sum(float(row[6]) for row in rows), rel=1e-6)
    assert float(ticker["volume24h"]) == pytest.approx(sum(float(row[5]) for row in rows), rel=1e-6)
    assert ticker["prevPrice24h"] == rows[-1][1]
    assert float(ticker["bid1Price"]) < float(ticker["ask1Price"])
    assert float(ticker["bid1Price"]) <= float(ticker["lastPrice"]) <= float(ticker["ask1Price"])


def firings(rows: Any, threshold: float) -> set[tuple[int, str]]:
    """(opening time, direction) of the fresh signals of volume, VWAP and trend over candles, from plain formulas."""
    table = np.array(rows[::-1], dtype=float)
    time, high, low, close, volume = table[:, 0], table[:, 2], table[:, 3], table[:, 4], table[:, 5]
    average = average_range(high, low, close)
    spread = exponential(close, 12) - exponential(close, 26)
    typical = (high + low + close) / 3
    found = set()
    for direction, sign in (("long", 1), ("short", -1)):
        was = False
        fired_at = -99
        for at in range(120, len(close)):
            mean = volume[at - 20 : at].mean()
            stretch = slice(at - 95, at + 1)
            vwap = (typical[stretch] * volume[stretch]).sum() / volume[stretch].sum()
            factors = np.clip(
                [
                    (volume[at] / mean - 1) / 2,
                    sign * (close[at] - vwap) / average[at] / 4,
                    sign * spread[at] / average[at],
                ],
                0,
                1,
            )
            so = bool((factors >= 0.5).sum() >= 2 and factors @ [0.40, 0.35, 0.25] >= threshold)
            if so and not was and at - fired_at > 4:
                fired_at = at
                found.add((int(time[at]), direction))
            was = so
    return found


@pytest.mark.parametrize(
    ("seed", "seconds", "threshold"),
    [(DEFAULT_SEED, 0, 0.75), (DEFAULT_SEED, 25_000, 0.9), (11, 17, 0.75), (12, 29.9, 0.9), (13, 41, 0.75)],
)
def test_whoever_watches_the_twelve_largest_sees_a_signal_in_time_and_then_one_every_other_minute(
    open_world: Open, clock: Clock, seed: int, seconds: float, threshold: float
) -> None:
    clock.forward(seconds=seconds)
    start_ms = clock()
    served = open_world(seed=seed, bursts=True, character=None)
    tickers = requests.get(served.url + "/v5/market/tickers?category=linear", timeout=20).json()["result"]["list"]
    largest = sorted(tickers, key=lambda ticker: -float(ticker["turnover24h"]))[:12]
    clock.forward(minutes=13)
    seen: dict[int, set[tuple[str, str]]] = {}
    for symbol in (ticker["symbol"] for ticker in largest):
        params = {"category": "linear", "symbol": symbol, "interval": "1", "limit": 1000}
        rows = requests.get(served.url + "/v5/market/kline", params=params, timeout=20).json()["result"]["list"]
        for opened, direction in firings(rows[1:], threshold):
            seen.setdefault(opened + MINUTE_MS, set()).add((symbol, direction))
    first = next(close for close in sorted(seen) if close >= start_ms + 58_000)
    assert first <= start_ms + 122_000
    for minute in range(0, 10, 2):
        begin = first + minute * MINUTE_MS
        assert any(begin <= close < begin + 2 * MINUTE_MS for close in seen), (
            f"nothing in minutes {minute} to {minute + 2}"
        )
    burst = {pair for close, pairs in seen.items() if first <= close <= first + 10 * MINUTE_MS for pair in pairs}
    assert len({symbol for symbol, _ in burst}) >= 7
    assert {direction for _, direction in burst} == {"long", "short"}


def test_a_restart_within_the_minutes_of_bursts_keeps_those_that_were_planned(
    database: pathlib.Path, clock: Clock
) -> None:
    first = PracticeBybit(database, time_ms=clock)
    planned = first.ledger.store.moves()
    first.close()
    clock.forward(minutes=4)
    second = PracticeBybit(database, time_ms=clock)
    kept = second.ledger.store.moves()
    second.close()
    assert kept[: len(planned)] == planned
    bursts = [move for move in kept if move.volume_factor != 1]
    assert len({move.start_ms // MINUTE_MS for move in bursts}) == len(bursts) == 15
