"""The door of the protocol: finds the endpoint, checks who asks, and wraps what it says in Bybit's envelope."""

import inspect
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.bybit.faults import REQUEST_KINDS
from sandbox.bybit.model import Account, Refused
from sandbox.bybit.rest import account, asset, candles, log, market, modes, order, position, precheck
from sandbox.bybit.rest.call import Call, Endpoint, envelope
from sandbox.bybit.rest.faulty import faulty
from sandbox.bybit.rest.limits import Limits
from sandbox.bybit.rest.signature import Unauthorised, check_key, signed_account

if TYPE_CHECKING:
    from sandbox.bybit.practice import PracticeBybit

ENDPOINTS = (
    *(*market.ENDPOINTS, *candles.ENDPOINTS),
    *(*account.ENDPOINTS, *asset.ENDPOINTS, *log.ENDPOINTS),
    *(*position.ENDPOINTS, *modes.ENDPOINTS, *order.ENDPOINTS, *precheck.ENDPOINTS),
)


class Router:
    """Answers the V5 paths of one practice Bybit."""

    def __init__(self, bybit: "PracticeBybit") -> None:
        self._bybit = bybit
        self._limits = Limits()

    def add_to(self, app: web.Application) -> None:
        """Registers every endpoint; anything else is 404 by itself."""
        for endpoint in ENDPOINTS:
            app.router.add_route(endpoint.method, endpoint.path, self._handler(endpoint))

    def _handler(self, endpoint: Endpoint) -> Any:
        async def handle(request: web.Request) -> web.Response:
            now_ms = self._bybit.now_ms()
            if self._bybit.limits and self._limits.is_banned(str(request.remote), now_ms):
                return web.Response(status=403, text="access too frequent")
            if endpoint.method == "GET" and request.can_read_body:
                return web.Response(status=403, text="a GET request has no body")
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
                left = self._limits.count(account.name, endpoint.path, endpoint.a_second, now_ms)
                headers = left.headers()
                check_key(account, str(request.remote), now_ms)
                _check_permission(account, endpoint)
                if self._bybit.limits and left.is_too_much:
                    raise Refused(10006, "Too many visits. Exceeded the API Rate Limit.")
            params = _posted(body) if endpoint.method == "POST" else dict(request.query)
            result = endpoint.answer(Call(self._bybit, account, params, now_ms))
            if inspect.isawaitable(result):
                result = await result
            return envelope(0, "OK", result, now_ms, headers)
        except Refused as refused:
            status = 401 if isinstance(refused, Unauthorised) else 200
            return envelope(refused.code, refused.message, refused.result, now_ms, headers, status)


def _check_permission(account: Account, endpoint: Endpoint) -> None:
    """Raises Refused where the key may not do this."""
    is_allowed = endpoint.needs in ("", *account.permissions)
    if not is_allowed or (account.read_only and endpoint.method == "POST"):
        raise Refused(10005, "Permission denied, please check your API key permissions.")


def _posted(body: str) -> dict[str, Any]:
    try:
        params = json.loads(body or "{}")
    except ValueError:
        raise Refused(10001, "params error: body is not JSON") from None
    if not isinstance(params, dict):
        raise Refused(10001, "params error: body is not an object")
    return params
