"""What an endpoint is and what it is given."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.bybit.instruments import Instrument
from sandbox.bybit.model import Account, Refused
from sandbox.bybit.source import DAY_MS

if TYPE_CHECKING:
    from sandbox.bybit.practice import PracticeBybit

WEEK_MS = 7 * DAY_MS
DIGITS = re.compile(r"-?\d{1,15}(\.\d{1,18})?")


@dataclass(frozen=True, slots=True)
class Call:
    """One request that passed the door: its parameters as they came, the account it is signed for (public: none)."""

    bybit: "PracticeBybit"
    account: Account | None
    params: Mapping[str, Any]
    now_ms: int

    @property
    def name(self) -> str:
        """The account's name; only for private endpoints."""
        if self.account is None:
            raise LookupError("a public endpoint has no account")
        return self.account.name

    def text(self, name: str, default: str = "") -> str:
        """A parameter as text."""
        value = self.params.get(name)
        return default if value is None or value == "" else str(value)

    def required(self, name: str) -> str:
        """A parameter that must be there."""
        value = self.text(name)
        if not value:
            raise Refused(10001, f"params error: {name} is required")
        return value

    def number(self, name: str, default: int, low: int = -(2**62), high: int = 2**62) -> int:
        """A whole number; outside its range it is brought to the nearer end, as Bybit does with limits."""
        text = self.text(name, str(default))
        if not re.fullmatch(r"-?\d{1,18}", text):
            raise Refused(10001, f"params error: {name} invalid")
        return max(low, min(high, int(text)))

    def amount(self, name: str) -> Decimal | None:
        """A decimal number given as text, None where it is absent or empty."""
        value = self.params.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str) or not DIGITS.fullmatch(value):
            raise Refused(10001, f"params error: {name} invalid")
        try:
            return Decimal(value)
        except InvalidOperation:
            raise Refused(10001, f"params error: {name} invalid") from None

    def flag(self, name: str) -> bool:
        """A JSON boolean."""
        value = self.params.get(name, False)
        if value in (True, "true"):
            return True
        if value in (False, "false", "", None):
            return False
        raise Refused(10001, f"params error: {name} invalid")

    def window(self, default_ms: int = WEEK_MS) -> tuple[int, int]:
        """`startTime` to `endTime`, at most seven days; a missing one lies `default_ms` from the other, or now."""
        first, last = self.number("startTime", -1), self.number("endTime", -1)
        if first < 0 and last < 0:
            return self.now_ms - default_ms, self.now_ms
        if last < 0:
            return first, first + default_ms
        if first < 0:
            return last - default_ms, last
        if last < first or last - first > WEEK_MS:
            raise Refused(10001, "The time range between startTime and endTime cannot exceed 7 days")
        return first, last

    def linear(self) -> None:
        """Refuses every category but linear."""
        if self.text("category") != "linear":
            raise Refused(10001, "params error: category only support linear")

    def instrument(self) -> Instrument:
        """The instrument that `symbol` names."""
        found = self.bybit.market.instruments.get(self.required("symbol"))
        if found is None:
            raise Refused(10001, "params error: symbol invalid")
        return found


Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path and what answers it. `a_second` is Bybit's limit for one account, `needs` the permission it takes."""

    method: str
    path: str
    answer: Callable[[Call], Result | Awaitable[Result]]
    private: bool = True
    a_second: int = 50
    needs: str = ""


def envelope(
    code: int, message: str, result: Any, now_ms: int, headers: Mapping[str, str], status: int = 200
) -> web.Response:
    """An answer as Bybit wraps it."""
    body = {"retCode": code, "retMsg": message, "result": result, "retExtInfo": {}, "time": now_ms}
    return web.json_response(body, headers=headers, status=status)


def page(rows: list[Result], call: Call, default: int, most: int) -> tuple[list[Result], str]:
    """One page of rows and the cursor of the next, "" after the last."""
    limit = call.number("limit", default, 1, most)
    begin = _begin(call.text("cursor"), len(rows))
    end = begin + limit
    return rows[begin:end], f"{end}-{len(rows)}" if end < len(rows) else ""


def _begin(cursor: str, rows: int) -> int:
    """Where the next page begins. New rows come first, so what has come since the last page moves it on."""
    if not cursor:
        return 0
    told = re.fullmatch(r"(\d{1,9})-(\d{1,9})", cursor)
    if told is None:
        raise Refused(10001, "params error: cursor invalid")
    return max(0, int(told[1]) + rows - int(told[2]))
