"""The door over real sockets: one request for one order whatever the other side does, and nothing secret comes out."""

import asyncio
import gc
import hashlib
import hmac
import json
import logging
import traceback
from concurrent.futures import Executor, Future
from decimal import Decimal
from typing import Any

import pytest

from exchange.bybit import Bybit
from tests.doubles_clock import VirtualClock
from tests.exchange.conftest import (
    ACCOUNT,
    KEY,
    SECRET,
    FaultyServer,
    Reply,
    answer,
    code,
    cut,
    cut_in_the_middle,
    result,
)
from trading.errors import ExchangeBusy, ExchangeError, ExchangeRejected, OutcomeUnknown
from trading.model import OrderRequest
from trading.secret import Credentials, Secret

CREATE = "/v5/order/create"
LINK = "x1-canaryorder"
ENTRY = OrderRequest(
    "BTCUSDT", "Buy", Decimal("0.010"), LINK, price=Decimal("50010.5"), stop=Decimal("49000"), target=Decimal("52000")
)
PLACED = {"orderId": "b-1", "orderLinkId": LINK}

# What the other side does, what must come of it, and the code that must be told.
FAULTS: dict[str, tuple[Reply, type[ExchangeError], int | None]] = {
    "no connection after the request": (cut, OutcomeUnknown, None),
    "half an answer": (cut_in_the_middle, OutcomeUnknown, None),
    "broken JSON": (answer(b'{"retCode": 0, "result": '), OutcomeUnknown, None),
    "no JSON": (answer(b"<html>busy</html>"), OutcomeUnknown, None),
    "nothing": (answer(b""), OutcomeUnknown, None),
    "null": (answer(None), OutcomeUnknown, None),
    "a list": (answer([0]), OutcomeUnknown, None),
    "a text": (answer("0"), OutcomeUnknown, None),
    "no code": (answer({"result": PLACED}), OutcomeUnknown, None),
    "a code that is a text": (answer({"retCode": "0", "result": PLACED}), OutcomeUnknown, None),
    "a code that is true": (answer({"retCode": False, "result": PLACED}), OutcomeUnknown, None),
    "no result": (answer({"retCode": 0, "result": None}), OutcomeUnknown, None),
    "a result that is a list": (answer({"retCode": 0, "result": [PLACED]}), OutcomeUnknown, None),
    "no order id": (result({"orderLinkId": LINK}), OutcomeUnknown, None),
    "another order": (result({"orderId": "b-2", "orderLinkId": "x1-other"}), OutcomeUnknown, None),
    "500": (answer({"retCode": 0, "result": PLACED}, 500), OutcomeUnknown, 0),
    "502": (answer(b"bad gateway", 502), OutcomeUnknown, None),
    "504": (answer({"retCode": 110007}, 504), OutcomeUnknown, 110007),
    "429": (answer(b"", 429), OutcomeUnknown, None),
    "a redirect": (answer(b"", 307, Location="/v5/order/create"), OutcomeUnknown, None),
    "another redirect": (answer(b"", 302, Location="/v5/order/create"), OutcomeUnknown, None),
    "401 without a code": (answer(b"", 401), OutcomeUnknown, None),
    "401 about the key": (answer({"retCode": 10003, "retMsg": "API key is invalid."}, 401), ExchangeRejected, 10003),
    "403": (answer(b"", 403), ExchangeBusy, None),
    "server timeout": (code(10000), OutcomeUnknown, 10000),
    "server error": (code(10016), OutcomeUnknown, 10016),
    "high load as a code": (code(429), OutcomeUnknown, 429),
    "request expired": (code(-1), OutcomeUnknown, -1),
    "a code nobody knows": (code(987654), OutcomeUnknown, 987654),
    "a duplicate id": (code(110072), OutcomeUnknown, 110072),
    "too late": (code(10002), ExchangeRejected, 10002),
    "no margin": (code(110007, "ab not enough for new order"), ExchangeRejected, 110007),
    "too many visits": (code(10006), ExchangeBusy, 10006),
    "too many visits until a moment that has passed": (
        code(10006, X_Bapi_Limit_Reset_Timestamp="1"),
        ExchangeBusy,
        10006,
    ),
    "too many visits until nonsense": (code(10006, X_Bapi_Limit_Reset_Timestamp="soon"), ExchangeBusy, 10006),
}


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


async def place(bybit: Bybit, clock: VirtualClock) -> str:
    return await bybit.place(ACCOUNT, ENTRY, clock.now())


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


async def test_slow_reads_never_hold_up_an_order(bybit: Bybit, server: FaultyServer, clock: VirtualClock) -> None:
    server.replies = [server.silence] * 12
    reads = [asyncio.ensure_future(bybit.ticker("BTCUSDT")) for _ in range(12)]
    await server.hears(8)  # every thread for reads is taken
    server.replies = []
    server.usual = result(PLACED)
    assert await place(bybit, clock) == "b-1"
    assert not any(read.done() and read.exception() is None for read in reads)
    await asyncio.gather(*reads, return_exceptions=True)


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
    clock.pass_by(30)
    assert await place(bybit, clock) == "b-1"


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


@pytest.mark.parametrize("fault", ["silence", *FAULTS])
async def test_no_secret_and_no_request_leaves_in_an_error_or_a_log(
    fault: str, bybit: Bybit, server: FaultyServer, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.usual = server.silence if fault == "silence" else FAULTS[fault][0]
    with pytest.raises(ExchangeError) as raised:
        await place(bybit, clock)
    shown = "".join(traceback.format_exception(raised.value)) + repr(bybit) + caplog.text
    shown += "".join(repr(vars(record)) for record in caplog.records)
    chain: BaseException | None = raised.value
    while chain is not None:
        shown += repr(chain) + repr(getattr(chain, "args", ()))
        chain = chain.__cause__ or chain.__context__
    assert_nothing_shows(shown, server)


async def test_a_refused_signature_that_quotes_the_request_is_not_repeated(
    bybit: Bybit, server: FaultyServer, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    quoted = f"error sign! origin_string[{clock.now()}{KEY}5000{LINK}]"
    for ret_code in (10004, 10001, 110007):
        server.usual = code(ret_code, quoted)
        with pytest.raises(ExchangeRejected) as raised:
            await place(bybit, clock)
        assert_nothing_shows(str(raised.value) + caplog.text, server)


async def test_a_refusal_in_bybits_words_is_told(bybit: Bybit, server: FaultyServer, clock: VirtualClock) -> None:
    server.usual = code(110007, "ab not enough for new order")
    with pytest.raises(ExchangeRejected, match="ab not enough for new order"):
        await place(bybit, clock)


def test_no_object_of_ours_prints_the_key(bybit: Bybit) -> None:
    caller = bybit._callers[ACCOUNT]
    shown = repr(bybit) + repr(caller) + repr(vars(caller.client)) + str(caller.client)
    assert KEY not in shown
    assert SECRET not in shown


def test_pybit_adds_no_log_handler_where_the_root_has_none(
    monkeypatch: pytest.MonkeyPatch, clock: VirtualClock
) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    logger = logging.getLogger("pybit._http_manager")
    before = list(logger.handlers)
    Bybit("sandbox", clock, base_url="http://127.0.0.1:9").close()
    assert logger.handlers == before


async def test_a_proxy_of_the_machine_sees_no_order(
    bybit: Bybit, server: FaultyServer, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    server.usual = result(PLACED)
    assert await place(bybit, clock) == "b-1"


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
    bybit = Bybit("sandbox", clock, base_url=server.url, orders=thread)
    bybit.connect(ACCOUNT, Credentials(Secret(KEY), secret=Secret(SECRET)))
    return bybit, thread, asyncio.create_task(place(bybit, clock))


def assert_nothing_shows(shown: str, server: FaultyServer) -> None:
    signatures = [heard.headers["X-BAPI-SIGN"] for heard in server.heard]
    for hidden in (KEY, SECRET, LINK, "50010.5", *signatures):
        assert hidden not in shown
