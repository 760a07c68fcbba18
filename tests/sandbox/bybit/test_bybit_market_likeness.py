"""The made-up market looks like the real one: the same measures, within stated bounds; poorer markets fail them."""

import pathlib
from dataclasses import replace

import numpy as np
import pytest

from sandbox.bybit.candle_file import read_candle_file
from sandbox.bybit.history import History
from sandbox.bybit.market import Market
from sandbox.bybit.practice import DEFAULT_SEED
from sandbox.bybit.source import DAY_MS, HOUR_MS, MINUTE_MS, Block, Floats
from sandbox.bybit.synthetic import MadeUpMarket
from tests.sandbox.bybit.market_likeness import (
    LIKENESSES,
    TOGETHER,
    Likeness,
    Together,
    unlike,
    unlike_together,
    values,
    windows_of,
)
from tests.sandbox.bybit.market_measures import Series, coarser, overlap, shuffled, windows
from tests.sandbox.bybit.practice_world import NOON_MS, SHARED

BORN_DAY = NOON_MS // DAY_MS
LARGEST = 12
DATA = SHARED / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real candles of shared/data are not here")

Candles = dict[str, list[Series]]
"""By length of the candle, one series for each symbol."""


@pytest.fixture(scope="module", params=[DEFAULT_SEED, 1, 2, 3])
def made(request: pytest.FixtureRequest) -> Candles:
    """What a world of this seed is born with, of the twelve largest."""
    market = Market(MadeUpMarket(request.param, BORN_DAY), request.param)
    source = market.source
    minutes = _series([market.day(day) for day in range(source.first_day, BORN_DAY)], source.first_day, 1)
    hours = [market.hours(day) for day in range(source.first_coarse_day, source.first_day)]
    return {
        "1m": minutes,
        "5m": [coarser(series, 5) for series in minutes],
        "1h": _series(hours, source.first_coarse_day, 60),
    }


def _series(blocks: list[Block], first_day: int, minutes: int) -> list[Series]:
    def joined(name: str) -> Floats:
        return np.concatenate([getattr(block, name)[:LARGEST] for block in blocks], axis=1)

    high, low, close, volume = (joined(name) for name in ("high", "low", "close", "volume"))
    time = first_day * DAY_MS + np.arange(close.shape[1], dtype=np.int64) * minutes * MINUTE_MS
    return [Series(minutes, time, high[row], low[row], close[row], volume[row]) for row in range(LARGEST)]


def at_one_time(candles: Candles) -> Candles:
    """The month of minutes in the two lengths in which symbols are compared."""
    return {"5m": candles["5m"], "1h": [coarser(series, 60) for series in candles["5m"]]}


def test_made_up_candles_measure_like_real_ones(made: Candles) -> None:
    assert unlike(windows_of(made)) == {}


def test_made_up_symbols_move_together_like_real_ones(made: Candles) -> None:
    assert unlike_together(at_one_time(made)) == {}


def test_the_year_of_hours_and_the_month_of_minutes_are_of_one_kind(made: Candles) -> None:
    for year, month in zip(made["1h"], (coarser(series, 60) for series in made["5m"]), strict=True):
        for ratio in (month.returns.std() / year.returns.std(), _turnover(month) / _turnover(year)):
            assert 0.5 < ratio < 2


def _turnover(series: Series) -> float:
    return float((series.volume * series.close).mean())


def random_walk(like: Series, random: np.random.Generator) -> Series:
    """The plainest market: independent normal returns, ranges of a Brownian bridge, the same volume always."""
    count, size = len(like.time), like.returns.std()
    close = 100 * np.exp(np.cumsum(size * random.standard_normal(count)))
    opened = np.concatenate([[100.0], close[:-1]])
    moved = np.log(close / opened)
    up, down = (np.sqrt(moved**2 - 2 * size**2 * np.log(random.random(count))) for _ in range(2))
    high, low = opened * np.exp((moved + up) / 2), opened * np.exp((moved - down) / 2)
    return Series(like.minutes, like.time, high, low, close, np.full(count, 1000.0))


def test_a_plain_random_walk_is_told_from_a_market(made: Candles) -> None:
    random = np.random.default_rng(7)
    walks = {length: [random_walk(series, random) for series in many] for length, many in made.items()}
    found = unlike(windows_of(walks))
    for row in LIKENESSES:
        if row.tells not in ("trends", "range", "day"):
            assert (row.candle, row.name) in found
    assert len(unlike_together(at_one_time(walks))) == len(TOGETHER)


def test_returns_in_another_order_lose_their_clusters_but_not_their_tails(made: Candles) -> None:
    random = np.random.default_rng(7)
    mixed = {length: [shuffled(series, random) for series in many] for length, many in made.items()}
    found = unlike(windows_of(mixed))
    for row in LIKENESSES:
        if row.tells == "clusters":
            assert (row.candle, row.name) in found
    assert not any(tails(row) and (row.candle, row.name) in found for row in LIKENESSES)


def tails(row: Likeness) -> bool:
    return row.tells == "tails" and row.candle in ("1m", "5m")


def test_volume_of_other_candles_no_longer_goes_with_range(made: Candles) -> None:
    random = np.random.default_rng(7)
    fives = [replace(series, volume=random.permutation(series.volume)) for series in made["5m"]]
    found = unlike(windows_of({**made, "5m": fives}))
    assert ("5m", "volume with range") in found
    assert ("5m", "volume echo 1h") in found
    assert ("5m", "busiest hour") in found


def test_symbols_of_different_days_do_not_move_together(made: Candles) -> None:
    def apart(series: Series, days: int) -> Series:
        return replace(series, close=np.roll(series.close, days * 288), volume=np.roll(series.volume, days * 288))

    fives = [apart(series, 2 * number) for number, series in enumerate(made["5m"])]
    found = unlike_together({"5m": fives})
    assert set(found) == {("5m", "returns together"), ("5m", "sizes together"), ("5m", "volumes together")}


@pytest.fixture(scope="module")
def real() -> Candles:
    """The real candles by length; what is finer than asked counts too, made coarser."""
    files = [_read(path) for path in sorted(DATA.glob("*.csv.gz"))]
    of = {minutes: [series for series in files if series.minutes == minutes] for minutes in (1, 5, 60)}
    fives = of[5] + [coarser(series, 5) for series in of[1]]
    return {"1m": of[1], "5m": fives, "1h": [coarser(series, 60) for series in of[5]] + of[60]}


def _read(path: pathlib.Path) -> Series:
    file = read_candle_file(path)
    return Series(file.minutes, file.time, file.high, file.low, file.close, file.volume)


@needs_data
def test_the_figures_written_down_are_those_of_the_real_candles(real: Candles) -> None:
    measured = windows_of(real)
    for row in LIKENESSES:
        low, high = np.quantile(values(row, measured), (0.05, 0.95))
        for written, found in ((row.low, low), (row.high, high)):
            assert written is None or written == pytest.approx(found, rel=0.01), (row.candle, row.name)


@needs_data
@pytest.mark.parametrize("row", TOGETHER, ids=lambda row: f"{row.candle} {row.name}")
def test_the_figures_of_symbols_together_are_those_of_the_real_candles(real: Candles, row: Together) -> None:
    since = min(series.time[0] for series in real["1m"]) + 60 * DAY_MS
    autumn = overlap([series for series in real["5m"] if series.time[-1] > since])
    assert len(autumn) == 6
    if row.candle == "1h":
        autumn = [coarser(series, 60) for series in autumn]
    found = [row.measure(many) for many in zip(*(windows(series, 30) for series in autumn), strict=True)]
    assert (row.low, row.high) == pytest.approx((min(found), max(found)), abs=0.001)


def test_one_seed_has_one_past_whenever_its_world_is_born() -> None:
    early, late = (Market(MadeUpMarket(5, day), 5) for day in (BORN_DAY, BORN_DAY + 100))
    assert np.array_equal(early.day(BORN_DAY - 1).close, late.day(BORN_DAY + 99).close)


def test_days_asked_for_out_of_order_are_the_same_days() -> None:
    forward, back = (Market(MadeUpMarket(5, BORN_DAY), 5) for _ in range(2))
    days = range(BORN_DAY - 3, BORN_DAY + 3)
    there = [forward.day(day).close for day in days]
    again = [back.day(day).close for day in reversed(days)][::-1]
    assert all(np.array_equal(one, other) for one, other in zip(there, again, strict=True))


def test_the_year_goes_over_into_the_month_without_a_seam() -> None:
    market = Market(MadeUpMarket(DEFAULT_SEED, BORN_DAY), DEFAULT_SEED)
    history = History(market)
    seam = market.source.first_day * DAY_MS
    for symbol in list(market.instruments)[:LARGEST]:
        rows = history.candles(symbol, "60", seam - 5 * DAY_MS, seam + 5 * DAY_MS, NOON_MS)
        assert np.all(np.diff(rows.time) == HOUR_MS)
        assert np.array_equal(rows.open[1:], rows.close[:-1])
