"""An exchange in memory: the Exchange port with levers, for tests of what is decided on its answers.

tests/ports/test_exchange.py runs one suite on it and on the practice Bybit, so that it can not drift away from both.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np

from strategies.signal import Direction
from trading.errors import ExchangeBusy, ExchangeError, ExchangeRejected, OutcomeUnknown
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

FEE = Decimal("0.00055")
NOTHING = Decimal(0)
LONG_AGO = 1_577_836_800_000


def instrument(symbol: str = "BTCUSDT", **changes: object) -> Instrument:
    """Bitcoin's filters unless told otherwise."""
    usual = Instrument(
        symbol=symbol,
        base=symbol.removesuffix("USDT"),
        tick=Decimal("0.1"),
        step=Decimal("0.001"),
        smallest=Decimal("0.001"),
        largest_limit=Decimal(1000),
        largest_market=Decimal(100),
        smallest_notional=Decimal(5),
        max_leverage=Decimal(100),
        status="Trading",
        symbol_type="",
        pre_listing=False,
        launched_at=LONG_AGO,
        delivery_at=0,
        funding_minutes=480,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


@dataclass
class Held:
    """A position while it is one. `size` is signed: negative for a short."""

    size: Decimal = NOTHING
    average: Decimal = NOTHING
    stop: Decimal | None = None
    target: Decimal | None = None
    parts: Decimal = NOTHING  # how much of it has partial stops, set by hand


@dataclass
class Books:
    """What one account has here."""

    wallet: Decimal = Decimal(10_000)
    held: dict[str, Held] = field(default_factory=dict)
    orders: dict[str, OrderFacts] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)
    leverage: dict[str, int] = field(default_factory=dict)


class ExchangeDouble:
    """Bybit in memory. Levers, all plain attributes:

    - `trouble`: errors that the next calls of a method raise, by its name; a read or an act then does nothing.
    - `after`: errors that the next calls of an act raise *after* it was done (an answer that got lost).
    - `fill_share`: how much of what asks and bids would take fills, for orders to come (0 = dry, 0.5 = half).
    - `drop_stops`: attached stops of orders to come are forgotten, and stops set afterwards too.
    - `hidden`: order ids that the order queries do not find for now, their executions included.
    - `skew`: Bybit's clock against ours in ms; `fee`, `account_mode` and `key_facts` are what is answered.

    `sent` is every request that reached the exchange, with its timestamp.
    """

    def __init__(self, clock: Clock, *instruments: Instrument, price: Decimal = Decimal(50_000)) -> None:
        self._clock = clock
        self.listed = {listed.symbol: listed for listed in instruments or (instrument(), instrument("ETHUSDT"))}
        self.prices = {symbol: self._ticker(symbol, price, price, price) for symbol in self.listed}
        self.books: dict[AccountId, Books] = defaultdict(Books)
        self.rows: dict[tuple[str, int], CandleRows] = {}
        self.trouble: dict[str, list[ExchangeError]] = defaultdict(list)
        self.after: dict[str, list[ExchangeError]] = defaultdict(list)
        self.fill_share = Decimal(1)
        self.drop_stops = False
        self.hidden: set[str] = set()
        self.skew = 0
        self.fee = FEE
        self.account_mode = AccountMode(portfolio_margin=False, unified=True)
        self.key_facts = KeyFacts("1", read_only=False, permissions=("ContractTrade.Order",), expires_at=None)
        self.sent: list[tuple[OrderRequest, int]] = []
        self._count = 0

    # --- levers

    def move(self, symbol: str, last: Decimal, *, spread: Decimal = NOTHING) -> None:
        """The market goes there; stops and targets that it passes close their positions at their own price."""
        self.prices[symbol] = self._ticker(symbol, last, last - spread / 2, last + spread / 2)
        for books in self.books.values():
            self._trigger(books, symbol, last)

    def hand(self, account: AccountId, symbol: str, side: str, size: Decimal) -> None:
        """A trade as from Bybit's app, at the present price."""
        held = self.books[account].held.get(symbol, Held()).size
        closes = held != 0 and (held > 0) != (side == "Buy")
        request = OrderRequest(symbol, side, size, order_link_id="")
        create_type = "CreateByClosing" if closes else "CreateByUser"
        self._execute(self.books[account], request, size, self._price(symbol, side), create_type, self._next_id())

    def remove_stop(self, account: AccountId, symbol: str) -> None:
        """As by hand in Bybit's app."""
        self.books[account].held[symbol].stop = None

    def lose_request(self) -> None:
        """The next order gets lost on its way."""
        self.trouble["place"].append(OutcomeUnknown("lost on the way there"))

    def lose_answer(self) -> None:
        """The next order is accepted and its answer gets lost."""
        self.after["place"].append(OutcomeUnknown("lost on the way back"))

    # --- the port: time and market

    def bybit_time(self) -> int:
        return self._clock.now() + self.skew

    async def measure_clock(self) -> int:
        self._raise("measure_clock")
        return self.skew

    async def instruments(self) -> tuple[Instrument, ...]:
        self._raise("instruments")
        return tuple(self.listed.values())

    async def tickers(self) -> Mapping[str, Ticker]:
        self._raise("tickers")
        return {symbol: replace(ticker, at=self.bybit_time()) for symbol, ticker in self.prices.items()}

    async def ticker(self, symbol: str) -> Ticker:
        self._raise("ticker")
        if symbol not in self.prices:
            raise OutcomeUnknown("no such symbol", 10001)
        return replace(self.prices[symbol], at=self.bybit_time())

    async def candles(
        self, symbol: str, minutes: int, *, start: int | None = None, end: int | None = None, limit: int = 1000
    ) -> CandleRows:
        """Of `rows`, where a test laid them; none otherwise."""
        self._raise("candles")
        none = CandleRows(symbol, minutes, np.empty(0, dtype=np.int64), np.empty((5, 0)))
        rows = self.rows.get((symbol, minutes), none)
        first = np.searchsorted(rows.open_times, 0 if start is None else start, "left")
        last = np.searchsorted(rows.open_times, self.bybit_time() if end is None else end, "right")
        kept = slice(max(int(first), int(last) - limit), int(last))
        return CandleRows(symbol, minutes, rows.open_times[kept], rows.values[:, kept])

    async def risk_tiers(self, symbol: str) -> tuple[RiskTier, ...]:
        self._raise("risk_tiers")
        return (RiskTier(Decimal(2_000_000), self.listed[symbol].max_leverage),)

    # --- the port: an account

    async def taker_fee(self, account: AccountId, symbol: str) -> Decimal:
        self._raise("taker_fee")
        return self.fee

    async def identify(self, account: AccountId) -> KeyFacts:
        self._raise("identify")
        return replace(self.key_facts, uid=account.uid)

    async def mode(self, account: AccountId) -> AccountMode:
        self._raise("mode")
        return self.account_mode

    async def balance(self, account: AccountId) -> Balance:
        self._raise("balance")
        positions = [self._position(account, symbol) for symbol in self.books[account].held]
        equity = self.books[account].wallet + sum((position.unrealised for position in positions), NOTHING)
        return Balance(equity, equity - sum((position.margin for position in positions), NOTHING))

    async def positions(self, account: AccountId, symbol: str | None = None) -> tuple[Position, ...]:
        self._raise("positions")
        if symbol is not None:
            return (self._position(account, symbol),)
        return tuple(self._position(account, held) for held in self.books[account].held)

    async def recent_order(self, account: AccountId, symbol: str, order_link_id: str) -> OrderFacts | None:
        self._raise("recent_order")
        return self._order(account, symbol, order_link_id)

    async def stop_cover(self, account: AccountId, symbol: str, index: int = 0) -> Decimal:
        self._raise("stop_cover")
        return self.books[account].held.get(symbol, Held()).parts

    async def past_order(self, account: AccountId, symbol: str, order_link_id: str, since: int) -> OrderFacts | None:
        self._raise("past_order")
        order = self._order(account, symbol, order_link_id)
        return order if order is not None and order.final else None

    async def executions(
        self, account: AccountId, symbol: str | None, since: int, order_link_id: str | None = None
    ) -> tuple[Execution, ...]:
        self._raise("executions")
        return tuple(
            execution
            for execution in self.books[account].executions
            if execution.at >= since
            and symbol in (None, execution.symbol)
            and order_link_id in (None, execution.order_link_id)
            and execution.order_link_id not in self.hidden
        )

    # --- the port: what acts

    async def set_leverage(self, account: AccountId, symbol: str, leverage: int) -> None:
        self._raise("set_leverage")
        if not 1 <= leverage <= self.listed[symbol].max_leverage:
            raise ExchangeRejected("leverage out of bounds", 110013)
        self.books[account].leverage[symbol] = leverage
        self._raise_after("set_leverage")

    async def place(self, account: AccountId, request: OrderRequest, signed_at: int) -> str:
        self._raise("place")
        if self.bybit_time() - signed_at > 1_000:
            raise ExchangeBusy("not sent: more than a second passed since it was signed")
        self.sent.append((request, signed_at))
        order = self._accept(self.books[account], request)
        self._raise_after("place")
        return order.order_id

    async def cancel(self, account: AccountId, symbol: str, order_link_id: str) -> None:
        """Orders here end at once, so there is never one to cancel."""
        self._raise("cancel")
        raise ExchangeRejected("order not exists or too late to cancel", 110001)

    async def set_stop(
        self, account: AccountId, symbol: str, stop: Decimal | None, target: Decimal | None = None, index: int = 0
    ) -> None:
        self._raise("set_stop")
        held = self.books[account].held.get(symbol)
        if held is None:
            raise ExchangeRejected("can not set tp/sl/ts for zero position", 10001)
        self._check_stop(symbol, "Buy" if held.size > 0 else "Sell", stop)
        if not self.drop_stops:
            held.stop = held.stop if stop is None else stop
            held.target = held.target if target is None else target
        self._raise_after("set_stop")

    # --- inside

    def _raise(self, method: str) -> None:
        if self.trouble[method]:
            raise self.trouble[method].pop(0)

    def _raise_after(self, method: str) -> None:
        if self.after[method]:
            raise self.after[method].pop(0)

    def _next_id(self) -> str:
        self._count += 1
        return f"double-{self._count}"

    def _ticker(self, symbol: str, last: Decimal, bid: Decimal, ask: Decimal) -> Ticker:
        return Ticker(symbol, last, bid, ask, last, Decimal(1_000_000_000), self._clock.now())

    def _price(self, symbol: str, side: str) -> Decimal:
        return self.prices[symbol].ask if side == "Buy" else self.prices[symbol].bid

    def _order(self, account: AccountId, symbol: str, order_link_id: str) -> OrderFacts | None:
        order = self.books[account].orders.get(order_link_id)
        return None if order is None or order.symbol != symbol or order_link_id in self.hidden else order

    def _position(self, account: AccountId, symbol: str) -> Position:
        books = self.books[account]
        held = books.held.get(symbol, Held())
        leverage = Decimal(books.leverage.get(symbol, 10))
        mark, size = self.prices[symbol].mark, abs(held.size)
        return Position(
            symbol=symbol,
            direction=(Direction.LONG if held.size > 0 else Direction.SHORT) if size else None,
            size=size,
            average=held.average,
            stop=held.stop,
            target=held.target,
            leverage=leverage,
            mark=mark,
            liquidation=None,
            unrealised=(mark - held.average) * held.size,
            margin=size * held.average / leverage,
            index=0,
        )

    def _accept(self, books: Books, request: OrderRequest) -> OrderFacts:
        if request.order_link_id in books.orders:
            raise OutcomeUnknown("OrderLinkedID is duplicate", 110072)
        self._check_stop(request.symbol, request.side, request.stop)
        size = self._wanted(books, request)
        price = self._price(request.symbol, request.side)
        within = request.price is None or (price <= request.price if request.side == "Buy" else price >= request.price)
        step = self.listed[request.symbol].step
        filled = (size * self.fill_share // step) * step if within else NOTHING
        order = OrderFacts(
            order_id=self._next_id(),
            order_link_id=request.order_link_id,
            symbol=request.symbol,
            status="Filled" if filled == size else "Cancelled",
            final=True,
            size=size,
            filled=filled,
            average=price if filled else None,
            reject_reason="EC_NoError" if filled == size else "EC_NoImmediateQtyToFill",
            created_at=self.bybit_time(),
        )
        books.orders[request.order_link_id] = order
        if filled:
            self._execute(books, request, filled, price, "CreateByUser", order.order_id)
        return order

    def _wanted(self, books: Books, request: OrderRequest) -> Decimal:
        """The size that is meant. ExchangeRejected where Bybit would refuse it."""
        if not request.reduce_only:
            if request.size < self.listed[request.symbol].smallest:
                raise ExchangeRejected("order quantity below the lower limit", 10001)
            return request.size
        held = books.held.get(request.symbol, Held())
        if not held.size or (held.size > 0) == (request.side == "Buy"):
            raise ExchangeRejected("reduce-only rule not satisfied", 110017)
        return min(request.size, abs(held.size)) or abs(held.size)

    def _check_stop(self, symbol: str, side: str, stop: Decimal | None) -> None:
        last = self.prices[symbol].last
        if stop is not None and (stop >= last if side == "Buy" else stop <= last):
            raise ExchangeRejected("the stop is on the wrong side of the price", 10001)

    def _execute(
        self, books: Books, request: OrderRequest, size: Decimal, price: Decimal, create_type: str, order_id: str
    ) -> None:
        held = books.held.setdefault(request.symbol, Held())
        signed = size if request.side == "Buy" else -size
        closed = min(size, abs(held.size)) if held.size * signed < 0 else NOTHING
        gain = (price - held.average) * closed * (1 if held.size > 0 else -1)
        opened = size - closed
        if closed == abs(held.size) and closed:
            held.stop = held.target = None
        if opened:
            before = abs(held.size) - closed
            held.average = (held.average * before + price * opened) / (before + opened)
        held.size += signed
        if not request.reduce_only and opened and not self.drop_stops:
            held.stop, held.target = request.stop or held.stop, request.target or held.target
        if not held.size:
            del books.held[request.symbol]
        fee = price * size * self.fee
        books.wallet += gain - fee
        books.executions.append(
            Execution(
                id=self._next_id(),
                symbol=request.symbol,
                order_id=order_id,
                order_link_id=request.order_link_id,
                side=request.side,
                kind="Trade",
                create_type=create_type,
                price=price,
                size=size,
                closed_size=closed,
                fee=fee,
                at=self.bybit_time(),
            )
        )

    def _trigger(self, books: Books, symbol: str, last: Decimal) -> None:
        held = books.held.get(symbol)
        if held is None:
            return
        long = held.size > 0
        side = "Sell" if long else "Buy"
        close = OrderRequest(symbol, side, abs(held.size), order_link_id="", reduce_only=True)
        if held.stop is not None and (last <= held.stop if long else last >= held.stop):
            self._execute(books, close, close.size, held.stop, "CreateByStopLoss", self._next_id())
        elif held.target is not None and (last >= held.target if long else last <= held.target):
            self._execute(books, close, close.size, held.target, "CreateByTakeProfit", self._next_id())
