"""Updates delivered to a bot's own address: one after the other, again and again until it answers with 2xx."""

import asyncio
import contextlib
import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp

from sandbox.telegram.database import Database
from sandbox.telegram.faults import Faults
from sandbox.telegram.files import Upload
from sandbox.telegram.updates import Bells, forget_updates, waiting_updates
from sandbox.telegram.values import Params

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
LONGEST_PAUSE_SECONDS = 60.0
PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 50.0  # how long a courier sleeps before it looks for updates that nobody rang for


@dataclass(frozen=True, slots=True)
class Reply:
    """A method that a bot answers an update with; its result is told to nobody, as at Telegram."""

    method: str
    params: Params
    uploads: dict[str, Upload]


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a bot wants its updates; `error_at` (Unix seconds) and `error` tell of the last delivery that failed."""

    bot_id: int
    url: str
    secret: str | None
    connections: int
    error_at: int | None = None
    error: str | None = None


def find_webhook(connection: sqlite3.Connection, bot_id: int) -> Webhook | None:
    """The bot's webhook, if it set one."""
    row = connection.execute("SELECT * FROM telegram_webhooks WHERE bot_id = ?", (bot_id,)).fetchone()
    return Webhook(**dict(row)) if row else None


def keep_webhook(connection: sqlite3.Connection, webhook: Webhook) -> None:
    """Writes a webhook in the place of an earlier one; its errors are forgotten."""
    connection.execute(
        "INSERT OR REPLACE INTO telegram_webhooks (bot_id, url, secret, connections) VALUES (?, ?, ?, ?)",
        (webhook.bot_id, webhook.url, webhook.secret, webhook.connections),
    )


def drop_webhook(connection: sqlite3.Connection, bot_id: int) -> None:
    """From now on the bot polls again."""
    connection.execute("DELETE FROM telegram_webhooks WHERE bot_id = ?", (bot_id,))


class Couriers:
    """One task for each bot with a webhook.

    `first_pause` is in seconds: the pause after a first failure; each further one is twice as long, up to a minute.
    `carry_out(bot_id, reply)` does what a bot answered an update with.
    """

    def __init__(
        self,
        database: Database,
        bells: Bells,
        faults: Faults,
        time_ms: Callable[[], int],
        carry_out: Callable[[int, Reply], Awaitable[None]],
        *,
        first_pause: float = 1.0,
    ) -> None:
        self._database = database
        self._bells = bells
        self._faults = faults
        self._time_ms = time_ms
        self._carry_out = carry_out
        self._first_pause = first_pause
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def begin(self) -> None:
        """Sends out a courier for every webhook in the file: also what waited over a restart is delivered."""
        for row in self._database.reading.execute("SELECT bot_id FROM telegram_webhooks").fetchall():
            self.send_out(row["bot_id"])

    def send_out(self, bot_id: int) -> None:
        """A new courier, who begins at once, in the place of the former."""
        self.call_back(bot_id)
        self._bells.hook(bot_id)
        self._tasks[bot_id] = asyncio.get_running_loop().create_task(self._deliver_all(bot_id))

    def call_back(self, bot_id: int) -> None:
        """Ends the bot's courier, if there is one."""
        former = self._tasks.pop(bot_id, None)
        if former is not None:
            former.cancel()

    async def end(self) -> None:
        """Ends all couriers; what they carried is delivered after the next start."""
        tasks = list(self._tasks.values())
        for bot_id in list(self._tasks):
            self.call_back(bot_id)
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _deliver_all(self, bot_id: int) -> None:
        pause = self._first_pause
        timeout = aiohttp.ClientTimeout(PATIENCE_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
            while (webhook := find_webhook(self._database.reading, bot_id)) is not None:
                bell = self._bells.take(bot_id)
                try:
                    update = self._next(bot_id)
                    if update is None:
                        await self._bells.wait(bell, LOOK_SECONDS)
                        continue
                    wrong, reply = await _deliver(session, webhook, update)
                    if wrong is None:
                        self._delivered(bot_id, update["update_id"])
                        if reply is not None:
                            await self._carry_out(bot_id, reply)
                        await self._perhaps_again(session, webhook, update)
                        pause = self._first_pause
                        continue
                    self._failed(bot_id, wrong)
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                except sqlite3.Error:
                    logging.getLogger(__name__).exception("The practice Telegram cannot use its file")
                    await asyncio.sleep(pause)
                finally:
                    self._bells.leave(bot_id, bell)

    async def _perhaps_again(self, session: aiohttp.ClientSession, webhook: Webhook, update: dict[str, Any]) -> None:
        """A fault on demand: an update that was taken already comes once more."""
        self._faults.remember(webhook.bot_id, [update])
        fault = self._faults.strike("getUpdates", webhook.bot_id, self._time_ms(), {"repeat_update"})
        if fault is not None:
            await _deliver(session, webhook, update)

    def _next(self, bot_id: int) -> dict[str, Any] | None:
        with self._database.change() as connection:
            forget_updates(connection, bot_id, None, self._time_ms())
        return next(iter(waiting_updates(self._database.reading, bot_id, 1)), None)

    def _delivered(self, bot_id: int, update_id: int) -> None:
        with self._database.change() as connection:
            connection.execute("DELETE FROM telegram_updates WHERE bot_id = ? AND update_id = ?", (bot_id, update_id))

    def _failed(self, bot_id: int, wrong: str) -> None:
        with self._database.change() as connection:
            connection.execute(
                "UPDATE telegram_webhooks SET error_at = ?, error = ? WHERE bot_id = ?",
                (self._time_ms() // 1000, wrong, bot_id),
            )


async def _deliver(
    session: aiohttp.ClientSession, webhook: Webhook, update: dict[str, Any]
) -> tuple[str | None, Reply | None]:
    """Posts one update: (what went wrong in Telegram's words, or None when it was taken; the method answered with)."""
    headers = {"Content-Type": "application/json"}
    if webhook.secret is not None:
        headers[SECRET_HEADER] = webhook.secret
    body = json.dumps(update)
    try:
        async with session.post(webhook.url, data=body, headers=headers, allow_redirects=False) as answer:
            if 200 <= answer.status < 300:
                return None, await _reply_in(answer)
            return f"Wrong response from the webhook: {answer.status} {_reason(answer.status)}".rstrip(), None
    except TimeoutError:
        return "Read timeout expired", None
    except aiohttp.ClientConnectorError:
        return "Connection refused", None
    except (aiohttp.ClientError, OSError):
        return "Connection closed", None


async def _reply_in(answer: aiohttp.ClientResponse) -> Reply | None:
    """The method in the answer's body, JSON or a form of parts; None when it holds none."""
    params: Params = {}
    uploads: dict[str, Upload] = {}
    if answer.content_type.startswith("multipart/"):
        async for part in aiohttp.MultipartReader.from_response(answer):
            if not isinstance(part, aiohttp.BodyPartReader) or not part.name:
                continue
            body = bytes(await part.read(decode=True))
            if part.filename:
                mime = part.headers.get("Content-Type", "application/octet-stream")
                uploads[part.name] = Upload(part.filename, mime, body)
            else:
                params[part.name] = body.decode(errors="replace")
    elif answer.content_type == "application/json":
        with contextlib.suppress(ValueError):
            read = json.loads(await answer.read())
            params = read if isinstance(read, dict) else {}
    method = params.pop("method", None)
    return Reply(method, params, uploads) if isinstance(method, str) else None


def _reason(status: int) -> str:
    return HTTPStatus(status).phrase if status in {known.value for known in HTTPStatus} else ""
