"""How long to wait before the next try of something that must succeed one day."""

from collections.abc import Iterator


def pauses(first: float = 0.5, longest: float = 30, factor: float = 1.7) -> Iterator[float]:
    """Seconds, growing, without end."""
    pause = first
    while True:
        yield pause
        pause = min(pause * factor, longest)
