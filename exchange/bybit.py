"""The Exchange port on Bybit V5, whichever environment or address it stands for."""

import hashlib
from collections.abc import Iterator, Mapping
from decimal import Decimal

from cachetools import TTLCache
from requests.adapters import BaseAdapter

from exchange import codes, market, translate
from exchange.client import CONNECT_SECONDS, READ_SECONDS, Client
from exchange.codes import Meaning
from exchange.door import Answer, Caller, Door, Threads
from exchange.fields import Row
from exchange.pages import MARGIN, pages, spans
from exchange.signing import Signer, signer_for
from exchange.translate import CATEGORY, COIN
from trading.errors import ExchangeBusy, ExchangeRejected, OutcomeUnknown
from trading.limits import DEFAULT_TAKER_FEE
from trading.model import (
    AccountId,
    AccountMode,
    Balance,
    Execution,
    Instrument,
    KeyFacts,
    OrderFacts,
    OrderRequest,
    Position,
    RiskTier,
    Ticker,
)
from trading.ports import CandleRows, Clock
from trading.secret import Credentials

_FEE_SECONDS = 3_600


class Bybit:
    """One environment of Bybit for all accounts; `connect` gives it a key, `close` lets go of its threads.

    REST of live, testnet and demo has its own host each (demo serves public data too); `base_url` takes the place
    of any of them.
    """

    def __init__(
        self,
        environment: str,
        clock: Clock,
        *,
        base_url: str | None = None,
        threads: Threads | None = None,
        adapter: BaseAdapter | None = None,
        read_attempts: int = 3,
        timeout: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
    ) -> None:
        """`adapter` replaces the wire and `threads` the pools, for runs that must repeat exactly.

        Raises ValueError for an environment that has no address of its own and is given none.
        """
        if environment not in ("live", "testnet", "demo") and base_url is None:
            raise ValueError(f"the environment {environment} needs an address")
        self._environment = environment
        self._base_url = base_url
        self._clock = clock
        self._adapter = adapter
        self._timeout = timeout
        self._skew = 0
        self._door = Door(clock, self.bybit_time, threads or Threads(), attempts=read_attempts)
        self._public = Caller(self._client(None))
        self._callers: dict[AccountId, Caller] = {}
        self._fees: TTLCache[tuple[AccountId, str], Decimal] = TTLCache(
            maxsize=2_000, ttl=_FEE_SECONDS, timer=lambda: clock.now() / 1000
        )

    def __repr__(self) -> str:
        return f"Bybit({self._environment}, {len(self._callers)} accounts)"

    # --- keys

    def connect(self, account: AccountId, credentials: Credentials) -> None:
        """Requests for `account` go with this key from now on. Raises ValueError for a key that can not sign."""
        caller = Caller(self._client(signer_for(credentials)), account)
        self.forget(account)
        self._callers[account] = caller

    def forget(self, account: AccountId) -> None:
        """Its key leaves the memory; nothing happens where there was none."""
        caller = self._callers.pop(account, None)
        if caller is not None:
            caller.client.close()
            self._door.forget(account)

    async def identify_credentials(self, credentials: Credentials) -> KeyFacts:
        """What Bybit says of a key before its account is known. Raises ValueError for one that can not sign.

        Where there is no such endpoint the account is known by its key, and nothing is known of the key's rights.
        """
        client = self._client(signer_for(credentials))
        try:
            return translate.key_facts_from((await self._door.read(Caller(client), "get_api_key_information")).result)
        except OutcomeUnknown as silent:
            if silent.code not in codes.NO_ROUTE_CODES:
                raise
            return KeyFacts(_name_of(credentials), read_only=False, permissions=(), expires_at=None)
        finally:
            client.close()

    def close(self) -> None:
        """Requests on their way end by themselves; nothing new is sent."""
        self._door.close()
        for account in list(self._callers):
            self.forget(account)
        self._public.client.close()

    # --- time and market

    def bybit_time(self) -> int:
        return self._clock.now() + self._skew

    async def measure_clock(self) -> int:
        """The quicker of two questions counts: the first may have had to open a connection, which takes its time on
        one side only. The server's clock was read half the round trip after the question left."""
        answers = [await self._door.read(self._public, "get_server_time") for _ in range(2)]
        best = min(answers, key=lambda answer: answer.received_at - answer.sent_at)
        self._skew = market.server_time_from(best.result) - (best.sent_at + best.received_at) // 2
        return self._skew

    async def instruments(self) -> tuple[Instrument, ...]:
        found = pages(self._door, self._public, "get_instruments_info", category=CATEGORY, limit=1000)
        return tuple([instrument async for page in found for instrument in market.instruments_from(page)])

    async def tickers(self) -> Mapping[str, Ticker]:
        answer = await self._door.read(self._public, "get_tickers", category=CATEGORY)
        return market.tickers_from(answer.result, answer.at)

    async def ticker(self, symbol: str) -> Ticker:
        answer = await self._door.read(self._public, "get_tickers", category=CATEGORY, symbol=symbol)
        ticker = market.tickers_from(answer.result, answer.at).get(symbol)
        if ticker is None:
            raise OutcomeUnknown(f"Bybit has no price for {symbol}")
        return ticker

    async def candles(
        self, symbol: str, minutes: int, *, start: int | None = None, end: int | None = None, limit: int = 1000
    ) -> CandleRows:
        """Raises ValueError for a length of candle that Bybit does not have."""
        if minutes not in market.INTERVALS:
            raise ValueError(f"Bybit has no candles of {minutes} minutes")
        answer = await self._door.read(
            self._public,
            "get_kline",
            category=CATEGORY,
            symbol=symbol,
            interval=market.INTERVALS[minutes],
            start=start,
            # With a start alone Bybit counts from there on; the port promises the newest.
            end=self.bybit_time() if end is None else end,
            limit=limit,
        )
        return market.candles_from(answer.result, symbol, minutes)

    async def risk_tiers(self, symbol: str) -> tuple[RiskTier, ...]:
        found = pages(self._door, self._public, "get_risk_limit", category=CATEGORY, symbol=symbol)
        return market.risk_tiers_from([page async for page in found], symbol)

    # --- an account

    async def taker_fee(self, account: AccountId, symbol: str) -> Decimal:
        """Kept for an hour. Raises ExchangeBusy or OutcomeUnknown only where asking again may bring the real one."""
        key = (account, symbol)
        if key not in self._fees:
            self._fees[key] = await self._asked_fee(account, symbol)
        return self._fees.get(key, DEFAULT_TAKER_FEE)

    async def identify(self, account: AccountId) -> KeyFacts:
        return translate.key_facts_from(await self._private(account, "get_api_key_information"))

    async def mode(self, account: AccountId) -> AccountMode:
        return translate.mode_from(await self._private(account, "get_account_info"))

    async def balance(self, account: AccountId) -> Balance:
        return translate.balance_from(
            await self._private(account, "get_wallet_balance", accountType="UNIFIED", coin=COIN)
        )

    async def positions(self, account: AccountId, symbol: str | None = None) -> tuple[Position, ...]:
        if symbol is not None:
            return translate.positions_from(
                await self._private(account, "get_positions", category=CATEGORY, symbol=symbol)
            )
        found = pages(self._door, self._caller(account), "get_positions", category=CATEGORY, settleCoin=COIN, limit=200)
        held = [position async for page in found for position in translate.positions_from(page)]
        return tuple(position for position in held if position.size)

    async def recent_order(self, account: AccountId, symbol: str, order_link_id: str) -> OrderFacts | None:
        result = await self._private(
            account, "get_open_orders", category=CATEGORY, symbol=symbol, orderLinkId=order_link_id
        )
        return translate.order_from(result, order_link_id)

    async def stop_cover(self, account: AccountId, symbol: str, index: int = 0) -> Decimal:
        caller = self._caller(account)
        asked = {"category": CATEGORY, "symbol": symbol, "orderFilter": "StopOrder", "limit": 50}
        found = pages(self._door, caller, "get_open_orders", **asked)
        return sum([translate.stop_cover_from(page, index) async for page in found], Decimal(0))

    async def past_order(self, account: AccountId, symbol: str, order_link_id: str, since: int) -> OrderFacts | None:
        for start, end in self._spans(since - MARGIN):
            result = await self._private(
                account,
                "get_order_history",
                category=CATEGORY,
                symbol=symbol,
                orderLinkId=order_link_id,
                startTime=start,
                endTime=end,
            )
            order = translate.order_from(result, order_link_id)
            if order is not None:
                return order
        return None

    async def executions(
        self, account: AccountId, symbol: str | None, since: int, order_link_id: str | None = None
    ) -> tuple[Execution, ...]:
        asked: dict[str, object] = {"category": CATEGORY, "settleCoin": COIN, "limit": 100}
        asked |= {"symbol": symbol, "orderLinkId": order_link_id}
        caller = self._caller(account)
        found: dict[str, Execution] = {}
        for start, end in self._spans(since if order_link_id is None else since - MARGIN):
            listed: list[Execution] = []
            async for page in pages(self._door, caller, "get_executions", **asked, startTime=start, endTime=end):
                listed += translate.executions_from(page)
            # Oldest first, and each once: pages move while fills come in.
            found |= {execution.id: execution for execution in reversed(listed)}
        return tuple(sorted(found.values(), key=lambda execution: execution.at))

    # --- what acts: each is sent once

    async def set_leverage(self, account: AccountId, symbol: str, leverage: int) -> None:
        params = {"category": CATEGORY, "symbol": symbol, "buyLeverage": str(leverage), "sellLeverage": str(leverage)}
        try:
            await self._door.act(self._caller(account), "set_leverage", params)
        except ExchangeRejected as refusal:
            if refusal.code != codes.LEVERAGE_UNCHANGED:
                raise

    async def place(self, account: AccountId, request: OrderRequest, signed_at: int) -> str:
        """Cancelling the caller after the request was handed over raises OutcomeUnknown: the order may be there."""
        params = translate.order_params(request)
        answer = await self._door.act(self._caller(account), "place_order", params, signed_at)
        return translate.placed_order_id(answer.result, request.order_link_id)

    async def cancel(self, account: AccountId, symbol: str, order_link_id: str) -> None:
        params = {"category": CATEGORY, "symbol": symbol, "orderLinkId": order_link_id}
        await self._door.act(self._caller(account), "cancel_order", params)

    async def set_stop(
        self, account: AccountId, symbol: str, stop: Decimal | None, target: Decimal | None = None, index: int = 0
    ) -> None:
        """Raises ValueError where both are None."""
        params = translate.stop_params(symbol, stop, target, index)
        try:
            await self._door.act(self._caller(account), "set_trading_stop", params)
        except OutcomeUnknown as doubt:
            # "Not modified" is also Bybit's word for a missing parameter: only the position itself can tell.
            unchanged = doubt.code == codes.STOP_UNCHANGED
            if not unchanged or not await self._stands(account, symbol, stop, target, index):
                raise

    # --- inside

    def _client(self, signer: Signer | None) -> Client:
        return Client(
            self._environment,
            self._base_url,
            signer,
            now=self._clock.now,
            bybit_time=self.bybit_time,
            adapter=self._adapter,
            timeout=self._timeout,
        )

    def _caller(self, account: AccountId) -> Caller:
        caller = self._callers.get(account)
        if caller is None:
            raise ExchangeBusy("not sent: this account has no key here")
        return caller

    async def _private(self, account: AccountId, endpoint: str, **params: object) -> Row:
        answer: Answer = await self._door.read(self._caller(account), endpoint, **params)
        return answer.result

    def _spans(self, since: int) -> Iterator[tuple[int, int]]:
        return spans(since, self.bybit_time() + MARGIN)

    async def _asked_fee(self, account: AccountId, symbol: str) -> Decimal:
        if self._environment == "demo":
            return DEFAULT_TAKER_FEE  # demo has no fee-rate
        try:
            result = await self._private(account, "get_fee_rates", category=CATEGORY, symbol=symbol)
        except OutcomeUnknown as doubt:
            refused = codes.meaning(200, doubt.code) is Meaning.REFUSED or doubt.code in codes.NO_ROUTE_CODES
            if refused:
                return DEFAULT_TAKER_FEE
            raise
        return translate.taker_fee_from(result, symbol)

    async def _stands(
        self, account: AccountId, symbol: str, stop: Decimal | None, target: Decimal | None, index: int
    ) -> bool:
        return any(
            position.size > 0
            and position.index == index
            and stop in (None, position.stop)
            and target in (None, position.target)
            for position in await self.positions(account, symbol)
        )


def _name_of(credentials: Credentials) -> str:
    """A name for an account that Bybit does not number: the same for the same key, and no way back to it."""
    return "key-" + hashlib.blake2s(credentials.api_key.reveal().encode(), digest_size=8).hexdigest()
