"""Which symbols there are, which may be traded, and which each person watches."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from trading.model import Instrument, RiskTier, Ticker
from trading.ports import Clock, Exchange
from trading.preferences import Preferences

DAY_MS = 86_400_000
LISTED_FOR_MS = 7 * DAY_MS
NOT_CRYPTO = frozenset({"stock", "commodity", "forex"})
INSTRUMENTS_FOR_MS = 3_600_000


def is_tradable(instrument: Instrument, now: int) -> bool:
    """SPEC 2: status Trading, no pre-listing, a crypto asset, listed for a week, no delivery within a day."""
    return (
        instrument.status == "Trading"
        and not instrument.pre_listing
        and instrument.symbol_type.lower() not in NOT_CRYPTO
        and now - instrument.launched_at >= LISTED_FOR_MS
        and (instrument.delivery_at == 0 or instrument.delivery_at - now > DAY_MS)
    )


class Universe:
    """Instruments (asked again each hour), tickers (each tick) and watchlists (ranked once each UTC day).

    `fixed` symbols, from the owner's settings, replace everybody's top N by turnover.
    """

    def __init__(self, exchange: Exchange, clock: Clock, fixed: Sequence[str] = ()) -> None:
        self._exchange = exchange
        self._clock = clock
        self._fixed = tuple(fixed)
        self._instruments: Mapping[str, Instrument] = {}
        self._asked_at = 0
        self._ranked_on = -1
        self._ranking: tuple[str, ...] = ()
        self._tiers: dict[str, tuple[RiskTier, ...]] = {}
        self.tickers: dict[str, Ticker] = {}
        self.tickers_at = 0

    async def refresh(self) -> None:
        """Asks for prices, and for what has become old. Raises ExchangeError; what was known stays."""
        now = self._clock.now()
        if now - self._asked_at >= INSTRUMENTS_FOR_MS:
            self._instruments = {found.symbol: found for found in await self._exchange.instruments()}
            self._tiers.clear()
            self._asked_at = now
        self.tickers = dict(await self._exchange.tickers())
        self.tickers_at = self._clock.now()
        if now // DAY_MS != self._ranked_on:
            self._ranking = self._ranked(now)
            self._ranked_on = now // DAY_MS

    def hear(self, ticker: Ticker) -> None:
        """A price of the stream: the newest there is."""
        if ticker.symbol in self.tickers:
            self.tickers[ticker.symbol] = ticker
            self.tickers_at = self._clock.now()

    def _ranked(self, now: int) -> tuple[str, ...]:
        tradable = [symbol for symbol, found in self._instruments.items() if is_tradable(found, now)]
        return tuple(sorted(tradable, key=lambda symbol: (-self._turnover(symbol), symbol)))

    def _turnover(self, symbol: str) -> Decimal:
        ticker = self.tickers.get(symbol)
        return ticker.turnover if ticker else Decimal(0)

    @property
    def is_known(self) -> bool:
        """Whether Bybit has told of the market since the start."""
        return bool(self._instruments) and bool(self.tickers)

    @property
    def symbols(self) -> tuple[str, ...]:
        """All that Bybit lists."""
        return tuple(self._instruments)

    def ending_within(self, ms: int) -> Mapping[str, int]:
        """Symbols that are delivered so soon, with the moment (ms UTC)."""
        now = self._clock.now()
        found = self._instruments.values()
        return {one.symbol: one.delivery_at for one in found if one.delivery_at and now < one.delivery_at <= now + ms}

    def instrument(self, symbol: str) -> Instrument | None:
        return self._instruments.get(symbol)

    def is_tradable(self, symbol: str) -> bool:
        found = self._instruments.get(symbol)
        return found is not None and is_tradable(found, self._clock.now())

    async def tiers(self, symbol: str) -> tuple[RiskTier, ...]:
        if symbol not in self._tiers:
            self._tiers[symbol] = await self._exchange.risk_tiers(symbol)
        return self._tiers[symbol]

    def watchlist(self, preferences: Preferences) -> tuple[str, ...]:
        """The symbols a person watches, in their order of turnover; what is not tradable is left out."""
        if self._fixed:
            return tuple(symbol for symbol in self._fixed if self.is_tradable(symbol))
        return tuple(s for s in self._ranking if self.is_tradable(s))[: preferences.watch_top]

    def unknown_fixed(self) -> tuple[str, ...]:
        """Symbols of the owner's WATCHLIST that Bybit does not list or that may not be traded."""
        return tuple(symbol for symbol in self._fixed if not self.is_tradable(symbol))
