"""How the made-up market behaves, in numbers. Measured on real candles where that says so; nothing here is random."""

from dataclasses import dataclass

HOURLY_RANGE = (
    *(1.07, 1.03, 0.97, 0.86, 0.82, 0.82, 0.82, 0.84, 0.89, 0.87, 0.83, 0.82),
    *(0.92, 1.17, 1.46, 1.43, 1.33, 1.19, 1.09, 1.04, 1.02, 0.93, 0.93, 0.85),
)
"""Median range of a 5m candle by hour of the UTC day, against the day's mean: seven perpetuals on Bybit, 2025."""
HOURLY_CROWD = (
    *(0.87, 0.85, 0.87, 0.91, 0.94, 0.96, 1.02, 1.06, 1.08, 1.09, 1.04, 1.08),
    *(1.09, 1.14, 1.18, 1.14, 1.13, 1.08, 1.00, 0.96, 0.94, 0.86, 0.83, 0.88),
)
"""What the volume of the same candles has over what its range explains, by hour of the UTC day, mean 1."""


@dataclass(frozen=True, slots=True)
class Mood:
    """A quantity that wanders around 0 and comes back: `memory` is what an hour leaves of it, `size` its deviation."""

    memory: float
    size: float


@dataclass(frozen=True, slots=True)
class Character:
    """How the made-up market behaves. Shares are of variance; times are in hours; moods are of logarithms."""

    hourly_volatility: float = 0.0076
    """Standard deviation of a usual hour's log return of an average symbol."""
    tail: float = 6.0
    minute_tail: float = 8.0
    """Degrees of freedom of the t noise of hours and of minutes."""
    common: float = 0.76
    """How much of a symbol's movement is the market's."""
    slow: Mood = Mood(0.975, 0.30)
    quick: Mood = Mood(0.86, 0.20)
    """Two moods of volatility: of days and of hours."""
    common_mood: float = 0.9
    """How much of a symbol's moods is the market's."""
    feedback: float = 0.10
    """How much a deviation more than usual in an hour's return adds to the quick mood of the next hour."""
    trend: Mood = Mood(0.96, 0.08)
    """Drift of an hour, in hourly standard deviations."""
    jumps: float = 0.005
    common_jumps: float = 0.003
    """Jumps an hour: of one symbol, and of the whole market."""
    jump_size: float = 4.0
    """Standard deviation of a jump, in hourly standard deviations."""
    aftershock: float = 0.5
    """What a jump of its usual size adds to the quick mood of the next hour."""
    restless: float = 1.07
    """How much more the price moves within an hour than what is left of it at the end: small moves partly revert."""
    pull: float = 0.0008
    """How much of its distance from its price level a symbol loses in an hour."""
    clusters: float = 0.37
    """Standard deviation of the minutes' log volatility around their hour's, smooth over ten minutes."""
    crowd: Mood = Mood(0.93, 0.30)
    common_crowd: float = 0.65
    """The mood of volume, on top of what the range makes of it, and how much of it is the market's."""
    minute_noise: float = 0.75
    hour_noise: float = 0.20
    """Standard deviation of log volume that nothing explains, of a minute and of an hour."""
    volume_of_range: float = 1.25
    """Volume grows with the candle's range to this power."""
    minute_days: int = 30
    hour_days: int = 365
