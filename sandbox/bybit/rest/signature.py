"""Who signed a request: the X-BAPI-* headers checked as Bybit documents them."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sandbox.bybit.ledger import Ledger
from sandbox.bybit.model import Account, Refused

AHEAD_MS = 1000
DEFAULT_WINDOW_MS = 5000


class Unauthorised(Refused):
    """A private question without a key, a signature or a time: HTTP 401."""


def signed_account(ledger: Ledger, headers: Mapping[str, str], payload: str, now_ms: int) -> Account:
    """The account whose key signed timestamp + key + window + payload (query text or body).

    Raises Refused: Unauthorised without headers, 10003 unknown key, 10002 out of the window, 10004 wrong signature.
    """
    key, signature = headers.get("X-BAPI-API-KEY", ""), headers.get("X-BAPI-SIGN", "")
    timestamp, window = headers.get("X-BAPI-TIMESTAMP", ""), headers.get("X-BAPI-RECV-WINDOW", "")
    if not key or not signature or not timestamp:
        raise Unauthorised(10001, "empty value: apiTimestamp[] apiKey[] apiSignature[]")
    account = ledger.account_of_key(key)
    if account is None:
        raise Refused(10003, "API key is invalid.")
    _check_time(timestamp, window, now_ms)
    if not any(
        is_signed(account, f"{timestamp}{key}{window}{text}", signature) for text in (payload, unquote(payload))
    ):
        raise Refused(10004, "error sign! please check your signature generation algorithm.")
    return account


def check_key(account: Account, address: str, now_ms: int) -> None:
    """Raises Refused where the account's key has expired (33004) or is bound to another address (10010)."""
    if account.is_key_expired(now_ms):
        raise Refused(33004, "Your api key has expired.")
    if not account.may_call_from(address):
        raise Refused(10010, "Unmatched IP, please check your API key's bound IP addresses.")


def is_signed(account: Account, text: str, signature: str) -> bool:
    """Whether the account's key made this signature of a text: HMAC-SHA256 in hex, or RSA (PKCS 1 v1.5) in base64."""
    if account.rsa_public_key:
        return _is_rsa_signed(account.rsa_public_key, text, signature)
    made = hmac.new(account.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(made.encode(), signature.lower().encode())


def rsa_key(pem: str) -> rsa.RSAPublicKey:
    """The public key that a PEM text holds. Raises ValueError."""
    key = serialization.load_pem_public_key(pem.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("not an RSA public key")
    return key


def _is_rsa_signed(pem: str, text: str, signature: str) -> bool:
    try:
        made = base64.b64decode(signature, validate=True)
        rsa_key(pem).verify(made, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, InvalidSignature):
        return False
    return True


def _check_time(timestamp: str, window: str, now_ms: int) -> None:
    if not timestamp.isdigit() or not (window or "0").isdigit():
        raise Refused(10001, "params error: timestamp or recv_window invalid")
    sent, allowed = int(timestamp), int(window) if window else DEFAULT_WINDOW_MS
    if not now_ms - allowed <= sent < now_ms + AHEAD_MS:
        text = "invalid request, please check your server timestamp or recv_window param."
        raise Refused(10002, f"{text} req_timestamp[{sent}],server_timestamp[{now_ms}],recv_window[{allowed}]")
