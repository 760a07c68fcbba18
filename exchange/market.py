"""Bybit's JSON about the market -> our words. Pure; what can not be read is OutcomeUnknown."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from exchange.fields import Row, number, number_or_zero, part, readable, rows, whole, word, word_or_empty
from exchange.translate import COIN
from trading.model import Instrument, RiskTier, Ticker
from trading.ports import CandleRows

_T = TypeVar("_T")

# Bybit's words for a candle's length, by minutes.
INTERVALS = {minutes: str(minutes) for minutes in (1, 3, 5, 15, 30, 60, 120, 240, 360, 720)} | {1440: "D"}

_FIELDS = 6  # of a kline that we keep: time, open, high, low, close, volume


@readable("the time")
def server_time_from(result: Row) -> int:
    """Ms UTC."""
    return whole(result, "timeNano") // 1_000_000


@readable("the instruments")
def instruments_from(result: Row) -> tuple[Instrument, ...]:
    """The USDT perpetuals of one page; futures with a date and contracts in other coins are left out."""
    return tuple(_each([row for row in rows(result) if _is_usdt_perpetual(row)], _instrument))


def _each(listed: Sequence[Row], read: Callable[[Row], _T]) -> list[_T]:
    """One contract that can not be read must not hide the others. Raises ValueError where none can."""
    found = []
    for row in listed:
        with suppress(LookupError, TypeError, ValueError, ArithmeticError):
            found.append(read(row))
    if listed and not found:
        raise ValueError("none can be read")
    return found


def _is_usdt_perpetual(row: Row) -> bool:
    return (
        row.get("contractType") == "LinearPerpetual" and row.get("quoteCoin") == COIN and row.get("settleCoin") == COIN
    )


def _instrument(row: Row) -> Instrument:
    price, lot = part(row, "priceFilter"), part(row, "lotSizeFilter")
    tick, step = number(price, "tickSize"), number(lot, "qtyStep")
    if tick <= 0 or step <= 0:
        raise ValueError("a tick or a step that is none")
    return Instrument(
        symbol=word(row, "symbol"),
        base=word(row, "baseCoin"),
        tick=tick,
        step=step,
        smallest=number(lot, "minOrderQty"),
        largest_limit=number(lot, "maxOrderQty"),
        largest_market=number(lot, "maxMktOrderQty"),
        smallest_notional=number_or_zero(lot, "minNotionalValue"),
        max_leverage=number(part(row, "leverageFilter"), "maxLeverage"),
        status=word(row, "status"),
        symbol_type=word_or_empty(row, "symbolType"),
        pre_listing=row.get("isPreListing") is True,
        launched_at=whole(row, "launchTime"),
        delivery_at=whole(row, "deliveryTime") if row.get("deliveryTime") else 0,
        funding_minutes=whole(row, "fundingInterval"),
    )


@readable("the prices")
def tickers_from(result: Row, at: int) -> dict[str, Ticker]:
    """By symbol. A symbol without a bid, an ask or a trade has no price to act on and is left out."""
    return {ticker.symbol: ticker for ticker in _each(rows(result), lambda row: ticker_from(row, at))}


def ticker_from(row: Row, at: int) -> Ticker:
    """One symbol. Raises LookupError, TypeError, ValueError or ArithmeticError where there is no price to act on."""
    return Ticker(
        symbol=word(row, "symbol"),
        last=_price(row, "lastPrice"),
        bid=_price(row, "bid1Price"),
        ask=_price(row, "ask1Price"),
        mark=_price(row, "markPrice"),
        turnover=number_or_zero(row, "turnover24h"),
        at=at,
    )


def _price(row: Row, name: str) -> Decimal:
    price = number(row, name)
    if price <= 0:
        raise ValueError(name)
    return price


@readable("the risk tiers")
def risk_tiers_from(results: Sequence[Row], symbol: str) -> tuple[RiskTier, ...]:
    """Of one symbol from all pages, lowest first. Margins, documented as numbers, come as texts and are not needed."""
    tiers = [
        RiskTier(limit=number(row, "riskLimitValue"), max_leverage=number(row, "maxLeverage"))
        for result in results
        for row in rows(result)
        if word(row, "symbol") == symbol
    ]
    if not tiers:
        raise LookupError(symbol)
    return tuple(sorted(tiers, key=lambda tier: tier.limit))


@readable("candles")
def candles_from(result: Row, symbol: str, minutes: int) -> CandleRows:
    """Bybit lists them newest first, seven texts each; turned round here, the turnover left out."""
    listed = result["list"]
    if not isinstance(listed, list):
        raise TypeError("list")
    table = np.array(listed, dtype=np.float64) if listed else np.empty((0, _FIELDS + 1))
    if table.ndim != 2 or table.shape[1] != _FIELDS + 1:
        raise ValueError("not seven texts each")
    table = table[::-1, :_FIELDS]
    if not np.isfinite(table).all():
        raise ValueError("a candle with a hole")
    values: NDArray[np.float64] = np.ascontiguousarray(table[:, 1:].T)
    return CandleRows(symbol, minutes, table[:, 0].astype(np.int64), values)
