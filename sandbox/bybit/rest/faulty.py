"""Requests that meet with a fault: lost, late, or answered with something else than the truth."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.bybit.faults import Rule
from sandbox.bybit.rest.call import envelope

SAID = {
    "10000": "Server Timeout",
    "10006": "Too many visits. Exceeded the API Rate Limit.",
    "10016": "Server error.",
}


async def faulty(
    rule: Rule, request: web.Request, answer: Callable[[], Awaitable[web.Response]], now_ms: int
) -> web.Response:
    """What comes of a request that this rule strikes; `answer` is what would come of it without."""
    kind = rule.kind.removesuffix("_after")
    is_after = rule.kind.endswith("_after")
    if kind == "delay":
        return await _delayed(rule.seconds, answer, is_after=is_after)
    if is_after or kind == "lose_answer":
        await answer()
    if kind in ("lose_request", "lose_answer"):
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    if kind == "5xx":
        return web.Response(status=502, text="<html><body>502 Bad Gateway</body></html>", content_type="text/html")
    if kind == "bad_json":
        return web.Response(text='{"retCode":0,"retMsg":"OK","resu', content_type="application/json")
    left = {"X-Bapi-Limit": "10", "X-Bapi-Limit-Status": "0", "X-Bapi-Limit-Reset-Timestamp": str(now_ms + 1000)}
    return envelope(int(kind), SAID[kind], {}, now_ms, left if kind == "10006" else {})


async def _delayed(seconds: float, answer: Callable[[], Awaitable[web.Response]], *, is_after: bool) -> web.Response:
    if not is_after:
        await asyncio.sleep(seconds)
        return await answer()
    answered = await answer()
    await asyncio.sleep(seconds)
    return answered
