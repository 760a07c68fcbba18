"""Files of one symbol that continue each other are one stretch of candles."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indicators.candles import aggregate
from tests.trading.pasts import past
from tests.trading.world import BTC, ETH
from tgbot.console.candle_file import CandleFile, CandleFileRefused
from tgbot.console.stretches import stretches_of

CANDLES = past(BTC, 5, 2, seed=1)
TABLE = np.stack(
    [CANDLES.open_times.astype(float)]
    + [one[0] for one in (CANDLES.open, CANDLES.high, CANDLES.low, CANDLES.close, CANDLES.volume)],
    axis=1,
)
WHOLE = CandleFile(Path("whole.csv"), BTC, 5, TABLE)


def part(begin: int, end: int, name: str = "part.csv") -> CandleFile:
    return replace(WHOLE, path=Path(name), table=TABLE[begin:end])


@pytest.mark.parametrize(
    "parts",
    [
        [(0, 576)],
        [(0, 300), (300, 576)],
        [(300, 576), (0, 300)],
        [(0, 300), (250, 576)],
        [(0, 576), (100, 200)],
        [(0, 576), (0, 576)],
        [(0, 576), (0, 100), (0, 576)],
        [(0, 200), (100, 400), (150, 300), (400, 576)],
    ],
    ids=["one", "touching", "any order", "overlapping", "inside", "twice", "same begin", "several"],
)
def test_parts_become_the_whole(parts: list[tuple[int, int]]) -> None:
    (stretch,) = stretches_of(part(begin, end) for begin, end in parts)
    np.testing.assert_array_equal(stretch.open_times, CANDLES.open_times)
    np.testing.assert_array_equal(stretch.close, CANDLES.close)
    np.testing.assert_array_equal(stretch.volume, CANDLES.volume)


def test_files_that_do_not_touch_are_stretches_of_their_own() -> None:
    stretches = stretches_of([part(0, 200), part(201, 576), replace(WHOLE, symbol=ETH)])
    assert [(one.symbols[0], len(one)) for one in stretches] == [(BTC, 200), (BTC, 375), (ETH, 576)]


def test_another_candle_of_the_same_time_is_refused_with_its_line() -> None:
    other = TABLE[250:].copy()
    other[10, 4] *= 1.0001
    with pytest.raises(CandleFileRefused, match=r"later\.csv, line 12: another candle of .* than early\.csv has"):
        stretches_of([part(0, 300, "early.csv"), replace(WHOLE, path=Path("later.csv"), table=other)])


def test_two_intervals_of_the_same_time_are_refused() -> None:
    hours = aggregate(CANDLES, 60)
    table = np.stack(
        [hours.open_times.astype(float)]
        + [one[0] for one in (hours.open, hours.high, hours.low, hours.close, hours.volume)],
        axis=1,
    )
    coarse = CandleFile(Path("hours.csv"), BTC, 60, table)
    with pytest.raises(CandleFileRefused, match="scan one of them"):
        stretches_of([coarse, part(100, 300)])
    later = replace(coarse, table=table[30:])
    assert [one.minutes for one in stretches_of([later, part(0, 300)])] == [5, 60]
