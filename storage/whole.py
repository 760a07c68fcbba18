"""Transactions that are not torn by a cancelled task."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def whole(method: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """Lets a started method come to its end; whoever was cancelled meanwhile hears of it then.

    Cancelled between two statements, the driver's thread would go on by itself and leave its connection inside an
    open transaction: the database then stays locked. Every public method of a store is wrapped in this.
    """

    @wraps(method)
    async def to_the_end(*args: P.args, **kwargs: P.kwargs) -> R:
        task = asyncio.ensure_future(method(*args, **kwargs))
        cancelled: asyncio.CancelledError | None = None
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as cancel:
                cancelled = cancel
        if cancelled is not None and not task.cancelled():
            task.exception()  # looked at, so that it is not reported as never retrieved
            raise cancelled
        return task.result()

    return to_the_end
