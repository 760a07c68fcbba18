"""An assistant in a small world: Bybit in memory, virtual time, the real journal in SQLite."""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

import numpy as np

from storage.database import Database
from storage.journal import JournalStore
from storage.people import PeopleStore
from strategies.signal import Direction, Factor, Signal
from tests.doubles_clock import VirtualClock
from tests.doubles_exchange import ExchangeDouble, instrument
from tests.doubles_notifier import NotifierDouble
from tests.doubles_stream import StreamDouble
from trading.assistant import Assistant, build_assistant
from trading.model import Account, AccountId, Ticket
from trading.offers import Offers
from trading.people import Person, Role
from trading.ports import CandleRows, ClaimLimits, Exchange, Journal, Notifier, People
from trading.preferences import PRESETS, Preferences
from trading.quotes import Quotes
from trading.sending import Sender
from trading.states import ENDED, LIVE, State

D = Decimal
OWNER = 1001
ACCOUNT = AccountId("sandbox", "70001")
MIDNIGHT = 1_767_225_600_000  # 2026-01-01 00:00 UTC: a 4h and a 1d candle have just closed
MINUTE = 60_000
DAY = 86_400_000
BTC, ETH, SOL = "BTCUSDT", "ETHUSDT", "SOLUSDT"
PRICE = 50_000.0
ATR = 400.0

ROOMY = ClaimLimits(max_open=100, max_risk=D(100_000))
LISTED = (instrument(BTC), instrument(ETH), instrument(SOL))


def quiet(symbol: str, minutes: int, candles: int, newest: int, price: float = PRICE) -> CandleRows:
    """Candles that go nowhere, up to the one that opens at `newest` (ms): no strategy says anything of them."""
    length = minutes * MINUTE
    times = np.arange(newest - (candles - 1) * length, newest + 1, length, dtype=np.int64)
    wobble = np.where(np.arange(candles) % 2, 1.0, -1.0) * price * 0.002
    close = price + wobble
    opened = price - wobble
    values = np.stack(
        (opened, np.maximum(opened, close) * 1.001, np.minimum(opened, close) * 0.999, close, np.full(candles, 100.0))
    )
    return CandleRows(symbol, minutes, times, values)


class World:
    """What a test needs around one assistant; `restart` builds a new one over the same database and the same Bybit."""

    def __init__(self, database: Database, *listed: Any) -> None:
        self.clock = VirtualClock(MIDNIGHT + 5_000)
        self.exchange = ExchangeDouble(self.clock, *(listed or LISTED))
        self.notifier = NotifierDouble()
        self.database = database
        self.journal = JournalStore(database, "sandbox")
        self.people = PeopleStore(database, "sandbox")
        self.watchlist: tuple[str, ...] = ()
        self.tasks: set[asyncio.Task[None]] = set()
        self.failures: list[BaseException] = []
        self.told: list[tuple[str, str]] = []
        self._ids = count(1)
        self.stream: StreamDouble | None = None
        self.assistant = self.build()

    def build(
        self,
        *,
        exchange: Exchange | None = None,
        journal: Journal | None = None,
        people: People | None = None,
        notifier: Notifier | None = None,
    ) -> Assistant:
        return build_assistant(
            exchange=exchange or self.exchange,
            journal=journal or self.journal,
            people=people or self.people,
            notifier=notifier or self.notifier,
            clock=self.clock,
            environment="sandbox",
            watchlist=self.watchlist,
            own=self.own,
            new_id=self.new_id,
            tell=lambda what, text: self.told.append((what, text)),
            stream=self.stream,
        )

    def new_id(self) -> str:
        return f"t{next(self._ids)}"

    # --- people

    async def welcome(self, user: int = OWNER, uid: str | None = None, preset: str = "balanced") -> Account:
        """A person with one account; the settings are a preset's with a fixed threshold."""
        preferences = replace(PRESETS[preset], per_day=None)
        await self.people.welcome(user, Role.OWNER, "en", "Ann", preferences, self.clock.now())
        account = Account(AccountId("sandbox", uid or f"7{user - OWNER:03d}1"), user, "main")
        await self.people.add_account(account)
        return account

    async def prefer(self, user: int = OWNER, **changes: Any) -> Preferences:
        person = await self.person(user)
        changed = replace(person.preferences, **changes)
        await self.people.set_preferences(user, changed, self.clock.now())
        return changed

    async def person(self, user: int = OWNER) -> Person:
        person = await self.people.person(user)
        assert person is not None
        return person

    async def account(self, user: int = OWNER) -> Account:
        account = await self.people.account_of(user)
        assert account is not None
        return account

    # --- the market

    def lay_quiet(self, frames: Iterable[int] = (240, 1440), days_ahead: int = 3) -> None:
        """Quiet candles for all symbols, far into the future: the exchange shows only what has opened."""
        for symbol in self.exchange.listed:
            for minutes in frames:
                length = minutes * MINUTE
                newest = (self.clock.now() + days_ahead * DAY) // length * length
                ahead = (newest - self.clock.now()) // length
                self.exchange.rows[symbol, minutes] = quiet(symbol, minutes, 200 + int(ahead), newest)

    def at(self, symbol: str, price: str, spread: str = "0") -> None:
        self.exchange.move(symbol, D(price), spread=D(spread))

    # --- what the program does

    def own(self, work: Coroutine[Any, Any, None], name: str) -> object:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self.tasks.add(task)
        return task

    async def settle(self) -> None:
        """Awaits every owned task, and what those begin; a failure in one fails the test."""
        while self.tasks:
            running, self.tasks = self.tasks, set()
            await asyncio.gather(*running)

    async def start(self, frames: Iterable[int] = (240, 1440), days_ahead: int = 3) -> None:
        self.lay_quiet(frames, days_ahead)
        await self.assistant.start()
        await self.round()

    async def round(self) -> None:
        """Both jobs of the clock once: what is ours on Bybit, then the market."""
        await self.assistant.look_after()
        await self.assistant.tick()

    async def tick(self, times: int = 1, seconds: float = 2.0) -> None:
        for _ in range(times):
            self.clock.pass_by(seconds)
            await self.round()

    async def beat(self) -> None:
        """A tick without its look for signals: prices and the watch."""
        await self.assistant.context.universe.refresh()
        await self.assistant.watch.tick()

    async def restart(self, away: float = 1.0) -> None:
        """The process ends and begins again `away` seconds later."""
        self.clock.pass_by(away)
        self.assistant = self.build()
        await self.assistant.start()

    def next_close(self, minutes: int = 240) -> None:
        """Five seconds after the next candle has closed."""
        self.clock.at = self.newest_open(minutes) + 2 * minutes * MINUTE + 5_000

    # --- tickets

    def offers(self) -> Offers:
        """As the scanner has them."""
        context = self.assistant.context
        return Offers(context, Quotes(context), self.assistant.standings, self.new_id)

    async def offer(self, symbol: str = BTC, direction: Direction = Direction.LONG, **changes: Any) -> Ticket:
        """A ticket as the scanner would offer it for a fresh signal."""
        user = changes.pop("user", OWNER)
        before = {one.id for one in await self.journal.in_states(frozenset(State))}
        said = signal(symbol, direction, open_time=self.newest_open(240), **changes)
        await self.offers().offer(await self.person(user), await self.account(user), said)
        fresh = [one for one in await self.journal.in_states(frozenset(State)) if one.id not in before]
        assert len(fresh) == 1, [one.refused for one in await self.journal.heard(user, 1)]
        return fresh[0]

    def newest_open(self, minutes: int) -> int:
        length = minutes * MINUTE
        return self.clock.now() // length * length - length

    async def confirm(self, ticket: Ticket, user: int = OWNER) -> Ticket:
        return await self.assistant.desk.confirm(user, ticket.id, ticket.revision.number)

    async def confirmed(self, symbol: str = BTC, direction: Direction = Direction.LONG, **changes: Any) -> Ticket:
        """Offered, tapped, and followed as far as it goes by itself."""
        offer = await self.offer(symbol, direction, **changes)
        await self.confirm(offer)
        await self.settle()
        return await self.now(offer)

    async def claimed(self, symbol: str = BTC, direction: Direction = Direction.LONG, **changes: Any) -> Ticket:
        """Offered and claimed, but nothing sent: as if the process had ended right after the claim."""
        offer = await self.offer(symbol, direction, **changes)
        return await self.journal.claim(*offer.key, offer.owner, ROOMY, self.clock.now())

    async def now(self, ticket: Ticket) -> Ticket:
        return await self.journal.own(ticket.id, ticket.owner)

    async def until_over(self, ticket: Ticket, ticks: int = 60) -> Ticket:
        """Ticks until the ticket ends or is open."""
        for _ in range(ticks):
            present = await self.now(ticket)
            if present.state in ENDED | {State.OPEN}:
                return present
            await self.tick()
        return await self.now(ticket)

    async def live(self) -> tuple[Ticket, ...]:
        return await self.journal.in_states(LIVE)

    def sender(self) -> Sender:
        return Sender(self.assistant.context)

    # --- Bybit's books

    @property
    def books(self) -> Any:
        return self.exchange.books[ACCOUNT]

    @property
    def entries(self) -> list[str]:
        """Ids of the entry orders that reached Bybit, one for each time."""
        return [request.order_link_id for request, _ in self.exchange.sent if not request.reduce_only]

    @property
    def closes(self) -> list[str]:
        return [request.order_link_id for request, _ in self.exchange.sent if request.reduce_only]


def signal(symbol: str = BTC, direction: Direction = Direction.LONG, **changes: Any) -> Signal:
    """A strong signal at 50,000 with an ATR of 400, just closed on 4h."""
    said = Signal(
        symbol=symbol,
        strategy="volume_vwap",
        minutes=240,
        direction=direction,
        open_time=MIDNIGHT - 240 * MINUTE,
        factors=(
            Factor("volume_confirmation", 0.9, 2.8),
            Factor("vwap_position", 0.8, 3.2 * direction.sign),
            Factor("trend_alignment", 1.0, 1.1 * direction.sign),
        ),
        strength=0.89,
        confluence=3,
        close=PRICE,
        atr=ATR,
    )
    return replace(said, **changes)
