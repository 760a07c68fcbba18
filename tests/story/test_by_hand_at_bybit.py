"""What people do in Bybit's app: a symbol held on both sides, and stops of parts, against the practice Bybit."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from exchange.bybit import Bybit
from sandbox.bybit.practice import PracticeBybit
from tests.storage.samples import opened
from tests.story.candle_files import MINUTE_MS, write_burst
from tests.story.practice import serving
from tests.trading.safety_world import SafetyWorld
from tests.trading.world import OWNER
from trading.emergency import AlarmState, Fate, PanicState, Scope
from trading.model import AccountId
from trading.safety import build_safety
from trading.secret import Credentials, Secret

SYMBOL = "AAAUSDT"


async def lever(url: str, lever: str, /, **told: Any) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.post(f"{url}/sandbox/{lever}", json=told) as answer:
        assert answer.status == 200, await answer.text()
        kept: dict[str, Any] = await answer.json()
        return kept


async def connect(world: SafetyWorld, bybit: Bybit, url: str) -> AccountId:
    told = await lever(url, "accounts", name="ann", equity=10_000)
    credentials = Credentials(Secret(told["apiKey"]), secret=Secret(told["secret"]))
    facts = await bybit.identify_credentials(credentials)
    account = await world.welcome(OWNER, facts.uid)
    bybit.connect(account.id, credentials)
    return account.id


async def act(bybit: Bybit, account: AccountId, endpoint: str, **params: object) -> None:
    """As the person does it in Bybit's app."""
    await bybit._door.act(bybit._caller(account), endpoint, {"category": "linear", "symbol": SYMBOL, **params})


@contextlib.asynccontextmanager
async def by_hand(tmp_path: Path) -> AsyncIterator[tuple[SafetyWorld, Bybit, AccountId, str]]:
    """A person's account at the practice Bybit, and an assistant with its safety that has not looked at it yet."""
    market = tmp_path / "market"
    market.mkdir()
    async with opened(tmp_path) as database:
        world = SafetyWorld(database)
        write_burst(market, SYMBOL, 100.0, world.clock.now() // MINUTE_MS * MINUTE_MS + 20 * MINUTE_MS)
        practice = PracticeBybit(tmp_path / "world.db", market=str(market), time_ms=world.clock.now)
        async with serving(practice.app()) as url:
            bybit = Bybit("sandbox", world.clock, base_url=url)
            try:
                account = await connect(world, bybit, url)
                world.assistant = world.build(exchange=bybit)
                world.safety = build_safety(world.assistant, world.book, world.crier, world.new_id)
                yield world, bybit, account, url
            finally:
                await world.safety.runner.close()
                bybit.close()
                practice.close()


async def test_both_sides_of_one_symbol_get_their_own_stop_and_their_own_close(tmp_path: Path) -> None:
    async with by_hand(tmp_path) as (world, bybit, account, url):
        await act(bybit, account, "switch_position_mode", mode=3)
        for side in ("Buy", "Sell"):
            await lever(url, "hand", account="ann", symbol=SYMBOL, side=side, qty="5")
        await world.assistant.start()
        long, short = sorted(await world.alarms.standing(), key=lambda alarm: alarm.index)
        assert (long.direction.sign, short.direction.sign) == (1, -1)
        done = await world.safety.watchdog.set_stop(OWNER, short.id, short.number)
        assert done.state is AlarmState.SET
        stops = {one.index: one.stop for one in await bybit.positions(account)}
        assert stops == {long.index: None, short.index: short.stop}

        panic = await world.panic(Scope.ALL)
        assert panic.state is PanicState.DONE
        assert [line.fate for line in panic.progress.lines] == [Fate.CLOSED, Fate.CLOSED]
        assert await bybit.positions(account) == ()
        assert len({close.id for close in await world.panics.closes_of(panic.id)}) == 2


async def test_stops_of_parts_that_cover_a_position_raise_no_alarm(tmp_path: Path) -> None:
    async with by_hand(tmp_path) as (world, bybit, account, url):
        await lever(url, "hand", account="ann", symbol=SYMBOL, side="Buy", qty="5")
        part = {"tpslMode": "Partial", "positionIdx": 0, "slTriggerBy": "LastPrice", "slOrderType": "Market"}
        await act(bybit, account, "set_trading_stop", stopLoss="95", slSize="3", **part)
        await world.assistant.start()
        assert (await world.alarm()).size == 5
        await act(bybit, account, "set_trading_stop", stopLoss="94", slSize="2", **part)
        await world.assistant.look_after()
        assert await world.alarms.standing() == ()
