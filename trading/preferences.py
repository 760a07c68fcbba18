"""What each person sets in chat, and the presets of SPEC 3 as its starting points."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Preferences:
    """One person's settings. Shares are of equity (0.01 = 1 %); `strategies` empty = all that exist.

    Either `per_day` (the rate dial: about so many signals a day) or a fixed `threshold` chooses how strong a signal
    must be; `threshold` is used when `per_day` is None, and until the dial has enough history.
    """

    preset: str
    minutes: int
    watch_top: int
    confluence: int
    stop_atr: Decimal
    target_r: Decimal
    risk_share: Decimal
    max_open: int
    table_share: Decimal
    loss_day_share: Decimal
    leverage_cap: int
    band_atr: Decimal
    cool_off_minutes: int
    per_day: int | None = 10
    threshold: Decimal = Decimal("0.75")
    strategies_off: tuple[str, ...] = ()


def _preset(name: str, minutes: int, top: int, confluence: int, levels: str, shares: str, rest: str) -> Preferences:
    stop, target = levels.split()
    risk, table, loss = shares.split()
    most_open, cap, band, cool_off = rest.split()
    return Preferences(
        preset=name,
        minutes=minutes,
        watch_top=top,
        confluence=confluence,
        stop_atr=Decimal(stop),
        target_r=Decimal(target),
        risk_share=Decimal(risk),
        max_open=int(most_open),
        table_share=Decimal(table),
        loss_day_share=Decimal(loss),
        leverage_cap=int(cap),
        band_atr=Decimal(band),
        cool_off_minutes=int(cool_off),
    )


PRESETS: Mapping[str, Preferences] = MappingProxyType(
    {
        "careful": _preset("careful", 240, 20, 3, "1.5 1.5", "0.0025 0.02 0.02", "5 3 0.3 1440"),
        "balanced": _preset("balanced", 240, 40, 2, "1.5 1.5", "0.005 0.05 0.03", "8 5 0.3 240"),
        "bold": _preset("bold", 60, 40, 2, "2 2", "0.01 0.1 0.06", "10 10 0.3 60"),
        "practice": replace(
            _preset("practice", 1, 12, 2, "3 2", "0.0025 0.05 0.2", "10 10 1.0 0"),
            per_day=400,
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and most of a number that can be set in chat."""

    least: Decimal
    most: Decimal


RISK_SHARE = Bounds(Decimal("0.0005"), Decimal("0.03"))
THRESHOLD = Bounds(Decimal("0.40"), Decimal("0.95"))


def per_day_bounds(minutes: int) -> Bounds:
    """The dial's range: up to 50 signals a day, on 1m up to 500 (SPEC 3)."""
    return Bounds(Decimal(1), Decimal(500 if minutes == 1 else 50))
