"""Columns are kept by what was computed, for a while, and computed once however many ask."""

import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import indicators
from indicators.batch import BatchIndicatorProcessor
from indicators.cache import LIFETIMES, ColumnCache, Lifetime
from indicators.candles import Candles, FloatArray
from indicators.column import Column, all_columns
from tests.indicators.market import walk


class HandClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Counted:
    """A column that counts how often it is computed."""

    def __init__(self, cache: str = "rsi") -> None:
        self.times = 0
        self.column = Column("counted", (3,), self.compute, cache, all_columns()[0].live)

    def compute(self, candles: Candles, period: int) -> FloatArray:
        self.times += 1
        return candles.close * period


def processor_of(counted: Counted, clock: HandClock | None = None) -> BatchIndicatorProcessor:
    return BatchIndicatorProcessor(timer=clock or HandClock(), columns=(counted.column,))


def test_lifetimes_and_sizes_are_those_of_the_specification() -> None:
    assert {name: (kept.seconds, kept.entries) for name, kept in LIFETIMES.items()} == {
        "vwap": (30, 50),
        "rsi": (60, 100),
        "atr": (60, 100),
        "sma": (120, 200),
    }
    caches = {column.name: column.cache for column in all_columns()}
    assert set(caches.values()) <= set(LIFETIMES)
    assert (
        caches.items()
        >= {
            "vwap": "vwap",
            "rsi": "rsi",
            "atr": "atr",
            "sma": "sma",
            "ema": "sma",
            "volume_ratio": "sma",
            "lowest": "sma",
            "highest": "sma",
        }.items()
    )


def test_the_same_candles_are_computed_once_even_as_another_object() -> None:
    counted = Counted()
    processor = processor_of(counted)
    first = processor.calculate_batch_core_indicators(walk(2, 50))["counted_3"]
    assert processor.calculate_batch_core_indicators(walk(2, 50))["counted_3"] is first
    assert counted.times == 1
    cache = processor.caches["rsi"]
    assert (cache.hits, cache.misses) == (1, 1)


def test_a_newer_candle_other_symbols_another_frame_or_beginning_are_computed_anew() -> None:
    counted = Counted()
    processor = processor_of(counted)
    base = walk(2, 50)
    asked = [base, base.until(49), base.latest(49), base.only(["S1USDT"]), base.only(["S1USDT", "S0USDT"])]
    asked += [walk(2, 50, minutes=60), walk(2, 50, starts=(0, 5))]
    for candles in asked:
        expected = candles.close * 3
        np.testing.assert_array_equal(processor.calculate_batch_core_indicators(candles)["counted_3"], expected)
    assert counted.times == len(asked)


@pytest.mark.parametrize("name", LIFETIMES)
def test_a_column_is_computed_again_when_its_time_is_over(name: str) -> None:
    clock, counted = HandClock(), Counted(name)
    processor = processor_of(counted, clock)
    candles = walk(1, 30)
    processor.calculate_batch_core_indicators(candles)
    clock.now = LIFETIMES[name].seconds - 0.001
    processor.calculate_batch_core_indicators(candles)
    assert counted.times == 1
    clock.now = LIFETIMES[name].seconds
    processor.calculate_batch_core_indicators(candles)
    assert counted.times == 2


def test_expire_lets_go_of_what_is_too_old() -> None:
    clock, counted = HandClock(), Counted()
    processor = processor_of(counted, clock)
    processor.calculate_batch_core_indicators(walk(1, 30))
    assert processor.expire() == 0
    clock.now = 61
    assert processor.expire() == 1
    assert len(processor.caches["rsi"]) == 0


def test_no_more_is_kept_than_the_size_says() -> None:
    cache = ColumnCache(Lifetime(60, 3), HandClock())
    for key in range(5):
        cache.get(key, lambda: np.zeros((1, 1)))
    assert len(cache) == 3


def test_threads_that_ask_together_compute_once() -> None:
    cache = ColumnCache(Lifetime(60, 10), HandClock())
    entered, leave = threading.Event(), threading.Event()
    answers: list[FloatArray] = []
    computed: list[int] = []

    def compute() -> FloatArray:
        computed.append(1)
        entered.set()
        leave.wait(5)
        return np.ones((1, 1))

    threads = [threading.Thread(target=lambda: answers.append(cache.get("key", compute))) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert entered.wait(5)
    leave.set()
    for thread in threads:
        thread.join(5)
    assert len(computed) == 1
    assert len(answers) == 8
    assert all(answer is answers[0] for answer in answers)
    assert (cache.hits, cache.misses) == (7, 1)


def test_another_key_does_not_wait_for_one_that_is_being_computed() -> None:
    cache = ColumnCache(Lifetime(60, 10), HandClock())
    entered, leave = threading.Event(), threading.Event()

    def slow() -> FloatArray:
        entered.set()
        assert leave.wait(5)
        return np.ones((1, 1))

    thread = threading.Thread(target=cache.get, args=("slow", slow))
    thread.start()
    assert entered.wait(5)
    assert cache.get("quick", lambda: np.zeros((1, 1)))[0, 0] == 0
    leave.set()
    thread.join(5)


def test_a_failure_is_told_and_not_kept() -> None:
    cache = ColumnCache(Lifetime(60, 10), HandClock())

    def fail() -> FloatArray:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cache.get("key", fail)
    assert cache.get("key", lambda: np.ones((1, 1)))[0, 0] == 1


def test_what_is_kept_cannot_be_written_to() -> None:
    column = processor_of(Counted()).calculate_batch_core_indicators(walk(1, 10))["counted_3"]
    with pytest.raises(ValueError, match="read-only"):
        column[0, 0] = 1


def test_the_owner_may_choose_periods_and_a_misspelt_indicator_is_refused() -> None:
    processor = BatchIndicatorProcessor(periods={"ema": (5, 9, 30), "rsi": ()})
    columns = processor.calculate_batch_core_indicators(walk(1, 40))
    assert {"ema_5", "ema_9", "ema_30", "atr_14"} <= set(columns)
    assert not [name for name in columns if name.startswith("rsi") or name in ("ema_12", "ema_26")]
    with pytest.raises(ValueError, match="emma"):
        BatchIndicatorProcessor(periods={"emma": (5,)})


def test_a_new_indicator_is_one_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "middle.py").write_text(
        "import numpy as np\n"
        "from indicators.column import Column\n"
        "from indicators.live import LiveOf\n"
        "from indicators.running import Window\n"
        "middle = lambda candle: (candle.high + candle.low) / 2\n"
        "live = lambda rows, period: LiveOf(Window(np.add, rows, period), middle)\n"
        "COLUMN = Column('middle', (1,), lambda candles, period: middle(candles), 'sma', live)\n"
    )
    monkeypatch.setattr(indicators, "__path__", [*indicators.__path__, str(tmp_path)])
    try:
        candles = walk(2, 30)
        columns = BatchIndicatorProcessor().calculate_batch_core_indicators(candles)
        np.testing.assert_array_equal(columns["middle_1"], (candles.high + candles.low) / 2)
    finally:
        sys.modules.pop("indicators.middle", None)
        if hasattr(indicators, "middle"):
            del indicators.middle
