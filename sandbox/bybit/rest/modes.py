"""How the account is set up: leverage, position mode, margin mode."""

from sandbox.bybit.model import Refused
from sandbox.bybit.rest.call import Call, Endpoint, Result

MERGED_SINGLE, BOTH_SIDES = 0, 3


def set_leverage(call: Call) -> Result:
    """Sets the leverage of a symbol; the same for both sides, but for hedge mode with isolated margin."""
    call.linear()
    symbol = call.instrument().symbol
    buy, sell = call.amount("buyLeverage"), call.amount("sellLeverage")
    if buy is None or sell is None:
        raise Refused(10001, "params error: buyLeverage and sellLeverage are required")
    call.bybit.modes.set_leverage(call.name, symbol, buy, sell)
    return {}


def switch_mode(call: Call) -> Result:
    """One symbol's position mode, or that of all which have neither a position nor an order."""
    call.linear()
    if not call.text("symbol") and call.text("coin") != "USDT":
        raise Refused(10001, "params error: symbol or coin is required")
    mode = call.number("mode", -1)
    if mode not in (MERGED_SINGLE, BOTH_SIDES):
        raise Refused(10001, "params error: mode invalid")
    if call.text("symbol"):
        call.bybit.modes.switch_position_mode(call.name, call.instrument().symbol, hedged=mode == BOTH_SIDES)
    else:
        call.bybit.modes.switch_all_position_modes(call.name, hedged=mode == BOTH_SIDES)
    return {}


def set_margin_mode(call: Call) -> Result:
    """Sets the account's margin mode; what stands against it is told as reasons beside the code."""
    call.bybit.modes.set_margin_mode(call.name, call.required("setMarginMode"))
    return {"reasons": []}


ENDPOINTS = (
    Endpoint("POST", "/v5/position/set-leverage", set_leverage, a_second=10, needs="Position"),
    Endpoint("POST", "/v5/position/switch-mode", switch_mode, a_second=10, needs="Position"),
    Endpoint("POST", "/v5/account/set-margin-mode", set_margin_mode, a_second=10, needs="Position"),
)
