"""The words that Bybit's page of enums, or a field's own comment, allows where a field holds one of a few."""

SIDES = {"Buy", "Sell"}
TRIGGERS = {"LastPrice", "IndexPrice", "MarkPrice", "UNKNOWN", ""}
CREATED = {
    *("CreateByUser", "CreateByClosing", "CreateByStopOrder", "CreateByTakeProfit", "CreateByPartialTakeProfit"),
    *("CreateByStopLoss", "CreateByPartialStopLoss", "CreateByTrailingStop", "CreateByLiq", "CreateByAdminClosing"),
    *("CreateByTakeOver_PassThrough", "CreateByAdl_PassThrough"),
}
CANCELLED = {
    *("UNKNOWN", "CancelByUser", "CancelByReduceOnly", "CancelByPrepareLiq", "CancelAllBeforeLiq"),
    *("CancelByPrepareAdl", "CancelAllBeforeAdl", "CancelByAdmin", "CancelBySettle", "CancelByTpSlTsClear"),
    *("CancelBySmp", "CancelByDCP", "CancelByOCOTpCanceledBySlTriggered", "CancelByOCOSlCanceledByTpTriggered"),
}
REJECTED = {
    *("EC_NoError", "EC_Others", "EC_NoEnoughQtyToFill", "EC_NoImmediateQtyToFill", "EC_PerCancelRequest"),
    *("EC_PostOnlyWillTakeLiquidity", "EC_CancelForNoFullFill", "EC_ReachMaxTradeNum", "EC_ReachRiskPriceLimit"),
}
STATUSES = {
    *("New", "PartiallyFilled", "Untriggered"),
    *("Rejected", "PartiallyFilledCanceled", "Filled", "Cancelled", "Triggered", "Deactivated"),
}
STOPS = {
    *("TakeProfit", "StopLoss", "TrailingStop", "Stop", "PartialTakeProfit", "PartialStopLoss", "MmRateClose"),
    *("UNKNOWN", ""),
}
EXECUTED = {"Trade", "AdlTrade", "Funding", "BustTrade", "Delivery", "Settle", "BlockTrade", "MovePosition"}
DIRECTIONS = {"PlusTick", "ZeroPlusTick", "MinusTick", "ZeroMinusTick"}
INTERVALS = {"1", "3", "5", "15", "30", "60", "120", "240", "360", "720", "D", "W", "M"}

WORDS: dict[tuple[str, str], set[str] | set[int]] = {
    ("", "category"): {"linear"},
    ("", "side"): SIDES,
    ("", "S"): SIDES,
    ("account/transaction-log", "side"): {*SIDES, "None"},
    ("position/position", "side"): {*SIDES, ""},
    ("websocket/private/position", "side"): {*SIDES, ""},
    ("", "orderType"): {"Market", "Limit"},
    ("order/execution", "orderType"): {"Market", "Limit", "UNKNOWN"},
    ("websocket/private/execution", "orderType"): {"Market", "Limit", "UNKNOWN"},
    ("", "orderStatus"): STATUSES,
    ("", "createType"): CREATED,
    ("order/execution", "createType"): {*CREATED, ""},
    ("websocket/private/execution", "createType"): {*CREATED, ""},
    ("", "cancelType"): CANCELLED,
    ("", "rejectReason"): REJECTED,
    ("", "timeInForce"): {"GTC", "IOC", "FOK", "PostOnly", "RPI"},
    ("", "stopOrderType"): STOPS,
    ("", "triggerBy"): TRIGGERS,
    ("", "tpTriggerBy"): TRIGGERS,
    ("", "slTriggerBy"): TRIGGERS,
    ("", "triggerDirection"): {0, 1, 2},
    ("", "positionIdx"): {0, 1, 2},
    ("", "tpslMode"): {"Full", "Partial", ""},
    ("position/position", "tpslMode"): {"Full"},
    ("websocket/private/position", "tpslMode"): {"Full"},
    ("", "ocoTriggerBy"): {"OcoTriggerByUnknown", "OcoTriggerByTp", "OcoTriggerBySl", "OcoTriggerByBySl"},
    ("", "slippageToleranceType"): {"TickSize", "Percent", "UNKNOWN"},
    ("", "smpType"): {"None", "CancelMaker", "CancelTaker", "CancelBoth"},
    ("", "smpGroup"): {0},
    ("", "isLeverage"): {"0", "1", ""},
    ("", "execType"): EXECUTED,
    ("account/transaction-log", "type"): {"TRADE", "SETTLEMENT", "LIQUIDATION", "TRANSFER_IN", "ADL"},
    ("account/transaction-log", "transSubType"): {"", "movePosition"},
    ("", "positionStatus"): {"Normal", "Liq", "Adl"},
    ("", "autoAddMargin"): {0, 1},
    ("", "adlRankIndicator"): {0, 1, 2, 3, 4, 5},
    ("", "tradeMode"): {0},
    ("", "bustPrice"): {""},
    ("", "accountType"): {"UNIFIED"},
    ("", "colRes"): {"-1", "0", "1", "2"},
    ("", "availableToBorrow"): {""},
    ("account/account-info", "marginMode"): {"ISOLATED_MARGIN", "REGULAR_MARGIN", "PORTFOLIO_MARGIN"},
    ("account/account-info", "spotHedgingStatus"): {"ON", "OFF"},
    ("account/account-info", "dcpStatus"): {"OFF"},
    ("user/apikey-info", "readOnly"): {0, 1},
    ("user/apikey-info", "secret"): {""},
    ("user/apikey-info", "type"): {1, 2},
    ("user/apikey-info", "uta"): {0, 1},
    ("user/apikey-info", "kycLevel"): {"LEVEL_DEFAULT", "LEVEL_1", "LEVEL_2"},
    ("market/instrument", "contractType"): {"LinearPerpetual", "LinearFutures"},
    ("market/instrument", "status"): {"PreLaunch", "Trading", "Delivering", "Closed"},
    ("market/instrument", "copyTrading"): {"none", "both", "utaOnly", "normalOnly"},
    ("market/risk-limit", "isLowestRisk"): {0, 1},
    ("order/cancel-all", "success"): {"0", "1"},
    ("", "L"): DIRECTIONS,
    ("", "tickDirection"): DIRECTIONS,
    ("websocket/public/kline", "type"): {"snapshot"},
    ("websocket/public/kline", "interval"): INTERVALS,
    ("websocket/public/trade", "type"): {"snapshot"},
    ("websocket/public/ticker", "type"): {"snapshot", "delta"},
    ("websocket/public/orderbook", "type"): {"snapshot", "delta"},
}
"""By page and field; without a page: wherever the field is."""
