"""A tick: candles that fire become tickets, once, whoever listens."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from storage.database import Database
from tests.doubles_exchange import instrument
from tests.trading.bursts import burst
from tests.trading.world import ACCOUNT, BTC, ETH, MIDNIGHT, MINUTE, OWNER, SOL, World
from trading.errors import OutcomeUnknown
from trading.model import Ticket
from trading.ports import Heard
from trading.reasons import Reason
from trading.states import State
from trading.status import Threshold

D = Decimal
CLOSES = MIDNIGHT + 6 * MINUTE  # the close of a 1m candle, and not of a 5m one
SILENT = OutcomeUnknown("silent")


def lay(world: World, symbol: str, *, closes: int = CLOSES, up: bool = True, volume: float = 400.0) -> None:
    """1m candles that burst in the one that closes at `closes`, 5m candles that lead up to it, and quiet after."""
    fast = burst(symbol, 1, closes - MINUTE, up=up, volume=volume, ahead=120)
    slow = burst(symbol, 5, closes // (5 * MINUTE) * 5 * MINUTE - 5 * MINUTE, up=up, ahead=30)
    world.exchange.rows[symbol, 1], world.exchange.rows[symbol, 5] = fast, slow
    world.at(symbol, str(D(repr(float(fast.values[3, 199]))).quantize(D("0.1"))))


@pytest.fixture
async def market(empty_world: World) -> World:
    """Practice settings with a fixed threshold, all three symbols quiet, a minute before the burst closes."""
    await empty_world.welcome(OWNER, ACCOUNT.uid, preset="practice")
    empty_world.lay_quiet((1, 5), days_ahead=1)
    empty_world.clock.at = CLOSES - 50_000
    return empty_world


async def closing(world: World, late: float = 2.0) -> None:
    """The minute closes and a tick comes `late` seconds after it."""
    await world.assistant.start()
    await world.round()
    world.clock.at = CLOSES + round(late * 1000)
    await world.round()


async def offers(world: World) -> tuple[Ticket, ...]:
    return await world.journal.in_states(frozenset({State.PROPOSED}))


async def heard(world: World, user: int = OWNER) -> tuple[Heard, ...]:
    return await world.journal.heard(user, 50)


def count_verdicts(world: World, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Which symbols were judged, one entry for each computation."""
    judge, judged = world.assistant.judge, list[tuple[str, ...]]()
    real = type(judge).verdict

    async def verdict(self: Any, fast: Any, slow: Any) -> Any:
        judged.append(fast.symbols)
        return await real(self, fast, slow)

    monkeypatch.setattr(type(judge), "verdict", verdict)
    return judged


# --- from candles to a ticket


@pytest.mark.parametrize("up", [True, False])
async def test_a_burst_becomes_one_ticket_that_names_both_strategies(market: World, up: bool) -> None:
    lay(market, BTC, up=up)
    await closing(market)
    (ticket,) = await offers(market)
    signal = ticket.signal
    assert (signal.symbol, signal.direction) == (BTC, "long" if up else "short")
    assert {signal.strategy, *signal.also} == {"volume_vwap", "multitf"}
    assert signal.also
    assert signal.closed_at == CLOSES
    assert ticket.revision.expires_at == CLOSES + 5 * MINUTE
    assert (signal.rank, signal.of) == (1, 1)
    # the close, the ATR and the raw measures are the candles' own
    closes = market.exchange.rows[BTC, 1].values[3]
    assert signal.close == closes[199]
    assert signal.factors[0].name in {"volume_confirmation", "trend_alignment"}
    volume = next(factor for factor in signal.factors if factor.name == "volume_confirmation")
    assert volume.raw == pytest.approx(4.0)
    assert [one.ticket.id for one in await heard(market) if one.ticket is not None] == [ticket.id]


async def test_the_ticket_can_be_confirmed(market: World) -> None:
    lay(market, BTC)
    await closing(market)
    (offer,) = await offers(market)
    await market.confirm(offer)
    await market.settle()
    assert (await market.now(offer)).state is State.OPEN


async def test_a_quiet_market_offers_nothing_and_shows_the_nearest(market: World) -> None:
    await closing(market)
    assert not await heard(market)
    nearest = market.assistant.scanner.nearest(1)
    assert nearest is not None
    assert 0 < nearest.strength < 0.75


async def test_the_nearest_is_not_what_fired(market: World) -> None:
    lay(market, BTC)
    await closing(market)
    nearest = market.assistant.scanner.nearest(1)
    assert nearest is not None
    assert (nearest.symbol, nearest.direction) != (BTC, "long")


async def test_a_close_is_offered_once_however_many_ticks_and_restarts(market: World) -> None:
    lay(market, BTC)
    await closing(market)
    await market.tick(5)
    await market.restart(away=3)
    await market.tick(3)
    assert len(await heard(market)) == 1
    assert len(await market.journal.in_states(frozenset(State))) == 1


async def test_a_close_that_was_told_is_not_gone_through_again(market: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(market, BTC)
    await closing(market)
    (offer,) = await offers(market)

    async def again(*_: object) -> None:
        raise AssertionError("the same close once more")

    monkeypatch.setattr(market.journal, "propose", again)
    monkeypatch.setattr(market.journal, "hear", again)
    await market.tick(5)
    assert await offers(market) == (offer,)


async def test_only_strategies_that_are_on_are_listened_to(market: World) -> None:
    await market.prefer(strategies_on=("volume_vwap",))
    lay(market, BTC)
    await closing(market)
    (ticket,) = await offers(market)
    assert (ticket.signal.strategy, ticket.signal.also) == ("volume_vwap", ())


async def test_a_threshold_out_of_reach_is_not_reached(market: World) -> None:
    await market.prefer(threshold=D("0.95"), confluence=3, strategies_on=("volume_vwap",))
    lay(market, BTC, volume=180)  # 1.8 x usual: a volume score of 0.4
    await closing(market)
    assert not await heard(market)


async def test_the_strongest_of_a_close_ranks_first_and_each_knows_how_many_they_were(market: World) -> None:
    await market.prefer(strategies_on=("volume_vwap",))
    lay(market, BTC, volume=200)
    lay(market, ETH, volume=400)
    lay(market, SOL, volume=260)
    await closing(market)
    ranked = sorted((one.signal for one in await heard(market)), key=lambda signal: signal.rank)
    assert [(signal.symbol, signal.rank, signal.of) for signal in ranked] == [(ETH, 1, 3), (SOL, 2, 3), (BTC, 3, 3)]
    assert [signal.strength for signal in ranked] == sorted((signal.strength for signal in ranked), reverse=True)


# --- one computation


async def test_the_market_is_judged_once_for_many_listeners(market: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for user in range(OWNER + 1, OWNER + 6):
        await market.welcome(user, f"{user}", preset="practice")
        await market.prefer(user, threshold=D("0.70") + D(user % 3) / 100)
    lay(market, BTC)
    await market.assistant.start()
    await market.round()
    judged = count_verdicts(market, monkeypatch)
    market.clock.at = CLOSES + 2_000
    await market.round()
    await market.tick(3)
    assert judged == [(BTC, ETH, SOL)]
    assert len(await offers(market)) == 6
    assert {ticket.owner for ticket in await offers(market)} == set(range(OWNER, OWNER + 6))


async def test_people_with_other_watchlists_share_the_computation(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(database, *(instrument(f"C{n}USDT") for n in range(4)))
    await world.welcome(OWNER, ACCOUNT.uid, preset="practice")
    await world.welcome(1002, "70002", preset="practice")
    await world.prefer(1002, watch_top=2)
    world.lay_quiet((1, 5), days_ahead=1)
    world.clock.at = CLOSES - 50_000
    for n in range(4):
        lay(world, f"C{n}USDT")
    await world.assistant.start()
    await world.round()
    judged = count_verdicts(world, monkeypatch)
    world.clock.at = CLOSES + 2_000
    await world.round()
    assert len(judged) == 1
    watched = {user: {one.signal.symbol for one in await heard(world, user)} for user in (OWNER, 1002)}
    assert watched == {OWNER: {f"C{n}USDT" for n in range(4)}, 1002: {"C0USDT", "C1USDT"}}


async def test_a_symbol_that_lags_is_judged_when_it_has_caught_up(
    market: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(market, BTC)
    lay(market, ETH)
    whole = market.exchange.rows[ETH, 1]
    until = whole.open_times < CLOSES - MINUTE
    market.exchange.rows[ETH, 1] = replace(whole, open_times=whole.open_times[until], values=whole.values[:, until])
    await closing(market)
    assert {one.signal.symbol for one in await heard(market)} == {BTC}
    market.exchange.rows[ETH, 1] = whole
    await market.tick()
    assert {one.signal.symbol for one in await heard(market)} == {BTC, ETH}
    assert len(await offers(market)) == 2


async def test_a_fast_candle_that_ends_with_its_slow_one_waits_for_it(market: World) -> None:
    closes = MIDNIGHT + 10 * MINUTE
    lay(market, BTC, closes=closes)
    whole = market.exchange.rows[BTC, 5]
    until = whole.open_times < closes - 5 * MINUTE
    market.exchange.rows[BTC, 5] = replace(whole, open_times=whole.open_times[until], values=whole.values[:, until])
    market.clock.at = closes - 50_000
    await market.assistant.start()
    await market.round()
    market.clock.at = closes + 2_000
    await market.round()
    assert not await heard(market)
    market.exchange.rows[BTC, 5] = whole
    await market.tick()
    assert len(await offers(market)) == 1


# --- listed instead of offered


async def refusals(world: World) -> list[Reason | None]:
    return [one.refused for one in await heard(world)]


async def test_a_paused_person_gets_their_signals_listed(market: World) -> None:
    await market.people.set_paused(OWNER, True)
    lay(market, BTC)
    await closing(market)
    assert await refusals(market) == [Reason.PAUSED]
    assert not await offers(market)


@pytest.mark.parametrize(("late", "reason"), [(90, None), (91, Reason.LATE_CANDLE)])
async def test_a_candle_that_reaches_us_over_ninety_seconds_late_is_listed_as_late(
    empty_world: World, late: float, reason: Reason | None
) -> None:
    world = empty_world
    await world.welcome(OWNER, ACCOUNT.uid)
    closes = MIDNIGHT + 240 * MINUTE
    world.lay_quiet((240, 1440))
    for minutes in (240, 1440):
        newest = closes // (minutes * MINUTE) * minutes * MINUTE - minutes * MINUTE
        world.exchange.rows[BTC, minutes] = burst(BTC, minutes, newest, ahead=5)
    world.at(BTC, "51000")
    world.clock.at = closes + round(late * 1000)
    await world.assistant.start()
    await world.round()
    assert await refusals(world) == [reason]


async def test_someone_who_blocked_the_bot_hears_nothing(market: World) -> None:
    await market.people.set_blocked(OWNER, True)
    lay(market, BTC)
    await closing(market)
    assert not await heard(market)


async def test_a_symbol_that_is_held_is_listed(market: World) -> None:
    lay(market, BTC)
    market.exchange.hand(ACCOUNT, BTC, "Buy", D("0.01"))
    await closing(market)
    assert await refusals(market) == [Reason.POSITION_HERE]


async def test_when_the_dial_is_exceeded_only_the_strongest_that_fit_the_day_become_cards(market: World) -> None:
    await market.prefer(strategies_on=("volume_vwap",), per_day=2, threshold=D("0.75"))
    exceeded = Threshold(D("0.75"), 9.0, 7.0, reached=True, fixed=False, exceeded=True)
    market.assistant.dial.threshold = lambda *_: exceeded  # type: ignore[method-assign]
    lay(market, BTC, volume=260)
    lay(market, ETH, volume=400)
    lay(market, SOL, volume=290)
    await closing(market)
    became = {one.signal.symbol: one.refused for one in await heard(market)}
    assert became == {ETH: None, SOL: None, BTC: Reason.DAY_FULL}


async def test_the_dials_history_is_read_for_those_who_use_it(market: World) -> None:
    await market.assistant.start()
    person = await market.person()
    dialled = replace(person.preferences, per_day=50)
    assert market.assistant.dial.threshold(dialled, (BTC,)).per_day is None
    for symbol in (BTC, ETH, SOL):
        for minutes in (1, 5):
            newest = MIDNIGHT - 20 * minutes * MINUTE
            market.exchange.rows[symbol, minutes] = burst(symbol, minutes, newest, candles=3_981, ahead=19)
    await market.prefer(per_day=50)
    await market.assistant.each_minute()
    assert market.assistant.dial.threshold(dialled, (BTC,)).per_day is not None


# --- trouble


async def test_no_prices_is_one_trouble_and_the_next_tick_goes_on(market: World) -> None:
    lay(market, BTC)
    await market.assistant.start()
    await market.round()
    market.exchange.trouble["tickers"] = [SILENT] * 2
    market.clock.at = CLOSES + 2_000
    await market.round()
    assert not await heard(market)
    await market.tick(2)
    assert len(await offers(market)) == 1
    assert market.told == [("feed", "trouble: silent"), ("feed", "works again")]


async def test_the_report_tells_when_and_how_many(market: World) -> None:
    await closing(market)
    report = market.assistant.scanner.report
    assert report is not None
    assert (report.at, report.symbols) == (CLOSES + 2_000, 3)
