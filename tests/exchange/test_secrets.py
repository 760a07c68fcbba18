"""Neither key nor request leaves the exchange room in an error, a log, a repr or by a proxy."""

import logging
import traceback
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from exchange.bybit import Bybit
from tests.doubles_clock import VirtualClock
from tests.exchange.conftest import ACCOUNT, KEY, SECRET, FaultyServer, code, result
from tests.exchange.faults import FAULTS, LINK, PLACED, place
from trading.errors import ExchangeError, ExchangeRejected, OutcomeUnknown
from trading.secret import Credentials, Secret


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


class Blabber(BaseAdapter):
    """A library whose errors tell all they know."""

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        raise RuntimeError(f"{request.headers} {request.body!r}")

    def close(self) -> None:
        return


async def test_whatever_a_library_raises_goes_no_further_than_its_name(
    server: FaultyServer, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bybit = Bybit("sandbox", clock, base_url=server.url, adapter=Blabber())
    bybit.connect(ACCOUNT, Credentials(Secret(KEY), secret=Secret(SECRET)))
    with pytest.raises(OutcomeUnknown, match="RuntimeError") as raised:
        await place(bybit, clock)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    assert "RuntimeError" in caplog.text
    assert_nothing_shows(caplog.text + str(raised.value) + "".join(map(repr, map(vars, caplog.records))), server)
    bybit.close()


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


def assert_nothing_shows(shown: str, server: FaultyServer) -> None:
    signatures = [heard.headers["X-BAPI-SIGN"] for heard in server.heard]
    for hidden in (KEY, SECRET, LINK, "50010.5", *signatures):
        assert hidden not in shown
