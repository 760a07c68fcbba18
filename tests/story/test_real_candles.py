"""Real candles, replayed through the practice Bybit: a signal of the market's own becomes a protected position."""

import contextlib
import shutil
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest

from exchange.bybit import Bybit
from sandbox.bybit.practice import PracticeBybit
from tests.storage.samples import opened
from tests.story.practice import serving
from tests.trading.world import OWNER, World
from trading.model import AccountId, Ticket
from trading.secret import Credentials, Secret
from trading.sizing import risk_of
from trading.states import State

DATA = Path(__file__).parents[2].parent / "shared" / "data"
FILES = (
    "bybit-BTCUSDT-5m-20250101-20251231",
    "bybit-ETHUSDT-5m-20250101-20251231",
    "bybit-SOLUSDT-5m-20250924-20251231",
)
MIDNIGHT = 1_767_225_600_000  # 2026-01-01: the files' last day plays out on this one
FIVE_MINUTES = 300
EQUITY = 10_000
CENT = Decimal("0.01")

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real candles of shared/data are not here")


class Replayed(World):
    """The small world of trading's tests, its exchange being the practice Bybit over HTTP."""

    def trade_at(self, exchange: Bybit) -> None:
        self.bybit = exchange
        self.assistant = self.build(exchange=exchange)


@contextlib.asynccontextmanager
async def replay(folder: Path) -> AsyncIterator[tuple[Replayed, str]]:
    market = folder / "market"
    market.mkdir()
    for name in FILES:
        shutil.copy(DATA / f"{name}.csv.gz", market)
    async with opened(folder) as database:
        world = Replayed(database)
        world.clock.at = MIDNIGHT + 5_000
        practice = PracticeBybit(folder / "world.db", market=str(market), time_ms=world.clock.now)
        async with serving(practice.app()) as url:
            exchange = Bybit("sandbox", world.clock, base_url=url)
            world.trade_at(exchange)
            try:
                yield world, url
            finally:
                exchange.close()
                practice.close()


async def connect(world: Replayed, url: str) -> AccountId:
    async with aiohttp.ClientSession() as session:
        asked = session.post(f"{url}/sandbox/accounts", json={"name": str(OWNER), "equity": EQUITY})
        async with asked as answer:
            told = await answer.json()
    credentials = Credentials(Secret(told["apiKey"]), secret=Secret(told["secret"]))
    facts = await world.bybit.identify_credentials(credentials)
    account = await world.welcome(OWNER, facts.uid)
    world.bybit.connect(account.id, credentials)
    return account.id


async def entries(url: str) -> list[dict[str, str]]:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/sandbox/ledger") as answer:
        ledger = await answer.json()
    return [order for orders in ledger.values() for order in orders if not order["reduceOnly"]]


async def next_candle(world: Replayed) -> None:
    world.clock.pass_by(FIVE_MINUTES)
    await world.round()
    await world.settle()


async def taken(world: Replayed) -> Ticket:
    """The first ticket of the replay that a tap takes to a protected position."""
    for _ in range(280):
        await next_candle(world)
        for offer in await world.journal.in_states(frozenset({State.PROPOSED})):
            await world.assistant.desk.confirm(OWNER, *offer.key)
            await world.settle()
            ticket = await world.journal.own(offer.id, OWNER)
            if ticket.state is State.OPEN:
                return ticket
    raise AssertionError("a day of real candles gave no position")


async def test_a_real_signal_becomes_a_protected_position_and_its_end_is_counted(tmp_path: Path) -> None:
    async with replay(tmp_path) as (world, url):
        account = await connect(world, url)
        await world.prefer(minutes=5)
        await world.assistant.start()
        ticket = await taken(world)

        plan, fill = ticket.revision.plan, ticket.revision.fill
        assert fill is not None
        assert (plan.limit - fill.average) * ticket.direction.sign >= 0
        (position,) = await world.bybit.positions(account, ticket.symbol)
        assert position.size == fill.size
        assert position.stop == plan.stop
        (order,) = await entries(url)
        assert order["orderLinkId"] == ticket.revision.order_link_id
        assert order["stopLoss"] == f"{plan.stop:f}"
        fee = await world.bybit.taker_fee(account, ticket.symbol)
        assert risk_of(fill.average, plan.stop, fill.size, ticket.direction, fee) <= plan.risk

        for _ in range(600):
            await next_candle(world)
            ticket = await world.journal.own(ticket.id, OWNER)
            if ticket.state is State.CLOSED:
                break
        outcome = ticket.revision.outcome
        assert outcome is not None, f"still {ticket.state} after fifty hours"
        assert outcome.ending in ("stop", "target")
        assert (outcome.net > 0) == (outcome.ending == "target")
        # Bybit's own money is the judge: fills, fees and funding, to the cent.
        assert abs((await world.bybit.balance(account)).equity - EQUITY - outcome.net) < CENT
