"""The door of the protocol: finds the endpoint, checks who asks, and wraps what it says in Bybit's envelope."""

import inspect
import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.bybit.faults import REQUEST_KINDS
from sandbox.bybit.model import Account, Refused
from sandbox.bybit.rest import account, market, order, position
from sandbox.bybit.rest.call import Call, Endpoint, envelope
from sandbox.bybit.rest.faulty import faulty
from sandbox.bybit.rest.signature import signed_account

if TYPE_CHECKING:
    from sandbox.bybit.practice import PracticeBybit

ENDPOINTS = (*market.ENDPOINTS, *account.ENDPOINTS, *position.ENDPOINTS, *order.ENDPOINTS)


class Router:
    """Answers the V5 paths of one practice Bybit."""

    def __init__(self, bybit: "PracticeBybit") -> None:
        self._bybit = bybit
        self._seconds: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))

    def add_to(self, app: web.Application) -> None:
        """Registers every endpoint; anything else is 404 by itself."""
        for endpoint in ENDPOINTS:
            app.router.add_route(endpoint.method, endpoint.path, self._handler(endpoint))

    def _handler(self, endpoint: Endpoint) -> Any:
        async def handle(request: web.Request) -> web.Response:
            now_ms = self._bybit.now_ms()
            rule = self._bybit.faults.strike(request.path, REQUEST_KINDS, now_ms)
            if rule is None:
                return await self._answer(endpoint, request)
            return await faulty(rule, request, lambda: self._answer(endpoint, request), now_ms)

        return handle

    async def _answer(self, endpoint: Endpoint, request: web.Request) -> web.Response:
        now_ms = await self._bybit.caught_up()
        headers: dict[str, str] = {}
        try:
            body = await request.text() if endpoint.method == "POST" else ""
            account = None
            if endpoint.private:
                payload = body if endpoint.method == "POST" else request.rel_url.raw_query_string
                account = signed_account(self._bybit.ledger, request.headers, payload, now_ms)
                headers = self._limits(account, endpoint, now_ms)
            params = _posted(body) if endpoint.method == "POST" else dict(request.query)
            result = endpoint.answer(Call(self._bybit, account, params, now_ms))
            if inspect.isawaitable(result):
                result = await result
            return envelope(0, "OK", result, now_ms, headers)
        except Refused as refused:
            return envelope(refused.code, refused.message, {}, now_ms, headers)

    def _limits(self, account: Account, endpoint: Endpoint, now_ms: int) -> dict[str, str]:
        """Bybit's headers on how many calls of this second are left."""
        key, second = (account.name, endpoint.path), now_ms // 1000
        before, count = self._seconds[key]
        count = count + 1 if before == second else 1
        self._seconds[key] = second, count
        return {
            "X-Bapi-Limit": str(endpoint.a_second),
            "X-Bapi-Limit-Status": str(max(0, endpoint.a_second - count)),
            "X-Bapi-Limit-Reset-Timestamp": str((second + 1) * 1000),
        }


def _posted(body: str) -> dict[str, Any]:
    try:
        params = json.loads(body or "{}")
    except ValueError:
        raise Refused(10001, "params error: body is not JSON") from None
    if not isinstance(params, dict):
        raise Refused(10001, "params error: body is not an object")
    return params
