"""The port on Bybit: what is asked, in how many pages and spans, and what is made of the answers."""

import base64
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from exchange.bybit import Bybit
from tests.doubles_clock import VirtualClock
from tests.exchange.conftest import ACCOUNT, KEY, FaultyServer, Reply, answer, code, result
from tests.exchange.test_translate import FLAT, LONG, order_row
from trading.errors import ExchangeRejected, OutcomeUnknown
from trading.limits import DEFAULT_TAKER_FEE
from trading.model import AccountId
from trading.secret import Credentials, Secret

DAY = 86_400_000
WEEK = 7 * DAY


def fill(name: str, at: int) -> dict[str, object]:
    return {
        "execId": name,
        "symbol": "BTCUSDT",
        "orderId": "b",
        "orderLinkId": "x1-a",
        "side": "Buy",
        "execType": "Trade",
        "execPrice": "1",
        "execQty": "1",
        "execFee": "0.1",
        "execTime": str(at),
    }


def asked(server: FaultyServer) -> list[dict[str, str]]:
    return [{name: values[0] for name, values in parse_qs(heard.query).items()} for heard in server.heard]


@pytest.mark.parametrize(
    ("environment", "host"),
    [("live", "api.bybit.com"), ("testnet", "api-testnet.bybit.com"), ("demo", "api-demo.bybit.com")],
)
def test_each_environment_has_its_own_host(environment: str, host: str, clock: VirtualClock) -> None:
    bybit = Bybit(environment, clock)
    assert bybit._public.client.endpoint == f"https://{host}"
    bybit.close()


def test_an_environment_without_an_address_is_refused(clock: VirtualClock) -> None:
    with pytest.raises(ValueError, match="needs an address"):
        Bybit("sandbox", clock)


# --- keys


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(key: rsa.RSAPrivateKey) -> Secret:
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Secret(encoded.decode())


async def test_an_rsa_key_signs_what_its_public_half_verifies(
    bybit: Bybit, server: FaultyServer, rsa_key: rsa.RSAPrivateKey
) -> None:
    bybit.connect(ACCOUNT, Credentials(Secret(KEY), rsa_key=pem_of(rsa_key)))
    server.usual = result({"marginMode": "REGULAR_MARGIN", "unifiedMarginStatus": 5})
    await bybit.mode(ACCOUNT)
    headers = server.heard[0].headers
    text = f"{headers['X-BAPI-TIMESTAMP']}{KEY}5000"
    signature = base64.b64decode(headers["X-BAPI-SIGN"])
    rsa_key.public_key().verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("credentials", [Credentials(Secret(KEY)), Credentials(Secret(KEY), rsa_key=Secret("canary"))])
def test_a_key_that_can_not_sign_is_refused_without_quoting_it(bybit: Bybit, credentials: Credentials) -> None:
    with pytest.raises(ValueError, match="key") as raised:
        bybit.connect(AccountId("sandbox", "8"), credentials)
    assert "canary" not in str(raised.value)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


async def test_a_key_is_identified_before_its_account_is_known(bybit: Bybit, server: FaultyServer) -> None:
    server.usual = result({"userID": 42, "readOnly": 0, "permissions": {"ContractTrade": ["Order"]}})
    facts = await bybit.identify_credentials(Credentials(Secret("other"), secret=Secret("s")))
    assert (facts.uid, facts.permissions) == ("42", ("ContractTrade.Order",))
    assert server.heard[0].headers["X-BAPI-API-KEY"] == "other"


@pytest.mark.parametrize("absent", [answer(b"Not Found", 404), code(10017, "Route not found.")])
async def test_where_keys_can_not_be_asked_about_an_account_is_known_by_its_key(
    bybit: Bybit, server: FaultyServer, absent: Reply
) -> None:
    server.usual = absent
    one, again, other = [
        await bybit.identify_credentials(Credentials(Secret(key), secret=Secret("s"))) for key in ("a1", "a1", "b2")
    ]
    assert one.uid == again.uid != other.uid
    assert one.uid.startswith("key-")


async def test_a_key_that_bybit_does_not_answer_for_stays_unknown(bybit: Bybit, server: FaultyServer) -> None:
    server.usual = code(10016)
    with pytest.raises(OutcomeUnknown):
        await bybit.identify_credentials(Credentials(Secret("a1"), secret=Secret("s")))


# --- time and market


async def test_the_clock_is_measured_at_half_the_round_trip_of_the_quicker_question(
    bybit: Bybit, server: FaultyServer, clock: VirtualClock
) -> None:
    def after(milliseconds: int, ahead: int) -> Reply:
        def reply(handler: BaseHTTPRequestHandler) -> None:
            server_time = (clock.now() + ahead) * 1_000_000
            clock.at += milliseconds
            result({"timeSecond": "0", "timeNano": str(server_time)})(handler)

        return reply

    server.replies = [after(600, 4000), after(100, 350)]
    assert await bybit.measure_clock() == 300
    assert bybit.bybit_time() == clock.now() + 300


async def test_private_requests_are_signed_in_bybits_time(
    bybit: Bybit, server: FaultyServer, clock: VirtualClock
) -> None:
    server.usual = result({"timeSecond": "0", "timeNano": str((clock.now() - 4_000) * 1_000_000)})
    await bybit.measure_clock()
    server.usual = result({"list": [FLAT]})
    await bybit.positions(ACCOUNT, "BTCUSDT")
    assert server.heard[-1].headers["X-BAPI-TIMESTAMP"] == str(clock.now() - 4_000)


async def test_candles_are_asked_in_bybits_words_up_to_now(
    bybit: Bybit, server: FaultyServer, clock: VirtualClock
) -> None:
    server.usual = result({"list": []})
    await bybit.candles("BTCUSDT", 1440, start=5, limit=10)
    assert asked(server)[0] == {
        "category": "linear",
        "symbol": "BTCUSDT",
        "interval": "D",
        "start": "5",
        "end": str(clock.now()),
        "limit": "10",
    }
    with pytest.raises(ValueError, match="7 minutes"):
        await bybit.candles("BTCUSDT", 7)


async def test_a_price_carries_the_moment_bybit_gave_it(bybit: Bybit, server: FaultyServer) -> None:
    quote = {"symbol": "A", "lastPrice": "1", "bid1Price": "1", "ask1Price": "1.1", "markPrice": "1"}
    server.usual = result({"list": [quote]})
    assert (await bybit.ticker("A")).at == 1_767_225_600_123
    with pytest.raises(OutcomeUnknown):
        await bybit.ticker("B")


async def test_instruments_are_read_to_the_last_page(bybit: Bybit, server: FaultyServer) -> None:
    server.replies = [result({"list": [{}], "nextPageCursor": "a%3Db"}), result({"list": [], "nextPageCursor": "c"})]
    assert await bybit.instruments() == ()
    assert [page.get("cursor") for page in asked(server)] == [None, "a=b"]
    assert "cursor=a%3Db" in server.heard[1].query  # sent back as it came


async def test_pages_that_do_not_end_are_not_a_list(bybit: Bybit, server: FaultyServer) -> None:
    server.usual = result({"list": [fill("a", 1)], "nextPageCursor": "same"})
    with pytest.raises(OutcomeUnknown):
        await bybit.executions(ACCOUNT, None, bybit.bybit_time())


# --- an account


async def test_all_open_positions_are_asked_by_coin_and_flat_ones_left_out(bybit: Bybit, server: FaultyServer) -> None:
    server.usual = result({"list": [LONG, FLAT | {"symbol": "ETHUSDT"}], "nextPageCursor": ""})
    assert [position.symbol for position in await bybit.positions(ACCOUNT)] == ["BTCUSDT"]
    assert asked(server)[0]["settleCoin"] == "USDT"


async def test_one_symbol_is_answered_even_when_flat(bybit: Bybit, server: FaultyServer) -> None:
    server.usual = result({"list": [FLAT]})
    (position,) = await bybit.positions(ACCOUNT, "BTCUSDT")
    assert position.size == 0


async def test_old_executions_are_asked_week_by_week_and_told_once_oldest_first(
    bybit: Bybit, server: FaultyServer, clock: VirtualClock
) -> None:
    since = clock.now() - 10 * DAY
    server.replies = [
        result({"list": [fill("c", since + 30), fill("b", since + 20)], "nextPageCursor": "p2"}),
        result({"list": [fill("b", since + 20), fill("a", since + 10)], "nextPageCursor": ""}),
        result({"list": [fill("d", since + WEEK + 5)], "nextPageCursor": ""}),
    ]
    found = await bybit.executions(ACCOUNT, None, since)
    assert [execution.id for execution in found] == ["a", "b", "c", "d"]
    spans = [(int(page["startTime"]), int(page["endTime"])) for page in asked(server)]
    assert spans[0] == spans[1]
    assert spans[0][0] == since
    assert spans[2][0] == spans[0][1] + 1
    assert spans[2][1] >= clock.now()
    assert all(end - start < WEEK for start, end in spans)


async def test_a_past_order_is_looked_for_a_little_before_its_time_and_week_by_week(
    bybit: Bybit, server: FaultyServer, clock: VirtualClock
) -> None:
    since = clock.now() - 8 * DAY
    server.replies = [result({"list": []})]
    server.usual = result({"list": [order_row()]})
    order = await bybit.past_order(ACCOUNT, "BTCUSDT", "x1-a", since)
    assert order is not None
    first, second = asked(server)
    assert int(first["startTime"]) == since - 60_000
    assert int(second["startTime"]) == int(first["endTime"]) + 1
    assert first["orderLinkId"] == "x1-a"


async def test_an_error_while_asking_is_not_an_absent_order(bybit: Bybit, server: FaultyServer) -> None:
    server.usual = code(10016)
    with pytest.raises(OutcomeUnknown):
        await bybit.recent_order(ACCOUNT, "BTCUSDT", "x1-a")
    with pytest.raises(OutcomeUnknown):
        await bybit.past_order(ACCOUNT, "BTCUSDT", "x1-a", bybit.bybit_time())
    with pytest.raises(OutcomeUnknown):
        await bybit.executions(ACCOUNT, "BTCUSDT", bybit.bybit_time(), "x1-a")


async def test_an_open_order_is_asked_with_its_symbol(bybit: Bybit, server: FaultyServer) -> None:
    server.usual = result({"list": [order_row(orderStatus="New")]})
    order = await bybit.recent_order(ACCOUNT, "BTCUSDT", "x1-a")
    assert order is not None
    assert not order.final
    assert server.heard[0].path == "/v5/order/realtime"
    assert asked(server)[0] == {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "x1-a"}


# --- fees


async def test_a_fee_is_asked_once_an_hour(bybit: Bybit, server: FaultyServer, clock: VirtualClock) -> None:
    server.usual = result({"list": [{"symbol": "BTCUSDT", "takerFeeRate": "0.0004"}]})
    assert await bybit.taker_fee(ACCOUNT, "BTCUSDT") == Decimal("0.0004")
    clock.pass_by(3_599)
    await bybit.taker_fee(ACCOUNT, "BTCUSDT")
    assert len(server.heard) == 1
    clock.pass_by(2)
    await bybit.taker_fee(ACCOUNT, "BTCUSDT")
    assert len(server.heard) == 2


@pytest.mark.parametrize("reply", [code(10001), code(10005), code(10017), answer(b"not found", 404)])
async def test_where_there_is_no_fee_to_ask_the_documented_one_counts(
    reply: Reply, bybit: Bybit, server: FaultyServer
) -> None:
    server.usual = reply
    assert await bybit.taker_fee(ACCOUNT, "BTCUSDT") == DEFAULT_TAKER_FEE


async def test_demo_is_not_asked_for_fees(server: FaultyServer, clock: VirtualClock) -> None:
    demo = Bybit("demo", clock, base_url=server.url)
    assert await demo.taker_fee(ACCOUNT, "BTCUSDT") == DEFAULT_TAKER_FEE
    assert server.heard == []
    demo.close()


async def test_silence_about_a_fee_is_not_a_fee(bybit: Bybit, server: FaultyServer) -> None:
    server.usual = code(10016)
    with pytest.raises(OutcomeUnknown):
        await bybit.taker_fee(ACCOUNT, "BTCUSDT")


# --- what acts


async def test_leverage_that_stands_already_is_fine(bybit: Bybit, server: FaultyServer) -> None:
    server.usual = code(110043, "leverage not modified")
    await bybit.set_leverage(ACCOUNT, "BTCUSDT", 5)
    assert len(server.heard) == 1
    server.usual = code(110013)
    with pytest.raises(ExchangeRejected):
        await bybit.set_leverage(ACCOUNT, "BTCUSDT", 5)


async def test_a_stop_that_stands_already_is_set_only_if_bybit_shows_it(bybit: Bybit, server: FaultyServer) -> None:
    server.replies = [code(34040), result({"list": [LONG]})]
    await bybit.set_stop(ACCOUNT, "BTCUSDT", Decimal(49000))
    server.replies = [code(34040), result({"list": [LONG]})]
    with pytest.raises(OutcomeUnknown):
        await bybit.set_stop(ACCOUNT, "BTCUSDT", Decimal(49001))
    server.replies = [code(34040), result({"list": [FLAT]})]
    with pytest.raises(OutcomeUnknown):
        await bybit.set_stop(ACCOUNT, "BTCUSDT", Decimal(49000))


async def test_a_stop_for_a_flat_position_is_refused_once(bybit: Bybit, server: FaultyServer) -> None:
    server.usual = code(10001, "can not set tp/sl/ts for zero position")
    with pytest.raises(ExchangeRejected) as raised:
        await bybit.set_stop(ACCOUNT, "BTCUSDT", Decimal(49000))
    assert raised.value.code == 10001
    assert len(server.heard) == 1


async def test_an_order_is_cancelled_by_our_own_id(bybit: Bybit, server: FaultyServer) -> None:
    await bybit.cancel(ACCOUNT, "BTCUSDT", "x1-a")
    assert server.heard[0].path == "/v5/order/cancel"
    assert server.heard[0].body == '{"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "x1-a"}'
