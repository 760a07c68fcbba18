"""What an address says of itself: its scheme, its host, whether it stays on this machine."""

import ipaddress
from collections.abc import Callable
from urllib.parse import urlsplit


def is_web_address(*schemes: str) -> Callable[[str], bool]:
    """A test for addresses with one of these schemes, a host, and a port that is one where it is given."""

    def fits(value: str) -> bool:
        try:
            parts = urlsplit(value)
            return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0 and not parts.query
        except ValueError:
            return False

    return fits


def host_of(address: str) -> str:
    return urlsplit(address).hostname or ""


def is_on_this_machine(address: str) -> bool:
    """Whether the host is a loopback address, or the one that means all of this machine's."""
    host = host_of(address)
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return False
    return number.is_loopback or number.is_unspecified
