"""The door over real sockets: one request for one order, whatever the other side does."""

import asyncio
import gc
import hashlib
import hmac
import json
from concurrent.futures import Executor, Future
from typing import Any

import pytest

from exchange.bybit import Bybit
from exchange.client import Client
from exchange.door import Caller, Door, Threads
from exchange.signing import HmacSigner
from exchange.translate import order_params
from tests.doubles_clock import VirtualClock
from tests.exchange.conftest import ACCOUNT, KEY, SECRET, FaultyServer, drip, result
from tests.exchange.faults import ENTRY, FAULTS, LINK, PLACED, place
from trading.errors import ExchangeBusy, ExchangeError, OutcomeUnknown
from trading.secret import Credentials, Secret


class HeldExecutor(Executor):
    """Runs nothing until told: a thread that is late."""

    def __init__(self) -> None:
        self.queue: list[tuple[Future[Any], Any]] = []

    def submit(self, work: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.queue.append((future, work))
        return future

    def release(self) -> None:
        for future, work in self.queue:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except ExchangeError as trouble:
                    future.set_exception(trouble)
        self.queue.clear()


async def test_a_placed_order_returns_bybits_id_after_one_request(
    bybit: Bybit, server: FaultyServer, clock: VirtualClock
) -> None:
    server.usual = result(PLACED)
    assert await place(bybit, clock) == "b-1"
    (heard,) = server.heard
    assert json.loads(heard.body) == {
        "category": "linear",
        "symbol": "BTCUSDT",
        "side": "Buy",
        "orderType": "Limit",
        "qty": "0.010",
        "price": "50010.5",
        "timeInForce": "IOC",
        "positionIdx": 0,
        "orderLinkId": LINK,
        "tpslMode": "Full",
        "stopLoss": "49000",
        "slTriggerBy": "LastPrice",
        "takeProfit": "52000",
        "tpTriggerBy": "LastPrice",
    }


async def test_the_timestamp_that_was_journalled_is_the_one_that_is_signed(
    bybit: Bybit, server: FaultyServer, clock: VirtualClock
) -> None:
    server.usual = result(PLACED)
    signed_at = clock.now() - 321
    await bybit.place(ACCOUNT, ENTRY, signed_at)
    heard = server.heard[0]
    assert heard.headers["X-BAPI-TIMESTAMP"] == str(signed_at)
    text = f"{signed_at}{KEY}5000{heard.body}"
    assert heard.headers["X-BAPI-SIGN"] == hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


@pytest.mark.parametrize("fault", FAULTS)
async def test_one_request_is_sent_and_its_answer_is_read_for_what_it_says(
    fault: str, bybit: Bybit, server: FaultyServer, clock: VirtualClock
) -> None:
    reply, expected, ret_code = FAULTS[fault]
    server.replies = [reply]
    server.usual = result(PLACED)
    with pytest.raises(ExchangeError) as raised:
        await place(bybit, clock)
    assert (type(raised.value), raised.value.code) == (expected, ret_code)
    assert len(server.heard) == 1


async def test_silence_is_unknown_after_one_request(bybit: Bybit, server: FaultyServer, clock: VirtualClock) -> None:
    server.usual = server.silence
    with pytest.raises(OutcomeUnknown):
        await place(bybit, clock)
    assert len(server.heard) == 1


async def test_an_answer_that_drips_is_given_up_as_unknown(server: FaultyServer, clock: VirtualClock) -> None:
    server.usual = drip
    door = Door(clock, clock.now, Threads(), total_seconds=0.15, attempts=1)
    signer = HmacSigner(Secret(KEY), Secret(SECRET))
    client = Client("sandbox", server.url, signer, now=clock.now, bybit_time=clock.now)
    with pytest.raises(OutcomeUnknown):
        await door.act(Caller(client, ACCOUNT), "place_order", order_params(ENTRY), clock.now())
    with pytest.raises(OutcomeUnknown):
        await door.read(Caller(client, ACCOUNT), "get_positions", category="linear")
    assert len(server.heard) == 2
    door.close()


async def test_nobody_there_is_unknown(clock: VirtualClock) -> None:
    alone = Bybit("sandbox", clock, base_url="http://127.0.0.1:9", read_attempts=1)
    alone.connect(ACCOUNT, Credentials(Secret(KEY), secret=Secret(SECRET)))
    with pytest.raises(OutcomeUnknown):
        await place(alone, clock)
    alone.close()


@pytest.mark.parametrize("late", [0, 1_000])
async def test_within_a_second_of_its_commit_an_order_goes_out(
    late: int, server: FaultyServer, clock: VirtualClock
) -> None:
    server.usual = result(PLACED)
    bybit, thread, task = held_order(server, clock)
    await asyncio.sleep(0)
    clock.at += late
    thread.release()
    assert await task == "b-1"
    bybit.close()


async def test_an_order_whose_thread_comes_a_second_late_is_surely_not_sent(
    server: FaultyServer, clock: VirtualClock
) -> None:
    bybit, thread, task = held_order(server, clock)
    await asyncio.sleep(0)
    clock.at += 1_001
    thread.release()
    with pytest.raises(ExchangeBusy):
        await task
    assert server.heard == []
    bybit.close()


async def test_an_order_given_up_while_it_queues_is_surely_not_sent(server: FaultyServer, clock: VirtualClock) -> None:
    bybit, thread, task = held_order(server, clock)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(ExchangeBusy):
        await task
    thread.release()
    assert server.heard == []
    bybit.close()


async def test_an_order_given_up_on_its_way_is_unknown(bybit: Bybit, server: FaultyServer, clock: VirtualClock) -> None:
    server.usual = server.silence
    task = asyncio.ensure_future(place(bybit, clock))
    await server.hears()
    task.cancel()
    with pytest.raises(OutcomeUnknown):
        await task
    assert len(server.heard) == 1


async def test_an_answer_that_came_as_the_wait_ended_is_not_lost(server: FaultyServer, clock: VirtualClock) -> None:
    server.usual = result(PLACED)
    bybit, thread, task = held_order(server, clock)
    await asyncio.sleep(0)
    thread.release()
    task.cancel()
    assert await task == "b-1"
    bybit.close()


async def test_a_closed_door_sends_nothing(bybit: Bybit, server: FaultyServer, clock: VirtualClock) -> None:
    bybit.close()
    with pytest.raises(ExchangeBusy):
        await place(bybit, clock)
    with pytest.raises(ExchangeBusy):
        await bybit.ticker("BTCUSDT")
    assert server.heard == []


async def test_an_account_without_a_key_sends_nothing(bybit: Bybit, server: FaultyServer, clock: VirtualClock) -> None:
    bybit.forget(ACCOUNT)
    with pytest.raises(ExchangeBusy):
        await place(bybit, clock)
    assert server.heard == []


async def test_nothing_unawaited_is_left_after_an_order_was_given_up(
    bybit: Bybit, server: FaultyServer, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    server.usual = server.silence
    task = asyncio.ensure_future(place(bybit, clock))
    await server.hears()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0.4)  # the thread ends by its timeout
    gc.collect()
    assert "never retrieved" not in caplog.text


def held_order(server: FaultyServer, clock: VirtualClock) -> tuple[Bybit, HeldExecutor, "asyncio.Task[str]"]:
    thread = HeldExecutor()
    bybit = Bybit("sandbox", clock, base_url=server.url, threads=Threads(orders=thread))
    bybit.connect(ACCOUNT, Credentials(Secret(KEY), secret=Secret(SECRET)))
    return bybit, thread, asyncio.create_task(place(bybit, clock))
