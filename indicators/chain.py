"""One running measure fed with what another gives."""

from collections.abc import Callable

from indicators.candles import FloatArray
from indicators.live import LiveParts, Part, Rows


class Chain(LiveParts):
    """`second` of `first`; `whole` gives what `first` gives, for whole rows at once."""

    def __init__(self, first: Part, second: Part, whole: Callable[[FloatArray], FloatArray]) -> None:
        self._first = first
        self._second = second
        self._whole = whole
        super().__init__(first, second)

    def peek(self, rows: Rows, values: FloatArray) -> FloatArray:
        return self._second.peek(rows, self._first.peek(rows, values))

    def push(self, rows: Rows, values: FloatArray) -> FloatArray:
        return self._second.push(rows, self._first.push(rows, values))

    def fill(self, rows: Rows, values: FloatArray, number: int) -> None:
        self._first.fill(rows, values, number)
        self._second.fill(rows, self._whole(values), number)
