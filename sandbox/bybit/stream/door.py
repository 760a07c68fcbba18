"""The door of the streams: who connects, what they may follow, and who is told what."""

import asyncio
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.bybit.faults import MESSAGE_KINDS
from sandbox.bybit.ledger import Change
from sandbox.bybit.model import Account, Refused
from sandbox.bybit.rest.call import Result
from sandbox.bybit.rest.signature import check_key, is_signed
from sandbox.bybit.stream.channels import Channel, Tickers, UnknownTopic, open_channel
from sandbox.bybit.stream.private import PERMISSIONS, TOPICS, told_of
from sandbox.bybit.stream.session import ANSWER_AFTER_SECONDS, Session

if TYPE_CHECKING:
    from sandbox.bybit.practice import PracticeBybit

PUBLIC, PRIVATE = "/v5/public/linear", "/v5/private"
MESSAGE_AFTER_MS = (5, 50)
GOODBYE_SECONDS = 0.1
"""How long a client may take to say goodbye when the server ends."""


class Streams:
    """Serves both addresses of one practice Bybit. `publish` is to be called a few times a second."""

    def __init__(self, bybit: "PracticeBybit") -> None:
        self._bybit = bybit
        self._tickers = Tickers(bybit)
        self._public: dict[Session, dict[str, Channel]] = {}
        self._private: dict[Session, tuple[Account, set[str]]] = {}
        self._sessions: set[Session] = set()
        self._random = random.Random(bybit.market.seed)
        bybit.ledger.on_change(self._tell)

    def add_to(self, app: web.Application) -> None:
        """Registers the two addresses; every connection is closed when the server ends."""
        app.router.add_get(PUBLIC, self._serve)
        app.router.add_get(PRIVATE, self._serve)
        app.on_shutdown.append(self._close)

    def followed(self) -> int:
        """How many topics are followed by all connections together."""
        topics = [*self._public.values(), *(topics for _, topics in self._private.values())]
        return sum(len(kept) for kept in topics)

    def publish(self, now_ms: int) -> None:
        """Sends what is new in the topics that somebody follows."""
        for session, channels in self._public.items():
            for topic, channel in channels.items():
                for message in channel.news(now_ms):
                    self._send(session, {"topic": topic, **message}, 0.0)

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(timeout=GOODBYE_SECONDS)
        await socket.prepare(request)
        session = Session(socket, request.path, str(request.remote))
        self._sessions.add(session)
        writing = asyncio.create_task(session.write())
        try:
            while (asked := await session.asked()) is not None:
                await self._answer(session, asked)
        finally:
            writing.cancel()
            for kept in (self._public, self._private):
                kept.pop(session, None)
            self._sessions.discard(session)
        return socket

    async def _answer(self, session: Session, asked: Result) -> None:
        op = asked.get("op")
        # The public side says "req_id" even to whoever gave none.
        known = {"req_id": str(asked.get("req_id") or "")} if asked.get("req_id") or session.path == PUBLIC else {}
        args = asked.get("args")
        topics = [str(arg) for arg in args] if isinstance(args, list) else []
        if op == "ping":
            session.send(self._pong(session) | known)
        elif op == "auth" and session.path == PRIVATE:
            await self._authenticate(session, topics, known)
        elif op in ("subscribe", "unsubscribe"):
            await asyncio.sleep(ANSWER_AFTER_SECONDS)
            refusal = self._refusal(session, topics)
            session.send(_said(session, op, refusal) | known)
            if not refusal:
                self._follow(session, topics, ends=op == "unsubscribe")
        else:
            session.send(_said(session, str(op or ""), "Invalid op") | known)

    def _pong(self, session: Session) -> Result:
        if session.path == PRIVATE:
            return {"op": "pong", "args": [str(self._bybit.now_ms())], "conn_id": session.id}
        return {"success": True, "ret_msg": "pong", "op": "ping", "conn_id": session.id}

    async def _authenticate(self, session: Session, args: Sequence[str], known: Result) -> None:
        try:
            account = self._signed(args, session.address)
        except Refused as refused:
            session.send(_said(session, "auth", refused.message) | known)
            await asyncio.sleep(ANSWER_AFTER_SECONDS)
            await session.close()
        else:
            session.send(_said(session, "auth", "") | known)
            self._private[session] = account, set()

    def _signed(self, args: Sequence[str], address: str) -> Account:
        """The account whose key signed GET/realtime{expires}, while that time has not come. Raises Refused."""
        now_ms = self._bybit.now_ms()
        if len(args) != 3 or not args[1].isdigit() or int(args[1]) <= now_ms:
            raise Refused(10001, "Params Error")
        account = self._bybit.ledger.account_of_key(args[0])
        if account is None or not is_signed(account, f"GET/realtime{args[1]}", args[2]):
            raise Refused(10004, "Params Error")
        check_key(account, address, now_ms)
        return account

    def _refusal(self, session: Session, topics: Sequence[str]) -> str:
        """Why these topics cannot be followed, "" where they can."""
        if not topics:
            return "error:params error"
        if session.path == PRIVATE:
            if session not in self._private:
                return "Request not authorized"
            return self._private_refusal(session, topics)
        try:
            for topic in topics:
                open_channel(self._bybit, self._tickers, topic, self._bybit.now_ms())
        except UnknownTopic as unknown:
            return str(unknown)
        return ""

    def _private_refusal(self, session: Session, topics: Sequence[str]) -> str:
        kinds = [topic.removesuffix(".linear") for topic in topics]
        for topic, kind in zip(topics, kinds, strict=True):
            if kind not in TOPICS:
                return f"error:handler not found,topic:{topic}"
        granted = self._private[session][0].permissions
        if any(PERMISSIONS[kind] not in ("", *granted) for kind in kinds):
            return "Permission denied, please check your API key permissions."
        return ""

    def _follow(self, session: Session, topics: Sequence[str], *, ends: bool) -> None:
        if session.path == PRIVATE:
            followed = self._private[session][1]
            followed.difference_update(topics) if ends else followed.update(topics)
            return
        now_ms = self._bybit.now_ms()
        channels = self._public.setdefault(session, {})
        for topic in topics:
            if ends:
                channels.pop(topic, None)
            else:
                channels[topic] = open_channel(self._bybit, self._tickers, topic, now_ms)

    def _tell(self, changes: Sequence[Change]) -> None:
        """Something changed: whoever follows it hears of it 5 to 50 ms later."""
        names = {account.name for account, _ in self._private.values()}
        if not names:
            return
        now_ms = self._bybit.ledger.time_ms
        for told in told_of(self._bybit, changes, names):
            after = self._random.randint(*MESSAGE_AFTER_MS) / 1000
            for session, (account, followed) in self._private.items():
                for topic in (told.topic, f"{told.topic}.linear"):
                    if account.name == told.account and topic in followed:
                        message = {"id": f"{account.uid}{self._random.getrandbits(64):x}", "topic": topic}
                        self._send(session, message | {"creationTime": now_ms, "data": told.rows}, after)

    def _send(self, session: Session, message: Result, after_seconds: float) -> None:
        """Sends a message of a topic, unless a fault drops it; another one repeats it."""
        where, now_ms = f"{session.path}/{message['topic']}", self._bybit.now_ms()
        rule = self._bybit.faults.strike(where, MESSAGE_KINDS, now_ms)
        if rule is not None and rule.kind == "drop_message":
            return
        session.send(message, after_seconds)
        if rule is not None:
            session.send(message, after_seconds)

    async def _close(self, app: web.Application) -> None:
        await asyncio.gather(*(session.close() for session in self._sessions), return_exceptions=True)


def _said(session: Session, op: str, refusal: str) -> Result:
    return {"success": not refusal, "ret_msg": refusal, "op": op, "conn_id": session.id}
