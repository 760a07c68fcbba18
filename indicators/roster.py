"""Which symbols stand in which rows of arrays."""

from collections.abc import Sequence

import numpy as np

from indicators.candles import MINUTE_MS, BoolArray, CandleError, IntArray
from indicators.live import Rows

# The open time of a row's newest candle while it has none.
NONE_YET = -1
ALL: slice = slice(None)


class Roster:
    """Symbols in a fixed order, each one row."""

    def __init__(self, symbols: Sequence[str]) -> None:
        self.symbols = tuple(symbols)
        self._places = {symbol: place for place, symbol in enumerate(self.symbols)}
        if len(self._places) != len(self.symbols):
            raise ValueError("a symbol is named twice")

    def __len__(self) -> int:
        return len(self.symbols)

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._places

    def rows(self, symbols: Sequence[str]) -> Rows:
        """The rows of these symbols, in their order. Raises KeyError for a symbol that is not here."""
        if tuple(symbols) == self.symbols:
            return ALL
        return np.array([self._places[symbol] for symbol in symbols], dtype=np.int64)

    def order(self, symbols: Sequence[str]) -> IntArray:
        """Where these symbols stand now, -1 for one that is not here."""
        return np.array([self._places.get(symbol, -1) for symbol in symbols], dtype=np.int64)

    def named(self, rows: Rows) -> tuple[str, ...]:
        """The symbols in these rows."""
        return self.symbols if isinstance(rows, slice) else tuple(self.symbols[row] for row in rows.tolist())

    def plain(self, rows: Rows) -> Rows:
        """All rows in their order told as `slice(None)`, which is quicker; others as they are."""
        if isinstance(rows, slice) or len(rows) != len(self.symbols):
            return rows
        return ALL if np.array_equal(rows, np.arange(len(rows))) else rows

    def check_follows(self, minutes: int, rows: Rows, newest: IntArray, open_times: IntArray) -> BoolArray | None:
        """Which rows begin: those without a newest candle, shape (rows,); None where there is none such.

        Raises CandleError, naming the symbol, unless each other candle opens `minutes` after its row's newest.
        """
        odd: BoolArray = open_times != newest + minutes * MINUTE_MS
        if not odd.any():
            return None
        begins: BoolArray = newest == NONE_YET
        wrong = np.flatnonzero(odd & ~begins)
        if len(wrong):
            place = int(wrong[0])
            reason = f"opens at {open_times[place]}, not {minutes} min after {newest[place]}"
            raise CandleError(reason, self.named(rows)[place])
        return begins
