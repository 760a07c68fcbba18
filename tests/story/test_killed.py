"""The real process is killed between the claim and Bybit's answer: nothing is doubled, nothing is lost."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from tests.story.candle_files import MINUTE_MS, write_burst
from tests.story.practice import Practice, practice_world, serving

CREATE = "/v5/order/create"


class KillingProxy:
    """Stands between the bot and Bybit; armed, it kills the bot when an order is sent, before or after acceptance."""

    def __init__(self, bybit: str, session: aiohttp.ClientSession) -> None:
        self._bybit = bybit
        self._session = session
        self.armed = ""
        self.victim: asyncio.subprocess.Process | None = None

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        strikes = self.armed if request.path == CREATE else ""
        if strikes == "before":
            await self._strike()
            raise web.HTTPBadGateway
        headers = {k: v for k, v in request.headers.items() if k.lower() not in ("host", "content-length")}
        sent = self._session.request(request.method, self._bybit + request.raw_path, data=body, headers=headers)
        async with sent as answer:
            told = await answer.read()
            kept = {k: v for k, v in answer.headers.items() if k.lower().startswith("x-bapi")}
            if strikes == "after":
                await self._strike()
            return web.Response(body=told, status=answer.status, headers=kept, content_type="application/json")

    async def _strike(self) -> None:
        assert self.victim is not None
        self.armed = ""
        self.victim.send_signal(signal.SIGKILL)
        await self.victim.wait()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.handle)
        return app


@contextlib.asynccontextmanager
async def bot_process(practice: Practice, bybit: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m tgbot` with the practice servers running apart."""
    ours = ("TELEGRAM_", "BYBIT_", "SANDBOX_", "OWNER_IDS", "DATABASE_URL", "WATCHLIST", "DEFAULT_PRESET")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    environment |= {
        "TELEGRAM_API_URL": practice.telegram,
        "BYBIT_URL": bybit,
        "DATABASE_URL": f"sqlite+aiosqlite:///{practice.folder}/bybot.db",
        "OWNER_IDS": "1001",
        "TICK_SECONDS": "0.5",
    }
    with (practice.folder / "log.txt").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tgbot"), env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def settled(practice: Practice, card: int) -> str:
    async def fact() -> str:
        text = await practice.card(1001, card)
        return text if "🟢" in text or "⚪" in text else ""

    return await practice.until(fact, 60)


def entry_links(entries: list[dict[str, Any]]) -> list[str]:
    return [order["orderLinkId"] for order in entries]


async def test_a_kill_between_claim_and_answer_neither_doubles_nor_loses_the_order(tmp_path: Path) -> None:
    market = tmp_path / "market"
    market.mkdir()
    async with practice_world(tmp_path, market=market, lay=lay_bursts) as practice:
        proxy = KillingProxy(practice.bybit, practice.session)
        async with serving(proxy.app()) as bybit:
            async with bot_process(practice, bybit) as proxy.victim:
                await practice.say(1001, "/start", 60)
                first, data = await tapped_to_death(practice, proxy, "after")
            (accepted,) = entry_links(await practice.entries())

            async with bot_process(practice, bybit) as proxy.victim:
                assert "🟢" in await settled(practice, first)
                assert entry_links(await practice.entries()) == [accepted]

                second, data = await tapped_to_death(practice, proxy, "before")
                assert second != first
            assert entry_links(await practice.entries()) == [accepted]

            async with bot_process(practice, bybit) as proxy.victim:
                became = await settled(practice, second)
                sent = entry_links(await practice.entries())[1:]
                assert len(sent) == (1 if "🟢" in became else 0)
                await practice.tap(1001, second, data)
                await practice.tap(1001, first, data)
                await asyncio.sleep(1)
                assert len(await practice.entries()) == 1 + len(sent)


def lay_bursts(market: Path, now_ms: int) -> None:
    """Two symbols that rise in the same minute: the next one that leaves a bot time to start."""
    opens = (now_ms + 20_000) // MINUTE_MS * MINUTE_MS
    write_burst(market, "AAAUSDT", 100.0, opens)
    write_burst(market, "BBBUSDT", 20.0, opens)


async def tapped_to_death(practice: Practice, proxy: KillingProxy, when: str) -> tuple[int, str]:
    """Taps a card's button until it becomes an order, which kills the bot; a restart renews buttons meanwhile."""
    assert proxy.victim is not None
    proxy.armed = when
    await practice.until(lambda: practice.waiting(1001), 150)
    for _ in range(20):
        card, data = (await practice.waiting(1001))[0]
        tap = asyncio.create_task(practice.tap(1001, card, data))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(proxy.victim.wait(), 3)
        tap.cancel()
        await asyncio.gather(tap, return_exceptions=True)
        if proxy.victim.returncode is not None:
            return card, data
    raise AssertionError(f"no tap became an order: {await practice.words(1001)}")
