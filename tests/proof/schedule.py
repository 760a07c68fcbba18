"""One seed's story: offers, taps, faults, hands, crashes, restarts; then calm, and a judge."""

import asyncio
import random as everybodys
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from strategies.signal import Direction
from tests.proof import practice as small
from tests.proof.judge import Case, Finding, Span, is_at_rest, read_journal
from tests.proof.loop import run
from tests.proof.stage import OWNER, STRANGER, Stage, prepared, staged
from trading.errors import AssistantError
from trading.offers import Offers
from trading.quotes import Quotes

D = Decimal
STEPS = (6, 13)
RESOLVED_WITHIN = 120.0
QUIET_LOOKS = 3
STRIKING = (
    *("lose_request", "lose_answer", "delay", "delay_after", "5xx", "5xx_after", "bad_json", "bad_json_after"),
    *(f"{code}{when}" for code in (10000, 10006, 10016) for when in ("", "_after")),
)
PATHS = (
    *("/v5/order/create",) * 5,
    *("/v5/position/trading-stop",) * 2,
    *("/v5/position/list", "/v5/order/realtime", "/v5/order/history", "/v5/execution/list"),
    *("/v5/account/", "/v5/market/", "/v5/position/set-leverage", "/v5/"),
)
PAUSES = (0.05, 0.3, 1.0, 2.0, 2.0, 4.0, 7.0)
ABSENCE = 7_300.0
OFFERED = ((small.BTC, "volume_vwap"), (small.ETH, "volume_vwap"), (small.BTC, "multitf"))


@dataclass
class Outcome:
    """What one seed came to. `trace` is everything that happened, in order."""

    seed: int
    trace: list[str]
    findings: list[Finding]
    counts: Counter[str] = field(default_factory=Counter)


class Story:
    """The acts of one run, drawn from the stage's random numbers."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.random = stage.random
        self.excused: list[Span] = []
        self.counts: Counter[str] = Counter()
        self._faulty_since: int | None = small.BORN  # nobody is up yet
        self._taps: list[asyncio.Task[None]] = []

    async def play(self) -> None:
        stage, random = self.stage, self.random
        await self._rise(may_die=False)
        await stage.program.up.wait()
        self.at_peace()
        for symbol, strategy in random.sample(OFFERED, random.choice((1, 1, 2, 3))):
            await self.guarded(self.offered(symbol, random.choice(list(Direction)), strategy), "offer")
        fate = self._fate()
        stage.program.life.at = None if fate is None else stage.program.life.steps + fate
        acts = self._acts()
        if random.random() < 0.8:
            acts = (
                *(self._strike,) * random.choice((0, 1, 1)),
                random.choice((self._tap, self._tap_and_move)),
                *random.choices(acts, k=random.randint(*STEPS)),
            )
        else:
            acts = (*random.choices(acts, k=random.randint(*STEPS)),)
        for act in acts:
            await self._wake_the_dead()
            await act()
            await asyncio.sleep(random.choice(PAUSES))
        await self.calm_down()

    def _acts(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        return (
            *(self._tap,) * 4,
            *(self._tap_and_move,) * 3,
            *(self._close,) * 2,
            *(self._move,) * 3,
            *(self._strike,) * 4,
            self._hand,
            self._hand,
            self._peace,
            self._crash,
            self._strange_tap,
            self._skip,
            self._rest,
            self._rest,
            self._stay_away,
        )

    # --- the process

    async def _rise(self, *, may_die: bool = True) -> None:
        await self.stage.rise(self._fate() if may_die else None)

    def _fate(self) -> int | None:
        """After how many steps the process is killed: often soon, so that every await has its turn."""
        if self.random.random() < 0.5:
            return None
        return self.random.randint(1, self.random.choice((200, 600, 2000)))

    async def _wake_the_dead(self) -> None:
        if self.stage.program.life.is_over:
            await self._bury()
            await asyncio.sleep(self.random.choice((0.1, 0.5, 1.0, 5.0, 20.0)))
            await self._rise()

    async def _bury(self) -> None:
        stage = self.stage
        self.counts["crashes"] += 1
        stage.note(f"killed at step {stage.program.life.steps}")
        self.in_trouble()
        await stage.fall()

    async def _crash(self) -> None:
        self.stage.program.life.end()

    async def _stay_away(self) -> None:
        """Down until every offer is past its time; seldom, for it takes long."""
        if self.random.random() < 0.2:
            self.stage.program.life.end()
            await self._bury()
            await asyncio.sleep(ABSENCE)
            await self._rise()

    async def _rest(self) -> None:
        """Nothing happens for a while."""
        await asyncio.sleep(self.random.choice((5.0, 12.0)))

    # --- who taps

    async def guarded(self, work: Coroutine[Any, Any, object], what: str) -> None:
        await asyncio.wait([self._begun(work, what)])

    def _begun(self, work: Coroutine[Any, Any, object], what: str) -> asyncio.Task[None]:
        stage = self.stage

        async def told() -> None:
            try:
                await work
            except AssistantError as refused:
                stage.note(f"{what}: {refused!r}")
            else:
                stage.note(f"{what}: done")

        return stage.program.do(told())

    async def offered(self, symbol: str, direction: Direction, strategy: str) -> None:
        assistant = self.stage.program.assistant
        context = assistant.context
        person, account = await context.people.person(OWNER), await context.people.account_of(OWNER)
        assert person is not None
        assert account is not None
        offers = Offers(context, Quotes(context), assistant.standings, self.stage.program.new_id)
        await offers.offer(person, account, self.stage.signal(symbol, direction, strategy))

    def _any_ticket(self) -> tuple[str, int, str] | None:
        rows = self.stage.rows("SELECT ticket, max(number), state FROM revisions GROUP BY ticket ORDER BY ticket")
        return self.random.choice(rows) if rows else None

    async def _tap(self) -> None:
        """Of the newest revision, or of an older one again; on one device or on two at once."""
        found = self._any_ticket()
        if found is None or not self.stage.program.up.is_set():
            return
        ticket, newest, _ = found
        number = self.random.choice((newest, newest, newest, self.random.randint(1, newest)))
        for device in range(self.random.choice((1, 1, 2, 3))):
            self._begun(
                self.stage.program.assistant.desk.confirm(OWNER, ticket, number), f"tap {ticket}/{number} {device}"
            )
            self.counts["taps"] += 1

    async def _tap_and_move(self) -> None:
        """The price runs while the order travels: it fills in part, or not at all."""
        await self._tap()
        await asyncio.sleep(self.random.uniform(0.02, 0.09))
        await self._move(("0.28", "-0.28", "0.3", "-0.3", "0.5", "-0.5", "0.8", "-0.8"))

    async def _strange_tap(self) -> None:
        found = self._any_ticket()
        if found is not None and self.stage.program.up.is_set():
            self._begun(self.stage.program.assistant.desk.confirm(STRANGER, found[0], found[1]), "strange tap")
            self._begun(self.stage.program.assistant.desk.close(STRANGER, found[0]), "strange close")

    async def _close(self) -> None:
        found = self._any_ticket()
        if found is not None and self.stage.program.up.is_set():
            for _ in range(self.random.choice((1, 2))):
                self._begun(self.stage.program.assistant.desk.close(OWNER, found[0]), f"close {found[0]}")

    async def _skip(self) -> None:
        found = self._any_ticket()
        if found is not None and self.stage.program.up.is_set() and self.random.random() < 0.3:
            self._begun(self.stage.program.assistant.desk.skip(OWNER, found[0], found[1]), f"skip {found[0]}")

    # --- what the market, the hand and the wire do

    async def _move(self, to: tuple[str, ...] = ()) -> None:
        """To within the band, to its edge, beyond it, or through stop or target: so many ATR away."""
        symbol = self.random.choice((small.BTC, small.BTC, small.ETH))
        price, atr = D(str(small.PRICES[symbol])), D(str(small.ATR[symbol]))
        near = ("0", "0.05", "-0.05", "0.25", "-0.25", "0.29", "-0.29", "0.3", "-0.3", "0.5", "-0.5")
        away = self.random.choice(to or (*near, *near, "5.2", "-5.2", "16", "-16"))
        await self.levered("price", symbol=symbol, price=str(price + D(away) * atr))

    async def _hand(self) -> None:
        """A market order as from Bybit's app: a part or all of what is there, more of it, or something new."""
        symbol = self.random.choice((small.BTC, small.BTC, small.ETH))
        held = self.stage.bybit.ledger.position(small.MAIN, symbol)
        step = self.stage.bybit.market.instruments[symbol].step
        size = held.size or step * 20
        qty = self.random.choice((size, size, max(step, size // 2 // step * step), step))
        side = self.random.choice(("Buy", "Sell"))
        reduces = held.size > 0 and self.random.random() < 0.8
        if reduces:
            side = "Sell" if held.side == "Buy" else "Buy"
        elif not held.size and self.random.random() < 0.6:
            return
        await self.levered("hand", account=small.MAIN, symbol=symbol, side=side, qty=f"{qty:f}", reduceOnly=reduces)

    async def _strike(self) -> None:
        """Faults of all kinds, by the lever's own rules."""
        random = self.random
        rules: list[dict[str, object]] = []
        for _ in range(random.randint(1, 4)):
            kind, path = random.choice(STRIKING), random.choice(PATHS)
            rules.append(
                {
                    "path": path,
                    "kind": kind,
                    "p": random.choice((0.2, 0.5, 1.0)),
                    "times": random.choice((1, 2, 3, None)),
                    "seconds": random.choice((0.5, 3.0, 9.0, 15.0)) if kind.startswith("delay") else 0,
                }
            )
        if random.random() < 0.4:
            rules.append(
                {"path": "/v5/order/create", "kind": "hide_order", "seconds": random.choice((2.0, 10.0, 30.0))}
            )
        if random.random() < 0.4:
            rules.append({"path": "/v5/order/create", "kind": "drop_stop", "p": random.choice((0.5, 1.0))})
        self.counts["faults"] += len(rules)
        self.in_trouble()
        await self.levered("faults", seed=random.randrange(2**31), rules=rules)

    async def _peace(self) -> None:
        await self.stage.server.lever("DELETE", "/sandbox/faults")
        self.stage.note("no faults")
        self.at_peace()

    async def levered(self, lever: str, **asked: Any) -> None:
        try:
            await self.stage.lever(lever, **asked)
        except ValueError as refused:
            self.stage.note(f"{lever} {asked}: {refused}")
        else:
            self.stage.note(f"{lever} {asked}")

    # --- how it ends

    def in_trouble(self) -> None:
        if self._faulty_since is None:
            self._faulty_since = small.wall_ms()

    def at_peace(self) -> None:
        if self._faulty_since is not None:
            self.excused.append((self._faulty_since, small.wall_ms()))
            self._faulty_since = None

    async def calm_down(self) -> None:
        """The faults end and nobody dies any more; ends once all is at rest, or after two minutes."""
        stage = self.stage
        stage.program.life.at = None
        if stage.program.life.is_over:
            await self._bury()
            await self._rise(may_die=False)
        elif self.random.random() < 0.3:
            stage.program.life.end()
            await self._bury()
            await self._rise(may_die=False)
        stage.program.life.at = None
        await self._peace()
        until = stage.seconds + RESOLVED_WITHIN
        rested_at: int | None = None
        while stage.seconds < until:
            await asyncio.sleep(1.0)
            rows = stage.rows("SELECT state, reason FROM revisions")
            if not all(is_at_rest(*row) for row in rows) or not stage.program.up.is_set():
                rested_at = None
            elif rested_at is None:
                rested_at = stage.program.watched
            elif stage.program.watched >= rested_at + QUIET_LOOKS:
                break
        stage.note(f"at rest after {stage.seconds - until + RESOLVED_WITHIN:.0f} s")

    async def case(self) -> Case:
        """What the judge is shown."""
        ledger = (await self.stage.ledger())[small.MAIN]
        return Case(ledger, read_journal(self.stage.journal_file, small.MAIN), self.excused, small.wall_ms())


async def _played(seed: int) -> Outcome:
    async with staged(seed) as stage:
        story = Story(stage)
        try:
            await story.play()
        except Exception as failure:
            stage.note(f"{failure!r}")
            raise AssertionError(f"seed {seed}: {failure!r}\n" + "\n".join(stage.log)) from failure
        case = await story.case()
        ledger = case.ledger
        story.counts["orders"] += sum(bool(order["orderLinkId"]) for order in ledger)
        story.counts["fills"] += sum(bool(order["orderLinkId"]) and D(order["cumExecQty"]) > 0 for order in ledger)
        others = (await stage.ledger())[small.OTHER]
        findings = case.findings() + [Finding("wrong", f"an order of a stranger: {order}") for order in others]
        for state, number in stage.rows("SELECT state, count(*) FROM revisions GROUP BY state"):
            story.counts[state] += number
        stage.log += [repr(row) for row in stage.rows("SELECT * FROM transitions ORDER BY id")]
        return Outcome(seed, stage.log, findings, story.counts)


def played(seed: int) -> Outcome:
    """Plays one seed. Raises AssertionError, with all that happened, where the program itself broke down."""
    prepared()
    everybodys.seed(seed)  # pauses before a repeated read are drawn from it
    return run(_played(seed))
