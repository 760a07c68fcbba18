"""Account, wallet and key."""

from datetime import UTC, datetime
from decimal import Decimal

from sandbox.bybit.margin import MAKER_FEE, TAKER_FEE, Wallet
from sandbox.bybit.model import ISOLATED, KEY_LIVES_MS, PORTFOLIO, Account, Refused, plain
from sandbox.bybit.rest.call import Call, Endpoint, Result

NEVER, NO_DEADLINE = datetime(1970, 1, 1, tzinfo=UTC), -2
"""How the end of a key is written that is bound to an address and so has none."""
NOT_OF_ISOLATED = (
    *("accountIMRate", "accountMMRate", "totalMarginBalance", "totalAvailableBalance", "totalInitialMargin"),
    *("totalMaintenanceMargin", "accountIMRateByMp", "accountMMRateByMp", "totalInitialMarginByMp"),
    "totalMaintenanceMarginByMp",
)
"""What the whole account has no value for while each position has a margin of its own."""
NOT_OF_PORTFOLIO = ("totalOrderIM", "totalPositionIM", "totalPositionMM")
"""What a coin has no value for while margin is counted over all that is held."""


def info(call: Call) -> Result:
    """Margin mode and the like."""
    account = _account(call)
    return {
        "unifiedMarginStatus": 5,
        "marginMode": account.margin_mode,
        "isMasterTrader": False,
        "spotHedgingStatus": "OFF",
        "updatedTime": str(account.updated_ms or account.created_ms),
        "dcpStatus": "OFF",
        "timeWindow": 0,
        "smpGroup": 0,
    }


def wallet_balance(call: Call) -> Result:
    """The unified wallet; USDT is its only coin."""
    if call.required("accountType") != "UNIFIED":
        raise Refused(10001, "accountType only support UNIFIED")
    account = _account(call)
    wallet = call.bybit.settlement.wallet(account.name)
    coins = call.text("coin").split(",") if call.text("coin") else ["USDT"]
    return {"list": [wallet_fields(wallet, account if "USDT" in coins else None)]}


def wallet_fields(wallet: Wallet, account: Account | None) -> Result:
    """The unified wallet; with an account its coin USDT too."""
    coin = {} if account is None else _usdt(wallet, account)
    fields = _wallet(wallet)
    if wallet.mode == ISOLATED:
        fields |= dict.fromkeys(NOT_OF_ISOLATED, "")
    if wallet.mode == PORTFOLIO and coin:
        coin |= dict.fromkeys(NOT_OF_PORTFOLIO, "")
    return fields | {"coin": [coin] if coin else []}


def fee_rate(call: Call) -> Result:
    """Fee rates of one symbol or all."""
    call.linear()
    wanted = [call.instrument()] if call.text("symbol") else list(call.bybit.market.instruments.values())
    rates = {"takerFeeRate": plain(TAKER_FEE), "makerFeeRate": plain(MAKER_FEE)}
    return {"list": [{"symbol": instrument.symbol, **rates} for instrument in wanted]}


def query_api(call: Call) -> Result:
    """The key that signed this request: orders and positions, nothing else."""
    account = _account(call)
    created = datetime.fromtimestamp(account.created_ms / 1000, UTC)
    now = datetime.fromtimestamp(call.now_ms / 1000, UTC)
    ends = datetime.fromtimestamp((account.created_ms + KEY_LIVES_MS) / 1000, UTC) if "*" in account.ips else NEVER
    return {
        "id": str(account.uid),
        "note": account.name,
        "apiKey": account.api_key,
        "readOnly": int(account.read_only),
        "secret": "",
        "permissions": _permissions(account),
        "ips": list(account.ips),
        "type": 1,
        "deadlineDay": NO_DEADLINE if ends == NEVER else max(0, (ends - now).days),
        "expiredAt": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "createdAt": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "unified": 0,
        "uta": 1,
        "userID": account.uid,
        "inviterID": 0,
        "vipLevel": "No VIP",
        "mktMakerLevel": "0",
        "affiliateID": 0,
        "rsaPublicKey": account.rsa_public_key,
        "isMaster": True,
        "parentUid": "0",
        "kycLevel": "LEVEL_DEFAULT",
        "kycRegion": "",
    }


def _permissions(account: Account) -> dict[str, list[str]]:
    derivatives = ["DerivativesTrade"] if account.permissions else []
    granted = {"ContractTrade": list(account.permissions), "Derivatives": derivatives}
    names = (
        *("ContractTrade", "Spot", "Wallet", "Options", "Derivatives", "Exchange", "Earn", "FiatP2P", "FiatBitPay"),
        *("FiatConvertBroker", "BitCard", "ByXPost", "Affiliate", "BlockTrade", "NFT", "CopyTrading"),
    )
    return {name: granted.get(name, []) for name in names}


def _account(call: Call) -> Account:
    return call.bybit.ledger.accounts[call.name]


def _money(amount: Decimal) -> str:
    return plain(amount.quantize(Decimal("0.00000001")))


def _rate(part: Decimal, whole: Decimal) -> str:
    return plain((part / whole).quantize(Decimal("0.0001"))) if whole > 0 else "0"


def _wallet(wallet: Wallet) -> Result:
    bound = wallet.position_margin + wallet.order_margin
    initial, maintenance = _rate(bound, wallet.equity), _rate(wallet.maintenance, wallet.equity)
    return {
        "accountType": "UNIFIED",
        "accountIMRate": initial,
        "accountMMRate": maintenance,
        "totalEquity": _money(wallet.equity),
        "totalWalletBalance": _money(wallet.balance),
        "totalMarginBalance": _money(wallet.equity),
        "totalAvailableBalance": _money(wallet.available),
        "totalPerpUPL": _money(wallet.open_result),
        "totalInitialMargin": _money(bound),
        "totalMaintenanceMargin": _money(wallet.maintenance),
        "accountIMRateByMp": initial,
        "accountMMRateByMp": maintenance,
        "totalInitialMarginByMp": _money(bound),
        "totalMaintenanceMarginByMp": _money(wallet.maintenance),
        "accountLTV": "0",
    }


def _usdt(wallet: Wallet, account: Account) -> Result:
    return {
        "coin": "USDT",
        "equity": _money(wallet.equity),
        "usdValue": _money(wallet.equity),
        "walletBalance": _money(wallet.balance),
        "locked": "0",
        "spotHedgingQty": "0",
        "borrowAmount": "0",
        "accruedInterest": "0",
        "totalOrderIM": _money(wallet.order_margin),
        "totalPositionIM": _money(wallet.position_margin),
        "totalPositionMM": _money(wallet.maintenance),
        "unrealisedPnl": _money(wallet.open_result),
        "cumRealisedPnl": _money(account.realised),
        "bonus": "0",
        "marginCollateral": True,
        "collateralSwitch": True,
        "colRes": "0",
        "spotBorrow": "0",
        "free": "",
        "availableToWithdraw": "",
        "availableToBorrow": "",
    }


ENDPOINTS = (
    Endpoint("GET", "/v5/account/info", info),
    Endpoint("GET", "/v5/account/wallet-balance", wallet_balance),
    Endpoint("GET", "/v5/account/fee-rate", fee_rate, a_second=10),
    Endpoint("GET", "/v5/user/query-api", query_api, a_second=10),
)
