"""Routes of the Bybit app's drawer on the chat page: /chat/<user>/bybit/..."""

import re

from aiohttp import web

from sandbox.telegram.asking import body_of, user_of
from sandbox.telegram.bybit_app import BybitApp
from sandbox.telegram.refusals import Unheard
from sandbox.telegram.world import WORLD


def _app(request: web.Request) -> BybitApp:
    app = request.app[WORLD].bybit
    if app is None:
        raise Unheard("No practice Bybit stands beside this practice Telegram.", 404)
    return app


async def view(request: web.Request) -> web.Response:
    """GET: {"address", "account", "positions", "orders", "wallet"}; address is null where no practice Bybit stands."""
    user_id, app = user_of(request), request.app[WORLD].bybit
    if app is None:
        return web.json_response({"address": None, "account": None, "positions": [], "orders": [], "wallet": None})
    return web.json_response({"address": app.address} | await app.view(str(user_id)))


async def close(request: web.Request) -> web.Response:
    """POST {"symbol"}: closes the person's position by hand; answers with what is left."""
    body = await body_of(request, {"symbol": str})
    await _app(request).close(str(user_of(request)), body.get("symbol", ""))
    return await view(request)


async def move_stop(request: web.Request) -> web.Response:
    """POST {"symbol", "price"}: moves the stop by hand ("0" takes it off); answers with what is there now."""
    body = await body_of(request, {"symbol": str, "price": str})
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12})?", body.get("price", "")):
        raise Unheard("A stop needs a price.")
    await _app(request).move_stop(str(user_of(request)), body.get("symbol", ""), body["price"])
    return await view(request)
