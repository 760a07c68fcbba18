"""Public market data."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING

from sandbox.bybit import book
from sandbox.bybit.history import LastDay
from sandbox.bybit.instruments import Instrument
from sandbox.bybit.model import Refused, plain
from sandbox.bybit.prices import quotes_around
from sandbox.bybit.rest.call import Call, Endpoint, Result, page
from sandbox.bybit.rules import max_price, within_band
from sandbox.bybit.source import MINUTE_MS
from sandbox.bybit.walk import FUNDING_MS, funding_rate, funding_rates

if TYPE_CHECKING:
    from sandbox.bybit.practice import PracticeBybit

FUNDING_CAP = Decimal("0.00375")
ELSEWHERE = ("spot", "inverse", "option")
"""Categories in which nothing is listed here; whoever loads all markets asks for them too."""


def time(call: Call) -> Result:
    """The server's time."""
    return {"timeSecond": str(call.now_ms // 1000), "timeNano": str(call.now_ms * 1_000_000)}


def instruments_info(call: Call) -> Result:
    """The instruments, one page; of other categories than linear there are none."""
    if call.text("category") in ELSEWHERE:
        return _nothing(call)
    call.linear()
    known = call.bybit.market.instruments
    wanted = [call.instrument()] if call.text("symbol") else list(known.values())
    base_coin, status = call.text("baseCoin"), call.text("status", "Trading")
    rows = [_instrument(i, call) for i in wanted if base_coin in ("", i.base_coin) and status == "Trading"]
    rows, cursor = page(rows, call, 500, 1000)
    return {"category": "linear", "list": rows, "nextPageCursor": cursor}


def risk_limit(call: Call) -> Result:
    """Risk limit tiers of one symbol or all."""
    call.linear()
    wanted = [call.instrument()] if call.text("symbol") else list(call.bybit.market.instruments.values())
    rows = [
        {
            "id": tier.number,
            "symbol": instrument.symbol,
            "riskLimitValue": plain(tier.limit),
            "maintenanceMargin": plain(tier.maintenance),
            "initialMargin": plain(tier.initial),
            "isLowestRisk": int(tier.number == 1),
            "maxLeverage": f"{tier.max_leverage:.2f}",
            "mmDeduction": plain(tier.deduction) if tier.deduction else "",
        }
        for instrument in wanted
        for tier in instrument.tiers()
    ]
    return {"category": "linear", "list": rows, "nextPageCursor": ""}


def tickers(call: Call) -> Result:
    """The last 24 hours and the present quotes of one symbol or all."""
    if call.text("category") in ELSEWHERE and not call.text("symbol"):
        return {"category": call.text("category"), "list": []}
    call.linear()
    wanted = [call.instrument()] if call.text("symbol") else list(call.bybit.market.instruments.values())
    return {"category": "linear", "list": ticker_rows(call.bybit, wanted, call.now_ms)}


def ticker_rows(bybit: "PracticeBybit", wanted: Iterable[Instrument], now_ms: int) -> list[Result]:
    """The tickers of some symbols at a moment."""
    market, day = bybit.market, bybit.history.last_day(now_ms // MINUTE_MS)
    prices, rates = market.last_prices(now_ms), funding_rates(market, now_ms + 1)
    return [
        _ticker(i, day, market.row[i.symbol], float(prices[market.row[i.symbol]]), rates[i.symbol], now_ms)
        for i in wanted
    ]


def price_limit(call: Call) -> Result:
    """The highest price that a buyer and the lowest that a seller may write now."""
    if call.text("category", "linear") != "linear":
        raise Refused(10001, "params error: category only support linear")
    instrument = call.instrument()
    last = call.bybit.prices.last(instrument.symbol)
    highest = within_band("Buy", max_price(instrument), last, instrument)
    lowest = within_band("Sell", instrument.tick, last, instrument)
    limits = {"buyLmt": _price(highest, instrument), "sellLmt": _price(lowest, instrument)}
    return {"symbol": instrument.symbol, **limits, "ts": str(call.now_ms)}


def orderbook(call: Call) -> Result:
    """A believable book around the quotes; deep enough for every order that the filters let through."""
    call.linear()
    instrument, limit = call.instrument(), call.number("limit", 25, 1, 1000)
    bid, ask = call.bybit.prices.quotes(instrument.symbol)
    return {
        "s": instrument.symbol,
        "b": book_rows(book.bids(instrument, bid), instrument, limit),
        "a": book_rows(book.asks(instrument, ask), instrument, limit),
        "ts": call.now_ms,
        "u": call.now_ms // 100,
        "seq": call.now_ms // 100,
        "cts": call.now_ms,
    }


def book_rows(levels: Iterable[book.Level], instrument: Instrument, depth: int) -> list[list[str]]:
    """The first levels of one side of a book as [price, size]."""
    return [[_price(level.price, instrument), plain(level.qty)] for level in islice(levels, depth)]


def funding_history(call: Call) -> Result:
    """Funding rates of past settlements, the newest first."""
    call.linear()
    instrument, limit = call.instrument(), call.number("limit", 200, 1, 200)
    if call.text("startTime") and not call.text("endTime"):
        raise Refused(10001, "params error: endTime is required with startTime")
    last = min(call.number("endTime", call.now_ms), call.now_ms) // FUNDING_MS * FUNDING_MS
    oldest = max(call.number("startTime", 0), instrument.launched_ms, last - (limit - 1) * FUNDING_MS)
    rows = [
        {
            "symbol": instrument.symbol,
            "fundingRate": plain(funding_rate(instrument, time_ms)),
            "fundingRateTimestamp": str(time_ms),
        }
        for time_ms in range(last, oldest - 1, -FUNDING_MS)
    ]
    return {"category": "linear", "list": rows}


def _nothing(call: Call) -> Result:
    category = call.text("category")
    cursor = {} if category == "spot" else {"nextPageCursor": ""}  # the spot page has no cursor
    return {"category": category, "list": [], **cursor}


def _price(price: Decimal | float, instrument: Instrument) -> str:
    return f"{price:.{instrument.price_decimals}f}"


def _instrument(instrument: Instrument, call: Call) -> Result:
    decimals = instrument.price_decimals
    return {
        "symbol": instrument.symbol,
        "symbolId": instrument.number,
        "contractType": "LinearPerpetual",
        "status": "Trading",
        "baseCoin": instrument.base_coin,
        "quoteCoin": "USDT",
        "launchTime": str(instrument.launched_ms),
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": str(decimals),
        "leverageFilter": {
            "minLeverage": "1",
            "maxLeverage": f"{instrument.max_leverage:.2f}",
            "leverageStep": "0.01",
        },
        "priceFilter": {
            "minPrice": f"{instrument.tick:f}",
            "maxPrice": f"{max_price(instrument):f}",
            "tickSize": f"{instrument.tick:f}",
        },
        "lotSizeFilter": {
            "maxOrderQty": f"{instrument.max_limit_qty:f}",
            "minOrderQty": f"{instrument.step:f}",
            "qtyStep": f"{instrument.step:f}",
            "postOnlyMaxOrderQty": f"{instrument.max_limit_qty:f}",
            "maxMktOrderQty": f"{instrument.max_market_qty:f}",
            "minNotionalValue": plain(instrument.min_notional),
        },
        "unifiedMarginTrade": True,
        "fundingInterval": FUNDING_MS // MINUTE_MS,
        "settleCoin": "USDT",
        "copyTrading": "none",
        "upperFundingRate": plain(FUNDING_CAP),
        "lowerFundingRate": plain(-FUNDING_CAP),
        "displayName": "",
        "forbidUplWithdrawal": False,
        "riskParameters": {"priceLimitRatioX": "0.05", "priceLimitRatioY": "0.1"},
        "isPreListing": False,
        "preListingInfo": None,
        "symbolType": "",
    }


def _ticker(instrument: Instrument, day: LastDay, row: int, last: float, rate: Decimal, now_ms: int) -> Result:
    exact = round(last / float(instrument.tick)) * instrument.tick
    bid, ask = quotes_around(exact, instrument)
    price = _price(exact, instrument)
    opened, volume = float(day.open[row]), float(day.volume[row])
    interest = volume * 0.35
    size = plain(book.best_size(instrument))
    return {
        "symbol": instrument.symbol,
        "lastPrice": price,
        "indexPrice": price,
        "markPrice": price,
        "prevPrice24h": _price(opened, instrument),
        "price24hPcnt": f"{last / opened - 1:.6f}",
        "highPrice24h": _price(max(last, float(day.high[row])), instrument),
        "lowPrice24h": _price(min(last, float(day.low[row])), instrument),
        "prevPrice1h": _price(float(day.open_1h[row]), instrument),
        "openInterest": f"{interest:.{instrument.qty_decimals}f}",
        "openInterestValue": f"{interest * last:.2f}",
        "singleOpenInterest": f"{interest / 2:.{instrument.qty_decimals}f}",
        "singleOpenInterestValue": f"{interest / 2 * last:.2f}",
        "turnover24h": f"{float(day.turnover[row]):.4f}",
        "volume24h": f"{volume:.{instrument.qty_decimals}f}",
        "fundingRate": plain(rate),
        "nextFundingTime": str((now_ms // FUNDING_MS + 1) * FUNDING_MS),
        "predictedDeliveryPrice": "",
        "basisRate": "",
        "basis": "",
        "deliveryFeeRate": "",
        "deliveryTime": "0",
        "ask1Size": size,
        "bid1Price": _price(bid, instrument),
        "ask1Price": _price(ask, instrument),
        "bid1Size": size,
        "preOpenPrice": "",
        "preQty": "",
        "curPreListingPhase": "",
        "fundingIntervalHour": str(FUNDING_MS // 3_600_000),
        "fundingCap": plain(FUNDING_CAP),
        "basisRateYear": "",
    }


ENDPOINTS = (
    Endpoint("GET", "/v5/market/time", time, private=False),
    Endpoint("GET", "/v5/market/instruments-info", instruments_info, private=False),
    Endpoint("GET", "/v5/market/risk-limit", risk_limit, private=False),
    Endpoint("GET", "/v5/market/tickers", tickers, private=False),
    Endpoint("GET", "/v5/market/price-limit", price_limit, private=False),
    Endpoint("GET", "/v5/market/orderbook", orderbook, private=False),
    Endpoint("GET", "/v5/market/funding/history", funding_history, private=False),
)
