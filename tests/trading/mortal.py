"""A process that dies at a chosen await: ports that raise `Killed` from then on, whatever is asked of them."""

import inspect
from typing import Any


class Killed(BaseException):
    """The process is gone: nothing of it acts or writes any more."""


class Fuse:
    """Burns at the `at`-th awaited call, before it does its work or after; `at` None never burns."""

    def __init__(self, at: int | None, *, after: bool = False) -> None:
        self.calls = 0
        self.burnt = ""
        self._at = at
        self._after = after

    def disarm(self) -> None:
        self._at = None

    def enter(self, name: str) -> int:
        self._stand()
        self.calls += 1
        if self.calls == self._at and not self._after:
            self._burn(name)
        return self.calls

    def leave(self, number: int, name: str) -> None:
        self._stand()
        if number == self._at and self._after:
            self._burn(name)

    def _burn(self, name: str) -> None:
        self.burnt = f"{'after' if self._after else 'before'} {name}"
        raise Killed(self.burnt)

    def _stand(self) -> None:
        if self.burnt:
            raise Killed(self.burnt)


class Mortal:
    """A port of the process that the fuse belongs to."""

    def __init__(self, real: Any, fuse: Fuse) -> None:
        self._real = real
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._real, name)
        if not inspect.iscoroutinefunction(value):
            return value

        async def call(*args: Any, **named: Any) -> Any:
            number = self._fuse.enter(name)
            try:
                return await value(*args, **named)
            finally:
                self._fuse.leave(number, name)

        return call
