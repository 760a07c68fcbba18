"""Lines for a person on stderr. Every one of them, whoever wrote it, loses its secrets just before it is written."""

import logging
import re
import sys
import threading
from collections.abc import Iterable
from math import inf
from types import TracebackType
from typing import TextIO
from urllib.parse import quote

import structlog
from cachetools import LRUCache

# Shorter texts stand in too many harmless lines to be hidden everywhere.
SHORTEST = 6
HIDDEN = "***"

PATTERNS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"(?<![0-9])[0-9]{6,12}:[A-Za-z0-9_-]{20,}"),  # a bot's token
    re.compile(
        r"(?i)(?<=[\"' ])?((?:x-bapi-)?(?:api[_-]?key|sign(?:ature)?|secret|password|token)[\"']?\s*[:=]\s*[\"']?)"
        r"[^\s\"',;&})\]]{6,}"
    ),
    re.compile(r"(://[^\s:/@]*:)[^\s@/]+(?=@)"),  # a password in an address
)

# What these write below their level repeats what we say ourselves, or holds whole requests.
LEVELS = {
    "aiogram": logging.WARNING,
    "aiogram.dispatcher": logging.CRITICAL,  # an unreachable Telegram is told once, by trading.health
    "aiogram.event": logging.ERROR,
    "aiohttp": logging.WARNING,
    "aiosqlite": logging.WARNING,
    "alembic": logging.WARNING,
    "apscheduler": logging.ERROR,  # a tick that is still running is no news
    "asyncio": logging.WARNING,
    "pybit": logging.CRITICAL,  # logs key and signature
    "sqlalchemy": logging.WARNING,
    "stamina": logging.WARNING,
    "urllib3": logging.ERROR,
    "websocket": logging.CRITICAL,
}


class Redaction:
    """Hides the secrets it was told of, and whatever looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """From now on this text appears nowhere, nor one of its lines, nor as it stands in an address."""
        for part in (secret, *secret.splitlines()):
            if len(part) >= SHORTEST:
                self._secrets.update((part, quote(part, safe="")))

    def __call__(self, text: str) -> str:
        # Longest first: a secret may hold another one.
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        for pattern in PATTERNS:
            text = pattern.sub(lambda found: (found.group(1) if found.re.groups else "") + HIDDEN, text)
        return text


class RedactedLines(structlog.stdlib.ProcessorFormatter):
    """Renders a record of any library, tracebacks without locals, and redacts the finished text."""

    def __init__(self, redaction: Redaction, colors: bool) -> None:
        super().__init__(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback),
            ],
            foreign_pre_chain=list(_before_rendering()),
        )
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        left_out = getattr(record, "left_out", 0)
        more = f" ({left_out} more like this)" if left_out else ""
        return self._redaction(super().format(record) + more)


class Repeats(logging.Filter):
    """Lets a warning through once a minute, however often it comes; the next one tells how many were left out.

    What can not be reached is asked every few seconds. Errors and tracebacks always pass.
    """

    def __init__(self, seconds: float = 60) -> None:
        super().__init__()
        self._seconds = seconds
        # What was said -> when it was last let through, and how often it came since.
        self._told: LRUCache[str, tuple[float, int]] = LRUCache(1_000)
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno != logging.WARNING or record.exc_info:
            return True
        said = _without_time(record)
        with self._lock:
            told_at, left_out = self._told.get(said, (-inf, 0))
            if record.created - told_at < self._seconds:
                self._told[said] = (told_at, left_out + 1)
                return False
            self._told[said] = (record.created, 0)
        record.left_out = left_out
        return True


def _without_time(record: logging.LogRecord) -> str:
    event = record.msg
    if isinstance(event, dict):  # as structlog hands it over
        event = {name: value for name, value in event.items() if name != "timestamp"}
    return f"{record.name}: {event} {record.args}"


def set_up_logs(redaction: Redaction, stream: TextIO = sys.stderr) -> None:
    """One handler for structlog, the standard library, warnings and whatever no one catches."""
    handler = logging.StreamHandler(stream)
    handler.addFilter(Repeats())
    handler.setFormatter(RedactedLines(redaction, colors=stream.isatty()))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name, level in LEVELS.items():
        logging.getLogger(name).setLevel(level)
    structlog.configure(
        processors=[*_before_rendering(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda told: _log_uncaught(told.exc_type, told.exc_value, told.exc_traceback)
    sys.unraisablehook = lambda told: _log_uncaught(told.exc_type, told.exc_value, told.exc_traceback)


def _before_rendering() -> tuple[structlog.typing.Processor, ...]:
    return (
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=True),
    )


def _log_uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if error is None or issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("bybot").critical("nobody caught this", exc_info=(kind, error, trace))
