"""Levers beside the protocol, for tests and for whoever plays the market or the person at Bybit's app."""

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.bybit.faults import KINDS, Rule
from sandbox.bybit.ledger import KeyWish
from sandbox.bybit.model import LONG_SIDE, ONE_WAY, SHORT_SIDE, ZERO, Refused
from sandbox.bybit.rest.signature import rsa_key
from sandbox.bybit.rest.words import order_fields
from sandbox.bybit.rules import NewOrder, max_price

if TYPE_CHECKING:
    from sandbox.bybit.practice import PracticeBybit

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MAY = ("Order", "Position")
RICHEST = Decimal(1_000_000_000)


LOOPBACK = ("127.0.0.1", "localhost", "::1")


@web.middleware
async def loopback_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses what a foreign web page could make a browser on this machine send here."""
    named = [request.headers.get("Host", ""), request.headers.get("Origin", "")]
    hosts = [urlsplit(name if "//" in name else f"//{name}").hostname for name in named if name]
    if any(host not in LOOPBACK for host in hosts):
        return web.json_response({"error": "only this machine may speak to the practice Bybit"}, status=403)
    return await handler(request)


class Levers:
    """Answers the paths under /sandbox of one practice Bybit. What cannot be done is 400 with {"error"}."""

    def __init__(self, bybit: "PracticeBybit") -> None:
        self._bybit = bybit

    def add_to(self, app: web.Application) -> None:
        """Registers the levers."""
        app.router.add_post("/sandbox/accounts", self.accounts)
        app.router.add_get("/sandbox/ledger", self.ledger)
        app.router.add_post("/sandbox/price", self.price)
        app.router.add_post("/sandbox/hand", self.hand)
        app.router.add_post("/sandbox/faults", self.faults)
        app.router.add_delete("/sandbox/faults", self.no_faults)

    async def accounts(self, request: web.Request) -> web.Response:
        """{name, equity}: an account with a key of its own, the same for the same name.

        A new one may be given an `rsaPublicKey` (PEM), `readOnly`, `permissions` of Order and Position, and `ips`.
        """
        asked = await _asked(request)
        name, equity = str(asked.get("name") or ""), _amount(asked, "equity", "10000")
        if not name or len(name) > 64:
            raise _wrong("name is missing or longer than 64 characters")
        if not 0 <= equity <= RICHEST:
            raise _wrong("equity must lie between 0 and 1000000000")
        await self._bybit.caught_up()
        account = self._bybit.ledger.open_account(name, equity, _key(asked))
        return web.json_response({"account": account.name, "apiKey": account.api_key, "secret": account.secret})

    async def ledger(self, request: web.Request) -> web.Response:
        """Every order that was ever accepted, for each account, the oldest first."""
        await self._bybit.caught_up()
        ledger = self._bybit.ledger
        kept = {name: [order_fields(order) for order in ledger.store.orders(name)[::-1]] for name in ledger.accounts}
        return web.json_response(kept)

    async def price(self, request: web.Request) -> web.Response:
        """{symbol, price}: the market goes there, through everything on its way, and goes on from there."""
        asked = await _asked(request)
        symbol = self._symbol(asked)
        instrument, wanted = self._bybit.market.instruments[symbol], _amount(asked, "price")
        if not instrument.tick <= wanted <= max_price(instrument):
            raise _wrong("price is out of the symbol's range")
        await self._bybit.caught_up()
        price = self._bybit.move_price(symbol, round(wanted / instrument.tick) * instrument.tick)
        return web.json_response({"symbol": symbol, "price": f"{price:f}"})

    async def hand(self, request: web.Request) -> web.Response:
        """{account, symbol, side, qty, reduceOnly}: a market order as from Bybit's app.

        In hedge mode it opens or adds on its own side, and with reduceOnly it closes the other one.
        """
        asked = await _asked(request)
        account, symbol = str(asked.get("account") or ""), self._symbol(asked)
        if account not in self._bybit.ledger.accounts:
            raise _wrong("no such account")
        reduces = bool(asked.get("reduceOnly", False))
        side = str(asked.get("side") or "")
        await self._bybit.caught_up()
        wish = NewOrder(
            symbol=symbol,
            side=side,
            order_type="Market",
            qty=_amount(asked, "qty"),
            reduce_only=reduces,
            close_on_trigger=reduces,
            create_type="CreateByClosing" if reduces else "CreateByUser",
            idx=self._index(account, symbol, side, reduces=reduces),
        )
        try:
            order = self._bybit.matching.place(account, wish)
        except Refused as refused:
            raise _wrong(f"{refused.code} {refused.message}") from None
        return web.json_response({"orderId": order.order_id})

    async def faults(self, request: web.Request) -> web.Response:
        """{seed, rules: [{path, kind, p, times, seconds}]}: these faults from now on, instead of those before."""
        asked = await _asked(request)
        rules = asked.get("rules", [])
        if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
            raise _wrong("rules is not a list of objects")
        seed = asked.get("seed", 0)
        if type(seed) is not int:
            raise _wrong("seed is not a whole number")
        self._bybit.faults.begin(seed, [_rule(rule) for rule in rules], self._bybit.now_ms())
        return web.json_response({"rules": len(rules)})

    async def no_faults(self, request: web.Request) -> web.Response:
        """Nothing goes wrong any more."""
        self._bybit.faults.end()
        return web.json_response({"rules": 0})

    def _index(self, account: str, symbol: str, side: str, *, reduces: bool) -> int:
        """The position that a hand at this side means."""
        if symbol not in self._bybit.ledger.accounts[account].hedged:
            return ONE_WAY
        return LONG_SIDE if (side == "Buy") != reduces else SHORT_SIDE

    def _symbol(self, asked: dict[str, Any]) -> str:
        symbol = str(asked.get("symbol") or "")
        if symbol not in self._bybit.market.instruments:
            raise _wrong("no such symbol")
        return symbol


async def _asked(request: web.Request) -> dict[str, Any]:
    try:
        asked = json.loads(await request.text() or "{}")
    except ValueError:
        raise _wrong("the body is not JSON") from None
    if not isinstance(asked, dict):
        raise _wrong("the body is not an object")
    return asked


def _amount(asked: dict[str, Any], name: str, default: str = "") -> Decimal:
    try:
        amount = Decimal(str(asked.get(name, default)))
    except InvalidOperation:
        raise _wrong(f"{name} is not a number") from None
    if not amount.is_finite() or amount < ZERO:
        raise _wrong(f"{name} is out of range")
    return amount


def _key(asked: dict[str, Any]) -> KeyWish:
    pem = str(asked.get("rsaPublicKey") or "")
    lists = {name: asked.get(name, default) for name, default in (("permissions", list(MAY)), ("ips", ["*"]))}
    if not all(isinstance(one, list) and all(isinstance(part, str) for part in one) for one in lists.values()):
        raise _wrong("permissions and ips are lists of texts")
    if not set(lists["permissions"]) <= set(MAY):
        raise _wrong("permissions may be Order and Position")
    if pem:
        try:
            rsa_key(pem)
        except ValueError:
            raise _wrong("rsaPublicKey is not the PEM of an RSA public key") from None
    return KeyWish(pem, bool(asked.get("readOnly", False)), tuple(lists["permissions"]), tuple(lists["ips"]))


def _rule(asked: dict[str, Any]) -> Rule:
    kind, times = str(asked.get("kind") or ""), asked.get("times")
    if kind not in KINDS:
        raise _wrong(f"kind must be one of {', '.join(KINDS)}")
    if times is not None and (type(times) is not int or times < 1):
        raise _wrong("times is not a whole number above 0")
    p, seconds = float(_amount(asked, "p", "1")), float(_amount(asked, "seconds", "0"))
    if p > 1:
        raise _wrong("p must lie between 0 and 1")
    return Rule(path=str(asked.get("path") or ""), kind=kind, p=p, times=times, seconds=seconds)


def _wrong(why: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=json.dumps({"error": why}), content_type="application/json")
