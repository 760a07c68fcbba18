"""A person's account at the practice Bybit, as Bybit's own app would show it: seen, closed and changed by hand.

The account is the one named after the person's number. Its key comes from the practice Bybit's levers; what is read or
changed here goes over Bybit's own signed calls, so the bot meets it as it would meet the real app.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from sandbox.telegram.loopback import LOOPBACK, host_of
from sandbox.telegram.refusals import Unheard

PATIENCE_SECONDS = 10.0
POSITION_FIELDS = ("symbol", "side", "size", "avgPrice", "markPrice", "unrealisedPnl", "stopLoss", "takeProfit")
ORDER_FIELDS = (
    "orderId",
    "symbol",
    "side",
    "orderType",
    "stopOrderType",
    "qty",
    "price",
    "triggerPrice",
    "orderStatus",
)


@dataclass(frozen=True, slots=True)
class _Key:
    api_key: str
    secret: str


class BybitApp:
    """Speaks to the practice Bybit at `address`, which must be on this machine (ValueError otherwise)."""

    def __init__(self, address: str) -> None:
        if host_of(address) not in LOOPBACK:
            raise ValueError("the practice Bybit must be on this machine")
        self.address = address.rstrip("/")

    async def view(self, account: str) -> dict[str, Any]:
        """{"account", "positions", "orders", "wallet"} in Bybit's own fields; account is null when there is none.

        `wallet` holds the equity in USDT and what is available, or is null. Raises Unheard (502) when the practice
        Bybit does not answer.
        """
        async with self._session() as session:
            key = await self._key(session, account)
            if key is None:
                return {"account": None, "positions": [], "orders": [], "wallet": None}
            query = {"category": "linear", "settleCoin": "USDT"}
            positions = await self._signed(session, key, "GET", "/v5/position/list", query)
            orders = await self._signed(session, key, "GET", "/v5/order/realtime", query)
            wallet = await self._signed(session, key, "GET", "/v5/account/wallet-balance", {"accountType": "UNIFIED"})
        return {
            "account": account,
            "positions": [_only(row, POSITION_FIELDS) for row in positions["list"] if float(row["size"])],
            "orders": [_only(row, ORDER_FIELDS) for row in orders["list"]],
            "wallet": {
                "equity": wallet["list"][0]["totalEquity"],
                "available": wallet["list"][0]["totalAvailableBalance"],
            },
        }

    async def close(self, account: str, symbol: str) -> None:
        """Closes the account's position in `symbol` at the market; raises Unheard when that cannot be."""
        shown = await self.view(account)
        for held in shown["positions"]:
            if held["symbol"] == symbol:
                side = "Sell" if held["side"] == "Buy" else "Buy"
                wish = {"account": account, "symbol": symbol, "side": side, "qty": held["size"], "reduceOnly": True}
                async with self._session() as session:
                    await self._ask(session, "POST", "/sandbox/hand", data=json.dumps(wish))
                return
        raise Unheard("There is no such position.", 404)

    async def move_stop(self, account: str, symbol: str, price: str) -> None:
        """Sets the position's stop to `price` ("0": none); raises Unheard with Bybit's own words when it refuses."""
        body = {"category": "linear", "symbol": symbol, "stopLoss": price, "tpslMode": "Full", "positionIdx": 0}
        async with self._session() as session:
            key = await self._key(session, account)
            if key is None:
                raise Unheard("There is no such account.", 404)
            await self._signed(session, key, "POST", "/v5/position/trading-stop", body)

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE_SECONDS), trust_env=False)

    async def _key(self, session: aiohttp.ClientSession, account: str) -> _Key | None:
        # Asking for the key of an unknown name would open an account, and looking on must not.
        if account not in await self._ask(session, "GET", "/sandbox/ledger"):
            return None
        told = await self._ask(session, "POST", "/sandbox/accounts", data=json.dumps({"name": account}))
        return _Key(told["apiKey"], told["secret"])

    async def _signed(
        self, session: aiohttp.ClientSession, key: _Key, method: str, path: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        """The `result` of one V5 call, signed as Bybit's documents tell; Unheard when retCode is not 0."""
        now = str((await self._ask(session, "GET", "/v5/market/time"))["time"])
        payload = urlencode(params) if method == "GET" else json.dumps(params)
        signature = hmac.new(key.secret.encode(), (now + key.api_key + "5000" + payload).encode(), hashlib.sha256)
        headers = {
            "X-BAPI-API-KEY": key.api_key,
            "X-BAPI-TIMESTAMP": now,
            "X-BAPI-RECV-WINDOW": "5000",
            "X-BAPI-SIGN": signature.hexdigest(),
            "Content-Type": "application/json",
        }
        if method == "GET":
            told = await self._ask(session, method, f"{path}?{payload}", headers=headers)
        else:
            told = await self._ask(session, method, path, headers=headers, data=payload)
        if told["retCode"] != 0:
            raise Unheard(f"Bybit refused: {told['retMsg']}.")
        result: dict[str, Any] = told["result"]
        return result

    async def _ask(self, session: aiohttp.ClientSession, method: str, path: str, **how: Any) -> Any:
        try:
            async with session.request(method, self.address + path, allow_redirects=False, **how) as answer:
                told = await answer.json(content_type=None)
                if answer.status != 200:
                    raise Unheard(f"Bybit refused: {told.get('error') or answer.reason}.")
                return told
        except (aiohttp.ClientError, TimeoutError, ValueError):
            raise Unheard("The practice Bybit does not answer.", 502) from None


def _only(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row.get(name, "") for name in names}
