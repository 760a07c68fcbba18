"""Candles: of what was traded, and of the mark and index price, which the practice market keeps at the last price."""

import asyncio
from dataclasses import dataclass

from sandbox.bybit.history import INTERVALS, Rows, opening
from sandbox.bybit.instruments import Instrument
from sandbox.bybit.model import Refused
from sandbox.bybit.rest.call import Call, Endpoint, Result

FAR_MS = 2**53
PRICES = slice(0, 5)
"""The columns that a candle of a price has which nobody trades at: its opening time and four prices."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A kline request: `first` and `last` are opening times in ms, both included, of which `limit` are told."""

    instrument: Instrument
    interval: str
    first: int
    last: int
    limit: int
    from_the_start: bool


async def kline(call: Call) -> Result:
    """Candles, the newest first, the forming one included."""
    return await _candles(call, slice(None))


async def price_kline(call: Call) -> Result:
    """Candles of the mark or index price, without volume, the newest first."""
    return await _candles(call, PRICES)


def candle_rows(found: Rows, part: slice, instrument: Instrument) -> list[list[str]]:
    """Candles as Bybit writes them; a thousand of them are asked for again and again at a start."""
    price_decimals, qty_decimals = instrument.price_decimals, instrument.qty_decimals
    prices = zip(*(values[part].tolist() for values in (found.open, found.high, found.low, found.close)), strict=True)
    sizes = zip(found.volume[part].tolist(), found.turnover[part].tolist(), strict=True)
    return [
        [
            str(time),
            *(f"{price:.{price_decimals}f}" for price in four),
            _shortest(f"{volume:.{qty_decimals}f}"),
            _shortest(f"{turnover:.4f}"),
        ]
        for time, four, (volume, turnover) in zip(found.time[part].tolist(), prices, sizes, strict=True)
    ]


async def _candles(call: Call, columns: slice) -> Result:
    asked = _asked(call)
    history, instrument = call.bybit.history, asked.instrument
    for day in history.days_needed(asked.interval, asked.first, asked.last, call.now_ms):
        if history.prepare(day, asked.interval):
            await asyncio.sleep(0)
    found = history.candles(instrument.symbol, asked.interval, asked.first, asked.last, call.now_ms)
    begin = 0 if asked.from_the_start else max(0, len(found) - asked.limit)
    rows = candle_rows(found, slice(begin, begin + asked.limit), instrument)
    return {"category": "linear", "symbol": instrument.symbol, "list": [row[columns] for row in rows[::-1]]}


def _asked(call: Call) -> _Asked:
    if call.text("category", "linear") != "linear":
        raise Refused(10001, "params error: category only support linear")
    instrument, interval = call.instrument(), call.required("interval")
    if interval not in INTERVALS:
        raise Refused(10001, "Invalid period!")
    limit = call.number("limit", 200, 1, 1000)
    first, last = _window(call, interval, limit)
    from_the_start = bool(call.text("start")) and not call.text("end")
    return _Asked(instrument, interval, first, last, limit, from_the_start)


def _shortest(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _window(call: Call, interval: str, limit: int) -> tuple[int, int]:
    """The first and last opening time that a kline request asks for, both included."""
    length = INTERVALS[interval]
    first, last = call.number("start", -1), call.number("end", FAR_MS)
    last = min(last, call.now_ms)
    if first < 0:
        return max(0, opening(last, interval) - (limit - 1) * length), last
    if not call.text("end"):
        last = min(last, first + limit * length)
    return max(first, opening(last, interval) - limit * length) if call.text("end") else first, last


ENDPOINTS = (
    Endpoint("GET", "/v5/market/kline", kline, private=False),
    Endpoint("GET", "/v5/market/mark-price-kline", price_kline, private=False),
    Endpoint("GET", "/v5/market/index-price-kline", price_kline, private=False),
)
