"""Tickets in every state and everything else a screen can be given, at their longest."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from math import nan

from strategies.signal import Direction, Factor, Signal
from tests.storage.samples import ACCOUNT, EXPIRES, NOW, OWNER, plan, request
from tests.storage.samples import signal as some_signal
from trading.model import Account, Fill, Outcome, Position, Revision, Ticket
from trading.people import Person, Role
from trading.portfolio import Held
from trading.ports import Heard
from trading.preferences import PRESETS
from trading.reasons import Ending, Reason
from trading.states import HOLDING, State
from trading.status import Block, Nearest, Status, Threshold, TickReport, Trouble

D = Decimal
LONGEST_SYMBOL = "1000000BABYDOGEUSDT"
TICKET = "0123456789abcdef"


def person(**changes: object) -> Person:
    usual = Person(OWNER, Role.OWNER, "en", "Ann", PRESETS["practice"], False, False, NOW)
    return replace(usual, **changes)


def ticket(state: str = State.PROPOSED, **changes: object) -> Ticket:
    """A SOLUSDT long that has come as far as `state`."""
    state = State(state)
    filled = state in HOLDING or state is State.CLOSED
    revision = Revision(
        number=1,
        state=state,
        plan=plan(),
        expires_at=EXPIRES,
        order_link_id="x1-1",
        request=request(TICKET),
        request_hash="hash",
        risk_now=D("50.95"),
        stop_now=D("143.10"),
        target_now=D("156.15"),
        size_now=D("7.9"),
        changed_at=NOW,
        signed_at=NOW,
        fill=Fill(D("7.9"), D("148.3467123456"), D("0.6")) if filled else None,
        outcome=Outcome(Ending.TARGET, D("60.2512"), D("1.4512"), D("156.1499"), NOW + 97_200_000)
        if state is State.CLOSED
        else None,
    )
    factors = (*some_signal().factors[:2], Factor("trend_alignment", 0.3, 0.3))
    said = some_signal(also=(), rank=1, close=148.32, factors=factors)
    return Ticket(TICKET, OWNER, ACCOUNT, said, NOW, D("50.95"), replace(revision, **changes))


def longest(state: State, direction: Direction, number: int = 4) -> Ticket:
    """The same state with the longest symbol, prices, sizes and money."""
    short = direction is Direction.SHORT
    sized = plan(
        entry=D("0.00012345"),
        limit=D("0.00012987"),
        stop=D("0.00099999"),
        target=D("0.00000123"),
        size=D("987654321.5"),
        leverage=100,
        notional=D("1234567.891"),
        risk=D("12345.678"),
        r=D("12345.678"),
        costs=D("1234.567"),
        net_reward=D("11.47"),
        net_loss=D("-11.04"),
        bound_by="largest_order",
    )
    signal = Signal(
        symbol=LONGEST_SYMBOL,
        strategy="volume_vwap",
        minutes=240,
        direction=direction,
        open_time=NOW,
        factors=(
            Factor("volume_confirmation", 1.0, 123.4),
            Factor("vwap_position", 1.0, -123.4 if short else 123.4),
            Factor("price_position", 1.0, 1.0),
        ),
        strength=0.9999,
        confluence=3,
        close=0.00012,
        atr=0.00001,
        also=("multitf",),
        rank=12,
        of=34,
    )
    base = ticket(state)
    revision = replace(
        base.revision,
        number=number,
        plan=sized,
        risk_now=D("12345.678"),
        stop_now=D("0.00099999"),
        target_now=D("0.00000123"),
        size_now=D("123456789.5"),
        fill=Fill(D("123456789.5"), D("0.0001234567"), D(1)) if base.revision.fill else None,
        outcome=replace(base.revision.outcome, ending=Ending.APP, net=D("-123456.78"), r=D("-123.45"), exit=D("0.0009"))
        if base.revision.outcome
        else None,
    )
    return replace(base, signal=signal, revision=revision)


def of_every_strategy() -> Iterator[Ticket]:
    """An offer of each of the other strategies, all of which fired, with figures at their longest."""
    ids = ("cumdelta_sr", "fibonacci_rsi", "range", "multitf", "volume_vwap")
    for sign in (1, -1):
        for strategy, factors in (
            (
                "cumdelta_sr",
                (("volume_delta", sign * 1.0), ("level_distance", sign * 2.9), ("volume_confirmation", 9.9)),
            ),
            ("fibonacci_rsi", (("retracement_zone", sign * 0.5), ("rsi_reset", 100.0), ("volume_confirmation", 123.4))),
            ("range", (("sideways", 1.0), ("range_edge", -1.23), ("rsi_extreme", 100.0))),
            ("cumdelta_sr", (("volume_delta", nan), ("level_distance", nan), ("volume_confirmation", nan))),
        ):
            first, second, third = (Factor(name, 1.0, raw) for name, raw in factors)
            also = tuple(one for one in ids if one != strategy)
            offer = longest(State.PROPOSED, Direction.LONG if sign > 0 else Direction.SHORT)
            yield replace(
                offer, signal=replace(offer.signal, strategy=strategy, also=also, factors=(first, second, third))
            )


def tickets() -> Iterator[Ticket]:
    """Every state, usual and at its longest, in both directions, with every reason."""
    for state in State:
        yield ticket(state)
        for direction in Direction:
            yield longest(state, direction)
    for state in (State.NOT_PLACED, State.OPEN, State.UNPROTECTED):
        for reason in Reason:
            wide = longest(state, Direction.SHORT)
            yield replace(wide, revision=replace(wide.revision, reason=reason, detail="x " * 60))
    yield replace(ticket(), signal=some_signal(strategy="brand_new", factors=_unknown_factors()))
    yield from of_every_strategy()
    for ending in Ending:
        closed = ticket(State.CLOSED)
        assert closed.revision.outcome is not None
        outcome = replace(closed.revision.outcome, ending=ending)
        yield replace(closed, revision=replace(closed.revision, outcome=outcome))


def _unknown_factors() -> tuple[Factor, Factor, Factor]:
    return Factor("cumulative_delta", 0.5, 1.5), Factor("support", 0.0, -0.25), Factor("x", 1.0, 1e9)


def position(**changes: object) -> Position:
    usual = Position(
        symbol="SOLUSDT",
        direction=Direction.LONG,
        size=D("7.9"),
        average=D("148.35"),
        stop=D("143.10"),
        target=D("156.15"),
        leverage=D(5),
        mark=D("150.44"),
        liquidation=D("119.4"),
        unrealised=D("16.511"),
        margin=D("234.3"),
        index=0,
    )
    return replace(usual, **changes)


def held() -> tuple[Held, ...]:
    """Ours, one without a stop, and a foreign one at its longest."""
    foreign = position(
        symbol=LONGEST_SYMBOL,
        direction=Direction.SHORT,
        size=D("123456789.5"),
        average=D("0.0001234567"),
        stop=None,
        target=D("0.0001"),
        mark=D("0.00012345"),
        liquidation=D("0.00987654"),
        unrealised=D("-12345.678"),
    )
    return Held(position(), ticket(State.OPEN)), Held(position(stop=None), ticket(State.OPEN)), Held(foreign, None)


def heard() -> tuple[Heard, ...]:
    """One signal for each state and one for each reason not to offer it."""
    offered = [Heard(one.signal, ACCOUNT, NOW, one, None) for one in tickets()]
    refused = [Heard(longest(State.PROPOSED, Direction.LONG).signal, ACCOUNT, NOW, None, reason) for reason in Reason]
    return (*offered, *refused)


def status(**changes: object) -> Status:
    usual = Status(
        person=person(),
        account=Account(ACCOUNT, OWNER, "practice"),
        environment="sandbox",
        started_at=NOW - 273_600_000,
        now=NOW,
        equity=D("10214.304"),
        today=D("42.9"),
        today_r=D("1.9"),
        open=3,
        risk=D("153.2"),
        signals_today=7,
        last_signal=heard()[0],
        next_close_at=NOW + 8_040_000,
        threshold=Threshold(D("0.71"), 10.4, 30.0, reached=True, fixed=False),
        nearest=Nearest("ETHUSDT", "long", 0.68),
        tick=TickReport(NOW - 2000, 3.1, 40),
        feed_age_ms=800,
        skew_ms=12,
        resting=(),
    )
    return replace(usual, **changes)


def statuses() -> Iterator[Status]:
    yield status()
    yield status(equity=None, today=None, today_r=None, feed_age_ms=None, tick=None, nearest=None, last_signal=None)
    yield status(account=None)
    yield status(equity=D(0), today=D(0))
    yield status(
        person=person(paused=True, preferences=PRESETS["balanced"]),
        environment="testnet",
        equity=D("1234567.89"),
        today=D("-123456.78"),
        today_r=D("-123.4"),
        signals_today=1234,
        nearest=Nearest(LONGEST_SYMBOL, "short", 0.68),
        resting=tuple((f"1000000LONG{n}USDT", "gap") for n in range(9)),
        blocks=tuple(
            Block(reason, (("open", 8), ("limit", 8), ("symbol", LONGEST_SYMBOL), ("skew_ms", 1234)))
            for reason in Reason
        ),
        troubles=tuple(
            Trouble(what, NOW - 90_061_000, "text") for what in ("bybit", "telegram", "feed", "database", "tick")
        ),
        skew_ms=-123456,
    )
    for reached, fixed, exceeded, per_day in (
        (False, False, False, 4.6),
        (True, True, False, None),
        (True, False, True, 99.0),
        (True, False, False, None),
    ):
        threshold = Threshold(D("0.95"), per_day, 7.0, reached=reached, fixed=fixed, exceeded=exceeded)
        yield status(threshold=threshold)
