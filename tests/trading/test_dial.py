"""The rate dial: a threshold from the past of one's own symbols, or the fixed one where there is too little past."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from strategies.model import Settings
from tests.doubles_clock import VirtualClock
from tests.doubles_exchange import ExchangeDouble, instrument
from tests.trading.world import BTC, DAY, ETH, MIDNIGHT, MINUTE
from trading.dial import Dial
from trading.errors import OutcomeUnknown
from trading.feed import Feed
from trading.judge import Judge
from trading.ports import CandleRows
from trading.preferences import PRESETS, Preferences

D = Decimal
SYMBOLS = (BTC, ETH)


def wandering(symbol: str, minutes: int, days: float, until: int, seed: int) -> CandleRows:
    """A random walk with bursts of volume, so that strengths spread over the whole scale."""
    random = np.random.default_rng(seed)
    count = round(days * 1440 / minutes)
    steps = random.standard_t(4, count) * 0.001
    close = 50_000 * np.exp(np.cumsum(steps))
    opened = np.concatenate((close[:1], close[:-1]))
    high, low = np.maximum(opened, close) * 1.0003, np.minimum(opened, close) * 0.9997
    volume = 100 * np.exp(random.normal(0, 0.5, count)) * (1 + 400 * np.abs(steps))
    length = minutes * MINUTE
    times = np.arange(until - count * length, until, length, dtype=np.int64)
    return CandleRows(symbol, minutes, times, np.stack((opened, high, low, close, volume)))


class Dialled:
    """A dial over 1m candles that reach back for `days`."""

    def __init__(self, days: float, symbols: tuple[str, ...] = SYMBOLS) -> None:
        self.clock = VirtualClock(MIDNIGHT + 5_000)
        self.exchange = ExchangeDouble(self.clock, instrument(BTC), instrument(ETH))
        for place, symbol in enumerate(symbols):
            for minutes in (1, 5):
                self.exchange.rows[symbol, minutes] = wandering(symbol, minutes, days, MIDNIGHT, 7 * place + minutes)
        feed = Feed(self.exchange, self.clock)
        self.dial = Dial(feed, Judge(Settings(), lambda: self.clock.now() / 1000), self.clock)

    async def fill(self) -> None:
        await self.dial.fill({1: SYMBOLS})


def asked(per_day: int | None, **changes: object) -> Preferences:
    return replace(PRESETS["practice"], per_day=per_day, **changes)  # type: ignore[arg-type]


async def test_before_its_history_is_read_the_fixed_default_holds() -> None:
    dialled = Dialled(3)
    threshold = dialled.dial.threshold(asked(50), SYMBOLS)
    assert (threshold.value, threshold.per_day, threshold.fixed) == (D("0.75"), None, False)


async def test_without_a_dial_the_fixed_threshold_is_what_was_set() -> None:
    dialled = Dialled(3)
    await dialled.fill()
    threshold = dialled.dial.threshold(asked(None, threshold=D("0.66")), SYMBOLS)
    assert (threshold.value, threshold.fixed) == (D("0.66"), True)


async def test_the_dial_finds_the_highest_threshold_that_gives_as_many_a_day() -> None:
    dialled = Dialled(3)
    await dialled.fill()
    found = {number: dialled.dial.threshold(asked(number), SYMBOLS) for number in (20, 50, 100)}
    for number, threshold in found.items():
        assert threshold.reached
        assert not threshold.fixed
        assert threshold.per_day is not None
        assert threshold.per_day >= number
        assert D("0.40") <= threshold.value <= D("0.95")
    assert found[100].value < found[50].value < found[20].value
    assert found[50].days == pytest.approx(3, abs=0.1)


async def test_each_symbol_counts_by_its_own_days() -> None:
    dialled = Dialled(3)
    dialled.exchange.rows[ETH, 1] = wandering(ETH, 1, 1.5, MIDNIGHT, 8)
    await dialled.fill()
    both = dialled.dial.threshold(asked(20), SYMBOLS)
    alone = dialled.dial.threshold(asked(20), (BTC,))
    assert both.value > alone.value


async def test_what_is_out_of_reach_says_how_many_there_are_at_most() -> None:
    dialled = Dialled(3)
    await dialled.fill()
    threshold = dialled.dial.threshold(asked(500), (BTC,))
    assert not threshold.reached
    assert threshold.per_day is not None
    assert threshold.per_day < 500


async def test_what_is_exceeded_even_at_the_highest_says_so() -> None:
    dialled = Dialled(3)
    await dialled.fill()
    threshold = dialled.dial.threshold(asked(1, confluence=2), SYMBOLS)
    assert threshold.value == D("0.95")
    assert threshold.exceeded
    assert threshold.per_day is not None
    assert threshold.per_day > 1


async def test_less_than_a_day_of_one_minute_candles_is_too_little() -> None:
    dialled = Dialled(0.9)
    await dialled.fill()
    threshold = dialled.dial.threshold(asked(20), SYMBOLS)
    assert (threshold.value, threshold.per_day, threshold.fixed) == (D("0.75"), None, False)


async def test_todays_candles_are_not_past_yet() -> None:
    dialled, later = Dialled(3), Dialled(3)
    later.clock.at = MIDNIGHT + DAY // 2
    for (symbol, minutes), rows in list(later.exchange.rows.items()):
        today = wandering(symbol, minutes, 0.5, MIDNIGHT + DAY // 2, 99)
        later.exchange.rows[symbol, minutes] = CandleRows(
            symbol,
            minutes,
            np.concatenate((rows.open_times, today.open_times)),
            np.concatenate((rows.values, today.values), axis=1),
        )
    await dialled.fill()
    await later.fill()
    assert later.dial.threshold(asked(50), SYMBOLS) == dialled.dial.threshold(asked(50), SYMBOLS)


async def test_a_history_that_could_not_be_read_is_read_at_the_next_call() -> None:
    dialled = Dialled(3)
    dialled.exchange.trouble["candles"] = [OutcomeUnknown("silent")] * 4
    await dialled.fill()
    assert dialled.dial.threshold(asked(50), SYMBOLS).per_day is None
    await dialled.fill()
    assert dialled.dial.threshold(asked(50), SYMBOLS).per_day is not None


async def test_one_silent_symbol_does_not_take_the_dial_from_the_others() -> None:
    dialled = Dialled(3, (BTC,))
    await dialled.fill()
    assert dialled.dial.threshold(asked(20), SYMBOLS).per_day is not None


async def test_a_strategy_that_is_off_is_not_counted() -> None:
    dialled = Dialled(3)
    await dialled.fill()
    both = dialled.dial.threshold(asked(50), SYMBOLS)
    one = dialled.dial.threshold(asked(50, strategies_on=("volume_vwap",)), SYMBOLS)
    assert one.value < both.value
