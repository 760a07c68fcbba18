"""The real Bybit's public data as a market; another practice Bybit stands for the real one."""

import pathlib

import pytest

from sandbox.bybit.history import Rows
from sandbox.bybit.practice import PracticeBybit
from sandbox.bybit.real import LAG_MINUTES, RealMarket
from sandbox.bybit.source import DAY_MS, MINUTE_MS, MarketRefused
from tests.sandbox.bybit.practice_world import Clock, Open, Served

LAG_MS = LAG_MINUTES * MINUTE_MS


def closed(rows: Rows) -> list[tuple[float, ...]]:
    prices = zip(rows.open.tolist(), rows.high.tolist(), rows.low.tolist(), rows.close.tolist(), strict=True)
    return list(prices)


@pytest.fixture
def follower(served: Served, clock: Clock, tmp_path: pathlib.Path) -> PracticeBybit:
    return PracticeBybit(tmp_path / "follower.db", market="bybit", time_ms=clock, real_url=served.url)


def test_real_minutes_are_shown_two_minutes_late(served: Served, follower: PracticeBybit, clock: Clock) -> None:
    now_ms = clock()
    minute_ms = now_ms // MINUTE_MS * MINUTE_MS
    shown = follower.history.candles("BTCUSDT", "1", minute_ms - 30 * MINUTE_MS, minute_ms - 1, now_ms)
    first_ms, last_ms = (int(time) - LAG_MS for time in (shown.time[0], shown.time[-1]))
    happened = served.practice.history.candles("BTCUSDT", "1", first_ms, last_ms, now_ms)
    assert len(shown) == 30
    assert closed(shown) == closed(happened)
    assert set(follower.market.instruments) == set(served.practice.market.instruments)
    mine, theirs = (b.market.instruments["BTCUSDT"] for b in (follower, served.practice))
    assert (mine.tick, mine.step, mine.max_market_qty) == (theirs.tick, theirs.step, theirs.max_market_qty)
    follower.close()


def test_hours_from_before_the_minutes_are_the_real_ones(served: Served, follower: PracticeBybit, clock: Clock) -> None:
    end_ms = follower.market.source.first_day * DAY_MS - 1
    shown = follower.history.candles("ETHUSDT", "240", end_ms - DAY_MS, end_ms, clock())
    assert closed(shown) == closed(served.practice.history.candles("ETHUSDT", "240", end_ms - DAY_MS, end_ms, clock()))
    follower.close()


def test_it_grows_and_never_changes_what_was_shown(served: Served, follower: PracticeBybit, clock: Clock) -> None:
    source = follower.market.source
    assert isinstance(source, RealMarket)
    begin_ms = clock() // MINUTE_MS * MINUTE_MS
    clock.forward(minutes=3)
    source.take(source.fetch_newest(), clock())
    follower.market.make_anew(clock() // DAY_MS)
    clock.forward(minutes=4)  # Bybit is away: what would have been shown is flat
    source.take([], clock())
    before = follower.history.candles("SOLUSDT", "1", begin_ms, clock(), clock())
    source.take(source.fetch_newest(), clock())
    follower.market.make_anew(clock() // DAY_MS)
    after = follower.history.candles("SOLUSDT", "1", begin_ms, clock(), clock())
    assert closed(after)[:-1] == closed(before)[:-1]
    assert len(set(closed(after))) > 4
    follower.close()


def test_without_a_network_it_says_so_in_one_line(open_world: Open) -> None:
    with pytest.raises(MarketRefused, match="SANDBOX_MARKET=bybit") as refused:
        open_world(market="bybit", real_url="http://127.0.0.1:9")
    assert "\n" not in str(refused.value)
