"""Coins; the practice account knows USDT alone."""

from sandbox.bybit.rest.call import Call, Endpoint, Result


def coin_info(call: Call) -> Result:
    """USDT and its one chain, on which nothing can be paid in or out here."""
    chain = {
        "chain": "ETH",
        "chainType": "Ethereum (ERC20)",
        "confirmation": "6",
        "withdrawFee": "",
        "depositMin": "0",
        "withdrawMin": "0",
        "minAccuracy": "6",
        "chainDeposit": "0",
        "chainWithdraw": "0",
        "withdrawPercentageFee": "0",
        "contractAddress": "",
        "safeConfirmNumber": "64",
    }
    coin = {"name": "USDT", "coin": "USDT", "remainAmount": "0", "chains": [chain]}
    return {"rows": [coin] if call.text("coin", "USDT") == "USDT" else []}


ENDPOINTS = (Endpoint("GET", "/v5/asset/coin/query-info", coin_info, a_second=5),)
