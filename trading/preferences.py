"""What each person sets in chat, and the presets of SPEC 3 as its starting points."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType

from indicators.candles import SLOW_FRAMES
from trading.errors import AssistantError

# The two of SPEC 3 that everybody begins with. Whatever else there is, or is added later, is switched on by hand: a new
# strategy sends nobody more tickets than they asked for.
MAIN_STRATEGIES = ("multitf", "volume_vwap")


@dataclass(frozen=True, slots=True)
class Preferences:
    """One person's settings. Shares are of equity (0.01 = 1 %); only `strategies_on` are listened to, by their ids.

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
    strategies_on: tuple[str, ...] = MAIN_STRATEGIES


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


class Unfit(AssistantError):
    """A setting out of its bounds. `field` names it; `bounds` where a number was asked, `choices` where a word was."""

    def __init__(self, field: str, bounds: Bounds | None = None, choices: tuple[str, ...] = ()) -> None:
        super().__init__(field)
        self.field = field
        self.bounds = bounds
        self.choices = choices


def _within(field: str, value: Decimal, bounds: Bounds) -> Decimal:
    if not value.is_finite() or not bounds.least <= value <= bounds.most:
        raise Unfit(field, bounds)
    return value


def with_preset(name: str) -> Preferences:
    """All values of a preset. Raises Unfit for an unknown name."""
    if name not in PRESETS:
        raise Unfit("preset", choices=tuple(PRESETS))
    return PRESETS[name]


def with_minutes(preferences: Preferences, minutes: int) -> Preferences:
    """Another timeframe; the dial is moved into the new frame's range."""
    if minutes not in SLOW_FRAMES:
        raise Unfit("minutes", choices=tuple(str(m) for m in SLOW_FRAMES))
    most = int(per_day_bounds(minutes).most)
    per_day = None if preferences.per_day is None else min(preferences.per_day, most)
    return replace(preferences, minutes=minutes, per_day=per_day)


def with_per_day(preferences: Preferences, per_day: Decimal) -> Preferences:
    """About so many signals a day: the threshold is found by the dial."""
    whole = per_day.to_integral_value() if per_day.is_finite() else per_day
    return replace(preferences, per_day=int(_within("per_day", whole, per_day_bounds(preferences.minutes))))


def with_threshold(preferences: Preferences, threshold: Decimal) -> Preferences:
    """A fixed threshold, rounded to 0.01; the dial is off."""
    # Far beyond the bounds there is nothing to round: a number of thirty digits does not even fit.
    rounded = threshold.quantize(Decimal("0.01")) if threshold.is_finite() and abs(threshold) < 10 else threshold
    return replace(preferences, threshold=_within("threshold", rounded, THRESHOLD), per_day=None)


def with_risk_share(preferences: Preferences, share: Decimal) -> Preferences:
    """Another share of equity at risk in a trade (0.01 = 1 %)."""
    return replace(preferences, risk_share=_within("risk_share", share, RISK_SHARE).normalize())


def with_strategy(preferences: Preferences, strategy: str, on: bool, known: tuple[str, ...]) -> Preferences:
    """One strategy on or off; the last one can not be switched off. `known` are all there are."""
    if strategy not in known:
        raise Unfit("strategy", choices=known)
    wanted = tuple(s for s in known if (on if s == strategy else s in preferences.strategies_on))
    if not wanted:
        raise Unfit("last_strategy")
    return replace(preferences, strategies_on=wanted)
