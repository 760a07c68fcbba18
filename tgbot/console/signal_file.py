"""The scan's signals as a CSV file, written beside its place and moved there when it is whole."""

import contextlib
import gzip
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tgbot.envfile import StartRefused
from trading.past import PastSignal

COLUMNS = (
    "open_time", "symbol", "strategy", "direction", "strength", "factor_1", "factor_2", "factor_3",
    "close", "stop", "target",
)  # fmt: skip


def check_place(path: Path, inputs: Iterable[Path]) -> None:
    """Whether signals can be written there, asked before any work is done. Raises StartRefused."""
    if not path.name.lower().endswith((".csv", ".csv.gz")):
        raise StartRefused(f"--signals {path}: the name must end with .csv or .csv.gz")
    try:
        if path.is_dir():
            raise StartRefused(f"--signals {path}: is a directory")
        if path.exists():
            if not path.is_file():
                raise StartRefused(f"--signals {path}: is no file")
            if any(one.exists() and path.samefile(one) for one in inputs):
                raise StartRefused(f"--signals {path}: is one of the candle files")
        beside = _beside(path)
        beside.touch()
        beside.unlink()
    except OSError as failed:
        raise _refused(path, failed) from None


def write_signals(path: Path, signals: Iterable[PastSignal]) -> None:
    """One row a signal; a file that stood there stays until the new one is whole. Raises StartRefused."""
    text = "".join(f"{row}\n" for row in (",".join(COLUMNS), *map(_row, signals))).encode()
    # Without a name and a time in it the same signals are the same bytes.
    data = gzip.compress(text, mtime=0) if path.name.lower().endswith(".gz") else text
    beside = _beside(path)
    try:
        with beside.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path.resolve())
    except OSError as failed:
        raise _refused(path, failed) from None
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    """A name of our own in the folder where the file will really stand."""
    return path.resolve().with_name(f".bybot-scan-{os.getpid()}.part")


def _refused(path: Path, failed: OSError) -> StartRefused:
    return StartRefused(f"--signals {path}: can not be written: {failed.strerror or failed}")


def _row(signal: PastSignal) -> str:
    first, second, third = signal.factors
    return (
        f"{signal.open_time},{signal.symbol},{signal.strategy},{signal.direction},"
        f"{signal.strength:.6f},{first:.6f},{second:.6f},{third:.6f},"
        f"{_plain(repr(signal.close))},{_plain(f'{signal.stop:.15g}')},{_plain(f'{signal.target:.15g}')}"
    )


def _plain(number: str) -> str:
    """Plain digits: 1e-08 -> 0.00000001, and 100.0 -> 100."""
    if "e" in number:
        return np.format_float_positional(float(number), trim="-")
    return number.removesuffix(".0")
