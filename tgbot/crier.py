"""The Crier: emergencies become rows in the outbox, before all else that waits there."""

from collections.abc import Callable, Sequence

from storage.outbox import OutboxStore
from tgbot.notify import Priority
from trading.emergency import Alarm, AlarmState, Halt, Panic
from trading.ports import Clock


class OutboxCrier:
    """Telling twice tells once: what a message shows already is not sent again, and each fact has its own subject."""

    def __init__(self, store: OutboxStore, clock: Clock, wake: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake

    async def panic(self, panic: Panic, *, ring: bool = False, anew: bool = False) -> None:
        """Its one message, and at the end one reply that rings."""
        subject = f"panic:{panic.id}"
        await self._want(panic.owner, subject, {"panic": panic.id, "anew": anew})
        if ring:
            await self._want(panic.owner, f"panic-over:{panic.id}", {"panic": panic.id}, ring=True, reply_to=subject)
        self._wake()

    async def alarm(self, alarm: Alarm, *, ring: bool = False, anew: bool = False) -> None:
        """Its one message, which rings when it is new; its end is one reply."""
        subject, standing = f"alarm:{alarm.id}", alarm.state is AlarmState.STANDING
        payload = {"alarm": alarm.id, "anew": anew}
        await self._want(alarm.owner, subject, payload, ring=ring and standing)
        if ring and not standing:
            await self._want(alarm.owner, f"alarm-over:{alarm.id}", {"alarm": alarm.id}, ring=True, reply_to=subject)
        self._wake()

    async def halt(self, halt: Halt, people: Sequence[int]) -> None:
        """One message for the beginning and one for the end."""
        kind = "halt" if halt.ended_at is None else "halt-over"
        for person in people:
            await self._want(person, f"{kind}:{halt.id}", {}, priority=Priority.RESULT)
        self._wake()

    async def _want(
        self,
        chat: int,
        subject: str,
        payload: dict[str, object],
        *,
        priority: Priority = Priority.ALARM,
        ring: bool = False,
        reply_to: str | None = None,
    ) -> None:
        await self._store.want(
            chat, subject, self._clock.now(), payload=payload, priority=priority, ring=ring, reply_to=reply_to
        )
