"""A canary secret goes through everything that writes a log, and is found nowhere."""

import logging
import subprocess
import sys

import pytest

from tgbot.logs import Redaction, Repeats

CANARY = "CANARY0SECRET"

# In a process of its own: set_up_logs takes over stderr, the root logger and the hooks.
SPOKEN = """
import asyncio, gc, logging, threading, warnings
import structlog
from tgbot.logs import Redaction, set_up_logs

secret = "CANARY0SECRET"
redaction = Redaction()
set_up_logs(redaction)
redaction.add(secret)
log = structlog.get_logger("tgbot.somewhere")

def fall(held):
    kept = {"inside": held}
    raise ValueError(f"it was {held}")

class Unraisable:
    def __del__(self):
        fall(secret)

async def loop():
    asyncio.get_running_loop().call_soon(fall, secret)
    task = asyncio.create_task(asyncio.sleep(0, fall), name=secret)
    await task
    forgotten = asyncio.ensure_future(asyncio.to_thread(fall, secret))
    await asyncio.wait([forgotten])
    del forgotten

log.info("an event with %s", secret, key=secret, nested={"deep": [secret]})
logging.getLogger("anybody").warning("a message with %s", secret)
try:
    fall(secret)
except ValueError:
    log.exception("one of ours")
    logging.getLogger("anybody").exception("one of theirs")
warnings.warn("a warning with " + secret)
thread = threading.Thread(target=fall, args=(secret,), name=secret)
thread.start()
thread.join()
Unraisable()
asyncio.run(loop())
gc.collect()
print("written")
fall(secret)
"""


def test_a_secret_is_found_in_no_line_and_no_traceback() -> None:
    done = subprocess.run([sys.executable, "-c", SPOKEN], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "written\n"
    assert CANARY not in done.stderr
    assert done.stderr.count("\nValueError: it was ***") == 7  # every traceback was written
    assert "inside" not in done.stderr  # and no local variable
    assert "an event with ***" in done.stderr
    assert "a warning with ***" in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        "POST https://api.telegram.org/bot123456789:AAF-abcdefghijklmnopqrstuvwxyz0CANARY/getMe",
        "{'api_key': 'CANARYCANARY', 'recv_window': 5000}",
        "X-BAPI-SIGN: CANARYCANARYCANARY",
        '{"X-BAPI-API-KEY": "CANARYCANARY"}',
        "api_secret=CANARYCANARY&x=1",
        "apiKey=CANARYCANARY",
        "postgresql://user:CANARYCANARY@host/db",
        "-----BEGIN RSA PRIVATE KEY-----\nMIICANARY\n-----END RSA PRIVATE KEY-----",
        "'-----BEGIN PRIVATE KEY-----\\nMIICANARY...",
    ],
)
def test_what_looks_like_a_secret_is_hidden_though_nobody_named_it(text: str) -> None:
    assert "CANARY" not in Redaction()(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24 17:20:22 [info] tick took 12 ms, 12 symbols",
        "ticket 0123456789abcdef revision 2 of 1001: OPEN",
        "designed: something",
        "http://127.0.0.1:8081/?user=1001",
        "order x1-0123456789abcdef0123456789ab is unknown",
    ],
)
def test_harmless_lines_stay_as_they_are(text: str) -> None:
    assert Redaction(["key"])(text) == text  # so short a secret would take half of the log with it


def test_a_secret_of_many_lines_is_hidden_line_by_line_and_in_addresses() -> None:
    redaction = Redaction(["first/line\nsecond+line"])
    assert redaction("x second+line y first%2Fline z") == "x *** y *** z"


def record(level: int, text: str, at: float) -> logging.LogRecord:
    made = logging.LogRecord("somebody", level, "file", 1, "%s", (text,), None)
    made.created = at
    return made


def test_a_warning_that_repeats_is_written_once_a_minute_with_how_often_it_came() -> None:
    repeats = Repeats(seconds=60)
    passed = [one for one in (record(logging.WARNING, "no answer", 2.0 * n) for n in range(40)) if repeats.filter(one)]
    assert [(one.created, one.left_out) for one in passed] == [(0.0, 0), (60.0, 29)]


def test_other_warnings_and_errors_are_always_written() -> None:
    repeats = Repeats()
    assert repeats.filter(record(logging.WARNING, "one", 0))
    assert repeats.filter(record(logging.WARNING, "another", 1))
    assert all(repeats.filter(record(logging.ERROR, "an error", at)) for at in range(3))


def test_a_warning_of_structlog_repeats_though_its_time_stamp_differs() -> None:
    repeats, told = Repeats(), []
    for at in range(3):
        made = record(logging.WARNING, "", at)
        made.msg, made.args = {"event": "trouble", "timestamp": str(at)}, None
        told.append(repeats.filter(made))
    assert told == [True, False, False]
