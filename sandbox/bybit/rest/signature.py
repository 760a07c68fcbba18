"""Who signed a request: the X-BAPI-* headers checked as Bybit documents them."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import unquote

from sandbox.bybit.ledger import Ledger
from sandbox.bybit.model import Account, Refused

AHEAD_MS = 1000
DEFAULT_WINDOW_MS = 5000


def signed_account(ledger: Ledger, headers: Mapping[str, str], payload: str, now_ms: int) -> Account:
    """The account whose key signed timestamp + key + window + payload (query text or body).

    Raises Refused: 10001 without headers, 10003 unknown key, 10002 out of the time window, 10004 wrong signature.
    """
    key, signature = headers.get("X-BAPI-API-KEY", ""), headers.get("X-BAPI-SIGN", "")
    timestamp, window = headers.get("X-BAPI-TIMESTAMP", ""), headers.get("X-BAPI-RECV-WINDOW", "")
    if not key or not signature or not timestamp:
        raise Refused(10001, "empty value: apiTimestamp[] apiKey[] apiSignature[]")
    account = ledger.account_of_key(key)
    if account is None:
        raise Refused(10003, "API key is invalid.")
    _check_time(timestamp, window, now_ms)
    for text in (payload, unquote(payload)):
        signed = f"{timestamp}{key}{window}{text}".encode()
        if hmac.compare_digest(
            hmac.new(account.secret.encode(), signed, hashlib.sha256).hexdigest(), signature.lower()
        ):
            return account
    raise Refused(10004, "error sign! please check your signature generation algorithm.")


def _check_time(timestamp: str, window: str, now_ms: int) -> None:
    if not timestamp.isdigit() or not (window or "0").isdigit():
        raise Refused(10001, "params error: timestamp or recv_window invalid")
    sent, allowed = int(timestamp), int(window) if window else DEFAULT_WINDOW_MS
    if not now_ms - allowed <= sent < now_ms + AHEAD_MS:
        text = "invalid request, please check your server timestamp or recv_window param."
        raise Refused(10002, f"{text} req_timestamp[{sent}],server_timestamp[{now_ms}],recv_window[{allowed}]")
