"""The one way out to Bybit: threads, pace, timeouts, signing, and errors that say what is known of a request."""

import asyncio
import logging
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import stamina

from exchange import codes
from exchange.client import Client, RawAnswer
from exchange.codes import Meaning
from exchange.pace import BULK, Pace
from trading.errors import ExchangeBusy, ExchangeRejected, OutcomeUnknown
from trading.model import AccountId
from trading.ports import Clock

FRESH = 1_000  # ms after its commit in which an order may still be sent
READ_PATIENCE = 10_000  # ms that a read waits for a place
TOTAL_SECONDS = 20.0  # an answer that drips is given up, whatever its socket says
ADDRESS_BAN_SECONDS = 600.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """A yes of Bybit: its `result`, the time it says it answered at, and our clock around the call (all ms)."""

    result: Mapping[str, object]
    at: int
    sent_at: int
    received_at: int


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose key a request goes with; the public client has no account."""

    client: Client
    account: AccountId | None = None


@dataclass(frozen=True, slots=True)
class Threads:
    """Where blocking calls run: a backfill of candles holds up no tap, and no slow answer an order.

    A run that must repeat exactly brings executors that work at once.
    """

    orders: Executor = field(default_factory=lambda: ThreadPoolExecutor(4, "bybit-order"))
    reads: Executor = field(default_factory=lambda: ThreadPoolExecutor(6, "bybit-read"))
    candles: Executor = field(default_factory=lambda: ThreadPoolExecutor(6, "bybit-candles"))

    def close(self) -> None:
        """Lets what is on its way end; what still queues is not sent."""
        for executor in (self.orders, self.reads, self.candles):
            executor.shutdown(wait=False, cancel_futures=True)


class Door:
    """Sends one request for one call that acts, and never a second; reads are repeated on a small budget."""

    def __init__(
        self,
        clock: Clock,
        bybit_time: Callable[[], int],
        threads: Threads,
        *,
        attempts: int = 3,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._clock = clock
        self._bybit_time = bybit_time
        self._threads = threads
        self._attempts = attempts
        self._total_seconds = total_seconds
        self._pace = Pace()

    async def read(self, caller: Caller, endpoint: str, **params: object) -> Answer:
        """Asks, up to `attempts` times. Raises ExchangeBusy, or OutcomeUnknown with Bybit's code (or
        the HTTP status) where it gave one: a refusal, too, is no answer to a question."""
        # A context rather than a decorator: stamina's log then has no arguments to show.
        async for attempt in stamina.retry_context(
            _worth_repeating, attempts=self._attempts, timeout=10.0, wait_initial=0.1, wait_max=1.0, wait_jitter=0.1
        ):
            with attempt:
                return await self._read_once(caller, endpoint, params)
        raise AssertionError("stamina ends by answer or by error")

    async def act(
        self, caller: Caller, endpoint: str, params: Mapping[str, object], signed_at: int | None = None
    ) -> Answer:
        """Sends exactly once, or not at all. With `signed_at` (ms, Bybit's time) that is the timestamp, and a request
        that did not leave within a second of it is not sent (ExchangeBusy).

        ExchangeRejected and ExchangeBusy: surely not done. OutcomeUnknown: everything else, a cancellation after the
        request was handed over included: what is known outlives the wish to stop waiting.
        """
        patience = FRESH if signed_at is None else signed_at + FRESH - self._bybit_time()
        wait = self._reserve(caller, endpoint, acts=True, patience=patience)
        if wait:
            await self._clock.sleep(wait / 1000)
        future = self._submit(self._threads.orders, lambda: self._send(caller.client, endpoint, params, signed_at))
        try:
            async with asyncio.timeout(self._total_seconds):
                raw = await asyncio.wrap_future(future)
        except (TimeoutError, asyncio.CancelledError):
            raw = _left_behind(future)
        return self._judge(caller, endpoint, raw, acts=True)

    def forget(self, account: AccountId) -> None:
        self._pace.forget(account)

    def close(self) -> None:
        """Lets what is on its way end; what still queues is not sent."""
        self._threads.close()

    async def _read_once(self, caller: Caller, endpoint: str, params: Mapping[str, object]) -> Answer:
        wait = self._reserve(caller, endpoint, acts=False, patience=READ_PATIENCE)
        if wait:
            await self._clock.sleep(wait / 1000)
        executor = self._threads.candles if endpoint in BULK else self._threads.reads
        future = self._submit(executor, lambda: self._send(caller.client, endpoint, params, None))
        try:
            async with asyncio.timeout(self._total_seconds):
                raw = await asyncio.wrap_future(future)
        except TimeoutError:
            raise OutcomeUnknown(f"{endpoint}: no whole answer in {self._total_seconds:g} s") from None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise _closed() from None  # nobody cancelled the task: `close` emptied the queue
        return self._judge(caller, endpoint, raw, acts=False)

    def _reserve(self, caller: Caller, endpoint: str, *, acts: bool, patience: float) -> float:
        return self._pace.reserve(caller.account, endpoint, acts=acts, now=self._clock.now(), patience=patience)

    def _submit(self, executor: Executor, work: Callable[[], RawAnswer]) -> Future[RawAnswer]:
        try:
            return executor.submit(work)
        except RuntimeError:
            raise _closed() from None

    def _send(self, client: Client, endpoint: str, params: Mapping[str, object], signed_at: int | None) -> RawAnswer:
        """In the worker thread. The last look at the time stands right before the send."""
        if signed_at is not None and self._bybit_time() - signed_at > FRESH:
            raise ExchangeBusy("not sent: more than a second passed since it was signed")
        try:
            return client.send(endpoint, params, signed_at)
        except Exception as trouble:  # noqa: BLE001 - the net under pybit and requests: nothing is known
            failure = type(trouble).__name__
            _log.warning("%s brought no answer: %s at %s", endpoint, failure, _frames(trouble))
        # Raised out here, so that what is told carries no trace of an exception that may hold the request's body.
        raise OutcomeUnknown(f"{endpoint}: no answer ({failure})")

    def _judge(self, caller: Caller, endpoint: str, raw: RawAnswer, *, acts: bool) -> Answer:
        self._heed_limits(caller, endpoint, raw, acts)
        body = raw.body if isinstance(raw.body, dict) else {}
        code = _ret_code(body)
        text = f"{endpoint}: {_told(caller.client, raw.http_status, code, body)}"
        shown = raw.http_status if code is None and raw.http_status != 200 else code
        match codes.meaning(raw.http_status, code):
            case Meaning.DONE:
                return self._answer(endpoint, body, raw)
            case Meaning.BUSY:
                raise ExchangeBusy(text, shown, self._retry_after(raw))
            case Meaning.REFUSED if acts:
                raise ExchangeRejected(text, code)
            case Meaning.REFUSED | Meaning.UNKNOWN:
                raise OutcomeUnknown(text, shown)

    def _answer(self, endpoint: str, body: Mapping[str, object], raw: RawAnswer) -> Answer:
        result, at = body.get("result"), body.get("time")
        if result is None:
            result = {}  # as set-leverage may answer: nothing to tell
        if not isinstance(result, dict):
            raise OutcomeUnknown(f"{endpoint}: an answer without a result")
        skew = self._bybit_time() - self._clock.now()
        return Answer(result, at if isinstance(at, int) else raw.received_at + skew, raw.sent_at, raw.received_at)

    def _heed_limits(self, caller: Caller, endpoint: str, raw: RawAnswer, acts: bool) -> None:
        now = self._clock.now()
        if raw.http_status == 403:
            self._pace.close_all(now + ADDRESS_BAN_SECONDS * 1000)
        elif _header(raw, "X-Bapi-Limit-Status") == 0 or _is_too_many(raw):
            self._pace.close_endpoint(caller.account, endpoint, now + self._until_reset(raw), acts=acts)

    def _retry_after(self, raw: RawAnswer) -> float:
        return ADDRESS_BAN_SECONDS if raw.http_status == 403 else self._until_reset(raw) / 1000

    def _until_reset(self, raw: RawAnswer) -> float:
        """Ms until Bybit counts anew. A reset that has passed, is far away or is missing counts as one second."""
        reset = _header(raw, "X-Bapi-Limit-Reset-Timestamp")
        ahead = 0 if reset is None else reset - self._bybit_time()
        return ahead if 0 < ahead <= 60_000 else 1_000


def _left_behind(future: Future[RawAnswer]) -> RawAnswer:
    """What is known of a request that nobody waits for any more: its answer may have come at the same moment."""
    if future.cancel():
        raise ExchangeBusy("not sent: given up while it still queued") from None
    if future.done():
        return future.result()
    raise OutcomeUnknown("given up after it was handed over") from None


def _closed() -> ExchangeBusy:
    return ExchangeBusy("not sent: the door is closed", retry_after=60.0)


def _worth_repeating(trouble: Exception) -> bool | float:
    """A limit that is soon over, or silence. A code that Bybit documents as a no stays a no."""
    if isinstance(trouble, ExchangeBusy):
        return trouble.retry_after if trouble.retry_after <= 2 else False
    return isinstance(trouble, OutcomeUnknown) and codes.meaning(200, trouble.code) is not Meaning.REFUSED


def _ret_code(body: Mapping[str, object]) -> int | None:
    code = body.get("retCode")
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _is_too_many(raw: RawAnswer) -> bool:
    return isinstance(raw.body, dict) and _ret_code(raw.body) == codes.TOO_MANY_VISITS


def _told(client: Client, http_status: int, code: int | None, body: Mapping[str, object]) -> str:
    """Bybit's answer in words that may be logged. A refused signature quotes the whole request: left out."""
    if code is None or http_status != 200:
        return f"HTTP {http_status}" + ("" if code is None else f", code {code}")
    told = body.get("retMsg")
    if code in codes.KEY_CODES or not isinstance(told, str) or client.shows(told):
        return f"code {code}"
    return f"code {code}, {told[:200]}"


def _header(raw: RawAnswer, name: str) -> int | None:
    value = raw.headers.get(name, "")
    return int(value) if value.isdecimal() else None


def _frames(trouble: BaseException) -> str:
    """Where it happened, without values: the last places in code, innermost last."""
    places = traceback.extract_tb(trouble.__traceback__)[-3:]
    return " > ".join(f"{place.filename.rsplit('/', 1)[-1]}:{place.lineno}" for place in places)
