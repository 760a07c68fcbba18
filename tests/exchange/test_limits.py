"""Bybit's limits are heeded, and reads are repeated on a small budget."""

import asyncio
import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest

from exchange.bybit import Bybit
from exchange.pace import Lane, Pace
from tests.doubles_clock import VirtualClock
from tests.exchange.conftest import ACCOUNT, KEY, SECRET, FaultyServer, answer, code, cut, result
from tests.exchange.faults import PLACED, place
from trading.errors import ExchangeBusy, OutcomeUnknown
from trading.model import AccountId
from trading.secret import Credentials, Secret


async def test_slow_candles_hold_up_no_tap(patient: Bybit, server: FaultyServer) -> None:
    server.replies = [server.silence] * 6
    candles = [asyncio.ensure_future(patient.candles("BTCUSDT", 1)) for _ in range(20)]
    await server.hears(6)  # every thread for candles is taken
    server.usual = result({"marginMode": "REGULAR_MARGIN", "unifiedMarginStatus": 5})
    async with asyncio.timeout(20):
        assert (await patient.mode(ACCOUNT)).unified
    await dismiss(candles, server)


async def test_slow_reads_never_hold_up_an_order(patient: Bybit, server: FaultyServer, clock: VirtualClock) -> None:
    server.replies = [server.silence] * 6
    reads = [asyncio.ensure_future(patient.ticker("BTCUSDT")) for _ in range(12)]
    await server.hears(6)  # every thread for reads is taken
    server.usual = result(PLACED)
    async with asyncio.timeout(20):
        assert await place(patient, clock) == "b-1"
    await dismiss(reads, server)


async def test_after_a_403_the_whole_door_rests_for_ten_minutes(
    bybit: Bybit, server: FaultyServer, clock: VirtualClock
) -> None:
    server.replies = [answer(b"", 403)]
    with pytest.raises(ExchangeBusy) as first:
        await bybit.tickers()
    with pytest.raises(ExchangeBusy) as second:
        await place(bybit, clock)
    assert first.value.retry_after == second.value.retry_after == 600
    assert len(server.heard) == 1
    clock.pass_by(600)
    server.usual = result(PLACED)
    assert await place(bybit, clock) == "b-1"


async def test_too_many_visits_closes_that_endpoint_until_bybits_reset(
    bybit: Bybit, server: FaultyServer, clock: VirtualClock
) -> None:
    reset = str(clock.now() + 30_000)
    server.replies = [code(10006, X_Bapi_Limit_Reset_Timestamp=reset)]
    server.usual = result(PLACED)
    with pytest.raises(ExchangeBusy) as raised:
        await place(bybit, clock)
    assert raised.value.retry_after == 30
    with pytest.raises(ExchangeBusy):
        await place(bybit, clock)
    assert len(server.heard) == 1
    await bybit.cancel(ACCOUNT, "BTCUSDT", "x1-a")  # another endpoint goes on
    clock.pass_by(30)
    assert await place(bybit, clock) == "b-1"


@pytest.mark.parametrize("ahead", [-5_000, 0, 3_600_000])
async def test_a_reset_that_makes_no_sense_counts_as_one_second(
    ahead: int, bybit: Bybit, server: FaultyServer, clock: VirtualClock
) -> None:
    server.usual = code(10006, X_Bapi_Limit_Reset_Timestamp=str(clock.now() + ahead))
    with pytest.raises(ExchangeBusy) as raised:
        await place(bybit, clock)
    assert raised.value.retry_after == 1


async def test_a_used_up_limit_is_heeded_before_bybit_says_no(
    bybit: Bybit, server: FaultyServer, clock: VirtualClock
) -> None:
    reset = str(clock.now() + 900)
    server.replies = [
        answer({"retCode": 0, "result": PLACED}, X_Bapi_Limit_Status="0", X_Bapi_Limit_Reset_Timestamp=reset)
    ]
    server.usual = result(PLACED)
    begun = clock.now()
    await place(bybit, clock)
    assert clock.now() == begun
    await place(bybit, clock)
    assert clock.now() == begun + 900


async def test_reads_are_repeated_and_refusals_are_not(server: FaultyServer, clock: VirtualClock) -> None:
    bybit = Bybit("sandbox", clock, base_url=server.url, timeout=(1.0, 0.25))
    bybit.connect(ACCOUNT, Credentials(Secret(KEY), secret=Secret(SECRET)))
    server.replies = [cut, answer(b"", 502)]
    server.usual = result({"marginMode": "REGULAR_MARGIN", "unifiedMarginStatus": 5})
    assert (await bybit.mode(ACCOUNT)).unified
    assert len(server.heard) == 3
    server.replies = [code(10003)]
    with pytest.raises(OutcomeUnknown) as raised:
        await bybit.mode(ACCOUNT)
    assert raised.value.code == 10003
    assert len(server.heard) == 4
    bybit.close()


async def test_reading_gives_up_after_three_questions(server: FaultyServer, clock: VirtualClock) -> None:
    bybit = Bybit("sandbox", clock, base_url=server.url)
    server.usual = answer(b"", 502)
    with pytest.raises(OutcomeUnknown):
        await bybit.tickers()
    assert len(server.heard) == 3
    bybit.close()


async def test_a_person_who_stops_waiting_for_a_read_is_let_go(bybit: Bybit, server: FaultyServer) -> None:
    server.usual = server.silence
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await bybit.ticker("BTCUSDT")


async def test_a_read_that_still_queues_when_the_door_closes_is_told_so(bybit: Bybit, server: FaultyServer) -> None:
    server.usual = server.silence
    reads = [asyncio.ensure_future(bybit.ticker("BTCUSDT")) for _ in range(7)]
    await server.hears(6)  # every thread for reads is taken
    bybit.close()
    with pytest.raises(ExchangeBusy, match="closed"):
        await reads[-1]
    await asyncio.gather(*reads, return_exceptions=True)


@pytest.fixture
def patient(server: FaultyServer, clock: VirtualClock) -> Iterator[Bybit]:
    """Waits longer for a silent server than any test does."""
    ours = Bybit("sandbox", clock, base_url=server.url, read_attempts=1, timeout=(1.0, 60.0))
    ours.connect(ACCOUNT, Credentials(Secret(KEY), secret=Secret(SECRET)))
    yield ours
    ours.close()


async def dismiss(waiting: Sequence[asyncio.Future[Any]], server: FaultyServer) -> None:
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    server.held.set()


# --- the lanes


@pytest.mark.parametrize(("at_once", "a_second"), [(5, 5), (25, 25), (100, 50)])
def test_a_lane_lets_no_more_through_in_any_time_than_is_allowed(at_once: int, a_second: int) -> None:
    lane, now = Lane(at_once, a_second), 0
    gone: list[int] = []
    while now < 6_000:
        now += math.ceil(lane.wait(now))
        lane.take(now)
        gone.append(now)
        if len(gone) == 2 * at_once:
            now += 1_000  # a pause fills the burst again, the hardest case
    assert len(gone) > 2 * at_once
    for span in (1_000, 5_000):
        most = max(sum(first <= moment < first + span for moment in gone) for first in gone)
        assert most <= at_once + a_second * span // 1_000


def test_in_five_seconds_an_address_asks_less_than_bybit_allows() -> None:
    pace, count = Pace(), 0
    for endpoint in ("get_kline", "get_tickers"):
        for now in range(0, 5_000, 10):
            with suppress(ExchangeBusy):
                while True:
                    pace.reserve(None, endpoint, acts=False, now=now, patience=0)
                    count += 1
    assert 400 < count <= 550


def test_a_tap_does_not_queue_behind_candles() -> None:
    pace = Pace()
    while pace.reserve(None, "get_kline", acts=False, now=0, patience=10_000) == 0:
        pass
    assert pace.reserve(None, "get_tickers", acts=False, now=0, patience=0) == 0
    assert pace.reserve(ACCOUNT, "get_wallet_balance", acts=False, now=0, patience=0) == 0
    while pace.reserve(None, "get_tickers", acts=False, now=0, patience=10_000) == 0:
        pass
    assert pace.reserve(ACCOUNT, "place_order", acts=True, now=0, patience=0) == 0


def test_one_accounts_limit_is_not_anothers() -> None:
    pace, other = Pace(), AccountId("sandbox", "8")
    for _ in range(5):
        assert pace.reserve(ACCOUNT, "place_order", acts=True, now=0, patience=0) == 0
    with pytest.raises(ExchangeBusy):
        pace.reserve(ACCOUNT, "place_order", acts=True, now=0, patience=0)
    assert pace.reserve(other, "place_order", acts=True, now=0, patience=0) == 0
    assert pace.reserve(ACCOUNT, "cancel_order", acts=True, now=0, patience=0) == 0
