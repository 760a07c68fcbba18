"""Bybit's JSON about an account and its orders <-> our words. Pure; what can not be read is OutcomeUnknown."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from exchange.fields import (
    Row,
    number,
    number_or_zero,
    part,
    price_or_none,
    readable,
    rows,
    whole,
    word,
    word_or_empty,
)
from strategies.signal import Direction
from trading.model import AccountMode, Balance, Execution, KeyFacts, OrderFacts, OrderRequest, Position

CATEGORY = "linear"
COIN = "USDT"

# "Cancelled" may have fills; PartiallyFilledCanceled is spot's word for that and costs nothing to know.
_FINAL = frozenset({"Filled", "Cancelled", "Rejected", "Deactivated", "PartiallyFilledCanceled"})
_STOPS = frozenset({"StopLoss", "PartialStopLoss"})
_DIRECTIONS = {"Buy": Direction.LONG, "Sell": Direction.SHORT}
_UNIFIED = frozenset({3, 4, 5, 6})  # unifiedMarginStatus of UTA 1.0 and 2.0 and their Pro forms; 1 is classic
_NO_EXPIRY_BEFORE = 946_684_800_000  # 2000-01-01: Bybit writes 1970 where a key does not expire


# --- what we say


def plain(value: Decimal) -> str:
    """Plain digits: `str` would send 1E-7. Raises ValueError for what is no finite number."""
    if not value.is_finite():
        raise ValueError("only finite numbers go to Bybit")
    return format(value, "f")


def order_params(request: OrderRequest) -> dict[str, object]:
    """What /v5/order/create is sent for a request. Raises ValueError for one that Bybit would have to refuse."""
    attached = request.stop is not None or request.target is not None
    if attached and request.reduce_only:
        raise ValueError("stop and target can not go with a reduce-only order")
    params: dict[str, object] = {
        "category": CATEGORY,
        "symbol": request.symbol,
        "side": request.side,
        "orderType": "Market" if request.price is None else "Limit",
        "qty": plain(request.size),
        "timeInForce": request.time_in_force,
        "positionIdx": request.position_index,
        "orderLinkId": request.order_link_id,
    }
    if request.price is not None:
        params["price"] = plain(request.price)
    if request.reduce_only:
        params["reduceOnly"] = True
    if request.close_on_trigger:
        params["closeOnTrigger"] = True
    return params | _stop_params(request.stop, request.target) if attached else params


def stop_params(symbol: str, stop: Decimal | None, target: Decimal | None, index: int = 0) -> dict[str, object]:
    """What /v5/position/trading-stop is sent for the whole position. Raises ValueError where there is nothing to set:
    Bybit answers that like a stop already set."""
    if stop is None and target is None:
        raise ValueError("neither stop nor target given")
    return {"category": CATEGORY, "symbol": symbol, "positionIdx": index} | _stop_params(stop, target)


def _stop_params(stop: Decimal | None, target: Decimal | None) -> dict[str, object]:
    params: dict[str, object] = {"tpslMode": "Full"}
    if stop is not None:
        params |= {"stopLoss": plain(stop), "slTriggerBy": "LastPrice"}
    if target is not None:
        params |= {"takeProfit": plain(target), "tpTriggerBy": "LastPrice"}
    return params


# --- what Bybit says


@readable("a placed order")
def placed_order_id(result: Row, order_link_id: str) -> str:
    """Bybit's id of the order. An answer about another order, or without an id, is no answer to ours."""
    order_id = word(result, "orderId")
    if not order_id or word_or_empty(result, "orderLinkId") not in ("", order_link_id):
        raise ValueError("not our order")
    return order_id


@readable("orders")
def order_from(result: Row, order_link_id: str) -> OrderFacts | None:
    """The one order with our id, None where the list has none."""
    for row in rows(result):
        if word(row, "orderLinkId") == order_link_id:
            return _order(row)
    return None


@readable("stop orders")
def stop_cover_from(result: Row, index: int) -> Decimal:
    """What the untriggered stop losses of one page would close of a position."""
    waiting = [row for row in rows(result) if word(row, "orderStatus") == "Untriggered"]
    stops = [row for row in waiting if word(row, "stopOrderType") in _STOPS and whole(row, "positionIdx") == index]
    return sum((number(row, "qty") for row in stops), Decimal(0))


def _order(row: Row) -> OrderFacts:
    status = word(row, "orderStatus")
    return OrderFacts(
        order_id=word(row, "orderId"),
        order_link_id=word(row, "orderLinkId"),
        symbol=word(row, "symbol"),
        status=status,
        final=status in _FINAL,
        size=number(row, "qty"),
        filled=number_or_zero(row, "cumExecQty"),
        average=price_or_none(row, "avgPrice"),
        reject_reason=word_or_empty(row, "rejectReason"),
        created_at=whole(row, "createdTime"),
    )


@readable("executions")
def executions_from(result: Row) -> tuple[Execution, ...]:
    """As the page lists them: newest first."""
    return tuple(_execution(row) for row in rows(result))


def _execution(row: Row) -> Execution:
    return Execution(
        id=word(row, "execId"),
        symbol=word(row, "symbol"),
        order_id=word(row, "orderId"),
        order_link_id=word_or_empty(row, "orderLinkId"),
        side=word(row, "side"),
        kind=word(row, "execType"),
        create_type=word_or_empty(row, "createType"),
        price=number(row, "execPrice"),
        size=number(row, "execQty"),
        closed_size=number_or_zero(row, "closedSize"),
        fee=number_or_zero(row, "execFee"),
        at=whole(row, "execTime"),
    )


@readable("positions")
def positions_from(result: Row) -> tuple[Position, ...]:
    """All that the answer lists, flat ones included. A size that can not be read is never taken for flat."""
    return tuple(_position(row) for row in rows(result))


def _position(row: Row) -> Position:
    size = number(row, "size")
    if size < 0:
        raise ValueError("size")
    return Position(
        symbol=word(row, "symbol"),
        direction=_DIRECTIONS[word(row, "side")] if size else None,
        size=size,
        average=number(row, "avgPrice") if size else Decimal(0),
        stop=price_or_none(row, "stopLoss"),
        target=price_or_none(row, "takeProfit"),
        leverage=number_or_zero(row, "leverage"),
        mark=number_or_zero(row, "markPrice"),
        liquidation=price_or_none(row, "liqPrice"),
        unrealised=number_or_zero(row, "unrealisedPnl"),
        margin=number_or_zero(row, "positionIM"),
        index=whole(row, "positionIdx"),
    )


@readable("the wallet")
def balance_from(result: Row) -> Balance:
    """A coin that the wallet does not list is one that the account does not hold."""
    (wallet,) = rows(result)
    coins = [coin for coin in rows({"list": wallet["coin"]}) if word(coin, "coin") == COIN]
    equity = number_or_zero(coins[0], "equity") if coins else Decimal(0)
    if wallet.get("totalAvailableBalance") not in (None, ""):
        return Balance(equity, number(wallet, "totalAvailableBalance"))
    return Balance(equity, _free(coins[0]) if coins else Decimal(0))


def _free(coin: Row) -> Decimal:
    """SPEC 5: where the total is empty (isolated margin), the wallet less what positions and orders hold."""
    return (
        number(coin, "walletBalance") - number_or_zero(coin, "totalPositionIM") - number_or_zero(coin, "totalOrderIM")
    )


@readable("the account")
def mode_from(result: Row) -> AccountMode:
    return AccountMode(
        portfolio_margin=word(result, "marginMode") == "PORTFOLIO_MARGIN",
        unified=whole(result, "unifiedMarginStatus") in _UNIFIED,
    )


@readable("the key")
def key_facts_from(result: Row) -> KeyFacts:
    """Permissions as "ContractTrade.Order", in the order Bybit lists them."""
    granted: Mapping[str, object] = part(result, "permissions")
    return KeyFacts(
        uid=str(whole(result, "userID")),
        read_only=whole(result, "readOnly") != 0,
        permissions=tuple(f"{group}.{right}" for group in granted for right in _rights(granted, group)),
        expires_at=_expiry(result),
    )


def _rights(granted: Mapping[str, object], group: str) -> list[str]:
    rights = granted[group]
    if not isinstance(rights, list):
        raise TypeError(group)
    return [str(right) for right in rights]


def _expiry(result: Row) -> int | None:
    """Ms UTC. A key that does not expire shows 1970 and a negative deadlineDay."""
    told = word_or_empty(result, "expiredAt")
    if not told:
        return None
    at = int(datetime.fromisoformat(told).timestamp() * 1000)
    return None if at < _NO_EXPIRY_BEFORE and whole(result, "deadlineDay") < 0 else at


@readable("the fees")
def taker_fee_from(result: Row, symbol: str) -> Decimal:
    """As a share: 0.00055 = 0.055 %."""
    for row in rows(result):
        if word(row, "symbol") == symbol:
            return number(row, "takerFeeRate")
    raise LookupError(symbol)
