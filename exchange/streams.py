"""Supervised WebSockets: each kept up by a thread of its own, rebuilt with pauses, followed topic by topic.

A stream is a hint that makes things fast: nothing here is ever needed for correctness, so nothing here raises. Public
and private streams are the same but for their address, their keys and their topics.
"""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from websocket import WebSocketException

from exchange.fields import Row
from exchange.wire import Hear

_log = logging.getLogger(__name__)

# Bybit takes 21,000 characters of topics on one public connection; a request for so many at once is a small one.
MOST_CHARACTERS = 18_000
TOPICS_AT_ONCE = 100
# Bybit allows 500 connections of an address in 5 minutes, over everything that runs there; pybit may try twice.
MOST_CONNECTS = 100
CONNECTS_WITHIN = 300.0


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. A connection that lasted `steady` begins again with the `first` pause; `silence` is how long no topic
    may say anything, `answer` how long a request may stay unanswered, `goodbye` how long an end may take."""

    first: float = 1.0
    longest: float = 30.0
    steady: float = 60.0
    silence: float = 30.0
    answer: float = 10.0
    goodbye: float = 0.4
    look: float = 1.0

    def pause(self, failures: int, chance: float) -> float:
        """Before the next try after so many failures in a row; `chance` (0..1) keeps many from trying together."""
        grown = min(self.longest, self.first * 2.0 ** min(failures - 1, 10))
        return grown * (0.75 + 0.5 * chance)


class Budget:
    """How often all streams together may connect. Threads may share it."""

    def __init__(self, most: int = MOST_CONNECTS, within: float = CONNECTS_WITHIN) -> None:
        self._made: deque[float] = deque()
        self._most = most
        self._within = within
        self._lock = threading.Lock()

    def wait(self, now: float) -> float:
        """Takes a place where there is one (0.0), else gives the seconds until there may be."""
        with self._lock:
            while self._made and now - self._made[0] >= self._within:
                self._made.popleft()
            if len(self._made) < self._most:
                self._made.append(now)
                return 0.0
            return self._within - (now - self._made[0])


class Connection(Protocol):
    """What a stream needs of a wire."""

    def send(self, message: Row) -> None: ...

    def end(self, patience: float) -> None: ...


# Connects, or raises WebSocketException or OSError; calls the first with each message, the second at the end.
Connect = Callable[[Hear, Callable[[], None]], Connection]


@dataclass(frozen=True, slots=True)
class Told:
    """A message of a topic."""

    stream: int
    message: Row


@dataclass(frozen=True, slots=True)
class Followed:
    """Bybit follows up on these topics from now on; `refused` are those that it does not have."""

    stream: int
    topics: tuple[str, ...]
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Up:
    """Connected; what was said before the connection is lost."""

    stream: int


@dataclass(frozen=True, slots=True)
class Down:
    """The connection is gone, and every topic with it, until `Up` and `Followed` come again."""

    stream: int
    why: str


Event = Told | Followed | Up | Down


@dataclass(slots=True)
class _Talk:
    """What is under way on one connection. `asked` holds requests by id with their moment."""

    followed: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    asked: dict[str, tuple[float, str, tuple[str, ...]]] = field(default_factory=dict)
    again: deque[tuple[str, ...]] = field(default_factory=deque)
    heard_at: float = 0.0
    over: bool = False


class Stream:
    """One connection, kept up by its own thread from `start` to `stop`. `tell` is called in other threads."""

    def __init__(
        self,
        number: int,
        connect: Connect,
        tell: Callable[[Event], None],
        budget: Budget,
        timing: Timing,
        chance: random.Random,
    ) -> None:
        self.number = number
        self._connect = connect
        self._tell = tell
        self._budget = budget
        self._timing = timing
        self._chance = chance
        self._changed = threading.Condition()
        self._wanted: frozenset[str] = frozenset()
        self._stopping = False
        self._requests = 0
        self._talk = _Talk()
        self._thread = threading.Thread(target=self._run, name=f"stream-{number}", daemon=True)

    # --- from outside

    def start(self) -> None:
        self._thread.start()

    def want(self, topics: Iterable[str]) -> None:
        """From now on these topics and no others."""
        with self._changed:
            self._wanted = frozenset(topics)
            self._changed.notify_all()

    def stop(self) -> None:
        """Begins to end it; `join` waits."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def join(self, seconds: float) -> bool:
        """Blocks; whether its thread has ended. One that hangs in a look-up of a name ends with the process."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    # --- the stream's own thread

    def _run(self) -> None:
        failures = 0
        while self._may_connect():
            began = time.monotonic()
            why = self._serve()
            if self._stopping:
                return
            failures = 1 if time.monotonic() - began > self._timing.steady else failures + 1
            _log.info("stream %s: %s", self.number, why)
            self._tell(Down(self.number, why))
            self._sleep(self._timing.pause(failures, self._chance.random()))

    def _may_connect(self) -> bool:
        while not self._stopping and (wait := self._budget.wait(time.monotonic())):
            self._sleep(wait)
        return not self._stopping

    def _sleep(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping, seconds)

    def _serve(self) -> str:
        """One connection from its beginning to its end; why it ended."""
        talk = self._talk = _Talk(heard_at=time.monotonic())
        try:
            connection = self._connect(lambda message: self._hear(talk, message), lambda: self._end(talk))
        except (WebSocketException, OSError) as error:
            return f"no connection ({type(error).__name__})"
        try:
            self._tell(Up(self.number))
            return self._keep(connection, talk)
        except (WebSocketException, OSError) as error:
            return f"broke ({type(error).__name__})"
        finally:
            connection.end(self._timing.goodbye)

    def _keep(self, connection: Connection, talk: _Talk) -> str:
        while True:
            for request in self._requests_due(talk):
                connection.send(request)
            with self._changed:
                self._changed.wait_for(lambda: self._has_work(talk), self._timing.look)
                if self._stopping:
                    return "stopped"
                if talk.over:
                    return "closed"
            now = time.monotonic()
            if any(now - at > self._timing.answer for at, _, _ in talk.asked.values()):
                return "no answer to a request"
            if talk.followed and now - talk.heard_at > self._timing.silence:
                return "silent"

    def _has_work(self, talk: _Talk) -> bool:
        return self._stopping or talk.over or bool(talk.again) or self._is_behind(talk)

    def _is_behind(self, talk: _Talk) -> bool:
        under_way = {topic for _, _, topics in talk.asked.values() for topic in topics}
        missing = self._wanted - talk.followed - talk.refused - under_way
        return bool(missing or (talk.followed - self._wanted - under_way))

    def _requests_due(self, talk: _Talk) -> list[Row]:
        """What has to be asked now, noted as asked before it is sent: an answer may come at once."""
        with self._changed:
            under_way = {topic for _, _, topics in talk.asked.values() for topic in topics}
            under_way.update(topic for topics in talk.again for topic in topics)
            found = [("subscribe", topics) for topics in talk.again]
            talk.again.clear()
            missing = sorted(self._wanted - talk.followed - talk.refused - under_way)
            found += [("subscribe", topics) for topics in _portions(missing)]
            found += [("unsubscribe", topics) for topics in _portions(sorted(talk.followed - self._wanted - under_way))]
            return [self._request(talk, op, topics) for op, topics in found]

    def _request(self, talk: _Talk, op: str, topics: tuple[str, ...]) -> Row:
        self._requests += 1
        name = f"{self.number}-{self._requests}"
        talk.asked[name] = time.monotonic(), op, topics
        return {"op": op, "req_id": name, "args": list(topics)}

    # --- pybit's thread

    def _hear(self, talk: _Talk, message: Row) -> None:
        if "topic" in message:
            talk.heard_at = time.monotonic()
            self._tell(Told(self.number, message))
            return
        if message.get("op") in ("subscribe", "unsubscribe"):
            self._answered(talk, message)

    def _answered(self, talk: _Talk, message: Row) -> None:
        with self._changed:
            asked = talk.asked.pop(str(message.get("req_id")), None)
            if asked is None:
                return
            _, op, topics = asked
            if op == "unsubscribe":
                talk.followed.difference_update(topics)
            elif message.get("success") is True:
                talk.followed.update(topics)
                talk.heard_at = time.monotonic()
            elif len(topics) > 1:
                # One strange topic refuses all that were asked with it.
                half = len(topics) // 2
                talk.again.extend((topics[:half], topics[half:]))
            else:
                talk.refused.update(topics)
            self._changed.notify_all()
        if op == "subscribe" and message.get("success") is True:
            self._tell(Followed(self.number, topics))
        elif op == "subscribe" and len(topics) == 1:
            _log.warning("Bybit has no stream %s", topics[0])
            self._tell(Followed(self.number, topics, refused=True))

    def _end(self, talk: _Talk) -> None:
        with self._changed:
            talk.over = True
            self._changed.notify_all()


def characters(topic: str) -> int:
    """How much of a connection's room a topic takes."""
    return len(topic) + len('"",')


def _portions(topics: list[str]) -> list[tuple[str, ...]]:
    return [tuple(topics[first : first + TOPICS_AT_ONCE]) for first in range(0, len(topics), TOPICS_AT_ONCE)]
