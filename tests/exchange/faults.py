"""One order, and all that a Bybit may do to it."""

from decimal import Decimal

from exchange.bybit import Bybit
from tests.doubles_clock import VirtualClock
from tests.exchange.conftest import ACCOUNT, Reply, answer, code, cut, cut_in_the_middle, result
from trading.errors import ExchangeBusy, ExchangeError, ExchangeRejected, OutcomeUnknown
from trading.model import OrderRequest

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
    "502": (answer(b"bad gateway", 502), OutcomeUnknown, 502),
    "504": (answer({"retCode": 110007}, 504), OutcomeUnknown, 110007),
    "429": (answer(b"", 429), OutcomeUnknown, 429),
    "a redirect": (answer(b"", 307, Location="/v5/order/create"), OutcomeUnknown, 307),
    "another redirect": (answer(b"", 302, Location="/v5/order/create"), OutcomeUnknown, 302),
    "401 without a code": (answer(b"", 401), OutcomeUnknown, 401),
    "401 about the key": (answer({"retCode": 10003, "retMsg": "API key is invalid."}, 401), ExchangeRejected, 10003),
    "403": (answer(b"", 403), ExchangeBusy, 403),
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


async def place(bybit: Bybit, clock: VirtualClock) -> str:
    return await bybit.place(ACCOUNT, ENTRY, clock.now())
