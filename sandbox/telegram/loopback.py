"""What counts as this machine: only it may speak to the practice Telegram, and only it is spoken to."""

import contextlib
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def host_of(address: str) -> str | None:
    """The host of `host:port` or of a whole address; None when it cannot be read."""
    with contextlib.suppress(ValueError):
        return urlsplit(address if "//" in address else f"//{address}").hostname
    return None
