"""Over the same candles a scan finds what the live scanner hears, candle by candle, with its dial."""

from dataclasses import replace

import numpy as np
import pytest

from indicators.candles import Candles, aggregate
from strategies.model import Settings
from strategies.registry import all_strategies
from strategies.signal import Direction
from tests.doubles_exchange import instrument
from tests.trading.pasts import past
from tests.trading.world import ACCOUNT, BTC, DAY, ETH, MIDNIGHT, MINUTE, OWNER, World
from trading.past import PastSignal
from trading.past_scan import scan_past
from trading.ports import CandleRows
from trading.preferences import PRESETS, Preferences

FRAME = 15
DAYS = 9
LIVE_FROM = MIDNIGHT  # a week of history, then two days candle by candle
BEGINS = MIDNIGHT - 7 * DAY


def rows_of(candles: Candles) -> CandleRows:
    fields = (candles.open, candles.high, candles.low, candles.close, candles.volume)
    return CandleRows(candles.symbols[0], candles.minutes, candles.open_times, np.stack([one[0] for one in fields]))


def at_one_close(signals: tuple[PastSignal, ...]) -> dict[tuple[int, str, Direction], list[PastSignal]]:
    """As the live tick tells them: one for each candle, symbol and direction, the strongest strategy's first."""
    found: dict[tuple[int, str, Direction], list[PastSignal]] = {}
    for one in sorted(signals, key=lambda one: (-one.strength, one.strategy)):
        found.setdefault((one.open_time, one.symbol, one.direction), []).append(one)
    return found


@pytest.mark.parametrize("per_day", [12, None], ids=["dial", "threshold"])
async def test_a_scan_finds_what_the_live_scanner_hears(empty_world: World, per_day: int | None) -> None:
    world = empty_world
    stretches = [past(symbol, FRAME, DAYS, seed=seed, begins=BEGINS) for seed, symbol in ((61, BTC), (62, ETH))]
    preferences = replace(PRESETS["balanced"], minutes=FRAME, per_day=per_day)
    heard = await heard_live(world, stretches, preferences)

    settings = Settings()
    listened_to = [one for one in all_strategies(settings) if one.id in ("multitf", "volume_vwap")]
    scan = scan_past(stretches, listened_to, settings, preferences)
    found = at_one_close(tuple(one for one in scan.signals if one.open_time >= LIVE_FROM))

    assert sorted(found) == sorted(heard)
    assert len(found) > 10
    if per_day is not None:
        assert len({one.threshold for one in scan.thresholds[-2:]}) == 2, "a threshold that moves is the harder case"
    for key, (first, *others) in found.items():
        live = heard[key]
        assert (live.strategy, live.also) == (first.strategy, tuple(one.strategy for one in others))
        assert live.strength == pytest.approx(first.strength, abs=1e-9)
        assert [one.score for one in live.factors] == pytest.approx(first.factors, abs=1e-6)
        assert live.close == first.close
        assert 1.5 * live.atr == pytest.approx(abs(first.close - first.stop))


async def heard_live(world: World, stretches: list[Candles], preferences: Preferences):  # type: ignore[no-untyped-def]
    """Every signal of two days of ticks, one a candle, by (open time, symbol, direction)."""
    world.exchange.listed = {symbol: instrument(symbol) for symbol in (BTC, ETH)}
    for candles in stretches:
        for minutes in (FRAME, 60):
            world.exchange.rows[candles.symbols[0], minutes] = rows_of(aggregate(candles, minutes))
    await world.welcome(OWNER, ACCOUNT.uid)
    await world.prefer(**{name: getattr(preferences, name) for name in ("minutes", "per_day")})
    world.clock.at = LIVE_FROM + 5_000
    await world.assistant.start()
    await world.assistant.each_minute()
    while world.clock.now() < BEGINS + DAYS * DAY:
        await world.assistant.tick()
        await world.assistant.each_minute()  # a new day's dial comes after the close at midnight was judged
        world.clock.at += FRAME * MINUTE
    await world.assistant.tick()
    heard = [one.signal for one in await world.journal.heard(OWNER, 10_000)]
    return {(one.open_time, one.symbol, one.direction): one for one in heard if one.open_time >= LIVE_FROM}
