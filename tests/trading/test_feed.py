"""Candles: each asked for once when it is new, whoever listens; gaps, lateness and what is stale."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.doubles_clock import VirtualClock
from tests.doubles_exchange import ExchangeDouble, instrument
from tests.trading.world import BTC, DAY, ETH, MIDNIGHT, MINUTE, quiet
from trading.errors import OutcomeUnknown
from trading.feed import KEPT, Feed
from trading.history import newest_closed
from trading.ports import CandleRows
from trading.status import Rest

SILENT = OutcomeUnknown("silent")


class Counting(ExchangeDouble):
    """Counts what is asked for."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.asked: Counter[tuple[str, int]] = Counter()
        self.limits: list[int] = []

    async def candles(self, symbol: str, minutes: int, **span: Any) -> CandleRows:
        self.asked[symbol, minutes] += 1
        self.limits.append(span["limit"])
        return await super().candles(symbol, minutes, **span)


class Fed:
    """A feed of 1m candles laid out for a day to come."""

    def __init__(self, candles: int = 300) -> None:
        self.clock = VirtualClock(MIDNIGHT)
        self.exchange = Counting(self.clock, instrument(BTC), instrument(ETH))
        self.feed = Feed(self.exchange, self.clock)
        for symbol in (BTC, ETH):
            self.exchange.rows[symbol, 1] = quiet(symbol, 1, candles + 1441, MIDNIGHT + DAY)

    async def refresh(self, *symbols: str) -> str:
        return await self.feed.refresh({1: symbols or (BTC,)})

    def without(self, at: int) -> None:
        """Bybit has no candle that opens then."""
        rows = self.exchange.rows[BTC, 1]
        kept = rows.open_times != at
        self.exchange.rows[BTC, 1] = replace(rows, open_times=rows.open_times[kept], values=rows.values[:, kept])


@pytest.fixture
def fed() -> Fed:
    return Fed()


@pytest.mark.parametrize(("now", "opened"), [(0, -1), (59_999, -1), (60_000, 0), (60_001, 0)])
def test_the_newest_closed_candle_is_the_one_before_the_running_one(now: int, opened: int) -> None:
    assert newest_closed(MIDNIGHT + now, 1) == MIDNIGHT + opened * MINUTE


async def test_a_frame_is_asked_once_for_each_new_candle(fed: Fed) -> None:
    for _ in range(60):
        await fed.refresh(BTC, ETH)
        fed.clock.pass_by(2)
    # filled at once, then one question for the candle that closed at the next minute
    assert fed.exchange.asked == {(BTC, 1): 2, (ETH, 1): 2}
    await fed.refresh(BTC, ETH)
    assert fed.exchange.asked == {(BTC, 1): 3, (ETH, 1): 3}


async def test_the_forming_candle_is_left_out(fed: Fed) -> None:
    fed.clock.pass_by(30)
    await fed.refresh()
    assert fed.feed.newest(BTC, 1) == MIDNIGHT - MINUTE
    fed.clock.pass_by(30)
    await fed.refresh()
    assert fed.feed.newest(BTC, 1) == MIDNIGHT


async def test_a_candle_that_is_late_is_asked_for_again_at_the_next_tick(fed: Fed) -> None:
    await fed.refresh()
    rows = fed.exchange.rows[BTC, 1]
    kept = rows.open_times < MIDNIGHT
    fed.exchange.rows[BTC, 1] = replace(rows, open_times=rows.open_times[kept], values=rows.values[:, kept])
    fed.clock.pass_by(60)
    for tick in range(1, 4):
        await fed.refresh()
        assert fed.exchange.asked[BTC, 1] == 1 + tick
        fed.clock.pass_by(2)
    fed.exchange.rows[BTC, 1] = rows
    await fed.refresh()
    assert fed.feed.newest(BTC, 1) == MIDNIGHT
    assert fed.feed.heard_at(BTC, 1) == fed.clock.now()


async def test_two_thousand_candles_are_kept_and_read_in_pages_of_a_thousand() -> None:
    fed = Fed(candles=2_600)
    await fed.refresh()
    block = fed.feed.block((BTC,), 1)
    assert len(block) == KEPT
    assert fed.exchange.asked[BTC, 1] == 2
    assert set(fed.exchange.limits) == {1_000}
    assert list(np.unique(np.diff(block.open_times))) == [MINUTE]
    assert block.open_times[-1] == MIDNIGHT - MINUTE
    for _ in range(3):
        fed.clock.pass_by(60)
        await fed.refresh()
    assert len(fed.feed.block((BTC,), 1)) == KEPT


async def test_a_longer_history_is_read_page_by_page_without_a_seam() -> None:
    fed = Fed(candles=3_600)
    rows = await fed.feed.history(BTC, 1, 3_500)
    assert len(rows.open_times) == rows.values.shape[1] == 3_500
    assert list(np.unique(np.diff(rows.open_times))) == [MINUTE]
    assert fed.exchange.asked[BTC, 1] == 4


async def test_a_short_history_ends_with_its_first_candle() -> None:
    fed = Fed(candles=150)
    assert len((await fed.feed.history(BTC, 1, 2_000)).open_times) == 150
    assert len((await fed.feed.history(BTC, 5, 2_000)).open_times) == 0


async def test_symbols_of_different_age_stand_side_by_side_with_nothing_on_the_left(fed: Fed) -> None:
    fed.exchange.rows[ETH, 1] = quiet(ETH, 1, 1_441 + 50, MIDNIGHT + DAY)
    await fed.refresh(BTC, ETH)
    block = fed.feed.block((BTC, ETH), 1)
    assert block.close.shape == (2, 300)
    assert np.isnan(block.close[1, :250]).all()
    assert np.isfinite(block.close[1, 250:]).all()


async def test_after_an_absence_only_what_is_missing_is_asked_for(fed: Fed) -> None:
    await fed.refresh()
    fed.clock.pass_by(3_600)
    await fed.refresh()
    assert len(fed.feed.block((BTC,), 1)) == 360
    assert fed.exchange.asked[BTC, 1] == 2


async def test_a_gap_is_fetched_again_and_after_three_tries_the_symbol_rests_with_its_reason(fed: Fed) -> None:
    fed.without(MIDNIGHT - 10 * MINUTE)
    for tries in (1, 2, 3):
        assert fed.feed.resting == ()
        await fed.refresh(BTC, ETH)
        assert fed.exchange.asked[BTC, 1] == tries
        fed.clock.pass_by(2)
    ((name, why),) = fed.feed.resting
    assert name == f"{BTC} 1m"
    assert why is Rest.GAP
    assert fed.feed.newest(BTC, 1) is None
    assert fed.feed.newest(ETH, 1) == MIDNIGHT - MINUTE
    await fed.refresh(BTC, ETH)
    assert fed.exchange.asked[BTC, 1] == 3
    fed.exchange.rows[BTC, 1] = quiet(BTC, 1, 1_741, MIDNIGHT + DAY)
    fed.clock.pass_by(600)
    await fed.refresh(BTC, ETH)
    assert fed.feed.resting == ()
    assert fed.feed.newest(BTC, 1) is not None


async def test_a_gap_that_a_second_look_fills_is_forgotten(fed: Fed) -> None:
    whole = fed.exchange.rows[BTC, 1]
    await fed.refresh()
    for minute in (1, 3, 5):
        fed.without(MIDNIGHT + minute * MINUTE)
        fed.clock.at = MIDNIGHT + (minute + 2) * MINUTE
        await fed.refresh()
        fed.exchange.rows[BTC, 1] = whole
        await fed.refresh()
        assert fed.feed.newest(BTC, 1) == MIDNIGHT + (minute + 1) * MINUTE
    assert fed.feed.resting == ()


async def test_a_resting_symbol_that_nobody_watches_any_more_is_not_shown(fed: Fed) -> None:
    fed.without(MIDNIGHT - 10 * MINUTE)
    for _ in range(3):
        await fed.refresh()
    assert fed.feed.resting
    await fed.refresh(ETH)
    assert fed.feed.resting == ()
    assert fed.feed.newest(BTC, 1) is None


async def test_an_impossible_candle_rests_its_own_symbol_alone(fed: Fed) -> None:
    rows = fed.exchange.rows[BTC, 1]
    values = rows.values.copy()
    values[1, 100] = 1.0  # a high below the low
    fed.exchange.rows[BTC, 1] = replace(rows, values=values)
    for _ in range(3):
        await fed.refresh(BTC, ETH)
    assert fed.feed.resting == ((f"{BTC} 1m", Rest.BROKEN),)
    assert fed.feed.newest(ETH, 1) == MIDNIGHT - MINUTE


async def test_a_silence_is_told_and_what_was_there_stays(fed: Fed) -> None:
    await fed.refresh()
    fed.exchange.trouble["candles"] = [SILENT] * 3
    fed.clock.pass_by(60)
    assert [await fed.refresh() for _ in range(3)] == ["silent"] * 3
    assert fed.feed.newest(BTC, 1) == MIDNIGHT - MINUTE
    assert await fed.refresh() == ""
    assert fed.feed.newest(BTC, 1) == MIDNIGHT


async def test_it_is_stale_without_a_price_for_more_than_ten_seconds(fed: Fed) -> None:
    await fed.refresh()
    now = fed.clock.now()
    assert not fed.feed.is_stale(BTC, 1, now - 10_000)
    assert fed.feed.is_stale(BTC, 1, now - 10_001)
    assert fed.feed.is_stale(ETH, 1, now)


async def test_it_is_stale_once_a_candle_is_twenty_seconds_late(fed: Fed) -> None:
    await fed.refresh()
    fed.clock.at = MIDNIGHT + MINUTE + 19_999
    assert not fed.feed.is_stale(BTC, 1, fed.clock.now())
    fed.clock.at += 1
    assert fed.feed.is_stale(BTC, 1, fed.clock.now())


async def test_a_frame_that_nobody_wants_is_let_go(fed: Fed) -> None:
    await fed.refresh(BTC, ETH)
    await fed.refresh(ETH)
    assert fed.feed.newest(BTC, 1) is None
